#pragma once
// What is told of one model call to whoever watches: a line of a file, a span of OpenTelemetry.
// Never what was asked or answered, never a key.

#include <chrono>
#include <string>

#include "datasets/text/value.h"
#include "evaluators/providers/provider.h"

namespace llmops {

// The run that calls belong to.
struct TracedRun {
  std::string id;
  std::string feature;  // of the suite; empty: none
  std::string suite;    // its name
};

// W3C trace context: 32 and 16 hexadecimal digits. A run is a trace, a call a span of it.
std::string trace_id(const TracedRun& run);
std::string root_span_id(const TracedRun& run);

struct CallTrace {
  std::string trace_id, span_id;
  std::chrono::system_clock::time_point start, end;
  std::string purpose;  // "model", "judge", ...
  const TracedRun& run;
  const ModelSpec& model;
  const Request& request;
  const Sample& sample;
};

// Times are those of the last attempt; an answer without any (cached, recorded, of a batch) has a
// span of no length, now.
CallTrace trace_of(const TracedRun& run, const ModelSpec& model, const Request& request,
                   const Sample& sample, std::string_view purpose);

// The parameters that the call was made with: the prompt's, the model's on top.
Object parameters_of(const CallTrace& call);
std::string asked_model(const CallTrace& call);

// The line of --traces; README.md has its fields.
Object trace_line(const CallTrace& call);

}  // namespace llmops
