// Similarity of whole texts: the vectors of output and reference, from an embeddings endpoint or
// from a model folder that runs here.
// Cost: one embedding for each different text, then O(dimensions).
#include <algorithm>
#include <limits>
#include <unordered_map>

#include "evaluators/embeddings/embedder.h"
#include "evaluators/encoder/unicode.h"
#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/unmeasured.h"
#include "evaluators/own_client.h"

namespace llmops {
namespace {

constexpr std::string_view kMeasures[] = {"cosine", "dot", "euclidean"};

using Compare = double (*)(std::span<const float>, std::span<const float>);

class EmbeddingSimilarity final : public Metric, public OwnClient {
 public:
  EmbeddingSimilarity(std::shared_ptr<Embedder> embedder, std::string_view measure)
      : embedder_(std::move(embedder)), measure_(measure) {
    constexpr double kAny = std::numeric_limits<double>::infinity();
    if (measure == "cosine") {
      compare_ = &cosine;
      columns_ = {column(ScoreKind::bounded, {-1.0, 1.0})};
    } else if (measure == "dot") {
      compare_ = &dot;
      columns_ = {column(ScoreKind::unbounded, {-kAny, kAny})};
    } else {
      compare_ = &euclidean;
      columns_ = {column(ScoreKind::positive, {0.0, kAny}, Better::lower)};
    }
  }

  const std::vector<Column>& columns() const override { return columns_; }
  std::string signature() const override {
    return "embedding_similarity|measure:" + std::string(measure_) +
           "|model:" + embedder_->signature() + "|version:1";
  }

  Measurement score(const Case& row, const Sample& sample) const override {
    const Scorable one[] = {
        {&row, &sample}
    };
    return std::move(score_batch(one)[0]);
  }

  std::vector<Measurement> score_batch(std::span<const Scorable> batch) const override {
    std::vector<std::string_view> texts;
    const auto add = [&](const std::string& text) {
      if (!is_blank(text)) texts.push_back(text);
    };
    for (const Scorable& each : batch) {
      add(each.sample->text);
      for (const std::string& reference : each.row->references) add(reference);
    }
    const std::vector<Embedding> embeddings = embedder_->embed(texts);
    std::unordered_map<std::string_view, const Embedding*> found;
    for (std::size_t i = 0; i < texts.size(); ++i) found.emplace(texts[i], &embeddings[i]);

    std::vector<Measurement> measured(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) measured[i] = score_one(batch[i], found);
    return measured;
  }

 private:
  void attach(const SideContext& context) override { embedder_->attach(context); }
  SideUse used() const override {
    SideUse use = embedder_->use();
    use.evaluator = "embedding_similarity";
    return use;
  }

  using Found = std::unordered_map<std::string_view, const Embedding*>;

  static bool is_blank(const std::string& text) { return python_strip(text).empty(); }

  Measurement score_one(const Scorable& each, const Found& found) const {
    const std::string& output = each.sample->text;
    std::optional<double> best;
    for (const std::string& reference : each.row->references) {
      double value = 0;
      if (is_blank(output) || is_blank(reference)) {
        // A text that says nothing has no direction: unlike every other, like its own kind.
        const bool both = is_blank(output) && is_blank(reference);
        if (measure_ != "cosine" && !both)
          return unscored("one of the texts is empty, and only `cosine` says what that is worth");
        value = both && measure_ == "cosine" ? 1.0 : 0.0;
      } else {
        const Embedding& a = *found.at(output);
        const Embedding& b = *found.at(reference);
        if (a.values == nullptr) return unscored(a.why);
        if (b.values == nullptr) return unscored(b.why);
        value = compare_(*a.values, *b.values);
      }
      const bool better =
          !best || (columns_[0].better == Better::lower ? value < *best : value > *best);
      if (better) best = value;
    }
    if (!best) return unscored(std::string(kNoReference));
    if (measure_ == "cosine") best = std::clamp(*best, -1.0, 1.0);
    return scored(*best);
  }

  std::shared_ptr<Embedder> embedder_;
  std::string_view measure_;
  Compare compare_ = nullptr;
  std::vector<Column> columns_;
};

constexpr std::string_view kOptions[] = {"measure",     "model",   "base_url",
                                         "api_key_env", "pooling", "num_layers",
                                         "precision",   "prefix",  "cache"};

std::unique_ptr<Metric> make(Fields& fields) {
  const auto measure = fields.one_of("measure", kMeasures);
  if (!fields.has("base_url") && fields.has("model"))
    if (auto absent = without_model(fields, "embedding_similarity", "", kOptions,
                                    {column(ScoreKind::bounded, {-1.0, 1.0})}))
      return absent;
  std::shared_ptr<Embedder> embedder = read_embedder(fields);
  if (embedder == nullptr) return nullptr;
  std::string_view chosen = kMeasures[0];
  for (const std::string_view each : kMeasures)
    if (measure && each == *measure) chosen = each;
  return std::make_unique<EmbeddingSimilarity>(std::move(embedder), chosen);
}

}  // namespace

extern const MetricInfo kEmbeddingSimilarity;
constexpr MetricInfo kEmbeddingSimilarity{
    .name = "embedding_similarity",
    .summary = "cosine, dot product or distance of the texts' embeddings: endpoint or model folder",
    .source = "Reimers and Gurevych 2019; vectors as the endpoint or folder gives them",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
