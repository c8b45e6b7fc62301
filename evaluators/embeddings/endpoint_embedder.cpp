#include "evaluators/embeddings/endpoint_embedder.h"

#include "datasets/text/utf8.h"
#include "evaluators/encoder/encoder_options.h"

namespace llmops {
namespace {

class EndpointEmbedder final : public Embedder {
 public:
  EndpointEmbedder(std::unique_ptr<EndpointClient> client, std::string prefix)
      : client_(std::move(client)), prefix_(std::move(prefix)) {}

  std::string signature() const override {
    return client_->shown() + (prefix_.empty() ? "" : "_prefix=" + prefix_);
  }

  std::vector<Embedding> embed(std::span<const std::string_view> texts) const override {
    std::vector<std::string> prefixed;
    std::vector<std::string_view> asked(texts.begin(), texts.end());
    if (!prefix_.empty()) {
      for (const std::string_view text : texts) prefixed.push_back(prefix_ + std::string(text));
      asked.assign(prefixed.begin(), prefixed.end());
    }
    std::vector<Embedding> embeddings(texts.size());
    const std::vector<EndpointClient::Vectors> found = client_->vectors(asked);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (found[i]->rows == 0)
        embeddings[i].why = found[i]->why;
      else
        embeddings[i].values = {found[i], &found[i]->values};
    }
    return embeddings;
  }

  void attach(const SideContext& context) override { client_->attach(context); }
  SideUse use() const override { return client_->use(); }

 private:
  std::unique_ptr<EndpointClient> client_;
  std::string prefix_;
};

}  // namespace

std::unique_ptr<EndpointClient> read_endpoint_client(Fields& fields,
                                                     const EmbeddingsProtocol& protocol) {
  const Value* model = fields.value("model");
  Value mapping;
  if (model != nullptr && model->is_object()) {
    for (const char* key : {"base_url", "api_key_env"})
      if (fields.value(key) != nullptr)
        fields.error(fields.mark(key), "`model` is a mapping, and this key stands beside it", "",
                     "write it inside `model`");
    mapping = *model;
  } else {
    Object keys;
    const auto take = [&](const char* key, const char* as) {
      if (const Value* given = fields.value(key)) keys.add(as, *given);
    };
    take("model", "name");
    take("base_url", "base_url");
    take("api_key_env", "api_key_env");
    mapping = Value(std::move(keys)).at(fields.mark("base_url"));
  }
  return EndpointClient::make(protocol, mapping, fields.source(), options_folder(fields),
                              read_vector_cache(fields), fields.problems());
}

std::unique_ptr<Embedder> read_endpoint_embedder(Fields& fields) {
  const std::string prefix = fields.text("prefix").value_or("");
  for (const char* key : {"pooling", "num_layers", "precision"})
    if (fields.value(key) != nullptr)
      fields.error(fields.mark(key), "an endpoint decides this by itself", "", "leave it out");
  const EmbeddingsProtocol* protocol = find_embeddings_protocol("openai");
  std::unique_ptr<EndpointClient> client = read_endpoint_client(fields, *protocol);
  if (client == nullptr) return nullptr;
  return std::make_unique<EndpointEmbedder>(std::move(client), prefix);
}

}  // namespace llmops
