// An embeddings answer: whatever is read has finite numbers in vectors of one width, and survives
// being packed.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "datasets/text/json.h"
#include "evaluators/embeddings/vectors.h"

using namespace llmops;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)unpack(text);
  const Result<Value> document = parse_json(text, "answer");
  if (!document) return 0;
  for (std::size_t texts = 0; texts < 4; ++texts) {
    const auto vectors = read_vectors(*document, texts);
    if (!vectors) continue;
    if (vectors->size() != texts) std::abort();
    for (const TextVectors& each : *vectors) {
      if (each.rows == 0 || each.values.size() % each.rows != 0) std::abort();
      if (each.width() != vectors->front().width()) std::abort();
      for (const float value : each.values)
        if (!std::isfinite(value)) std::abort();
    }
    const auto again = unpack(pack(*vectors));
    if (again.size() != texts) std::abort();
    for (std::size_t i = 0; i < texts; ++i)
      if (again[i].values != (*vectors)[i].values || again[i].rows != (*vectors)[i].rows)
        std::abort();
  }
  return 0;
}
