#include "datasets/text/lazy_library.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

using namespace llmops;

TEST_CASE("lazy library: functions by name, and what is missing is said with its package") {
  const LazyLibrary math("libm.so.6", "libc6");
  const auto root = reinterpret_cast<decltype(&::cbrt)>(math.symbol("cbrt"));
  CHECK(root(27.0) == doctest::Approx(3.0));

  const LazyLibrary none("libnone.so.1", "libnone1");
  CHECK_THROWS_WITH_AS(
      none.symbol("none"),
      "libnone.so.1 cannot be loaded (libnone.so.1: cannot open shared object file: No such file "
      "or directory); Debian's package `libnone1` holds it",
      std::runtime_error);
  try {
    math.symbol("no_such_function");
    FAIL("found");
  } catch (const std::runtime_error& error) {
    CHECK(std::string(error.what()).find("no_such_function") != std::string::npos);
  }
}
