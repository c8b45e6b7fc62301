#include "evaluators/transport/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <system_error>

#include "evaluators/transport/http_client.h"

namespace llmops {
namespace {

using std::chrono::nanoseconds;

[[noreturn]] void fail(const char* call) {
  throw std::system_error(errno, std::generic_category(), call);
}

}  // namespace

void LoopLag::add(nanoseconds lag) {
  const auto bits =
      std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(lag.count(), 0)));
  ++buckets[std::min<std::size_t>(static_cast<std::size_t>(bits), buckets.size() - 1)];
  longest = std::max(longest, lag);
  ++count;
}

nanoseconds LoopLag::quantile(double q) const {
  std::int64_t below = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    below += buckets[i];
    if (count > 0 && static_cast<double>(below) >= q * static_cast<double>(count))
      return std::min(nanoseconds(std::int64_t{1} << i), longest);
  }
  return nanoseconds(0);
}

EventLoop::EventLoop() {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) fail("epoll_create1");
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_ < 0) fail("eventfd");
  watch(wake_, EPOLLIN, [this](std::uint32_t) {
    std::uint64_t count = 0;
    while (::read(wake_, &count, sizeof count) > 0) {
    }
    run_posted();
  });
}

EventLoop::~EventLoop() {
  http_.reset();
  ::close(wake_);
  ::close(epoll_);
}

HttpClient& EventLoop::http() {
  if (!http_) http_ = std::make_unique<HttpClient>(*this);
  return *http_;
}

void EventLoop::watch(int fd, std::uint32_t events, Ready ready) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= watched_.size()) watched_.resize(index + 1);
  Watched& entry = watched_[index];
  const bool known = entry.active;
  entry.ready = std::move(ready);
  entry.active = true;
  if (!known) ++entry.generation;
  epoll_event event{};
  event.events = events;
  event.data.u64 = (std::uint64_t{entry.generation} << 32) | static_cast<std::uint32_t>(fd);
  if (::epoll_ctl(epoll_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) == 0) return;
  // The descriptor was closed and opened again, or came from elsewhere: the kernel knows better.
  const int other = errno == ENOENT ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if ((errno != ENOENT && errno != EEXIST) || ::epoll_ctl(epoll_, other, fd, &event) != 0)
    fail("epoll_ctl");
}

void EventLoop::change(int fd, std::uint32_t events) {
  const Watched& entry = watched_[static_cast<std::size_t>(fd)];
  epoll_event event{};
  event.events = events;
  event.data.u64 = (std::uint64_t{entry.generation} << 32) | static_cast<std::uint32_t>(fd);
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) != 0 &&
      (errno != ENOENT || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0))
    fail("epoll_ctl");
}

void EventLoop::unwatch(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= watched_.size() || !watched_[index].active) return;
  watched_[index].active = false;
  watched_[index].ready = nullptr;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);  // fails where fd is closed already: no matter
}

EventLoop::Timer EventLoop::at(Clock::time_point when, std::function<void()> task) {
  const Timer timer{when, next_timer_++};
  timers_.emplace(timer, std::move(task));
  return timer;
}

EventLoop::Timer EventLoop::after(nanoseconds delay, std::function<void()> task) {
  return at(Clock::now() + delay, std::move(task));
}

void EventLoop::cancel(const Timer& timer) { timers_.erase(timer); }

void EventLoop::defer(std::function<void()> task) { deferred_.push_back(std::move(task)); }

void EventLoop::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
}

void EventLoop::run_posted() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (const auto& task : tasks) task();
}

void EventLoop::run_deferred() {
  while (!deferred_.empty()) {
    std::vector<std::function<void()>> tasks;
    tasks.swap(deferred_);
    for (const auto& task : tasks) task();
  }
}

void EventLoop::run_timers() {
  if (timers_.empty()) return;
  const Clock::time_point now = Clock::now();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    const auto node = timers_.extract(timers_.begin());
    node.mapped()();
  }
}

void EventLoop::wait(nanoseconds longest) {
  if (!timers_.empty()) {
    const nanoseconds until = timers_.begin()->first.first - Clock::now();
    longest = std::clamp(until, nanoseconds(0), longest);
  }
  std::array<epoll_event, 1024> events;
  int count = -1;
  if (fine_wait_) {
    timespec wait{};
    wait.tv_sec = longest.count() / 1'000'000'000;
    wait.tv_nsec = longest.count() % 1'000'000'000;
    count = ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &wait, nullptr);
    if (count < 0 && (errno == ENOSYS || errno == EPERM)) fine_wait_ = false;
  }
  if (!fine_wait_) {
    // Rounded up: a timer that is not due yet would make the loop spin.
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(longest).count();
    count =
        ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), static_cast<int>(ms));
  }
  if (count < 0 && errno != EINTR) fail("epoll_wait");
  if (count <= 0) return;
  const Clock::time_point readable = Clock::now();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const std::size_t fd = event.data.u64 & 0xFFFFFFFF;
    if (fd >= watched_.size()) continue;
    Watched& entry = watched_[fd];
    if (!entry.active || entry.generation != event.data.u64 >> 32)
      continue;  // closed in this very turn
    lag_.add(Clock::now() - readable);
    const Ready ready = entry.ready;  // a copy: the handler may replace itself
    ready(event.events);
  }
}

void EventLoop::turn(nanoseconds longest) {
  // What was deferred since the last turn may bring what the caller waits for: then nothing may
  // block.
  const bool worked = !deferred_.empty();
  run_deferred();
  wait(worked ? nanoseconds(0) : longest);
  run_timers();
  run_deferred();
}

void EventLoop::run_until(const std::function<bool()>& done) {
  while (!done()) turn();
}

}  // namespace llmops
