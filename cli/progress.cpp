#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace llmops {
namespace {

std::string duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
}

}  // namespace

Progress::Progress(Console& console, std::string what, std::int64_t total)
    : console_(console),
      what_(std::move(what)),
      total_(total),
      start_(std::chrono::steady_clock::now()) {
  if (!console_.quiet()) thread_ = std::thread([this] { show(); });
}

Progress::~Progress() { stop(); }

void Progress::add(bool failed, std::int64_t tokens, double cost_usd) {
  done_.fetch_add(1, std::memory_order_relaxed);
  if (failed) failed_.fetch_add(1, std::memory_order_relaxed);
  tokens_.fetch_add(tokens, std::memory_order_relaxed);
  micro_usd_.fetch_add(static_cast<std::int64_t>(cost_usd * 1e6), std::memory_order_relaxed);
}

void Progress::set_done(std::int64_t done) {
  std::int64_t none = -1;
  before_.compare_exchange_strong(none, done, std::memory_order_relaxed);
  done_.store(done, std::memory_order_relaxed);
}

void Progress::set_beside(Beside beside) {
  const std::lock_guard lock(beside_mutex_);
  beside_ = std::move(beside);
}

void Progress::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  set_beside({});
}

void Progress::show() {
  using namespace std::chrono_literals;
  const bool live = console_.live();
  std::unique_lock lock(mutex_);
  // Nothing is shown of what ends within a second, or elsewhere within ten.
  while (!wake_.wait_for(lock,
                         !live    ? 10'000ms
                         : shown_ ? 200ms
                                  : 1000ms,
                         [&] { return stopped_; })) {
    shown_ = true;
    console_.write_error(live ? "\r\x1b[K" + line() : line() + "\n");
  }
  if (shown_ && live) console_.write_error("\r\x1b[K");
}

std::string Progress::line() const {
  const std::int64_t done = done_.load();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const std::int64_t new_ones = done - std::max<std::int64_t>(before_.load(), 0);
  const double rate = seconds > 0 ? static_cast<double>(new_ones) / seconds : 0;
  std::string text =
      total_ > 0 ? fmt::format("{}/{} {}", done, total_, what_) : fmt::format("{} {}", done, what_);
  const std::lock_guard lock(beside_mutex_);
  const bool beside = beside_.most > 0;
  const std::int64_t beside_done = beside ? beside_.done() : 0;
  if (beside) text += fmt::format("  {} of at most {} {}", beside_done, beside_.most, beside_.what);
  if (const std::int64_t in_flight = in_flight_.load() + (beside ? beside_.waiting() : 0);
      in_flight > 0)
    text += fmt::format("  {} in flight", in_flight);
  text += fmt::format("  {:.1f}/s", rate);
  if (const std::int64_t tokens = tokens_.load(); tokens > 0)
    text += fmt::format("  {:.0f} tokens/s", static_cast<double>(tokens) / seconds);
  if (const std::int64_t failed = failed_.load(); failed > 0)
    text += fmt::format("  {} error{}", failed, failed == 1 ? "" : "s");
  if (const std::int64_t cost = micro_usd_.load(); cost > 0)
    text += fmt::format("  ${:.4f}", static_cast<double>(cost) * 1e-6);
  double left = total_ > done && rate > 0 ? static_cast<double>(total_ - done) / rate : 0;
  if (beside_.most > beside_done && beside_done > 0)
    left = std::max(left, static_cast<double>(beside_.most - beside_done) * seconds /
                              static_cast<double>(beside_done));
  if (left > 0) text += fmt::format("  ETA {}", duration(left));
  return text;
}

}  // namespace llmops
