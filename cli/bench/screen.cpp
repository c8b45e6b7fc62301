#include "cli/bench/screen.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

namespace llmops {
namespace {

constexpr double kPlainEvery_s = 10;
constexpr double kFrameEvery_s = 0.25;

std::string eta(const LoadTick& tick) {
  double share = 0;
  if (tick.wanted > 0)
    share = static_cast<double>(tick.measured_done) / static_cast<double>(tick.wanted);
  if (tick.wanted_s > 0) share = std::max(share, tick.measured_s / tick.wanted_s);
  if (share <= 0.01 || share >= 1) return "";
  return fmt::format("  ETA {:.0f} s", tick.measured_s * (1 - share) / share);
}

std::string progress(const LoadTick& tick) {
  if (tick.wanted > 0) return fmt::format("{}/{}", tick.measured_done, tick.wanted);
  if (tick.wanted_s > 0) return fmt::format("{:.0f}/{:.0f} s", tick.measured_s, tick.wanted_s);
  return fmt::format("{} done", tick.done);
}

const char* phase(const LoadTick& tick) {
  return tick.warming ? "  warming up" : tick.cooling ? "  cooling down" : "";
}

std::string quantiles(const char* name, const TimeHistogram* times) {
  if (times == nullptr || times->count() == 0) return fmt::format("  {:<10} -\n", name);
  return fmt::format("  {:<10} p50 {:<8.3g} p95 {:<8.3g} p99 {:<8.3g} ms\n", name,
                     *times->quantile(0.5), *times->quantile(0.95), *times->quantile(0.99));
}

std::string errors(const LoadTick& tick) {
  std::string line = fmt::format("  {:<10} {}", "errors", tick.failed);
  if (tick.failed == 0 || tick.done == 0) return line + "\n";
  line += fmt::format(" ({:.1f} %)",
                      100 * static_cast<double>(tick.failed) / static_cast<double>(tick.done));
  const char* separator = ": ";
  if (tick.errors != nullptr)
    for (const auto& entry : *tick.errors) {
      line += fmt::format("{}{} {}", separator, name(entry.first), entry.second);
      separator = ", ";
    }
  return line + "\n";
}

// Whether the terminal takes a frame without making the writer wait.
bool takes_more() {
  pollfd terminal{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  return ::poll(&terminal, 1, 0) == 1 && (terminal.revents & POLLOUT) != 0;
}

}  // namespace

std::string bench_line(const std::string& name, const LoadTick& tick) {
  std::string line = name + phase(tick) + "  " + progress(tick);
  line += fmt::format("  {} in flight", tick.in_flight);
  if (tick.waiting > 0) line += fmt::format("  {} waiting", tick.waiting);
  if (tick.failed > 0) line += fmt::format("  {} failed", tick.failed);
  if (tick.ttft != nullptr && tick.ttft->count() > 0)
    line += fmt::format("  ttft p50 {:.3g} p95 {:.3g} ms", *tick.ttft->quantile(0.5),
                        *tick.ttft->quantile(0.95));
  if (tick.tpot != nullptr && tick.tpot->count() > 0)
    line += fmt::format("  tpot p50 {:.3g} p95 {:.3g} ms", *tick.tpot->quantile(0.5),
                        *tick.tpot->quantile(0.95));
  if (tick.last != nullptr && tick.at_s >= 1)
    line += fmt::format("  {} req/s  {} tok/s", tick.last->done, tick.last->output_tokens);
  return line + eta(tick);
}

std::string bench_frame(const std::string& name, const LoadTick& tick) {
  const bool told = tick.last != nullptr && tick.at_s >= 1;  // a whole second is over
  const LoadSecond second = told ? *tick.last : LoadSecond();
  std::string frame = name + phase(tick) + "  " + progress(tick) + eta(tick) + "\n";
  frame +=
      told ? fmt::format("  {:<10} {} sent/s, {} answered/s\n", "rate", second.sent, second.done)
           : fmt::format("  {:<10} -\n", "rate");
  frame += fmt::format("  {:<10} {}{}\n", "in flight", tick.in_flight,
                       tick.waiting > 0 ? fmt::format(", {} due and waiting", tick.waiting) : "");
  frame += quantiles("ttft", tick.ttft);
  frame += quantiles("tpot", tick.tpot);
  frame += told ? fmt::format("  {:<10} {} output tokens/s\n", "tokens", second.output_tokens)
                : fmt::format("  {:<10} -\n", "tokens");
  return frame + errors(tick);
}

std::string redrawn(const std::string& frame, int before) {
  std::string out = "\x1b[?7l";  // no wrapping
  if (before > 0) out += fmt::format("\r\x1b[{}A", before);
  std::size_t at = 0;
  while (at < frame.size()) {
    const std::size_t end = std::min(frame.find('\n', at), frame.size());
    out += frame.substr(at, end - at) + "\x1b[K\r\n";
    at = end + 1;
  }
  return out + "\x1b[J\x1b[?7h";  // what stood below goes
}

BenchScreen::BenchScreen(Console& console, std::string name)
    : console_(console), name_(std::move(name)) {}

BenchScreen::~BenchScreen() {
  if (lines_ > 0) console_.write_error(redrawn("", lines_));
}

void BenchScreen::show(const LoadTick& tick) {
  if (console_.quiet()) return;
  const bool live = console_.live();
  if (tick.at_s < last_shown_s_ + (live ? kFrameEvery_s : kPlainEvery_s)) return;
  last_shown_s_ = tick.at_s;
  if (!live) return console_.write_error(bench_line(name_, tick) + "\n");
  if (!takes_more()) return;
  const std::string frame = bench_frame(name_, tick);
  console_.write_error(redrawn(frame, lines_));
  lines_ = static_cast<int>(std::ranges::count(frame, '\n'));
}

}  // namespace llmops
