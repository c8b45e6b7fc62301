#include "evaluators/traces/call_trace.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "datasets/text/hash.h"
#include "evaluators/providers/chat_request.h"

namespace llmops {
namespace {

using std::chrono::system_clock;

// Stamps are of the steady clock; the world counts by the other.
system_clock::time_point wall_clock(Clock::time_point stamp) {
  return system_clock::now() -
         std::chrono::duration_cast<system_clock::duration>(Clock::now() - stamp);
}

std::string time_text(system_clock::time_point when) {
  const auto ms = std::chrono::time_point_cast<std::chrono::milliseconds>(when);
  return fmt::format("{:%FT%T}Z",
                     fmt::gmtime(std::chrono::time_point_cast<std::chrono::seconds>(ms)))
      .insert(19, fmt::format(".{:03}", ms.time_since_epoch().count() % 1000));
}

}  // namespace

std::string trace_id(const TracedRun& run) { return sha256("trace|" + run.id).substr(0, 32); }
std::string root_span_id(const TracedRun& run) { return sha256("run|" + run.id).substr(0, 16); }

CallTrace trace_of(const TracedRun& run, const ModelSpec& model, const Request& request,
                   const Sample& sample, std::string_view purpose) {
  const Timeline& stamps = sample.timeline;
  const auto begun = stamps.sent ? stamps.sent : stamps.scheduled;
  const system_clock::time_point start = begun ? wall_clock(*begun) : system_clock::now();
  const system_clock::time_point end = begun && stamps.end ? wall_clock(*stamps.end) : start;
  // The start is part of the name: a resumed run may ask the same sample again.
  const std::string span =
      fmt::format("{}|{}|{}|{}|{}", run.id, purpose, request.row ? request.row->id : "",
                  request.sample, start.time_since_epoch().count());
  return {.trace_id = trace_id(run),
          .span_id = sha256(span).substr(0, 16),
          .start = start,
          .end = std::max(start, end),
          .purpose = std::string(purpose),
          .run = run,
          .model = model,
          .request = request,
          .sample = sample};
}

Object parameters_of(const CallTrace& call) {
  return merged_parameters(call.request.prompt ? call.request.prompt->parameters : Object{},
                           call.model.parameters);
}

std::string asked_model(const CallTrace& call) {
  if (!call.model.name.empty()) return call.model.name;
  return call.request.prompt ? call.request.prompt->model : "";
}

Object trace_line(const CallTrace& call) {
  const Sample& sample = call.sample;
  Object line{
      {"trace_id", call.trace_id        },
      {"span_id",  call.span_id         },
      {"time",     time_text(call.start)},
      {"run",      call.run.id          },
      {"suite",    call.run.suite       },
      {"purpose",  call.purpose         },
      {"provider", call.model.provider  },
      {"model",    asked_model(call)    }
  };
  const auto add = [&](const char* key, const auto& value) {
    if (value) line.add(key, *value);
  };
  const auto add_text = [&](const char* key, const std::string& text) {
    if (!text.empty()) line.add(key, text);
  };
  add_text("feature", call.run.feature);
  add_text("model_answered", sample.model);
  if (call.request.prompt)
    line.add("prompt", Object{
                           {"name",    call.request.prompt->name   },
                           {"version", call.request.prompt->version},
                           {"sha256",  call.request.prompt->sha256 }
    });
  line.add("case_id", call.request.row ? call.request.row->id : "");
  line.add("sample", call.request.sample);
  line.add("parameters", parameters_of(call));
  add("input_tokens", sample.usage.input);
  add("cached_tokens", sample.usage.cached);
  add("output_tokens", sample.usage.output);
  add("reasoning_tokens", sample.usage.reasoning);
  add("ttft_ms", sample.timing.ttft_ms);
  add("tpot_ms", sample.timing.tpot_ms);
  add("itl_ms", sample.timing.itl_ms);
  if (sample.timeline.payload_events > 1)
    line.add("longest_gap_ms", sample.timeline.longest_gap_ms);
  add("latency_ms", sample.timing.latency_ms);
  add_text("finish_reason", sample.finish_reason);
  add("cost_usd", sample.cost_usd);
  line.add("attempts", sample.attempts);
  if (!sample.faults.empty()) {
    List faults;
    for (const ErrorClass fault : sample.faults) faults.emplace_back(name(fault));
    line.add("faults", std::move(faults));
  }
  if (sample.error) {
    line.add("error", name(sample.error.kind));
    line.add("error_message", sample.error.message);
  }
  if (sample.fallback > 0) line.add("fallback", sample.fallback);
  line.add("cached", sample.cached);
  return line;
}

}  // namespace llmops
