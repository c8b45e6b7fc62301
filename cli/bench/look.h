#pragma once
// A first look at the server under test, before it is loaded.

#include <string>

#include "cli/bench/suite.h"
#include "evaluators/providers/provider.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {

struct FirstLook {
  std::string model_answered;  // as the server names it
  double service_s = 0;        // of a request with the workload's length of answers
  TokenScale scale;            // 1 token a word where the server counts nothing
  bool counted = false;        // the server counts input tokens
  bool streamed = true;
  bool ignores_eos = true;  // the wished length came, where it was asked for
  Object info;              // evaluators/telemetry/server_info.h
};

// A problem: the server does not answer as it must. `nonce`: another one in each run.
Result<FirstLook> look_at(Model& model, EventLoop& loop, const BenchSuite& suite,
                          std::uint64_t nonce);

}  // namespace llmops
