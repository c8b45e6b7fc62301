#include "evaluators/metrics/bertscore/options.h"

#include <fmt/format.h>

#include <array>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "evaluators/encoder/encoder_options.h"
#include "evaluators/metrics/bertscore/known_models.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

// The texts of `idf_sents`: a JSON list (.json), else one a line.
std::optional<Idf> read_corpus(const fs::path& path, const Tokenizer& tokenizer,
                               Diagnostics& problems) {
  Idf idf;
  if (path.extension() == ".json") {
    const Result<Source> source = read_source(path);
    const Result<Value> json = source ? parse_json(*source) : Result<Value>(source.problems());
    append(problems, json.problems());
    if (!json) return std::nullopt;
    if (json->list() != nullptr)
      for (const Value& text : *json->list())
        if (text.string() != nullptr) idf.add(tokenizer.encode(*text.string()));
  } else {
    Result<LineReader> lines = LineReader::open(path);
    append(problems, lines.problems());
    if (!lines) return std::nullopt;
    for (std::string_view line; lines->next(line);) idf.add(tokenizer.encode(line));
  }
  if (idf.texts() == 0) problems.push_back(problem(fmt::format("{} holds no text", path.string())));
  return idf;
}

void read_rescaling(Fields& fields, const std::optional<std::string>& path, BertScoreSetup& setup) {
  const std::size_t last = setup.all_layers ? setup.encoder->layers() : setup.layer;
  if (path) {
    Result<Baseline> baseline = read_baseline(located(fields, *path));
    if (!baseline) {
      append(fields.problems(), baseline.problems());
    } else if (baseline->size() <= last) {
      fields.error(fields.mark("baseline_path"),
                   fmt::format("the baseline has rows for layers 0 to {}, layer {} is needed",
                               baseline->size() - 1, last));
    } else {
      setup.baseline = *std::move(baseline);
      setup.own_baseline = true;
    }
    return;
  }
  const auto known = known_baseline(setup.model, setup.layer);
  if (!known || setup.all_layers) {
    fields.error(fields.mark("rescale_with_baseline"),
                 fmt::format("no baseline comes with `{}` at this layer", setup.model), "",
                 "name bert_score's file for this model with `baseline_path`");
    return;
  }
  setup.baseline.resize(setup.layer + 1);
  setup.baseline[setup.layer] = *known;
}

}  // namespace

std::optional<BertScoreSetup> read_bertscore(Fields& fields) {
  const std::size_t before = fields.problems().size();
  const std::string language = fields.text("lang").value_or("en");
  const std::string model = fields.text("model").value_or(std::string(usual_model(language)));
  const auto layers = fields.integer("num_layers", {0, 1000});
  const bool rescale = fields.boolean("rescale_with_baseline").value_or(false);
  const auto baseline_path = fields.text("baseline_path");
  const auto corpus = fields.text("idf_sents");
  BertScoreSetup setup;
  setup.idf = fields.boolean("idf").value_or(false) || corpus.has_value();
  setup.all_layers = fields.boolean("all_layers").value_or(false);
  TextEncoderOptions options = read_encoder_options(fields);
  const auto prefix_space = fields.boolean("add_prefix_space");
  options.tokenizer.prefix_space = prefix_space;

  const std::optional<fs::path> folder = located_model(fields, model);
  if (!folder || fields.problems().size() > before) return std::nullopt;
  options.folder = *folder;
  setup.model = usual_layer(model) ? model : folder_name(model);
  const std::optional<std::size_t> usual = usual_layer(model);
  if (layers) {
    setup.layer = static_cast<std::size_t>(*layers);
  } else if (usual) {
    setup.layer = *usual;
  } else if (!setup.all_layers) {
    fields.error(fields.mark("model"), fmt::format("no layer is known for `{}`", model), "",
                 "say which one with `num_layers`: 0 for the embeddings, up to the number of the "
                 "model's layers");
    return std::nullopt;
  }
  if (!setup.all_layers) options.layers = setup.layer;

  Result<std::unique_ptr<TextEncoder>> encoder = TextEncoder::open(options);
  append(fields.problems(), encoder.problems());
  if (!encoder) return std::nullopt;
  setup.encoder = *std::move(encoder);
  if (setup.all_layers && !layers && !usual) setup.layer = setup.encoder->layers();
  if (setup.layer > setup.encoder->layers())
    fields.error(fields.mark("num_layers"), fmt::format("layer {} is asked for, the model has {}",
                                                        setup.layer, setup.encoder->layers()));
  if (corpus)
    setup.corpus =
        read_corpus(located(fields, *corpus), setup.encoder->tokenizer(), fields.problems());
  if (rescale || baseline_path) read_rescaling(fields, baseline_path, setup);
  if (options.precision == Precision::bf16) setup.suffix += "_bf16";
  if (prefix_space) setup.suffix += *prefix_space ? "_prefix-space" : "_no-prefix-space";
  if (fields.problems().size() > before) return std::nullopt;
  return setup;
}

}  // namespace llmops
