#include "cli/bench_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/bench_screen.h"
#include "cli/evaluation.h"
#include "datasets/text/utf8.h"
#include "evaluators/telemetry/server_watch.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {
namespace {

constexpr int kLookWords[] = {20, 420};
constexpr std::int64_t kLookTokens = 16;
constexpr int kBisections = 5;
constexpr double kSaturated = 0.9;  // answered / offered below this: the server does not keep up

// Another number each time, so that no text was asked before.
std::uint64_t nonce() {
  return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) /
         1000;
}

std::unique_ptr<Model> open_model(const Value& value, const BenchSuite& suite, EventLoop& loop,
                                  Diagnostics& problems) {
  auto model = make_model(value, suite.source, suite.folder, loop, problems);
  if (model != nullptr) model->spec.keep_events = true;
  return model;
}

Sample ask_once(Model& model, EventLoop& loop, const std::shared_ptr<Request>& request) {
  std::optional<Sample> got;
  model.provider->ask(request, Clock::now(),
                      [&](Answer answer) { got = std::move(answer.sample); });
  loop.run_until([&] { return got.has_value(); });
  return *std::move(got);
}

// Two texts of different lengths tell how many tokens a word and the rest of a prompt are.
Result<FirstLook> look_at(Model& model, EventLoop& loop, const BenchSuite& suite) {
  FirstLook look;
  std::optional<std::int64_t> counted[2];
  for (int i = 0; i < 2; ++i) {
    std::string text = made_text(suite.seed + 77, kLookWords[i]);
    if (suite.workload.unique)
      text = unique_beginning(nonce(), static_cast<std::uint64_t>(i)) + text;
    const auto request = plain_request(std::move(text), kLookTokens, suite.workload.ignore_eos);
    const Sample sample = ask_once(model, loop, request);
    if (sample.error)
      return problem(fmt::format("the server did not answer the first request: {}",
                                 visible(sample.error.message)),
                     "", "`llmops bench --help` shows how a server is named");
    counted[i] = sample.usage.input;
    look.model_answered = sample.model;
    look.service_s = sample.timing.latency_ms.value_or(0) / 1e3;
    look.streamed = sample.timeline.first_token.has_value();
    if (suite.workload.ignore_eos && sample.usage.output.value_or(kLookTokens) < kLookTokens)
      look.ignores_eos = false;
  }
  if (counted[0] && counted[1] && *counted[1] > *counted[0]) {
    look.counted = true;
    look.scale.per_word = static_cast<double>(*counted[1] - *counted[0]) /
                          static_cast<double>(kLookWords[1] - kLookWords[0]);
    look.scale.fixed = static_cast<double>(*counted[0]) - look.scale.per_word * kLookWords[0];
  }
  return look;
}

// Joins loads of one point: the figures of a repeat follow those of the one before.
LoadResult joined(const std::vector<LoadResult>& loads) {
  LoadResult all;
  double offset = 0;
  for (const LoadResult& load : loads) {
    for (LoadRecord record : load.records) {
      if (!in_window(load, record)) record.warm_up = true;
      record.scheduled_s += offset;
      record.sent_s += offset;
      record.end_s += offset;
      all.records.push_back(record);
    }
    const auto from = static_cast<std::size_t>(offset);
    if (all.seconds.size() < from + load.seconds.size())
      all.seconds.resize(from + load.seconds.size());
    for (std::size_t i = 0; i < load.seconds.size(); ++i) {
      LoadSecond& into = all.seconds[from + i];
      const LoadSecond& second = load.seconds[i];
      into.sent += second.sent;
      into.done += second.done;
      into.failed += second.failed;
      into.output_tokens += second.output_tokens;
      into.in_flight = second.in_flight;
    }
    if (all.window_to_s == 0) all.window_from_s = offset + load.window_from_s;
    all.window_to_s = offset + load.window_to_s;
    all.event_gaps.merge(load.event_gaps);
    all.token_gaps.merge(load.token_gaps);
    all.schedule_lag.merge(load.schedule_lag);
    all.most_in_flight = std::max(all.most_in_flight, load.most_in_flight);
    all.never_sent += load.never_sent;
    all.loop_lag_p99_ms = std::max(all.loop_lag_p99_ms, load.loop_lag_p99_ms);
    all.loop_lag_max_ms = std::max(all.loop_lag_max_ms, load.loop_lag_max_ms);
    all.client_cpu_share = std::max(all.client_cpu_share, load.client_cpu_share);
    offset += std::ceil(load.wall_s);
  }
  all.wall_s = offset;
  return all;
}

LoadFigures figures_of(const std::vector<LoadResult>& loads,
                       const std::vector<Objective>& objectives) {
  return load_figures(loads.size() == 1 ? loads.front() : joined(loads), objectives);
}

class Job {
 public:
  Job(const BenchSuite& suite, Console& console) : suite_(suite), console_(console) {}

  Result<BenchJob> run() {
    Diagnostics problems;
    model_ = open_model(suite_.model, suite_, loop_, problems);
    if (suite_.against) against_ = open_model(*suite_.against, suite_, loop_, problems);
    Result<std::unique_ptr<Workload>> trial = make_workload(suite_.workload, suite_.seed, 0);
    if (!trial) append(problems, trial.problems());
    if (has_errors(problems)) return problems;
    Result<FirstLook> look = look_at(*model_, loop_, suite_);
    if (!look) return look.problems();
    job_.look = *std::move(look);
    if (against_ != nullptr) {
      const Result<FirstLook> second = look_at(*against_, loop_, suite_);
      if (!second) return second.problems();
    }
    note_look();
    if (suite_.gpu) job_.gpu = GpuTelemetry::find(job_.why_no_gpu);

    if (suite_.sweep) {
      sweep();
    } else {
      for (const int concurrency : suite_.concurrencies) {
        if (interrupts() > 0) break;
        add_point(closed(concurrency), concurrency, false);
      }
      for (const double rate : suite_.rates) {
        if (interrupts() > 0) break;
        add_point(open(rate), rate, true);
      }
      if (suite_.concurrencies.empty() && suite_.rates.empty())
        add_point(open(1), 0, true);  // a trace
    }
    job_.interrupted = interrupts() > 0;
    return std::move(job_);
  }

 private:
  void note_look() {
    if (!job_.look.streamed)
      job_.warnings.emplace_back("the server does not stream: TTFT, TPOT and ITL are not measured");
    if (!job_.look.counted && !suite_.workload.dataset)
      job_.warnings.emplace_back(
          "the server counts no input tokens: a word of a made prompt is taken for a token");
    if (!job_.look.ignores_eos)
      job_.warnings.emplace_back(
          "the server does not heed ignore_eos: answers end where the model likes");
  }

  LoadOptions closed(int concurrency) const {
    LoadOptions options = suite_.load;
    options.arrivals.reset();
    options.concurrency = concurrency;
    // The first requests spread over one service time, as a long output of the workload takes it.
    if (concurrency > 1) options.stagger_s = std::min(5.0, job_.look.service_s);
    return options;
  }
  LoadOptions open(double rate) const {
    LoadOptions options = suite_.load;
    options.arrivals->rate = rate;
    return options;
  }

  LoadResult load(Model& model, LoadOptions options, const std::string& name, std::uint64_t round) {
    options.seed = suite_.seed + round;
    options.interrupts = &interrupts();
    BenchScreen screen(console_, name);
    ServerWatch watch(loop_, metrics_url(), job_.gpu.get());
    options.on_tick = [&](const LoadTick& tick) { screen.show(tick); };
    // Blocks of one round ask the same texts of both servers; nothing is asked twice of one.
    Result<std::unique_ptr<Workload>> workload =
        make_workload(suite_.workload, suite_.seed + round, nonce());
    (*workload)->scale(job_.look.scale);
    watch.look();
    LoadResult result = run_load(model, **workload, loop_, options);
    watch.look();
    server_samples_ = watch.take();
    return result;
  }

  std::string metrics_url() const {
    if (suite_.metrics_url != "auto") return suite_.metrics_url;
    const Value* url = suite_.model.find("base_url");
    if (url == nullptr) return "";
    const std::string base = to_text(*url);
    const std::size_t host = base.find("://");
    if (host == std::string::npos) return "";
    return base.substr(0, base.find('/', host + 3)) + "/metrics";
  }

  BenchPoint& add_point(const LoadOptions& options, double offered, bool open) {
    BenchPoint point{.offered = offered, .open = open};
    point.name = !open          ? fmt::format("concurrency {}", options.concurrency)
                 : offered == 0 ? std::string("trace")
                                : fmt::format("rate {:g}/s", offered);
    std::vector<ServerSample> seen;
    for (int round = 0; round < suite_.repeat && interrupts() == 0; ++round) {
      const std::string name =
          suite_.repeat > 1 ? fmt::format("{}, {} of {}", point.name, round + 1, suite_.repeat)
                            : point.name;
      const auto number = static_cast<std::uint64_t>(round);
      if (against_ == nullptr) {
        point.loads.push_back(load(*model_, options, name, number));
        seen.insert(seen.end(), server_samples_.begin(), server_samples_.end());
        continue;
      }
      // The order of Kalibera & Jones: drift within a round hits both alike.
      for (const bool second : {true, false, false, true}) {
        if (interrupts() > 0) break;
        auto& into = second ? point.against_loads : point.loads;
        into.push_back(load(second ? *against_ : *model_, options,
                            name + (second ? ", against" : ""), 2 * number + (into.size() % 2)));
      }
    }
    point.figures = figures_of(point.loads, suite_.objectives);
    if (against_ != nullptr)
      point.against_figures = figures_of(point.against_loads, suite_.objectives);
    point.server = server_report(seen);
    job_.points.push_back(std::move(point));
    return job_.points.back();
  }

  // Doubles the rate until it is too high, then halves the gap.
  void sweep() {
    double good = 0, bad = 0;
    double rate = job_.look.service_s > 0 ? std::clamp(1 / job_.look.service_s, 0.1, 1000.0) : 1;
    for (int step = 0; step < 30 && interrupts() == 0; ++step) {
      LoadOptions options = open(rate);
      options.requests = 0;
      options.duration_s = suite_.stage_s;
      options.warm_up_s = std::min(2.0, suite_.stage_s / 5);
      const BenchPoint& point = add_point(options, rate, true);
      const std::string why = too_much(point);
      if (why.empty()) {
        good = rate;
      } else {
        bad = rate;
        job_.saturated = why;
      }
      if (bad == 0)
        rate *= 2;
      else if (good == 0)
        rate /= 2;
      else if (bad / good < 1.05 || ++bisections_ > kBisections)
        break;
      else
        rate = std::sqrt(good * bad);
      if (rate < 0.01) break;
    }
    if (good > 0) job_.best_rate = good;
    std::ranges::sort(job_.points, {}, &BenchPoint::offered);
  }

  std::string too_much(const BenchPoint& point) const {
    const LoadFigures& figures = point.figures;
    if (figures.requests == 0) return "no request was answered in time";
    const double asked = static_cast<double>(figures.requests) / figures.steady.seconds;
    if (figures.steady.requests_per_s < kSaturated * asked)
      return fmt::format("at {:g}/s only {:.3g}/s were answered", point.offered,
                         figures.steady.requests_per_s);
    if (figures.goodput.value_or(1) < suite_.wanted_goodput)
      return fmt::format("at {:g}/s {:.1f} % of the requests kept the objectives", point.offered,
                         100 * *figures.goodput);
    return "";
  }

  const BenchSuite& suite_;
  Console& console_;
  EventLoop loop_;
  std::unique_ptr<Model> model_, against_;
  BenchJob job_;
  std::vector<ServerSample> server_samples_;
  int bisections_ = 0;
};

}  // namespace

Result<BenchJob> run_bench(const BenchSuite& suite, Console& console) {
  return Job(suite, console).run();
}

}  // namespace llmops
