#include "evaluators/embeddings/token_embedder.h"

#include "evaluators/embeddings/endpoint_client.h"
#include "evaluators/encoder/encoder_options.h"
#include "evaluators/encoder/kernels.h"

namespace llmops {
namespace {

class ServerTokens final : public TokenEmbedder {
 public:
  ServerTokens(std::unique_ptr<EndpointClient> client, std::string protocol)
      : client_(std::move(client)), protocol_(std::move(protocol)) {}

  std::string signature() const override { return client_->shown() + "@" + protocol_; }

  std::vector<TokenEmbeddings> embed(std::span<const std::string_view> texts) const override {
    std::vector<TokenEmbeddings> embeddings(texts.size());
    const std::vector<EndpointClient::Vectors> found = client_->vectors(texts);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (found[i]->rows == 0) {
        embeddings[i].why = found[i]->why;
        continue;
      }
      auto values = std::make_shared<std::vector<float>>(found[i]->values);
      kernels().unit_length(values->data(), found[i]->rows, found[i]->width());
      embeddings[i].tokens = found[i]->rows;
      embeddings[i].values = std::move(values);
    }
    return embeddings;
  }

  void attach(const SideContext& context) override { client_->attach(context); }
  SideUse use() const override { return client_->use(); }

 private:
  std::unique_ptr<EndpointClient> client_;
  std::string protocol_;
};

}  // namespace

std::unique_ptr<TokenEmbedder> read_token_embedder(Fields& fields) {
  const Value* server = fields.mapping("server");
  if (server == nullptr) return nullptr;
  std::vector<std::string_view> names;
  for (const EmbeddingsProtocol* protocol : embeddings_protocols())
    if (protocol->tokens) names.push_back(protocol->info.name);
  Fields keys(*server, fields.source(), fields.problems(), "`server`");
  if (!keys.has("protocol")) {
    keys.missing("protocol", expected_one_of(names));
    return nullptr;
  }
  const auto name = keys.one_of("protocol", names);
  if (!name) return nullptr;
  Value mapping = *server;
  mapping.object()->erase("protocol");
  std::unique_ptr<EndpointClient> client =
      EndpointClient::make(*find_embeddings_protocol(*name), mapping, fields.source(),
                           options_folder(fields), read_vector_cache(fields), fields.problems());
  if (client == nullptr) return nullptr;
  return std::make_unique<ServerTokens>(std::move(client), *name);
}

}  // namespace llmops
