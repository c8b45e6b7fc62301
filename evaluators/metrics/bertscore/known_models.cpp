#include "evaluators/metrics/bertscore/known_models.h"

namespace llmops {
namespace {

struct Known {
  std::string_view model;
  std::size_t layer;
};

// `model2layers` of bert_score/utils.py, as far as the models' families are read here.
constexpr Known kLayers[] = {
    {"bert-base-uncased",                             9 },
    {"bert-large-uncased",                            18},
    {"bert-base-cased-finetuned-mrpc",                9 },
    {"bert-base-multilingual-cased",                  9 },
    {"bert-base-chinese",                             8 },
    {"roberta-base",                                  10},
    {"roberta-large",                                 17},
    {"roberta-large-mnli",                            19},
    {"roberta-base-openai-detector",                  7 },
    {"roberta-large-openai-detector",                 15},
    {"distilroberta-base",                            5 },
    {"distilbert-base-uncased",                       5 },
    {"distilbert-base-uncased-distilled-squad",       4 },
    {"distilbert-base-multilingual-cased",            5 },
    {"xlm-roberta-base",                              9 },
    {"xlm-roberta-large",                             17},
    {"allenai/scibert_scivocab_uncased",              8 },
    {"allenai/scibert_scivocab_cased",                9 },
    {"dbmdz/bert-base-turkish-cased",                 10},
    {"dbmdz/distilbert-base-turkish-cased",           4 },
    {"SpanBERT/spanbert-base-cased",                  8 },
    {"SpanBERT/spanbert-large-cased",                 17},
    {"ProsusAI/finbert",                              10},
    {"vinai/bertweet-base",                           9 },
    {"microsoft/deberta-base",                        9 },
    {"microsoft/deberta-base-mnli",                   9 },
    {"microsoft/deberta-large",                       16},
    {"microsoft/deberta-large-mnli",                  18},
    {"microsoft/deberta-xlarge",                      18},
    {"microsoft/deberta-xlarge-mnli",                 40},
    {"microsoft/deberta-v2-xlarge",                   10},
    {"microsoft/deberta-v2-xlarge-mnli",              17},
    {"microsoft/deberta-v2-xxlarge",                  21},
    {"microsoft/deberta-v2-xxlarge-mnli",             22},
    {"microsoft/deberta-v3-xsmall",                   10},
    {"microsoft/deberta-v3-small",                    4 },
    {"microsoft/deberta-v3-base",                     9 },
    {"microsoft/deberta-v3-large",                    12},
    {"microsoft/mdeberta-v3-base",                    10},
    {"khalidalt/DeBERTa-v3-large-mnli",               18},
    {"princeton-nlp/unsup-simcse-bert-base-uncased",  10},
    {"princeton-nlp/unsup-simcse-bert-large-uncased", 18},
    {"princeton-nlp/unsup-simcse-roberta-base",       8 },
    {"princeton-nlp/unsup-simcse-roberta-large",      13},
    {"princeton-nlp/sup-simcse-bert-base-uncased",    10},
    {"princeton-nlp/sup-simcse-bert-large-uncased",   18},
    {"princeton-nlp/sup-simcse-roberta-base",         10},
    {"princeton-nlp/sup-simcse-roberta-large",        16},
};

}  // namespace

std::optional<std::size_t> usual_layer(std::string_view model) {
  for (const Known& known : kLayers)
    if (known.model == model) return known.layer;
  return std::nullopt;
}

std::string_view usual_model(std::string_view language) {
  if (language == "en") return "roberta-large";
  if (language == "zh") return "bert-base-chinese";
  if (language == "tr") return "dbmdz/bert-base-turkish-cased";
  if (language == "en-sci") return "allenai/scibert_scivocab_uncased";
  return "bert-base-multilingual-cased";
}

}  // namespace llmops
