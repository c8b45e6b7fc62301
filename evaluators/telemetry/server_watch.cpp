#include "evaluators/telemetry/server_watch.h"

#include "evaluators/transport/event_loop.h"
#include "evaluators/transport/http_client.h"

namespace llmops {
namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20;
constexpr int kTries = 3;
constexpr auto kPatience = std::chrono::seconds(1);

}  // namespace

struct ServerWatch::State {
  EventLoop& loop;
  std::string url;
  GpuTelemetry* gpu;
  Clock::time_point start = Clock::now();
  std::vector<ServerSample> samples;
  bool asking = false, over = false;
  int failures = 0;
  HostTelemetry host = HostTelemetry();

  double at_s() const { return std::chrono::duration<double>(Clock::now() - start).count(); }
};

namespace {

template <class State>
class Page final : public HttpHandler {
 public:
  explicit Page(std::shared_ptr<State> state) : state_(std::move(state)) {}
  void on_data(HttpCall&, std::string_view bytes, Clock::time_point) override { text_ += bytes; }
  void on_end(HttpCall& call, const CallError& error) override {
    state_->asking = false;
    ServerSample sample;
    if (!error && call.head().status == 200) sample = read_server_sample(text_, state_->at_s());
    if (sample.server.empty())
      ++state_->failures;
    else if (!state_->over)
      state_->samples.push_back(std::move(sample));
  }

 private:
  std::shared_ptr<State> state_;
  std::string text_;
};

template <class State>
void ask(const std::shared_ptr<State>& state) {
  if (state->url.empty() || state->asking || state->failures >= kTries) return;
  state->asking = true;
  static const auto kHeaders =
      std::make_shared<const HttpHeaders>(std::vector<std::string>{"Accept: text/plain"});
  HttpRequest request;
  request.method = "GET";
  request.url = state->url;
  request.headers = kHeaders;
  request.connect_timeout = kPatience;
  request.most_bytes = kMostBytes;
  HttpCall& call =
      state->loop.http().start(std::move(request), std::make_unique<Page<State>>(state));
  call.deadline(Clock::now() + kPatience, ErrorClass::timeout_total, "the metrics page is late");
}

template <class State>
void plan_page(const std::shared_ptr<State>& state) {
  state->loop.after(std::chrono::seconds(1), [weak = std::weak_ptr<State>(state)] {
    const auto self = weak.lock();
    if (self == nullptr || self->over) return;
    self->host.sample(self->at_s());
    ask(self);
    plan_page(self);
  });
}

template <class State>
void plan_cards(const std::shared_ptr<State>& state) {
  state->loop.after(std::chrono::milliseconds(100), [weak = std::weak_ptr<State>(state)] {
    const auto self = weak.lock();
    if (self == nullptr || self->over) return;
    self->gpu->sample(self->at_s());
    plan_cards(self);
  });
}

}  // namespace

ServerWatch::ServerWatch(EventLoop& loop, std::string url, GpuTelemetry* gpu)
    : state_(std::make_shared<State>(State{loop, std::move(url), gpu})) {
  plan_page(state_);
  if (gpu == nullptr) return;
  for (GpuCard& card : gpu->cards) card.samples.clear();
  plan_cards(state_);
}

ServerWatch::~ServerWatch() { state_->over = true; }

void ServerWatch::look() {
  if (state_->gpu != nullptr) state_->gpu->sample(state_->at_s());
  state_->host.sample(state_->at_s());
  ask(state_);
  state_->loop.run_until([&] { return !state_->asking; });
}

Watched ServerWatch::take() {
  Watched watched{.pages = std::move(state_->samples), .host = host_facts(state_->host)};
  if (state_->gpu != nullptr)
    for (GpuCard& card : state_->gpu->cards) {
      watched.cards.push_back(gpu_facts(card));
      card.samples.clear();
    }
  return watched;
}

}  // namespace llmops
