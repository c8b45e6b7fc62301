#include "evaluators/embeddings/embedder.h"

#include <cmath>

#include "evaluators/embeddings/endpoint_embedder.h"
#include "evaluators/embeddings/local_embedder.h"

namespace llmops {

std::unique_ptr<Embedder> read_embedder(Fields& fields) {
  const Value* model = fields.value("model");
  if (fields.has("base_url") || (model != nullptr && model->is_object()))
    return read_endpoint_embedder(fields);
  return read_local_embedder(fields);
}

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) sum += double{a[i]} * double{b[i]};
  return sum;
}

double cosine(std::span<const float> a, std::span<const float> b) {
  const double lengths = std::sqrt(dot(a, a) * dot(b, b));
  return lengths > 0 ? dot(a, b) / lengths : 0.0;
}

double euclidean(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const double difference = double{a[i]} - double{b[i]};
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

}  // namespace llmops
