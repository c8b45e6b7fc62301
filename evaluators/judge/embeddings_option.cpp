#include "evaluators/judge/embeddings_option.h"

namespace llmops {

std::unique_ptr<Embedder> read_embeddings(Fields &fields) {
  const Value *given = fields.mapping("embeddings");
  if (given == nullptr) {
    if (!fields.has("embeddings"))
      fields.missing("embeddings", "{base_url: http://127.0.0.1:8000/v1, "
                                   "model: NAME}, or {model: FOLDER}");
    return nullptr;
  }
  Fields own(*given, fields.source(), fields.problems(), "`embeddings`");
  std::unique_ptr<Embedder> embedder = read_embedder(own);
  own.finish();
  return embedder;
}

void connect_embedder(Embedder &embedder, const AskingContext &context) {
  embedder.attach({.interrupts = context.interrupts,
                   .read_cache = context.read_cache,
                   .write_cache = context.write_cache});
}

} // namespace llmops
