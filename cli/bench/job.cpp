#include "cli/bench/job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/serving/joined_load.h"
#include "ci/serving/load_gate.h"
#include "cli/bench/screen.h"
#include "cli/evaluation.h"
#include "evaluators/telemetry/hardware.h"

namespace llmops {
namespace {

constexpr int kBisections = 5;
constexpr double kSaturated = 0.9;   // answered in time below this: the server does not keep up
constexpr double kLeastInStage = 5;  // requests of a stage
constexpr double kSmallAgainst = 5;  // own error below this part of an objective does not matter

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

std::string url_of(const Model& model) {
  const Value* url = model.spec.identity.find("base_url");
  return url == nullptr ? "" : to_text(*url);
}

// Mean over the cards of one load that tell it.
std::optional<double> mean_over(const std::vector<GpuFacts>& cards,
                                std::optional<double> GpuFacts::*field) {
  double sum = 0;
  int told = 0;
  for (const GpuFacts& card : cards)
    if (card.*field) {
      sum += *(card.*field);
      ++told;
    }
  if (told == 0) return std::nullopt;
  return sum / told;
}

// A server under test and how it is watched.
struct Target {
  std::unique_ptr<Model> model;
  std::string metrics_url;
  FirstLook look;
};

class Job {
 public:
  Job(const BenchSuite& suite, bool keep_gaps, Console& console)
      : suite_(suite), keep_gaps_(keep_gaps), console_(console) {}

  Result<BenchJob> run() {
    Diagnostics problems;
    first_.model = open_model(suite_.model, suite_, loop_, problems);
    if (suite_.against) {
      second_.emplace();
      second_->model = open_model(*suite_.against, suite_, loop_, problems);
    }
    Result<std::unique_ptr<Workload>> trial = make_workload(suite_.workload, suite_.seed, 0);
    if (!trial) append(problems, trial.problems());
    if (has_errors(problems)) return problems;
    for (Target* target : {&first_, second_ ? &*second_ : nullptr}) {
      if (target == nullptr) continue;
      Result<FirstLook> look = look_at(*target->model, loop_, suite_, nonce());
      if (!look) return look.problems();
      target->look = *std::move(look);
      target->metrics_url = metrics_url(*target->model);
    }
    job_.look = first_.look;
    if (second_) job_.against_look = second_->look;
    note_look();
    find_cards();

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

  // The page of a second server stands beside its own API, whatever is said of the first one's.
  std::string metrics_url(const Model& model) const {
    const bool first = &model == first_.model.get();
    if (suite_.metrics_url != "auto" && (first || suite_.metrics_url.empty()))
      return suite_.metrics_url;
    const std::string base = url_of(model);
    const std::size_t host = base.find("://");
    if (host == std::string::npos) return "";
    return base.substr(0, base.find('/', host + 3)) + "/metrics";
  }

  void find_cards() {
    job_.served_here = served_here(url_of(*first_.model));
    if (suite_.gpu.value_or(job_.served_here))
      job_.gpu = GpuTelemetry::find(job_.why_no_gpu);
    else
      job_.why_no_gpu = suite_.gpu ? "not asked for"
                                   : "the server runs on another machine (--gpu: it is this one)";
  }

  void load(Target& target, LoadOptions options, const std::string& name, std::uint64_t round,
            BenchSide& side, std::vector<ServerSample>& pages) {
    options.seed = suite_.seed + round;
    options.interrupts = &interrupts();
    options.keep_gaps = keep_gaps_;
    BenchScreen screen(console_, name);
    ServerWatch watch(loop_, target.metrics_url, job_.gpu.get());
    options.on_tick = [&](const LoadTick& tick) { screen.show(tick); };
    // Blocks of one round ask the same texts of both servers; nothing is asked twice of one.
    Result<std::unique_ptr<Workload>> workload =
        make_workload(suite_.workload, suite_.seed + round, nonce());
    (*workload)->scale(target.look.scale);
    watch.look();
    LoadResult result = run_load(*target.model, **workload, loop_, options);
    watch.look();
    Watched watched = watch.take();
    const ServerReport report = server_report(watched.pages);
    result.witness = {.queue_ms = report.queue_ms,
                      .prefill_ms = report.prefill_ms,
                      .headers_when_granted = report.server == "llama.cpp",
                      .sm_mhz = mean_over(watched.cards, &GpuFacts::sm_mhz),
                      .sm_mhz_free = mean_over(watched.cards, &GpuFacts::sm_mhz_free),
                      .throttled_share = mean_over(watched.cards, &GpuFacts::throttled_share),
                      .foreign_share = mean_over(watched.cards, &GpuFacts::foreign_share)};
    side.loads.push_back(std::move(result));
    side.cards.push_back(std::move(watched.cards));
    side.host.push_back(watched.host);
    pages.insert(pages.end(), std::make_move_iterator(watched.pages.begin()),
                 std::make_move_iterator(watched.pages.end()));
  }

  void finish(BenchSide& side, const std::vector<ServerSample>& pages) const {
    side.figures = figures_of(side.loads, suite_.objectives);
    side.server = server_report(pages);
  }

  BenchPoint& add_point(const LoadOptions& options, double offered, bool open) {
    BenchPoint point{.offered = offered, .open = open};
    point.name = !open          ? fmt::format("concurrency {}", options.concurrency)
                 : offered == 0 ? std::string("trace")
                                : fmt::format("rate {:g}/s", offered);
    if (second_) point.against.emplace();
    std::vector<ServerSample> pages, against_pages;
    for (int round = 0; round < suite_.repeat && interrupts() == 0; ++round) {
      const std::string name =
          suite_.repeat > 1 ? fmt::format("{}, {} of {}", point.name, round + 1, suite_.repeat)
                            : point.name;
      const auto number = static_cast<std::uint64_t>(round);
      if (!second_) {
        load(first_, options, name, number, point.side, pages);
        continue;
      }
      // The order of Kalibera & Jones: drift within a round hits both alike.
      for (const bool second : {true, false, false, true}) {
        if (interrupts() > 0) break;
        BenchSide& side = second ? *point.against : point.side;
        const std::uint64_t seed = 2 * number + (side.loads.size() % 2);
        load(second ? *second_ : first_, options, name + (second ? ", against" : ""), seed, side,
             second ? against_pages : pages);
      }
    }
    finish(point.side, pages);
    if (second_) finish(*point.against, against_pages);
    note_lengths(point);
    job_.points.push_back(std::move(point));
    return job_.points.back();
  }

  // Servers that take `ignore_eos` and do nothing with it show it in the lengths.
  void note_lengths(const BenchPoint& point) {
    std::int64_t asked = 0, cut = 0;
    for (const LoadResult& each : point.side.loads)
      for (const LoadRecord& record : each.records)
        if (record.error == ErrorClass::none && record.output >= 0 && record.wanted_output > 0) {
          ++asked;
          if (record.output < record.wanted_output) ++cut;
        }
    if (!suite_.workload.ignore_eos || cut == 0 || !job_.look.ignores_eos) return;
    job_.warnings.push_back(
        fmt::format("{}: {} of {} answers ended before the wished length, although ignore_eos was "
                    "asked for",
                    point.name, cut, asked));
  }

  // Doubles the rate until it is too high, then halves the gap.
  void sweep() {
    double good = 0, bad = 0;
    const double least = kLeastInStage / suite_.stage_s;
    double rate = job_.look.service_s > 0 ? std::clamp(1 / job_.look.service_s, 0.1, 1000.0) : 1;
    rate = std::max(rate, 2 * least);
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
      if (rate < least) break;  // a stage would say nothing
    }
    if (good > 0) job_.best_rate = good;
    std::ranges::sort(job_.points, {}, &BenchPoint::offered);
  }

  // Share of the window's requests that were answered soon after its end: one and a half times what
  // the first half of them took. Where a queue grows, the last ones take longer and longer.
  static double kept_up(const BenchSide& side) {
    std::int64_t due = 0, answered = 0;
    for (const LoadResult& load : side.loads) {
      std::vector<const LoadRecord*> window;
      for (const LoadRecord& record : load.records)
        if (in_window(load, record)) window.push_back(&record);
      if (window.empty()) continue;
      std::ranges::sort(window, {}, &LoadRecord::scheduled_s);
      std::vector<double> took;
      for (std::size_t i = 0; i <= window.size() / 2 && i < window.size(); ++i)
        took.push_back(window[i]->end_s - window[i]->scheduled_s);
      const auto middle = took.begin() + static_cast<std::ptrdiff_t>(took.size() / 2);
      std::ranges::nth_element(took, middle);
      const double last = window.back()->scheduled_s + 1.5 * *middle;
      due += std::ssize(window);
      answered += std::ranges::count_if(
          window, [&](const LoadRecord* record) { return record->end_s <= last; });
    }
    return due == 0 ? 1 : static_cast<double>(answered) / static_cast<double>(due);
  }

  std::string too_much(const BenchPoint& point) const {
    const LoadFigures& figures = point.side.figures;
    if (figures.requests == 0) return "no request was answered in time";
    if (const double share = kept_up(point.side); share < kSaturated)
      return fmt::format("at {:g}/s the server fell behind: {:.0f} % were answered in time",
                         point.offered, 100 * share);
    if (figures.goodput.value_or(1) < suite_.wanted_goodput)
      return fmt::format("at {:g}/s {:.1f} % of the requests kept the objectives{}", point.offered,
                         100 * *figures.goodput, own_share(point));
    return "";
  }

  // A limit that this client alone may have broken is no limit of the server.
  std::string own_share(const BenchPoint& point) const {
    const double late = client_error_ms(point.side.loads);
    const bool small = std::ranges::all_of(suite_.objectives, [&](const Objective& objective) {
      return late < objective.limit_ms / kSmallAgainst;
    });
    if (small) return "";
    return fmt::format(
        "; this client was late by up to {:.3g} ms itself: load from another machine", late);
  }

  const BenchSuite& suite_;
  const bool keep_gaps_;
  Console& console_;
  EventLoop loop_;
  Target first_;
  std::optional<Target> second_;
  BenchJob job_;
  int bisections_ = 0;
};

}  // namespace

Result<BenchJob> run_bench(const BenchSuite& suite, bool keep_gaps, Console& console) {
  return Job(suite, keep_gaps, console).run();
}

std::optional<double> joules_per_token(const BenchSide& side) {
  double joules = 0, tokens = 0;
  for (const std::vector<GpuFacts>& cards : side.cards) {
    if (cards.empty()) return std::nullopt;
    for (const GpuFacts& card : cards) {
      if (!card.energy_j) return std::nullopt;
      joules += *card.energy_j;
    }
  }
  for (const LoadResult& load : side.loads)
    for (const LoadSecond& second : load.seconds)
      tokens += static_cast<double>(second.output_tokens);
  if (joules <= 0 || tokens <= 0) return std::nullopt;
  return joules / tokens;
}

}  // namespace llmops
