// JSON: whatever is read is written and read again as the same value; a problem has a place.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "datasets/text/json.h"

using namespace llmops;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<Value> value = parse_json(text, "f");
  const Result<Value> marked = parse_json(Source("f", std::string(text)));
  if (static_cast<bool>(value) != static_cast<bool>(marked)) std::abort();
  if (!value) {
    if (value.problems().size() != 1 || value.problems()[0].line == 0) std::abort();
    (void)render(value.problems());
    return 0;
  }
  const Result<Value> again = parse_json(dump_json(*value), "again");
  if (!again || !(*again == *value) || !(*marked == *value)) std::abort();
  std::string sorted;
  dump_json_sorted(*value, sorted);
  if (!parse_json(sorted, "sorted") || !parse_json(dump_json_pretty(*value), "pretty"))
    std::abort();
  return 0;
}
