#pragma once
// One thread, one epoll: sockets, timers, and what other threads hand over. Everything of the
// model-call engine happens here; whoever must not be late stays off this thread.

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "evaluators/timeline.h"

namespace llmops {

class HttpClient;

// How late the loop itself was: from "epoll says readable" to the moment the socket was read. The
// error that every time stamp of a run carries.
struct LoopLag {
  std::array<std::int64_t, 40>
      buckets{};  // count of lags in [2^(i-1), 2^i) ns; the last holds the rest
  std::chrono::nanoseconds longest{0};
  std::int64_t count = 0;

  void add(std::chrono::nanoseconds lag);
  // Upper bound of the bucket that holds the quantile `q` in (0, 1]; 0 without counts.
  std::chrono::nanoseconds quantile(double q) const;
};

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // `events`: EPOLLIN, EPOLLOUT. A file descriptor has one handler; watching again replaces events
  // and handler. The handler may unwatch any descriptor.
  using Ready = std::function<void(std::uint32_t events)>;
  void watch(int fd, std::uint32_t events, Ready ready);
  void change(int fd, std::uint32_t events);
  void unwatch(int fd);

  // A timer fires once, at its time or later. Cancelling one that has fired does nothing.
  using Timer = std::pair<Clock::time_point, std::uint64_t>;
  Timer at(Clock::time_point when, std::function<void()> task);
  Timer after(std::chrono::nanoseconds delay, std::function<void()> task);
  void cancel(const Timer& timer);

  // Runs once all sockets that were readable have been read: parsing goes here, so that it delays
  // no stamp.
  void defer(std::function<void()> task);

  // From any thread: runs on the loop's thread. The only member that is safe there.
  void post(std::function<void()> task);

  // Turns until `done` says so; it is asked after each turn.
  void run_until(const std::function<bool()>& done);
  // One turn: waits for the next event, at most `longest`.
  void turn(std::chrono::nanoseconds longest = std::chrono::seconds(3600));

  const LoopLag& lag() const { return lag_; }

  // The client that all models of this loop share: one pool of connections, DNS and TLS sessions.
  HttpClient& http();

 private:
  struct Watched {
    Ready ready;
    std::uint32_t generation = 0;
    bool active = false;
  };
  void wait(std::chrono::nanoseconds longest);
  void run_timers();
  void run_deferred();
  void run_posted();

  int epoll_ = -1;
  int wake_ = -1;
  bool fine_wait_ = true;         // epoll_pwait2 is there
  std::vector<Watched> watched_;  // by file descriptor
  std::map<Timer, std::function<void()>> timers_;
  std::uint64_t next_timer_ = 1;
  std::vector<std::function<void()>> deferred_;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // under mutex_
  LoopLag lag_;
  std::unique_ptr<HttpClient> http_;  // last: goes first, while the loop still stands
};

}  // namespace llmops
