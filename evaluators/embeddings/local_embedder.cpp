// Sentence vectors as sentence-transformers makes them: the mean over all tokens (special ones too)
// of the last layer's vectors, or the first token's.
#include "evaluators/embeddings/local_embedder.h"

#include <fmt/format.h>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "evaluators/encoder/encoder_options.h"
#include "evaluators/encoder/text_encoder.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPoolings[] = {"mean", "cls"};

class LocalEmbedder final : public Embedder {
 public:
  LocalEmbedder(std::unique_ptr<TextEncoder> encoder, Pooling pooling, std::string name,
                std::string prefix)
      : encoder_(std::move(encoder)),
        pooling_(pooling),
        name_(std::move(name)),
        prefix_(std::move(prefix)) {}

  std::string signature() const override {
    return fmt::format("{}_L{}(weights={})_{}{}", name_, encoder_->layers(),
                       encoder_->short_fingerprint(), kPoolings[pooling_ == Pooling::cls ? 1 : 0],
                       prefix_.empty() ? "" : "_prefix=" + prefix_);
  }

  std::vector<Embedding> embed(std::span<const std::string_view> texts) const override {
    std::vector<TokenIds> ids(texts.size());
    std::vector<TextEncoder::Text> asked(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      ids[i] = encoder_->tokenizer().encode(prefix_.empty() ? std::string(texts[i])
                                                            : prefix_ + std::string(texts[i]));
      asked[i] = {&ids[i], true};
    }
    std::vector<Embedding> embeddings(texts.size());
    std::vector<TextEncoder::Vectors> found = encoder_->pooled(asked, pooling_);
    for (std::size_t i = 0; i < texts.size(); ++i) embeddings[i].values = std::move(found[i]);
    return embeddings;
  }

  void attach(const SideContext&) override {}
  SideUse use() const override { return {}; }

 private:
  std::unique_ptr<TextEncoder> encoder_;
  Pooling pooling_;
  std::string name_, prefix_;
};

std::optional<Value> folder_file(const fs::path& file) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return std::nullopt;
  const Result<Source> source = read_source(file);
  if (!source) return std::nullopt;
  Result<Value> json = parse_json(*source);
  if (!json) return std::nullopt;
  return *std::move(json);
}

// As the folder's own sentence-transformers files have it.
Pooling usual_pooling(const fs::path& folder) {
  const std::optional<Value> config = folder_file(folder / "1_Pooling/config.json");
  const Value* cls = config ? config->find("pooling_mode_cls_token") : nullptr;
  return cls != nullptr && cls->boolean() != nullptr && *cls->boolean() ? Pooling::cls
                                                                        : Pooling::mean;
}

// Whether a further layer stands behind the pooling, which is not run here.
bool has_dense(const fs::path& folder) {
  const std::optional<Value> modules = folder_file(folder / "modules.json");
  if (!modules || modules->list() == nullptr) return false;
  for (const Value& module : *modules->list())
    if (const Value* type = module.find("type");
        type != nullptr && to_text(*type).ends_with("Dense"))
      return true;
  return false;
}

}  // namespace

std::unique_ptr<Embedder> read_local_embedder(Fields& fields) {
  const std::size_t before = fields.problems().size();
  const std::string model = fields.required_text("model");
  const auto pooling = fields.one_of("pooling", kPoolings);
  const auto layers = fields.integer("num_layers", {0, 1000});
  const std::string prefix = fields.text("prefix").value_or("");
  fields.value("api_key_env");
  TextEncoderOptions options = read_encoder_options(fields);
  if (fields.problems().size() > before) return nullptr;
  const std::optional<fs::path> folder = located_model(fields, model);
  if (!folder) return nullptr;
  options.folder = *folder;
  if (layers) options.layers = static_cast<std::size_t>(*layers);
  if (!pooling && has_dense(*folder))
    fields.error(fields.mark("model"),
                 "the folder has a dense layer behind its pooling (modules.json), which is not run "
                 "here",
                 "", "serve the model and name its endpoint with `base_url`, or say `pooling`");
  Result<std::unique_ptr<TextEncoder>> encoder = TextEncoder::open(options);
  append(fields.problems(), encoder.problems());
  if (!encoder || fields.problems().size() > before) return nullptr;
  const Pooling chosen =
      pooling ? (*pooling == "cls" ? Pooling::cls : Pooling::mean) : usual_pooling(*folder);
  return std::make_unique<LocalEmbedder>(*std::move(encoder), chosen, folder_name(model), prefix);
}

}  // namespace llmops
