#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "datasets/text/fields.h"
#include "evaluators/encoder/text_encoder.h"
#include "evaluators/metrics/bertscore/baseline.h"
#include "evaluators/metrics/bertscore/idf.h"

namespace llmops {

// What `bertscore` was asked to do, with everything loaded that it takes but the weights.
struct BertScoreSetup {
  std::string model;  // as the signature names it
  std::shared_ptr<const TextEncoder> encoder;
  std::size_t layer = 0;  // of the headline figures
  bool all_layers = false;
  bool idf = false;
  std::optional<Idf> corpus;  // weights from a file instead of the references
  Baseline baseline;          // by layer; empty: not rescaled
  bool own_baseline = false;  // from a file
  std::string suffix;         // of the signature: options that are not the reference program's
};

inline constexpr std::string_view kBertScoreOptions[] = {"model",         "lang",
                                                         "num_layers",    "idf",
                                                         "idf_sents",     "rescale_with_baseline",
                                                         "baseline_path", "all_layers",
                                                         "precision",     "add_prefix_space",
                                                         "cache",         "server",
                                                         "tokenizer"};

// Notes every problem in `fields`; nothing where there was one.
std::optional<BertScoreSetup> read_bertscore(Fields& fields);

}  // namespace llmops
