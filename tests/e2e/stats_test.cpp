// `stats` from outside, on published data.
#include <doctest/doctest.h>

#include "datasets/text/json.h"
#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

using namespace llmops;
using namespace llmops::test;

namespace {

Value json_of(const CliRun& run) {
  Result<Value> value = parse_json(run.out, "stdout");
  REQUIRE_MESSAGE(value, (run.out + run.err));
  return *std::move(value);
}

double number(const Value& document, const char* path) {
  const Value* found = find_path(document, path);
  REQUIRE_MESSAGE(found != nullptr, path);
  return found->number();
}

// Student's sleep data (1908): hours gained with two drugs, ten patients.
constexpr const char* kSleep =
    "a,b\n0.7,1.9\n-1.6,0.8\n-0.2,1.1\n-1.2,0.1\n-0.1,-0.1\n3.4,4.4\n3.7,5.5\n0.8,1.6\n0.0,4.6\n2."
    "0,3.4\n";

std::vector<std::string> call(const char* test, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"stats", test,          "--file", "d.csv", "--baseline",
                                        "a",     "--candidate", "b",      "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

}  // namespace

TEST_CASE("stats: Student's sleep data gives the published figures") {
  const TemporaryFolder folder;
  folder.write("d.csv", kSleep);
  const CliOptions here{.folder = folder.path()};
  const Value paired = json_of(run_cli(call("paired-t"), here));
  CHECK(number(paired, "statistic") == doctest::Approx(4.062128).epsilon(1e-6));
  CHECK(number(paired, "p_value") == doctest::Approx(0.00283289).epsilon(1e-5));
  CHECK(number(paired, "df") == 9);
  CHECK(number(paired, "/interval/0") != number(paired, "/interval/1"));
  const Value welch = json_of(run_cli(call("welch-t"), here));
  CHECK(number(welch, "p_value") == doctest::Approx(0.07939414).epsilon(1e-6));
  CHECK(number(json_of(run_cli(call("paired-t", {"--alternative", "greater"}), here)), "p_value") ==
        doctest::Approx(0.001416445).epsilon(1e-5));
  CHECK(number(json_of(run_cli(call("permutation"), here)), "p_value") ==
        doctest::Approx(4.0 / 1024));
  CHECK(number(json_of(run_cli(call("wilcoxon", {"--zeros", "wilcox"}), here)), "w_minus") == 0);
  CHECK(number(json_of(run_cli(call("bootstrap"), here)), "/interval/0") > 0);
}

TEST_CASE("stats: what cannot be tested says why; what is wrong is refused") {
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  folder.write("d.csv", "a,b\n1,1\n1,1\n");
  const CliRun equal = run_cli(call("paired-t"), here);
  CHECK(equal.code == 0);
  CHECK(to_text(*json_of(equal).find("outcome")) == "not testable");
  folder.write("d.csv", "a,b\n1,2\nx,1\n");
  const CliRun text = run_cli(call("paired-t"), here);
  CHECK(text.code == 2);
  CHECK(text.err.find("d.csv:3: error: `a` is `x`") == 0);
  folder.write("d.csv", "a,b\n1,2\nnan,1\n");
  CHECK(run_cli(call("paired-t"), here).code == 2);
  folder.write("d.csv", "a,b\n1,2\n3,\n4,5\n");
  CHECK(run_cli(call("paired-t"), here).code == 2);
  CHECK(run_cli(call("welch-t"), here).code == 0);
  CHECK(run_cli(call("mcnemar"), here).code == 2);
  CHECK(
      run_cli({"stats", "paired-t", "--file", "d.csv", "--baseline", "a", "--candidate", "c"}, here)
          .code == 2);
}

TEST_CASE("stats power: the check values of the planning formulas") {
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  CHECK(number(json_of(run_cli({"stats", "power", "--p1", "0.65", "--p2", "0.72", "--json"}, here)),
               "cases_per_arm") == 690);
  CHECK(number(json_of(run_cli({"stats", "power", "--effect", "0.1", "--json"}, here)), "cases") ==
        787);
  CHECK(run_cli({"stats", "power"}, here).code == 2);
}
