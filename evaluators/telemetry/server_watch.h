#pragma once
// Looks at a server's metrics page, and at the cards, processors and memory of this machine, while
// the loop runs.

#include <memory>
#include <string>
#include <vector>

#include "evaluators/telemetry/gpu.h"
#include "evaluators/telemetry/host.h"
#include "evaluators/telemetry/prometheus.h"

namespace llmops {

class EventLoop;

struct Watched {
  std::vector<ServerSample> pages;
  std::vector<GpuFacts> cards;  // in the order of the telemetry's
  HostFacts host;
};

class ServerWatch {
 public:
  // Once a second the page (an empty `url`: none) and this machine, ten times a second the cards
  // (nullptr: none). A page that does not answer is left alone after three tries.
  ServerWatch(EventLoop& loop, std::string url, GpuTelemetry* gpu);
  ~ServerWatch();
  ServerWatch(const ServerWatch&) = delete;
  ServerWatch& operator=(const ServerWatch&) = delete;

  // Waits for one page, at most a second: before the load and after it.
  void look();
  // What was seen until now; the cards' samples are used up.
  Watched take();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace llmops
