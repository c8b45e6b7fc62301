// YAML: no document crashes or hangs, every problem can be shown, what is read can be written as
// JSON.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "datasets/text/json.h"
#include "datasets/text/yaml.h"

using namespace llmops;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Source source("f", std::string(reinterpret_cast<const char*>(data), size));
  const Result<std::vector<Value>> documents = parse_yaml_documents(source);
  if (!documents) {
    if (documents.problems().empty()) std::abort();
    (void)render(documents.problems());
    return 0;
  }
  for (const Value& document : *documents)
    if (!parse_json(dump_json(document), "again")) std::abort();
  return 0;
}
