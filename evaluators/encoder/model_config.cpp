#include "evaluators/encoder/model_config.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "datasets/text/fields.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"

namespace llmops {
namespace {

constexpr std::array<std::string_view, 6> kFamilies{"bert",        "roberta", "distilbert",
                                                    "xlm-roberta", "deberta", "deberta-v2"};
constexpr std::array<std::string_view, 6> kActivations{
    "gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_python", "relu", "tanh"};

class Reader {
 public:
  explicit Reader(Fields& fields) : fields_(fields) {}

  std::size_t size(std::string_view key, std::size_t otherwise, std::size_t least = 1) {
    constexpr double kMost = 1 << 24;
    const auto value = fields_.integer(key, {static_cast<double>(least), kMost});
    return value ? static_cast<std::size_t>(*value) : otherwise;
  }
  Activation activation(std::string_view key, Activation otherwise) {
    const auto name = fields_.one_of(key, kActivations);
    if (!name) return otherwise;
    if (*name == "relu") return Activation::relu;
    if (*name == "tanh") return Activation::tanh;
    return *name == "gelu" || *name == "gelu_python" ? Activation::gelu : Activation::gelu_tanh;
  }
  float epsilon(float otherwise) {
    const auto value = fields_.number("layer_norm_eps", {0, 1});
    return value ? static_cast<float>(*value) : otherwise;
  }

 private:
  Fields& fields_;
};

void read_bert(Reader& read, Fields& fields, ModelConfig& config) {
  config.hidden = read.size("hidden_size", 768);
  config.layers = read.size("num_hidden_layers", 12, 0);
  config.heads = read.size("num_attention_heads", 12);
  config.intermediate = read.size("intermediate_size", 3072);
  config.vocabulary = read.size("vocab_size", config.family == Family::roberta ? 50265 : 30522);
  const bool after_padding = config.family != Family::bert;  // two rows more for 512 tokens
  config.positions = read.size("max_position_embeddings", after_padding ? 514 : 512);
  config.token_types = read.size("type_vocab_size", 2);
  config.epsilon = read.epsilon(1e-12F);
  config.activation = read.activation("hidden_act", Activation::gelu);
  if (const auto kind = fields.text("position_embedding_type"); kind && *kind != "absolute")
    fields.error(fields.mark("position_embedding_type"),
                 fmt::format("positions of kind `{}` are not supported", *kind),
                 "expected `absolute`");
}

void read_distilbert(Reader& read, ModelConfig& config) {
  config.hidden = read.size("dim", 768);
  config.layers = read.size("n_layers", 6, 0);
  config.heads = read.size("n_heads", 12);
  config.intermediate = read.size("hidden_dim", 3072);
  config.vocabulary = read.size("vocab_size", 30522);
  config.positions = read.size("max_position_embeddings", 512);
  config.activation = read.activation("activation", Activation::gelu);
  config.epsilon = 1e-12F;  // fixed in the architecture
}

// "c2p|p2c" or a list of the two.
void read_position_terms(Fields& fields, ModelConfig& config) {
  const Value* terms = fields.value("pos_att_type");
  if (terms == nullptr) return;
  std::string joined;
  if (const std::string* text = terms->string()) joined = *text;
  if (const List* list = terms->list())
    for (const Value& item : *list)
      joined += (item.string() != nullptr ? *item.string() : "?") + "|";
  for (std::size_t at = 0; at < joined.size();) {
    const std::size_t end = std::min(joined.find('|', at), joined.size());
    const std::string term = joined.substr(at, end - at);
    at = end + 1;
    if (term == "c2p")
      config.content_to_position = true;
    else if (term == "p2c")
      config.position_to_content = true;
    else if (!term.empty())
      fields.error(fields.mark("pos_att_type"),
                   fmt::format("the attention term `{}` is not supported", term),
                   "expected `c2p` and `p2c`");
  }
}

void read_deberta(Reader& read, Fields& fields, ModelConfig& config) {
  const bool second = config.family == Family::deberta_v2;
  config.hidden = read.size("hidden_size", second ? 1536 : 768);
  config.layers = read.size("num_hidden_layers", second ? 24 : 12, 0);
  config.heads = read.size("num_attention_heads", second ? 24 : 12);
  config.intermediate = read.size("intermediate_size", second ? 6144 : 3072);
  config.vocabulary = read.size("vocab_size", second ? 128100 : 50265);
  config.token_types = read.size("type_vocab_size", 0, 0);
  config.epsilon = read.epsilon(1e-7F);
  config.activation = read.activation("hidden_act", Activation::gelu);
  const std::size_t positions = read.size("max_position_embeddings", 512);
  if (fields.boolean("position_biased_input").value_or(true)) config.positions = positions;
  if (read.size("embedding_size", config.hidden) != config.hidden)
    fields.error(fields.mark("embedding_size"),
                 "an embedding size other than the hidden size is not supported");
  config.relative = fields.boolean("relative_attention").value_or(false);
  const auto farthest = fields.integer("max_relative_positions", {-1, 1 << 20});
  config.max_relative =
      farthest && *farthest >= 1 ? static_cast<std::size_t>(*farthest) : positions;
  if (config.relative) read_position_terms(fields, config);
  if (!second) return;
  const auto buckets = fields.integer("position_buckets", {-1, 1 << 20});
  config.buckets = buckets && *buckets > 0 ? static_cast<std::size_t>(*buckets) : 0;
  if (config.buckets == 1 || (config.buckets > 0 && config.max_relative <= config.buckets / 2 + 1))
    fields.error(fields.mark("position_buckets"),
                 "more position buckets than distances to put into them");
  config.shared_keys = fields.boolean("share_att_key").value_or(false);
  config.normalised_positions =
      fields.text("norm_rel_ebd").value_or("none").find("layer_norm") != std::string::npos;
  config.convolution = read.size("conv_kernel_size", 0, 0);
  config.convolution_activation = read.activation("conv_act", Activation::tanh);
  if (config.convolution > 0 && (config.convolution % 2 == 0 || read.size("conv_groups", 1) != 1))
    fields.error(fields.mark("conv_kernel_size"), "this convolution is not supported",
                 "expected an odd `conv_kernel_size` and one group");
}

}  // namespace

std::size_t ModelConfig::first_position() const {
  const bool after_padding = family == Family::roberta || family == Family::xlm_roberta;
  return after_padding ? static_cast<std::size_t>(pad_id) + 1 : 0;
}

std::size_t ModelConfig::longest_text() const {
  return positions > first_position() ? positions - first_position() : 0;
}

Result<ModelConfig> read_model_config(const std::filesystem::path& folder) {
  const Result<Source> source = read_source(folder / "config.json");
  if (!source) return source.problems();
  const Result<Value> json = parse_json(*source);
  if (!json) return json.problems();
  Diagnostics problems;
  Fields fields(*json, *source, problems, "config.json");
  ModelConfig config;
  const std::string type = fields.required_text("model_type");
  if (type.empty()) return problems;
  std::size_t family = 0;
  while (family < kFamilies.size() && kFamilies[family] != type) ++family;
  if (family == kFamilies.size())
    return source->problem(fields.mark("model_type"),
                           fmt::format("models of type `{}` are not supported", type),
                           expected_one_of(kFamilies));
  config.family = static_cast<Family>(family);

  Reader read(fields);
  const bool roberta = config.family == Family::roberta || config.family == Family::xlm_roberta;
  const auto pad = fields.integer("pad_token_id", {0, 1 << 24});
  config.pad_id = pad.value_or(roberta ? 1 : 0);
  if (config.family == Family::distilbert)
    read_distilbert(read, config);
  else if (config.family == Family::deberta || config.family == Family::deberta_v2)
    read_deberta(read, fields, config);
  else
    read_bert(read, fields, config);
  if (config.heads > 0 && config.hidden % config.heads != 0)
    problems.push_back(source->problem(
        {},
        fmt::format("a width of {} cannot be split over {} heads", config.hidden, config.heads)));
  if (config.positions > 0 && config.longest_text() < 2)
    problems.push_back(source->problem({}, "the position table has no room for a text"));
  if (has_errors(problems)) return problems;
  return config;
}

}  // namespace llmops
