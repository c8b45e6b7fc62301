#include "evaluators/traces/otlp.h"

#include <fmt/format.h>

#include "datasets/text/json.h"

namespace llmops {
namespace {

using std::chrono::system_clock;

constexpr int kInternal = 1, kClient = 3;  // SpanKind
constexpr int kError = 2;                  // StatusCode

std::string nanoseconds_text(system_clock::time_point when) {
  return std::to_string(
      std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count());
}

// AnyValue.
Object any(const Value& value) {
  if (const bool* flag = value.boolean())
    return {
        {"boolValue", *flag}
    };
  if (const std::int64_t* whole = value.integer())
    return {
        {"intValue", std::to_string(*whole)}
    };
  if (value.is_number())
    return {
        {"doubleValue", value.number()}
    };
  if (const List* items = value.list()) {
    List values;
    for (const Value& item : *items) values.emplace_back(any(item));
    return {
        {"arrayValue", Object{{"values", std::move(values)}}}
    };
  }
  return {
      {"stringValue", to_text(value)}
  };
}

class Attributes {
 public:
  void add(std::string key, const Value& value) {
    list_.emplace_back(Object{
        {"key",   std::move(key)},
        {"value", any(value)    }
    });
  }
  void add_text(std::string key, const std::string& text) {
    if (!text.empty()) add(std::move(key), text);
  }
  template <typename T>
  void add_known(std::string key, const std::optional<T>& value) {
    if (value) add(std::move(key), *value);
  }
  List take() { return std::move(list_); }

 private:
  List list_;
};

// host and port of an http(s) URL.
void add_server(const ModelSpec& model, Attributes& attributes) {
  const Value* url = model.identity.find("base_url");
  if (url == nullptr) return;
  const std::string text = to_text(*url);
  const std::size_t scheme = text.find("://");
  if (scheme == std::string::npos) return;
  std::string_view host = std::string_view(text).substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  std::int64_t port = text.starts_with("https") ? 443 : 80;
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    port = std::atoll(std::string(host.substr(colon + 1)).c_str());
    host = host.substr(0, colon);
  }
  attributes.add("server.address", host);
  attributes.add("server.port", port);
}

void add_parameters(const CallTrace& call, Attributes& attributes) {
  constexpr std::pair<std::string_view, std::string_view> kKnown[] = {
      {"temperature",           "temperature"      },
      {"top_p",                 "top_p"            },
      {"top_k",                 "top_k"            },
      {"max_tokens",            "max_tokens"       },
      {"max_completion_tokens", "max_tokens"       },
      {"frequency_penalty",     "frequency_penalty"},
      {"presence_penalty",      "presence_penalty" },
      {"seed",                  "seed"             },
  };
  const Object parameters = parameters_of(call);
  for (const Member& member : parameters) {
    for (const auto& [ours, theirs] : kKnown)
      if (member.key == ours && member.value.is_number())
        attributes.add(fmt::format("gen_ai.request.{}", theirs), member.value);
    if (member.key == "stop")
      attributes.add("gen_ai.request.stop_sequences",
                     member.value.is_list() ? member.value : Value(List{member.value}));
  }
}

}  // namespace

Object otlp_span(const CallTrace& call) {
  const Sample& sample = call.sample;
  Attributes attributes;
  attributes.add("gen_ai.operation.name", "chat");
  attributes.add("gen_ai.provider.name", call.model.provider);
  attributes.add_text("gen_ai.request.model", asked_model(call));
  attributes.add_text("gen_ai.response.model", sample.model);
  if (!sample.finish_reason.empty())
    attributes.add("gen_ai.response.finish_reasons", List{Value(sample.finish_reason)});
  attributes.add_known("gen_ai.usage.input_tokens", sample.usage.input);
  attributes.add_known("gen_ai.usage.output_tokens", sample.usage.output);
  attributes.add_known("gen_ai.usage.cache_read.input_tokens", sample.usage.cached);
  attributes.add_known("gen_ai.usage.reasoning.output_tokens", sample.usage.reasoning);
  add_parameters(call, attributes);
  add_server(call.model, attributes);
  if (sample.error) attributes.add("error.type", name(sample.error.kind));
  if (call.request.prompt) {
    attributes.add_text("gen_ai.prompt.name", call.request.prompt->name);
    attributes.add_text("llmops.prompt.version", call.request.prompt->version);
    attributes.add_text("llmops.prompt.sha256", call.request.prompt->sha256);
  }
  attributes.add("llmops.run.id", call.run.id);
  attributes.add_text("llmops.feature", call.run.feature);
  attributes.add("llmops.purpose", call.purpose);
  attributes.add("llmops.case.id", call.request.row ? call.request.row->id : "");
  attributes.add("llmops.case.sample", call.request.sample);
  attributes.add("llmops.attempts", sample.attempts);
  attributes.add("llmops.cached", sample.cached);
  attributes.add_known("llmops.cost_usd", sample.cost_usd);
  attributes.add_known("llmops.ttft_ms", sample.timing.ttft_ms);
  attributes.add_known("llmops.tpot_ms", sample.timing.tpot_ms);

  Object span{
      {"traceId",           call.trace_id                                                   },
      {"spanId",            call.span_id                                                    },
      {"parentSpanId",      root_span_id(call.run)                                          },
      {"name",              asked_model(call).empty() ? "chat" : "chat " + asked_model(call)},
      {"kind",              kClient                                                         },
      {"startTimeUnixNano", nanoseconds_text(call.start)                                    },
      {"endTimeUnixNano",   nanoseconds_text(call.end)                                      },
      {"attributes",        attributes.take()                                               }
  };
  if (sample.error)
    span.add("status", Object{
                           {"code",    kError              },
                           {"message", sample.error.message}
    });
  return span;
}

Object otlp_run_span(const TracedRun& run, system_clock::time_point start,
                     system_clock::time_point end, const std::string& problem) {
  Attributes attributes;
  attributes.add("llmops.run.id", run.id);
  attributes.add_text("llmops.suite", run.suite);
  attributes.add_text("llmops.feature", run.feature);
  Object span{
      {"traceId",           trace_id(run)          },
      {"spanId",            root_span_id(run)      },
      {"name",              "llmops eval"          },
      {"kind",              kInternal              },
      {"startTimeUnixNano", nanoseconds_text(start)},
      {"endTimeUnixNano",   nanoseconds_text(end)  },
      {"attributes",        attributes.take()      }
  };
  if (!problem.empty())
    span.add("status", Object{
                           {"code",    kError },
                           {"message", problem}
    });
  return span;
}

std::string otlp_document(List spans) {
  Attributes resource;
  resource.add("service.name", "llmops");
  resource.add("service.version", LLMOPS_VERSION);
  return dump_json(Object{
      {"resourceSpans",
       List{Object{{"resource", Object{{"attributes", resource.take()}}},
                   {"scopeSpans",
                    List{Object{{"scope", Object{{"name", "llmops"}, {"version", LLMOPS_VERSION}}},
                                {"spans", std::move(spans)}}}}}}}
  });
}

}  // namespace llmops
