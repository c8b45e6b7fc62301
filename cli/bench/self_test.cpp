#include "cli/bench/self_test.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>

#include "datasets/text/json.h"
#include "datasets/text/yaml.h"
#include "evaluators/load/echo_server.h"
#include "evaluators/load/time_histogram.h"
#include "evaluators/load/workload.h"
#include "evaluators/providers/provider.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {
namespace {

constexpr int kTokens = 60;
constexpr double kGap_s = 0.02;  // 50 tokens a second and stream
// What the client is built for (see tests/bench/README.md): TTFT error at so many streams.
constexpr double kWanted_ms = 5;

struct Measured {
  int streams = 0, most_at_once = 0;
  std::int64_t tokens = 0, failed = 0;
  TimeHistogram first, every, gap;  // ms: error of TTFT, of each token's stamp, of each gap
  double cpu_us_token = 0, cpu_share = 0, tokens_per_s = 0;
};

double cpu_s() {
  struct rusage usage {};
  ::getrusage(RUSAGE_THREAD, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

double ms(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

void note(const Sample& sample, Measured& measured) {
  if (sample.error) {
    ++measured.failed;
    return;
  }
  std::string_view text = sample.text;
  std::optional<Clock::time_point> before;
  const EventStamp* seen_before = nullptr;
  for (const EventStamp& event : sample.timeline.events) {
    const auto sent = take_stamp(text);
    if (!sent) break;
    const double late = std::max(0.0, ms(event.at - *sent));
    if (seen_before == nullptr) measured.first.add(late);
    measured.every.add(late);
    if (before) measured.gap.add(std::abs(ms((event.at - seen_before->at) - (*sent - *before))));
    before = sent;
    seen_before = &event;
    ++measured.tokens;
  }
}

Measured measure(int streams) {
  Measured measured{.streams = streams};
  const EchoServer server({.tokens = kTokens});
  EventLoop loop;
  Diagnostics problems;
  const Source source(
      "the self-test",
      fmt::format("{{provider: openai, base_url: '{}', name: self-test}}", server.base_url()));
  const auto model = make_model(*parse_yaml(source), source, ".", loop, problems);
  model->spec.keep_events = true;
  const std::shared_ptr<const Request> request = plain_request("hello", kTokens, false);
  // The streams start spread over a gap and more, as those of real users are out of step, and
  // within less than one lasts: then all of them are under way.
  int left = streams, at_once = 0;
  const auto start = Clock::now();
  const double cpu = cpu_s();
  const double spread_s = std::max(kGap_s, 4e-4 * streams);
  for (int i = 0; i < streams; ++i) {
    const auto at = start + std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(spread_s * i / streams));
    static_cast<void>(loop.at(at, [&, at] {
      measured.most_at_once = std::max(measured.most_at_once, ++at_once);
      model->provider->ask(request, at, [&](Answer answer) {
        note(answer.sample, measured);
        --left;
        --at_once;
      });
    }));
  }
  loop.run_until([&] { return left == 0; });
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  const double used = cpu_s() - cpu;
  if (measured.tokens > 0)
    measured.cpu_us_token = 1e6 * used / static_cast<double>(measured.tokens);
  measured.cpu_share = used / wall;
  measured.tokens_per_s = static_cast<double>(measured.tokens) / wall;
  return measured;
}

// Client and server are both in this process: two descriptors a stream.
bool allow_files(int streams) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return true;
  const auto needed = static_cast<rlim_t>(2 * streams + 100);
  if (limit.rlim_cur >= needed) return true;
  limit.rlim_cur = std::min(limit.rlim_max, needed);
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= needed;
}

Value error_value(const TimeHistogram& errors) {
  Object out;
  if (errors.count() == 0) return out;
  out.add("p50", *errors.quantile(0.5));
  out.add("p99", *errors.quantile(0.99));
  out.add("max", errors.largest());
  return out;
}

std::string shown(const TimeHistogram& errors) {
  if (errors.count() == 0) return "-";
  return fmt::format("{:.3f} / {:.3f}", *errors.quantile(0.5), *errors.quantile(0.99));
}

}  // namespace

ExitCode self_test(const BenchOptions& options, Console& console) {
  std::vector<int> sizes = options.concurrency;
  if (sizes.empty()) sizes = {64, 1000, 2000};
  std::vector<Measured> all;
  List warnings;
  bool failed = false;
  for (const int streams : sizes) {
    if (!allow_files(streams)) {
      warnings.push_back(
          fmt::format("{} streams need {} open files, more than this user may have (ulimit -n)",
                      streams, 2 * streams + 100));
      continue;
    }
    console.note(
        fmt::format("{} streams of {} tokens, {:.0f} tokens/s each", streams, kTokens, 1 / kGap_s));
    all.push_back(measure(streams));
    failed = failed || all.back().failed > 0;
  }
  int good = 0;
  for (const Measured& each : all)
    if (each.failed == 0 && each.first.quantile(0.99).value_or(kWanted_ms) < kWanted_ms)
      good = std::max(good, each.streams);
  const std::string verdict =
      good > 0
          ? fmt::format("up to {} streams this client's TTFT is late by less than {:g} ms (p99)",
                        good, kWanted_ms)
          : fmt::format(
                "this client's TTFT is late by {:g} ms or more (p99): load from a "
                "machine with free processor time",
                kWanted_ms);
  if (console.json()) {
    List rows;
    for (const Measured& each : all)
      rows.push_back(Object{
          {"streams",          each.streams           },
          {"most_at_once",     each.most_at_once      },
          {"tokens",           each.tokens            },
          {"failed",           each.failed            },
          {"tokens_per_s",     each.tokens_per_s      },
          {"ttft_error_ms",    error_value(each.first)},
          {"token_error_ms",   error_value(each.every)},
          {"gap_error_ms",     error_value(each.gap)  },
          {"cpu_us_per_token", each.cpu_us_token      },
          {"cpu_share",        each.cpu_share         }
      });
    console.print_json(Object{
        {"schema_version", 1                  },
        {"command",        "bench"            },
        {"self_test",      std::move(rows)    },
        {"verdict",        verdict            },
        {"warnings",       std::move(warnings)}
    });
  } else {
    std::string text = verdict + "\n\n";
    text += fmt::format("{:>8} {:>9} {:>18} {:>18} {:>18} {:>12} {:>7}\n", "streams", "tokens/s",
                        "ttft error", "token error", "gap error", "cpu a token", "cpu");
    text += fmt::format("{:>8} {:>9} {:>18} {:>18} {:>18} {:>12} {:>7}\n", "", "", "p50 / p99 ms",
                        "p50 / p99 ms", "p50 / p99 ms", "us", "core");
    for (const Measured& each : all)
      text += fmt::format("{:>8} {:>9.0f} {:>18} {:>18} {:>18} {:>12.2f} {:>5.0f} %{}\n",
                          each.streams, each.tokens_per_s, shown(each.first), shown(each.every),
                          shown(each.gap), each.cpu_us_token, 100 * each.cpu_share,
                          each.failed > 0 ? fmt::format("  {} failed", each.failed) : "");
    text +=
        "\nerror: from the server's stamp before it sends to the client's stamp after it reads\n";
    for (const Value& warning : warnings) text += "note: " + to_text(warning) + "\n";
    console.print(text);
  }
  return failed ? ExitCode::incomplete : ExitCode::passed;
}

}  // namespace llmops
