#pragma once
// What a model server says of itself: name, version, model, quantisation, the flags it was started
// with. Its answers are untrusted text.

#include <memory>
#include <string>
#include <string_view>

#include "datasets/text/value.h"
#include "evaluators/transport/http_client.h"

namespace llmops {

class EventLoop;

// Asks the known pages below the host of `base_url` at once, a second at most; what does not answer
// is left out. `model`: as requests name it. `headers` (nullptr: none) go to `base_url` only.
//   /version (vLLM, TensorRT-LLM)   /get_server_info (SGLang)   /info (TGI)   /props (llama.cpp)
//   /api/version, /api/ps (Ollama)  base_url/models (all)
// Members, as far as told: server version model dtype quantization max_model_len slots
// parameters and flags, a mapping of those start-up options that change times.
Object server_info(EventLoop& loop, const std::string& base_url, std::string_view model,
                   const std::shared_ptr<const HttpHeaders>& headers);

// One page of those: what `page` (its path, "/props") says in our words. Texts are cut at 200
// bytes.
Object read_server_page(std::string_view page, const Value& answer, std::string_view model);

}  // namespace llmops
