#include "cli/bench/screen.h"

#include <fmt/format.h>

#include <algorithm>

namespace llmops {
namespace {

constexpr double kPlainEvery_s = 10;

std::string left(const LoadTick& tick) {
  double share = 0;
  if (tick.wanted > 0) share = static_cast<double>(tick.done) / static_cast<double>(tick.wanted);
  if (tick.wanted_s > 0) share = std::max(share, tick.at_s / tick.wanted_s);
  if (share <= 0.01 || share >= 1) return "";
  return fmt::format("  ETA {:.0f} s", tick.at_s * (1 - share) / share);
}

}  // namespace

std::string bench_line(const std::string& name, const LoadTick& tick) {
  std::string line = name + (tick.warming ? "  warming up" : tick.cooling ? "  cooling down" : "");
  line += tick.wanted > 0 ? fmt::format("  {}/{}", tick.done, tick.wanted)
                          : fmt::format("  {} done", tick.done);
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
  return line + left(tick);
}

BenchScreen::BenchScreen(Console& console, std::string name)
    : console_(console), name_(std::move(name)) {}

BenchScreen::~BenchScreen() {
  if (live_shown_) console_.write_error("\r\x1b[K");
}

void BenchScreen::show(const LoadTick& tick) {
  if (console_.quiet()) return;
  if (console_.live()) {
    std::string line = bench_line(name_, tick);
    line.resize(std::min<std::size_t>(line.size(), static_cast<std::size_t>(console_.width()) - 1));
    console_.write_error("\r\x1b[K" + line);
    live_shown_ = true;
    return;
  }
  if (tick.at_s < last_shown_s_ + kPlainEvery_s) return;
  last_shown_s_ = tick.at_s;
  console_.write_error(bench_line(name_, tick) + "\n");
}

}  // namespace llmops
