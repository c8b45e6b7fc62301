#pragma once
// OpenTelemetry's JSON form of traces (OTLP 1.x, `ExportTraceServiceRequest`), with the attributes
// of its GenAI conventions (semantic conventions 1.37 and later): a span `chat MODEL` of kind
// CLIENT a call.

#include <span>
#include <string>

#include "datasets/text/value.h"
#include "evaluators/traces/call_trace.h"

namespace llmops {

// Ids are hexadecimal, 64-bit integers are texts, enums are numbers: as OTLP's JSON mapping has it.
Object otlp_span(const CallTrace& call);
// The span that all calls of a run lie in.
Object otlp_run_span(const TracedRun& run, std::chrono::system_clock::time_point start,
                     std::chrono::system_clock::time_point end, const std::string& problem);
// The document of one POST.
std::string otlp_document(List spans);

}  // namespace llmops
