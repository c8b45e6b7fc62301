#pragma once
// Looks at a server's metrics page and at the cards of this machine while the loop runs.

#include <memory>
#include <string>
#include <vector>

#include "evaluators/telemetry/gpu.h"
#include "evaluators/telemetry/prometheus.h"

namespace llmops {

class EventLoop;

class ServerWatch {
 public:
  // Once a second the page (an empty `url`: none), ten times a second the cards (nullptr: none). A
  // page that does not answer is left alone after three tries.
  ServerWatch(EventLoop& loop, std::string url, GpuTelemetry* gpu);
  ~ServerWatch();
  ServerWatch(const ServerWatch&) = delete;
  ServerWatch& operator=(const ServerWatch&) = delete;

  // Waits for one page, at most a second: before the load and after it.
  void look();
  std::vector<ServerSample> take();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace llmops
