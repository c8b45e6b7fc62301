// BERTScore: each token is matched with the most similar token of the other text, by the cosine of
// their vectors at one layer of an encoder.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "datasets/parallel.h"
#include "evaluators/long_work.h"
#include "evaluators/metric.h"
#include "evaluators/metrics/bertscore/from_server.h"
#include "evaluators/metrics/bertscore/known_models.h"
#include "evaluators/metrics/bertscore/matching.h"
#include "evaluators/metrics/bertscore/options.h"
#include "evaluators/metrics/unmeasured.h"

namespace llmops {
namespace {

constexpr std::string_view kVersion = "1";
// Bytes of vectors that are scored at once: memory stays the same for any number of samples.
constexpr std::size_t kChunk = 64U << 20;

// The distinct texts of a batch with their tokens.
class Texts {
 public:
  std::size_t add(std::string_view text, bool is_reference) {
    const auto [place, fresh] = places_.emplace(text, texts_.size());
    if (fresh) {
      texts_.push_back(text);
      references_.push_back(false);
    }
    if (is_reference) references_[place->second] = true;
    return place->second;
  }
  void tokenise(const Tokenizer& tokenizer) {
    ids_.resize(texts_.size());
    parallel_for(texts_.size(), [&](std::size_t i) { ids_[i] = tokenizer.encode(texts_[i]); });
  }
  const TokenIds& ids(std::size_t text) const { return ids_[text]; }
  bool is_reference(std::size_t text) const { return references_[text]; }
  std::size_t size() const { return texts_.size(); }

 private:
  std::unordered_map<std::string_view, std::size_t> places_;
  std::vector<std::string_view> texts_;
  std::vector<bool> references_;
  std::vector<TokenIds> ids_;
};

struct Pair {
  std::size_t candidate = 0;
  std::vector<std::size_t> references;
};

class BertScore final : public Metric, public LongWork {
 public:
  explicit BertScore(BertScoreSetup setup) : setup_(std::move(setup)) {
    const auto add = [&](std::string detail, std::optional<std::string> headline,
                         double BertScores::*number, std::size_t layer) {
      columns_.push_back({
          .detail = std::move(detail),
          .headline = std::move(headline),
          .kind = ScoreKind::bounded,
          .range = {lowest(number, layer), 1.0}
      });
      numbers_.push_back({layer, number});
    };
    add("", "", &BertScores::f1, setup_.layer);
    add("precision", "precision", &BertScores::precision, setup_.layer);
    add("recall", "recall", &BertScores::recall, setup_.layer);
    add("f1", "f1", &BertScores::f1, setup_.layer);
    if (!setup_.all_layers) return;
    for (std::size_t layer = 0; layer <= setup_.encoder->layers(); ++layer) {
      add(fmt::format("layer_{}.precision", layer), std::nullopt, &BertScores::precision, layer);
      add(fmt::format("layer_{}.recall", layer), std::nullopt, &BertScores::recall, layer);
      add(fmt::format("layer_{}.f1", layer), std::nullopt, &BertScores::f1, layer);
    }
  }

  const std::vector<Column>& columns() const override { return columns_; }

  std::string signature() const override {
    const char* rescaled = setup_.baseline.empty() ? ""
                           : setup_.own_baseline   ? "-custom-rescaled"
                                                   : "-rescaled";
    return fmt::format("{}_L{}{}_version={}(llmops,weights={}){}{}", setup_.model, setup_.layer,
                       setup_.idf ? "_idf" : "_no-idf", kVersion,
                       setup_.encoder->short_fingerprint(), rescaled, setup_.suffix);
  }

  void report_to(Report report) override { report_ = std::move(report); }

  bool wants_survey() const override { return setup_.idf && !setup_.corpus; }
  void survey(const Case& row) override {
    for (const std::string& reference : row.references)
      references_.add(tokenizer().encode(reference));
  }

  Measurement score(const Case& row, const Sample& sample) const override {
    const Scorable one[] = {
        {&row, &sample}
    };
    return std::move(score_batch(one)[0]);
  }

  std::vector<Measurement> score_batch(std::span<const Scorable> batch) const override {
    std::vector<Measurement> measured(batch.size());
    if (wants_survey() && references_.texts() == 0) {
      for (Measurement& each : measured)
        each.why = "idf weights come from the references of the whole set, which were not seen";
      return measured;
    }
    Texts texts;
    std::vector<Pair> pairs(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      pairs[i].candidate = texts.add(batch[i].sample->text, false);
      for (const std::string& reference : batch[i].row->references)
        pairs[i].references.push_back(texts.add(reference, true));
    }
    texts.tokenise(tokenizer());
    for (std::size_t first = 0; first < pairs.size();) {
      const std::size_t last = chunk_end(texts, pairs, first);
      score_chunk(texts, std::span(pairs).subspan(first, last - first),
                  std::span(measured).subspan(first, last - first),
                  [&](std::size_t done, std::size_t of) {
                    if (report_) report_(first + (last - first) * done / of, pairs.size());
                  });
      first = last;
    }
    return measured;
  }

 private:
  struct Number {
    std::size_t layer;
    double BertScores::*number;
  };

  const Tokenizer& tokenizer() const { return setup_.encoder->tokenizer(); }
  std::size_t width() const { return setup_.encoder->config().hidden; }

  // -1 is the lowest cosine; rescaling moves it.
  double lowest(double BertScores::*number, std::size_t layer) const {
    if (setup_.baseline.empty()) return -1.0;
    return rescale({-1.0, -1.0, -1.0}, setup_.baseline[layer]).*number;
  }

  std::size_t chunk_end(const Texts& texts, const std::vector<Pair>& pairs,
                        std::size_t first) const {
    const std::size_t of_token =
        width() * sizeof(float) * (setup_.all_layers ? setup_.encoder->layers() + 1 : 1);
    std::vector<bool> counted(texts.size());
    std::size_t bytes = 0, last = first;
    const auto count = [&](std::size_t text) {
      if (!counted[text]) bytes += texts.ids(text).size() * of_token;
      counted[text] = true;
    };
    for (; last < pairs.size(); ++last) {
      count(pairs[last].candidate);
      for (const std::size_t reference : pairs[last].references) count(reference);
      if (bytes > kChunk && last > first) break;
    }
    return last;
  }

  std::vector<float> weights(const TokenIds& ids) const {
    std::vector<float> weights;
    weights.reserve(ids.size());
    const Idf& idf = setup_.corpus ? *setup_.corpus : references_;
    for (const TokenId id : ids) {
      const bool special = id == tokenizer().special().first || id == tokenizer().special().last;
      weights.push_back(setup_.idf ? idf.weight(id) : special ? 0.0F : 1.0F);
    }
    return weights;
  }

  void score_chunk(const Texts& texts, std::span<const Pair> pairs, std::span<Measurement> measured,
                   const Encoder::Progress& progress) const {
    std::vector<std::size_t> used;  // texts of this chunk
    std::unordered_map<std::size_t, std::size_t> places;
    const auto use = [&](std::size_t text) {
      if (places.emplace(text, used.size()).second) used.push_back(text);
    };
    for (const Pair& pair : pairs) {
      use(pair.candidate);
      for (const std::size_t reference : pair.references) use(reference);
    }
    std::vector<TextEncoder::Text> asked;
    std::vector<std::vector<float>> token_weights;
    for (const std::size_t text : used) {
      asked.push_back({&texts.ids(text), texts.is_reference(text)});
      token_weights.push_back(weights(texts.ids(text)));
    }
    std::vector<std::vector<TextEncoder::Vectors>> vectors(used.size());  // by layer, or one
    if (setup_.all_layers) {
      vectors = setup_.encoder->all_layers(asked);
    } else {
      std::vector<TextEncoder::Vectors> found = setup_.encoder->vectors(asked, progress);
      for (std::size_t i = 0; i < found.size(); ++i) vectors[i] = {std::move(found[i])};
    }
    const auto tokens = [&](std::size_t text, std::size_t layer) {
      const std::size_t at = places.at(text);
      return TokenVectors{*vectors[at][setup_.all_layers ? layer : 0], token_weights[at]};
    };
    const auto score_pair = [&](const Pair& pair, std::size_t layer) {
      BertScores scores;
      for (std::size_t r = 0; r < pair.references.size(); ++r) {
        const BertScores one =
            match(tokens(pair.candidate, layer), tokens(pair.references[r], layer), width());
        scores = r == 0 ? one : best(scores, one);
      }
      return setup_.baseline.empty() ? scores : rescale(scores, setup_.baseline[layer]);
    };
    parallel_for(pairs.size(), [&](std::size_t i) {
      std::vector<BertScores> by_layer(setup_.encoder->layers() + 1);
      if (setup_.all_layers)
        for (std::size_t layer = 0; layer < by_layer.size(); ++layer)
          by_layer[layer] = score_pair(pairs[i], layer);
      else
        by_layer[setup_.layer] = score_pair(pairs[i], setup_.layer);
      measured[i] = to_measurement(by_layer);
    });
  }

  Measurement to_measurement(const std::vector<BertScores>& by_layer) const {
    Measurement measured;
    for (const Number& number : numbers_) {
      const double value = by_layer[number.layer].*number.number;
      if (std::isnan(value)) {
        measured.values.emplace_back();
        measured.why = "precision or recall is undefined: every token of a text has idf weight 0";
      } else {
        measured.values.emplace_back(std::min(value, 1.0));  // float32 rounding reaches 1 + 1e-7
      }
    }
    return measured;
  }

  BertScoreSetup setup_;
  std::vector<Column> columns_;
  std::vector<Number> numbers_;  // one for each column
  Idf references_;               // of the whole set
  Report report_;
};

std::vector<Column> usual_columns() {
  std::vector<Column> columns;
  for (const char* detail : {"", "precision", "recall", "f1"})
    columns.push_back({
        .detail = detail, .headline = detail, .kind = ScoreKind::bounded, .range = {-1.0, 1.0}
    });
  return columns;
}

std::unique_ptr<Metric> make(Fields& fields) {
  if (fields.has("server")) return make_server_bertscore(fields);
  const std::string usual(usual_model(fields.text("lang").value_or("en")));
  if (auto absent = without_model(fields, "bertscore", usual, kBertScoreOptions, usual_columns()))
    return absent;
  std::optional<BertScoreSetup> setup = read_bertscore(fields);
  if (!setup) return nullptr;
  return std::make_unique<BertScore>(*std::move(setup));
}

}  // namespace

extern const MetricInfo kBertScore;
constexpr MetricInfo kBertScore{
    .name = "bertscore",
    .summary =
        "similarity of token vectors; roberta-large, other languages bert-base-multilingual-cased",
    .source = "Zhang et al. 2020; bert_score 0.3.13",
    .needs_references = true,
    .options = kBertScoreOptions,
    .make = &make,
};

}  // namespace llmops
