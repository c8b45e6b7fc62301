#include "evaluators/telemetry/server_info.h"

#include <array>
#include <memory>
#include <vector>

#include "datasets/text/json.h"
#include "datasets/text/utf8.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {
namespace {

constexpr auto kPatience = std::chrono::seconds(1);
constexpr std::size_t kMostBytes = std::size_t{1} << 20;
constexpr std::size_t kMostText = 200;

// The order of trust: a page that only one server has says which server it is.
constexpr std::array<std::string_view, 7> kPages = {
    "/get_server_info", "/info", "/props", "/api/version", "/api/ps", "/version", "/models"};

struct Taken {
  const char* theirs;  // a path within the answer
  const char* ours;
};

// A page that only one server has.
struct OwnPage {
  std::string_view page, sign;  // a member that tells it from other programs' pages
  const char* server;
  std::vector<Taken> taken;
  std::vector<const char*> flags;  // start-up options that change times
};

const std::vector<OwnPage>& own_pages() {
  static const std::vector<OwnPage> kOwn = {
      {"/get_server_info",
       "model_path",                  "sglang",
       {{"/version", "version"},
        {"/model_path", "model"},
        {"/dtype", "dtype"},
        {"/quantization", "quantization"},
        {"/context_length", "max_model_len"}},
       {"tp_size", "dp_size", "pp_size", "mem_fraction_static", "max_running_requests",
        "chunked_prefill_size", "schedule_policy", "disable_radix_cache", "attention_backend",
        "kv_cache_dtype", "disable_cuda_graph", "speculative_algorithm"}},
      {"/info",
       "model_id",                    "tgi",
       {{"/version", "version"},
        {"/model_id", "model"},
        {"/model_dtype", "dtype"},
        {"/max_total_tokens", "max_model_len"}},
       {"max_concurrent_requests", "max_batch_total_tokens", "max_input_tokens", "max_total_tokens",
        "waiting_served_ratio", "max_waiting_tokens"}                   },
      {"/props",
       "default_generation_settings", "llama.cpp",
       {{"/build_info", "version"},
        {"/model_path", "model"},
        {"/default_generation_settings/n_ctx", "max_model_len"},
        {"/total_slots", "slots"}},
       {}                                                               },
  };
  return kOwn;
}

bool plain(const Value& value) { return value.is_string() || value.is_number() || value.is_bool(); }

void take(const Value& answer, const std::string& path, const char* ours, Object& out) {
  const Value* found = find_path(answer, path);
  if (found == nullptr || !plain(*found) || out.find(ours) != nullptr) return;
  if (const std::string* text = found->string()) {
    if (!text->empty()) out.add(ours, visible(text->substr(0, kMostText)));
  } else {
    out.add(ours, *found);
  }
}

Object read_own(const OwnPage& own, const Value& answer) {
  Object out{
      {"server", own.server}
  };
  for (const Taken& each : own.taken) take(answer, each.theirs, each.ours, out);
  Object flags;
  for (const char* name : own.flags) take(answer, std::string("/") + name, name, flags);
  if (!flags.empty()) out.add("flags", std::move(flags));
  return out;
}

Object ollama_models(const Value& answer, std::string_view model) {
  Object out;
  const Value* models = answer.find("models");
  if (models == nullptr || !models->is_list()) return out;
  for (const Value& each : *models->list()) {
    const Value* name = each.find("name");
    if (name == nullptr || (!model.empty() && to_text(*name) != model &&
                            to_text(*name) != std::string(model) + ":latest"))
      continue;
    take(each, "/details/quantization_level", "quantization", out);
    take(each, "/details/parameter_size", "parameters", out);
    take(each, "/context_length", "max_model_len", out);
    break;
  }
  return out;
}

Object listed_models(const Value& answer, std::string_view model) {
  Object out;
  const Value* models = answer.find("data");
  if (models == nullptr || !models->is_list()) return out;
  for (const Value& each : *models->list()) {
    const Value* id = each.find("id");
    if (id == nullptr || (to_text(*id) != model && models->list()->size() > 1)) continue;
    const Value* owner = each.find("owned_by");
    const std::string by = owner == nullptr ? "" : to_text(*owner);
    for (const char* server : {"vllm", "sglang"})
      if (by == server) out.add("server", server);
    if (by == "llamacpp") out.add("server", "llama.cpp");
    take(each, "/root", "model", out);
    take(each, "/max_model_len", "max_model_len", out);
    take(each, "/meta/n_ctx_train", "max_model_len", out);
    take(each, "/meta/n_params", "parameters", out);
    break;
  }
  return out;
}

class Page final : public HttpHandler {
 public:
  Page(std::shared_ptr<std::string> text, std::shared_ptr<int> left)
      : text_(std::move(text)), left_(std::move(left)) {}
  void on_data(HttpCall&, std::string_view bytes, Clock::time_point) override { *text_ += bytes; }
  void on_end(HttpCall& call, const CallError& error) override {
    --*left_;
    if (error || call.head().status != 200) text_->clear();
  }

 private:
  std::shared_ptr<std::string> text_;
  std::shared_ptr<int> left_;
};

}  // namespace

Object read_server_page(std::string_view page, const Value& answer, std::string_view model) {
  Object out;
  for (const OwnPage& own : own_pages())
    if (page == own.page && answer.find(own.sign) != nullptr) return read_own(own, answer);
  if (page == "/api/version") {
    if (answer.find("version") == nullptr) return out;
    out.add("server", "ollama");
    take(answer, "/version", "version", out);
  } else if (page == "/version") {
    take(answer, "/version", "version", out);
  } else if (page == "/api/ps") {
    return ollama_models(answer, model);
  } else if (page == "/models") {
    return listed_models(answer, model);
  }
  return out;
}

Object server_info(EventLoop& loop, const std::string& base_url, std::string_view model,
                   const std::shared_ptr<const HttpHeaders>& headers) {
  const std::size_t host = base_url.find("://");
  if (host == std::string::npos) return {};
  const std::string root = base_url.substr(0, base_url.find('/', host + 3));
  static const auto kHeaders =
      std::make_shared<const HttpHeaders>(std::vector<std::string>{"Accept: application/json"});
  auto left = std::make_shared<int>(static_cast<int>(kPages.size()));
  std::vector<std::shared_ptr<std::string>> texts;
  for (const std::string_view page : kPages) {
    texts.push_back(std::make_shared<std::string>());
    const bool api = page == "/models";
    HttpRequest request;
    request.method = "GET";
    request.url = (api ? base_url : root) + std::string(page);
    request.headers = api && headers != nullptr ? headers : kHeaders;
    request.connect_timeout = kPatience;
    request.most_bytes = kMostBytes;
    HttpCall& call =
        loop.http().start(std::move(request), std::make_unique<Page>(texts.back(), left));
    call.deadline(Clock::now() + kPatience, ErrorClass::timeout_total, "the page is late");
  }
  loop.run_until([&] { return *left == 0; });
  Object out;
  for (std::size_t i = 0; i < kPages.size(); ++i) {
    if (texts[i]->empty()) continue;
    const Result<Value> answer = parse_json(*texts[i], "server");
    if (!answer) continue;
    for (Member& member : read_server_page(kPages[i], *answer, model))
      if (out.find(member.key) == nullptr) out.add(member.key, std::move(member.value));
  }
  return out;
}

}  // namespace llmops
