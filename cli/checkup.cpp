#include "cli/checkup.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cmath>
#include <ctime>

#include "datasets/text/json.h"
#include "evaluators/providers/endpoint.h"
#include "evaluators/providers/http_faults.h"
#include "evaluators/runner/retry.h"
#include "evaluators/transport/event_loop.h"
#include "evaluators/transport/http_client.h"

namespace llmops {
namespace {

constexpr std::chrono::seconds kListLimit{10};
// Beyond this certificates and signed requests begin to be refused somewhere.
constexpr double kMostSkewSeconds = 60;

struct Fetched {
  HttpHead head;
  std::string body;
  CallError error;
  std::chrono::system_clock::time_point at;
};

class Collector final : public HttpHandler {
 public:
  explicit Collector(std::optional<Fetched>& out) : out_(out) {}
  void on_data(HttpCall&, std::string_view bytes, Clock::time_point) override { body_ += bytes; }
  void on_end(HttpCall& call, const CallError& error) override {
    out_ = Fetched{call.head(), std::move(body_), error, std::chrono::system_clock::now()};
  }

 private:
  std::optional<Fetched>& out_;
  std::string body_;
};

Fetched fetch(const Endpoint& endpoint, EventLoop& loop) {
  std::optional<Fetched> got;
  HttpCall& call = loop.http().start({.method = "GET",
                                      .url = endpoint.url,
                                      .headers = endpoint.headers,
                                      .body = "",
                                      .most_bytes = std::size_t{16} << 20},
                                     std::make_unique<Collector>(got));
  call.deadline(Clock::now() + kListLimit, ErrorClass::timeout_total, "the list of models");
  loop.run_until([&] { return got.has_value(); });
  return *std::move(got);
}

// Where a provider lists its models, with the headers that its calls send. Absent: it has no list.
std::optional<Endpoint> list_of(const ModelSpec& spec, const Value& mapping) {
  Diagnostics ignored;
  const Source nowhere("", "");
  Fields fields(mapping, nowhere, ignored, "`model`");
  ModelSpec copy;
  if (spec.provider == "openai")
    return read_endpoint(copy, fields, "https://api.openai.com/v1", "/models", KeyHeader(), {});
  if (spec.provider == "anthropic")
    return read_endpoint(copy, fields, "https://api.anthropic.com/v1", "/models",
                         {.name = "x-api-key", .prefix = ""}, {"anthropic-version: 2023-06-01"});
  return std::nullopt;
}

std::vector<std::string> names_in(const std::string& body) {
  std::vector<std::string> names;
  const Result<Value> document = parse_json(body, "list of models");
  if (!document) return names;
  for (const char* key : {"data", "models"}) {
    const Value* list = document->find(key);
    if (list == nullptr || !list->is_list()) continue;
    for (const Value& item : *list->list())
      for (const char* name : {"id", "name"})
        if (const Value* found = item.find(name)) {
          names.push_back(to_text(*found));
          break;
        }
    break;
  }
  return names;
}

std::string hidden(std::string text, const std::string& secret) {
  if (secret.size() < 8) return text;
  for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos;)
    text.replace(at, secret.size(), "[key]");
  return text;
}

std::string wanted_name(const ModelSpec& spec, const Prompt& prompt) {
  return spec.name.empty() ? prompt.model : spec.name;
}

// Without user, password and query.
std::string shown(const Endpoint& endpoint) {
  std::string url = endpoint.base_url.substr(0, endpoint.base_url.find('?'));
  const std::size_t at = url.rfind('@');
  return at == std::string::npos ? url : url.substr(at + 1);
}

Check check_key(const ModelSpec& spec, const Endpoint& endpoint) {
  if (!spec.key_variable.empty())
    return {"key", CheckOutcome::good, fmt::format("${} is set", spec.key_variable), ""};
  const bool local = endpoint.base_url.find("://127.") != std::string::npos ||
                     endpoint.base_url.find("://localhost") != std::string::npos ||
                     endpoint.base_url.find("://[::1]") != std::string::npos;
  if (local) return {"key", CheckOutcome::good, "no key is sent, to a server on this machine", ""};
  return {"key", CheckOutcome::warning, "no key is sent",
          "name the environment variable that holds it: `api_key_env: OPENAI_API_KEY`"};
}

Check check_endpoint(const ModelSpec& spec, const Endpoint& endpoint, const Fetched& got) {
  CallError fault = got.error ? got.error : CallError();
  if (!fault && got.head.status / 100 != 2) fault = http_fault(got.head, got.body);
  if (!fault)
    return {"endpoint", CheckOutcome::good, fmt::format("{} answers", shown(endpoint)), ""};
  fault.message = hidden(std::move(fault.message), endpoint.secret);  // some repeat the key
  std::string cure = cure_of(fault, spec.key_variable);
  if (got.error)
    return {"endpoint", CheckOutcome::problem, fault.message,
            cure.empty() ? "is the server up, and `base_url` its address?" : std::move(cure)};
  if (fault.kind == ErrorClass::auth || fault.kind == ErrorClass::quota)
    return {"endpoint", CheckOutcome::problem, fault.message, std::move(cure)};
  if (got.head.status == 404 || got.head.status == 405)
    return {
        "endpoint", CheckOutcome::good,
        fmt::format("{} answers, and lists no models (HTTP {})", shown(endpoint), got.head.status),
        ""};
  return {"endpoint", CheckOutcome::warning, fault.message,
          "the list of models cannot be read; the answer below decides"};
}

Check check_name(const std::string& wanted, const Fetched& got) {
  const std::vector<std::string> names =
      got.error || got.head.status / 100 != 2 ? std::vector<std::string>() : names_in(got.body);
  if (names.empty())
    return {"model", CheckOutcome::skipped, "the server does not tell which models it has", ""};
  // Some list "models/NAME".
  for (const std::string& name : names)
    if (name == wanted || name.ends_with("/" + wanted))
      return {"model", CheckOutcome::good, fmt::format("the server has {}", wanted), ""};
  const std::vector<std::string_view> views(names.begin(), names.end());
  std::string help = did_you_mean(wanted, views);
  if (help.empty()) {
    const std::size_t shown = std::min<std::size_t>(names.size(), 8);
    help = fmt::format(
        "it has {}{}",
        fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
        shown < names.size() ? fmt::format(" and {} more", names.size() - shown) : "");
  }
  return {"model", CheckOutcome::problem, fmt::format("the server does not list `{}`", wanted),
          help};
}

std::optional<Check> check_clock(const Fetched& got) {
  const auto date = got.head.header("date");
  if (!date) return std::nullopt;
  const time_t server = curl_getdate(std::string(*date).c_str(), nullptr);
  if (server < 0) return std::nullopt;
  const double skew =
      std::chrono::duration<double>(got.at - std::chrono::system_clock::from_time_t(server))
          .count();
  if (std::abs(skew) <= kMostSkewSeconds)
    return Check{"clock", CheckOutcome::good, "this machine's clock agrees with the server's", ""};
  return Check{"clock", CheckOutcome::warning,
               fmt::format("this machine's clock is {:.0f} s {} the server's", std::abs(skew),
                           skew > 0 ? "ahead of" : "behind"),
               "set it (timedatectl set-ntp true): certificates and dates in answers go by it"};
}

Sample ask(Model& model, const std::shared_ptr<const Prompt>& prompt, EventLoop& loop) {
  auto short_prompt = std::make_shared<Prompt>();
  short_prompt->name = "doctor";
  short_prompt->model = prompt->model;
  short_prompt->parameters.add("max_tokens", 64);
  auto row = std::make_shared<Case>();
  row->id = "doctor";
  auto request = std::make_shared<Request>();
  request->row = std::move(row);
  request->prompt = std::move(short_prompt);
  request->messages.push_back(
      {.role = "user",
       .parts = {{.type = "text", .content = "Count from one to ten in words.", .extra = {}}},
       .extra = {}});
  std::optional<Answer> got;
  model.provider->ask(request, Clock::now(), [&](Answer answer) { got = std::move(answer); });
  loop.run_until([&] { return got.has_value(); });
  return std::move(got->sample);
}

Check check_streaming(const ModelSpec& spec, const Sample& sample) {
  if (!spec.stream)
    return {"streaming", CheckOutcome::warning,
            "`stream: false`: no time to first token is measured",
            "leave `stream` out where the server can stream"};
  if (!sample.timeline.first_token)
    return {"streaming", CheckOutcome::warning, "the answer did not come as a stream",
            "without a stream ttft, tpot and itl are not measured; `stream: false` says so"};
  if (sample.timeline.payload_events < 2 && sample.usage.output.value_or(2) > 1)
    return {"streaming", CheckOutcome::warning,
            fmt::format("the whole answer came in {} event", sample.timeline.payload_events),
            "something on the way collects the stream (a proxy's buffer?): times of tokens mean "
            "nothing"};
  return {"streaming", CheckOutcome::good,
          fmt::format("first token after {:.0f} ms, {} events", sample.timing.ttft_ms.value_or(0),
                      sample.timeline.payload_events),
          ""};
}

Check check_usage(const Sample& sample) {
  if (sample.usage.input && sample.usage.output)
    return {"usage", CheckOutcome::good,
            fmt::format("the server counts tokens: {} in, {} out", *sample.usage.input,
                        *sample.usage.output),
            ""};
  return {"usage", CheckOutcome::warning, "the server counts no tokens",
          "rules on tokens and cost cannot be decided; most servers need `stream_options: "
          "{include_usage: true}` "
          "allowed, which is sent already"};
}

void check_answer(Model& model, const std::shared_ptr<const Prompt>& prompt, EventLoop& loop,
                  std::vector<Check>& checks) {
  const Sample sample = ask(model, prompt, loop);
  if (sample.error) {
    std::string cure = cure_of(sample.error, model.spec.key_variable);
    checks.push_back({"answer", CheckOutcome::problem,
                      fmt::format("{}: {}", name(sample.error.kind), sample.error.message),
                      std::move(cure)});
    return;
  }
  const std::string wanted = wanted_name(model.spec, *prompt);
  const bool another = !sample.model.empty() && !wanted.empty() && sample.model != wanted &&
                       !sample.model.ends_with("/" + wanted);
  checks.push_back({"answer", CheckOutcome::good,
                    fmt::format("answered in {:.0f} ms{}", sample.timing.latency_ms.value_or(0),
                                another ? fmt::format(", as {}", sample.model) : ""),
                    ""});
  const ProviderInfo* provider = find_provider(model.spec.provider);
  if (provider == nullptr || !provider->needs_name)
    return;  // local programs neither stream nor count
  checks.push_back(check_streaming(model.spec, sample));
  checks.push_back(check_usage(sample));
}

}  // namespace

std::string_view name(CheckOutcome outcome) {
  switch (outcome) {
    case CheckOutcome::good:
      return "ok";
    case CheckOutcome::warning:
      return "warning";
    case CheckOutcome::problem:
      return "problem";
    case CheckOutcome::skipped:
      return "skipped";
  }
  return "";
}

std::vector<Check> check_model(Model& model, const Value& mapping,
                               const std::shared_ptr<const Prompt>& prompt, EventLoop& loop,
                               const CheckupOptions& options) {
  std::vector<Check> checks;
  bool reachable = true;
  if (const std::optional<Endpoint> list = list_of(model.spec, mapping)) {
    checks.push_back(check_key(model.spec, *list));
    const Fetched got = fetch(*list, loop);
    checks.push_back(check_endpoint(model.spec, *list, got));
    reachable = checks.back().outcome != CheckOutcome::problem;
    if (reachable) checks.push_back(check_name(wanted_name(model.spec, *prompt), got));
    if (auto clock = check_clock(got)) checks.push_back(*std::move(clock));
  }
  if (model.spec.provider == "replay") {
    checks.push_back(
        {"answer", CheckOutcome::good, "the recording can be read; nothing is called", ""});
  } else if (!options.call) {
    checks.push_back({"answer", CheckOutcome::skipped, "nothing was asked (--no-call)", ""});
  } else if (reachable) {
    check_answer(model, prompt, loop, checks);
  }
  return checks;
}

}  // namespace llmops
