// BERTScore over a server's token vectors. The server says nothing of token ids: the first and the
// last vector are the special tokens. With `tokenizer` (a model folder of which only config.json
// and tokenizer files are read) ids are known, too: special tokens inside a text weigh 0 as in the
// reference program, and idf is possible.
#include "evaluators/metrics/bertscore/from_server.h"

#include <fmt/format.h>

#include <cmath>
#include <unordered_map>

#include "evaluators/embeddings/token_embedder.h"
#include "evaluators/encoder/encoder_options.h"
#include "evaluators/encoder/tokenizer.h"
#include "evaluators/encoder/unicode.h"
#include "evaluators/metrics/bertscore/baseline.h"
#include "evaluators/metrics/bertscore/idf.h"
#include "evaluators/metrics/bertscore/matching.h"
#include "evaluators/metrics/simple_metric.h"
#include "evaluators/own_client.h"

namespace llmops {
namespace {

// Texts whose vectors are held at once.
constexpr std::size_t kTexts = 256;

class ServerBertScore final : public Metric, public OwnClient {
 public:
  ServerBertScore(std::unique_ptr<TokenEmbedder> server, std::unique_ptr<const Tokenizer> tokenizer,
                  bool idf, std::optional<BertScores> baseline)
      : server_(std::move(server)),
        tokenizer_(std::move(tokenizer)),
        idf_(idf),
        baseline_(baseline) {
    const auto add = [&](std::string detail, double BertScores::*number) {
      const double low = baseline_ ? rescale({-1.0, -1.0, -1.0}, *baseline_).*number : -1.0;
      columns_.push_back({
          .detail = detail, .headline = detail, .kind = ScoreKind::bounded, .range = {low, 1.0}
      });
      numbers_.push_back(number);
    };
    add("", &BertScores::f1);
    add("precision", &BertScores::precision);
    add("recall", &BertScores::recall);
    add("f1", &BertScores::f1);
  }

  const std::vector<Column>& columns() const override { return columns_; }
  std::string signature() const override {
    return fmt::format("{}_Lserver{}_version=1(llmops){}", server_->signature(),
                       idf_ ? "_idf" : "_no-idf", baseline_ ? "-custom-rescaled" : "");
  }

  bool wants_survey() const override { return idf_; }
  void survey(const Case& row) override {
    for (const std::string& reference : row.references)
      references_.add(tokenizer_->encode(reference));
  }

  Measurement score(const Case& row, const Sample& sample) const override {
    const Scorable one[] = {
        {&row, &sample}
    };
    return std::move(score_batch(one)[0]);
  }

  std::vector<Measurement> score_batch(std::span<const Scorable> batch) const override {
    std::vector<Measurement> measured;
    measured.reserve(batch.size());
    for (std::size_t first = 0; first < batch.size();) {
      std::size_t texts = 0, last = first;
      for (; last < batch.size() && (texts < kTexts || last == first); ++last)
        texts += 1 + batch[last].row->references.size();
      score_some(batch.subspan(first, last - first), measured);
      first = last;
    }
    return measured;
  }

 private:
  void attach(const SideContext& context) override { server_->attach(context); }
  SideUse used() const override {
    SideUse use = server_->use();
    use.evaluator = "bertscore";
    return use;
  }

  using Found = std::unordered_map<std::string_view, const TokenEmbeddings*>;

  void score_some(std::span<const Scorable> batch, std::vector<Measurement>& measured) const {
    std::vector<std::string_view> texts;
    const auto add = [&](const std::string& text) {
      if (!python_strip(text).empty()) texts.push_back(python_strip(text));
    };
    for (const Scorable& each : batch) {
      add(each.sample->text);
      for (const std::string& reference : each.row->references) add(reference);
    }
    const std::vector<TokenEmbeddings> embedded = server_->embed(texts);
    Found found;
    for (std::size_t i = 0; i < texts.size(); ++i) found.emplace(texts[i], &embedded[i]);
    for (const Scorable& each : batch) measured.push_back(score_one(each, found));
  }

  // One a token; "" where the number of tokens is not the server's.
  std::optional<std::vector<float>> weights(std::string_view text, std::size_t tokens) const {
    std::vector<float> weights(tokens, 1.0F);
    if (tokenizer_ == nullptr) {
      weights.front() = weights.back() = 0.0F;
      return weights;
    }
    const TokenIds ids = tokenizer_->encode(text);
    if (ids.size() != tokens) return std::nullopt;
    const SpecialIds& special = tokenizer_->special();
    for (std::size_t i = 0; i < tokens; ++i)
      weights[i] = idf_                                                ? references_.weight(ids[i])
                   : ids[i] == special.first || ids[i] == special.last ? 0.0F
                                                                       : 1.0F;
    return weights;
  }

  Measurement score_one(const Scorable& each, const Found& found) const {
    if (idf_ && references_.texts() == 0)
      return unscored("idf weights come from the references of the whole set, which were not seen",
                      columns_.size());
    BertScores scores;
    for (std::size_t r = 0; r < each.row->references.size(); ++r) {
      const std::string_view texts[] = {python_strip(each.sample->text),
                                        python_strip(each.row->references[r])};
      BertScores one;  // a text that says nothing: 0
      if (!texts[0].empty() && !texts[1].empty()) {
        const TokenEmbeddings* sides[] = {found.at(texts[0]), found.at(texts[1])};
        std::vector<float> side_weights[2];
        for (int side = 0; side < 2; ++side) {
          if (sides[side]->tokens == 0) return unscored(sides[side]->why, columns_.size());
          if (sides[side]->tokens < 2)
            return unscored("the server gave one vector for the text, not one for each token",
                            columns_.size());
          auto found_weights = weights(texts[side], sides[side]->tokens);
          if (!found_weights)
            return unscored(
                fmt::format("the server made {} tokens of a text, `tokenizer` another number: it "
                            "is not the server's",
                            sides[side]->tokens),
                columns_.size());
          side_weights[side] = *std::move(found_weights);
        }
        one = match({*sides[0]->values, side_weights[0]}, {*sides[1]->values, side_weights[1]},
                    sides[0]->width());
      }
      scores = r == 0 ? one : best(scores, one);
    }
    if (baseline_) scores = rescale(scores, *baseline_);
    Measurement measured;
    for (const auto number : numbers_) {
      const double value = scores.*number;
      measured.values.emplace_back();
      if (std::isnan(value))
        measured.why = "precision or recall is undefined: every token of a text has idf weight 0";
      else
        measured.values.back() = std::min(value, 1.0);
    }
    return measured;
  }

  std::unique_ptr<TokenEmbedder> server_;
  std::unique_ptr<const Tokenizer> tokenizer_;
  bool idf_;
  std::optional<BertScores> baseline_;
  std::vector<Column> columns_;
  std::vector<double BertScores::*> numbers_;
  Idf references_;
};

std::unique_ptr<const Tokenizer> read_tokenizer(Fields& fields, const std::string& path) {
  const auto folder = located_model(fields, path, "tokenizer");
  if (!folder) return nullptr;
  const Result<ModelConfig> config = read_model_config(*folder);
  append(fields.problems(), config.problems());
  if (!config) return nullptr;
  Result<std::unique_ptr<const Tokenizer>> tokenizer = Tokenizer::open(*folder, *config);
  append(fields.problems(), tokenizer.problems());
  return tokenizer ? *std::move(tokenizer) : nullptr;
}

}  // namespace

std::unique_ptr<Metric> make_server_bertscore(Fields& fields) {
  const std::size_t before = fields.problems().size();
  for (const char* key : {"model", "lang", "idf_sents", "all_layers", "precision", "num_layers",
                          "add_prefix_space", "rescale_with_baseline"})
    if (fields.value(key) != nullptr)
      fields.error(fields.mark(key), fmt::format("`{}` beside `server`", key),
                   "expected server, tokenizer, idf, baseline_path, cache",
                   "a server gives the last layer of the model that it serves");
  const bool idf = fields.boolean("idf").value_or(false);
  const auto tokenizer_path = fields.text("tokenizer");
  const auto baseline_path = fields.text("baseline_path");
  std::unique_ptr<TokenEmbedder> server = read_token_embedder(fields);
  std::unique_ptr<const Tokenizer> tokenizer;
  if (tokenizer_path) tokenizer = read_tokenizer(fields, *tokenizer_path);
  if (idf && !tokenizer_path)
    fields.error(fields.mark("idf"), "idf weighs tokens, and the server does not name them", "",
                 "name a folder with the model's tokenizer files: `tokenizer: FOLDER`");
  std::optional<BertScores> baseline;
  if (baseline_path) {
    const Result<Baseline> rows = read_baseline(located(fields, *baseline_path));
    append(fields.problems(), rows.problems());
    if (rows && !rows->empty()) baseline = rows->back();  // the last layer's
  }
  if (server == nullptr || fields.problems().size() > before) return nullptr;
  return std::make_unique<ServerBertScore>(std::move(server), std::move(tokenizer), idf, baseline);
}

}  // namespace llmops
