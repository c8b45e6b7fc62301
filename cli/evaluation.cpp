#include "cli/evaluation.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <unordered_map>

#include "cli/calibration_file.h"
#include "cli/judge_forecast.h"
#include "cli/judge_progress.h"
#include "cli/judges.h"
#include "cli/length_controlled.h"
#include "cli/progress.h"
#include "cli/run_origin.h"
#include "cli/scoring_progress.h"
#include "datasets/text/utf8.h"
#include "evaluators/cache/response_cache.h"
#include "evaluators/recorder.h"
#include "evaluators/runner/batch_run.h"
#include "evaluators/store/batch_journal.h"
#include "evaluators/store/run_lock.h"
#include "evaluators/telemetry/hardware.h"
#include "evaluators/traces/exporter.h"
#include "prompts/prompt_size.h"
#include "prompts/stored_prompt.h"

namespace llmops {
namespace {

// Above this share of failed calls a run without a rule on error_rate or coverage counts as
// incomplete.
constexpr double kMostFailed = 0.10;

std::atomic<int> interrupt_count{0};

std::atomic<std::int64_t> first_interrupt_ns{0};

void on_interrupt(int) {
  // Who signals a process and then its group (`timeout` of GNU, some CI runners) means it once.
  constexpr std::int64_t kOneMeaning_ns = 50'000'000;
  const std::int64_t now = std::chrono::steady_clock::now().time_since_epoch().count();
  std::int64_t none = 0;
  if (!first_interrupt_ns.compare_exchange_strong(none, now) && now - none < kOneMeaning_ns) return;
  // The second Ctrl-C leaves at once; what is durable stays.
  if (interrupt_count.fetch_add(1) < 1) return;
  constexpr char kLeaving[] = "\nleft at once; every answer that was stored is kept (--resume)\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kLeaving, sizeof kLeaving - 1);
  ::_exit(3);
}

std::string now_utc() {
  const auto now =
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

bool gates_errors(const Suite& suite) {
  if (!suite.gate) return false;
  for (const Rule& rule : suite.gate->rules)
    if (rule.metric == "error_rate" || rule.metric == "coverage") return true;
  return false;
}

}  // namespace

RunHeader new_header(const Suite& suite, const Dataset& dataset, const Cell& cell,
                     const EvaluationOptions& options) {
  RunHeader header;
  header.created = now_utc();
  header.suite = suite.file.string();
  header.prompt = Object{
      {"name",    cell.prompt->name   },
      {"version", cell.prompt->version},
      {"sha256",  cell.prompt->sha256 }
  };
  const PromptSize size = prompt_size(*cell.prompt, *dataset.cases());
  header.prompt.add("text_tokens", size.own);
  header.prompt.add("inserted_tokens", size.inserted);
  header.dataset = Object{
      {"path",   dataset.info().path                            },
      {"sha256", dataset.info().sha256                          },
      {"cases",  static_cast<std::int64_t>(dataset.info().cases)}
  };
  header.model = cell.model->spec.identity;
  if (const auto& price = cell.model->spec.price)
    header.model.add("price", Object{
                                  {"input",        price->input       },
                                  {"cached_input", price->cached_input},
                                  {"output",       price->output      }
    });
  const Value* url = header.model.find("base_url");
  if (url != nullptr && served_here(to_text(*url))) header.hardware = hardware_fingerprint();
  header.seed = suite.seed;
  header.samples_per_case = suite.samples;
  if (options.shard) {
    header.shard = options.shard->index;
    header.shards = options.shard->of;
  }
  if (!cell.priced_by.empty())
    header.warnings.push_back(fmt::format(
        "cost: {} say what {} costs; `price:` of the model replaces them", cell.priced_by,
        cell.model->spec.name.empty() ? cell.prompt->model : cell.model->spec.name));
  header.measures = run_measures(suite.evaluators);
  if (suite.samples > 1)  // a share of several samples
    for (Measure& measure : header.measures)
      if (measure.builtin && measure.kind == ScoreKind::binary) measure.kind = ScoreKind::bounded;
  return header;
}

void judge_completeness(const Suite& suite, const FanOutCounts& counts, std::int64_t wanted,
                        const std::optional<std::string>& judges_stopped, RunHeader& header) {
  const RunCounts& found = header.counts;
  header.complete = false;
  if (counts.stopped)
    header.why_incomplete = *counts.stopped;
  else if (found.samples < wanted)
    header.why_incomplete =
        fmt::format("{} of {} samples were not asked for", wanted - found.samples, wanted);
  else if (judges_stopped)
    header.why_incomplete = "not all answers were judged: " + *judges_stopped;
  else if (found.samples > 0 && found.failed == found.samples)
    header.why_incomplete = "every call failed";
  else if (!gates_errors(suite) &&
           static_cast<double>(found.failed) > kMostFailed * static_cast<double>(found.samples))
    header.why_incomplete =
        fmt::format("{} of {} calls failed, and no rule says how many may (error_rate)",
                    found.failed, found.samples);
  else
    header.complete = true;
  if (header.complete) header.why_incomplete.clear();
}

const std::atomic<int>& interrupts() {
  static const bool installed = [] {
    struct sigaction action {};
    action.sa_handler = &on_interrupt;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    return true;
  }();
  static_cast<void>(installed);
  return interrupt_count;
}

Requests::Requests(const Suite& suite, std::unique_ptr<CaseStream> cases, const Cell& cell,
                   const Store* stored, std::string run_id, std::optional<Shard> shard)
    : suite_(suite),
      cell_(cell),
      cases_(std::move(cases)),
      stored_(stored),
      run_id_(std::move(run_id)),
      shard_(shard) {}

std::shared_ptr<const Request> Requests::next() {
  for (;;) {
    if (row_ == nullptr || ++sample_ >= suite_.samples) {
      auto row = std::make_shared<Case>();
      do {
        if (!cases_->next(*row)) return nullptr;
      } while (shard_ && read_++ % shard_->of != shard_->index - 1);
      row_ = std::move(row);
      sample_ = 0;
      messages_.clear();
    }
    if (stored_ != nullptr && stored_->has_call(run_id_, row_->id, sample_)) continue;
    if (messages_.empty()) {
      Result<std::vector<Message>> messages = render_messages(*cell_.prompt, *row_);
      if (!messages) throw std::runtime_error(render(messages.problems()));
      messages_ = *std::move(messages);
    }
    auto request = std::make_shared<Request>();
    request->row = row_;
    request->sample = sample_;
    request->prompt = cell_.prompt;
    if (sample_ + 1 < suite_.samples)
      request->messages = messages_;
    else
      request->messages = std::move(messages_);
    return request;
  }
}

std::int64_t cases_of(const Dataset& dataset, const std::optional<Shard>& shard) {
  const auto all = static_cast<std::int64_t>(dataset.info().cases);
  return shard ? (all - shard->index + shard->of) / shard->of : all;
}

namespace {

// The response cache beside one run: what it knows is not asked, what is asked it will know.
class CacheOfRun {
 public:
  CacheOfRun(const Suite& suite, const Cell& cell, const Store& store,
             const EvaluationOptions& options)
      : keys_(cell.model->spec) {
    const ProviderInfo* provider = find_provider(cell.model->spec.provider);
    used_ = provider != nullptr && provider->cacheable && suite.cache_ttl && options.write_cache;
    if (used_ && options.read_cache)
      cache_ = std::make_unique<ResponseCache>(store.folder(), *suite.cache_ttl);
  }

  bool used() const { return used_; }

  // An answer that is there already; else remembers the key until `key_of`.
  std::optional<Sample> find(const Request& request) {
    std::string key = keys_.key(request);
    if (cache_ != nullptr) {
      if (std::optional<Sample> found = cache_->find(key)) {
        found->case_id = request.row->id;
        found->number = request.sample;
        return found;
      }
    }
    asked_[&request] = std::move(key);
    return std::nullopt;
  }

  // "" where the sample is not worth keeping.
  std::string key_of(const Request& request, const Sample& sample) {
    const auto found = asked_.find(&request);
    std::string key;
    if (found != asked_.end()) {
      key = std::move(found->second);
      asked_.erase(found);
    }
    if (!worth_caching(sample)) return "";
    return key.empty() ? keys_.key(request) : key;  // an earlier process asked it by batch
  }

 private:
  CacheKeys keys_;
  bool used_ = false;
  std::unique_ptr<ResponseCache> cache_;
  std::unordered_map<const Request*, std::string> asked_;  // in flight
};

// Says once that Ctrl-C was heard.
void say_interrupted(Console& console, bool& said, std::int64_t in_flight) {
  if (said || interrupts() == 0) return;
  said = true;
  console.note(fmt::format("interrupted: asking no more, {} in flight; Ctrl-C again leaves at once",
                           in_flight));
}

}  // namespace

namespace {

// Tells the traces of a call; an empty function where nobody wants to know.
OnCall tell(TraceExporter* traces, const TracedRun& run, std::string_view purpose) {
  if (traces == nullptr) return {};
  return [traces, &run, purpose](const ModelSpec& model, const Request& request,
                                 const Sample& sample) {
    traces->add(run, model, request, sample, purpose);
  };
}

}  // namespace

Result<RunHeader> run_cell(const Suite& suite, const Dataset& dataset, const Cell& cell,
                           Store& store, EventLoop& loop, const EvaluationOptions& options,
                           Console& console) {
  RunHeader header = new_header(suite, dataset, cell, options);
  std::int64_t stored_before = 0;
  if (options.resume) {
    header.id = *options.resume;
  } else {
    Object spec = origin_of(suite, *cell.prompt);
    spec.add("content", options.content);
    spec.add("prompt", stored_prompt(*cell.prompt));
    if (!suite.feature.empty()) spec.add("feature", suite.feature);
    if (options.batch) spec.add("batch", true);
    store.begin_run(header, spec);
  }
  const std::optional<RunLock> lock = RunLock::take(store.folder(), header.id);
  if (!lock)
    return problem(fmt::format("another process is working on run {}", header.id), "",
                   "wait for it, or start a new run without --resume");
  FanOutOptions fan_out_options = options.fan_out;
  std::optional<Budget> budget;
  share_budget(fan_out_options, budget);
  const TracedRun traced{.id = header.id, .feature = suite.feature, .suite = suite.name};
  const auto begun = std::chrono::system_clock::now();
  ConnectedJudges judges(suite, options.judges, store, header.id, fan_out_options,
                         {.ttl = suite.cache_ttl,
                          .read_cache = options.read_judge_cache,
                          .write_cache = options.write_cache,
                          .prompt = cell.prompt,
                          .baseline = options.baseline,
                          .on_call = tell(options.traces, traced, "judge")});
  if (options.resume) {
    store.drop_failed_calls(header.id);
    store.score_unscored(header.id, suite.evaluators);
    stored_before = store.count(header.id).samples;
  }
  const auto start = Clock::now();
  const std::int64_t wanted = cases_of(dataset, options.shard) * suite.samples;

  SequentialRun* const sequential = options.sequential;
  ScoringProgress scoring(console, suite.evaluators);
  Recorder recorder(
      store, header.id, suite.evaluators,
      sequential == nullptr
          ? Recorder::OnScored()
          : [&](const CallRecord& call, const Scores& scores) { sequential->take(call, scores); });
  // Its own connection: the recorder's is used by another thread.
  std::unique_ptr<Store> reader;
  if (options.resume) reader = std::make_unique<Store>(store.folder());
  Requests requests(suite, sequential != nullptr ? sequential->cases() : dataset.cases(), cell,
                    reader.get(), header.id, options.shard);
  CacheOfRun cache(suite, cell, store, options);
  Progress progress(console, "samples", wanted - stored_before);
  if (options.judges != nullptr)
    follow_judges(progress, judges, most_judge_calls(suite, wanted - stored_before));
  if (cache.used())
    fan_out_options.known = [&](const Request& request) { return cache.find(request); };
  // A certain verdict stops the run as one Ctrl-C does, and Ctrl-C still works.
  if (sequential != nullptr) fan_out_options.interrupts = &sequential->stop();
  if (options.judges != nullptr) fan_out_options.stop_because = [&] { return judges.stopped(); };
  bool said_interrupted = false;
  fan_out_options.on_tick = [&](const FanOutCounts& counts) {
    progress.set_in_flight(counts.in_flight);
    say_interrupted(console, said_interrupted, counts.in_flight);
    if (const int count = interrupts(); sequential != nullptr && count > 0)
      sequential->request_stop(count);
  };
  const std::function<std::shared_ptr<const Request>()> next = [&] { return requests.next(); };
  const OnCall on_call = tell(options.traces, traced, "model");
  const auto on_sample = [&](const Request& request, Sample sample) {
    progress.add(bool{sample.error}, sample.cached ? 0 : sample.usage.output.value_or(0),
                 sample.cached ? 0 : sample.cost_usd.value_or(0));
    std::string key = cache.used() ? cache.key_of(request, sample) : "";
    if (on_call) on_call(cell.model->spec, request, sample);
    recorder.add(request.row, std::move(sample), std::move(key));
  };
  FanOutCounts counts;
  if (options.batch) {
    BatchJournal journal(store.folder(), header.id);
    const BatchOptions batch_options{
        .limits = fan_out_options,
        .on_note = [&](const std::string& text) { console.note(visible(text)); }};
    BatchCounts asked = batch_run(next, *cell.model, loop, journal, batch_options, on_sample);
    counts = std::move(asked.counts);
    recorder.finish();  // before the journal forgets
    for (const std::int64_t number : asked.ended) journal.forget(number);
    header.warnings.emplace_back("asked by batch: the answers have no times");
  } else {
    counts = fan_out(next, *cell.model, loop, fan_out_options, on_sample);
  }
  if (options.judges != nullptr) {
    progress.set_in_flight(0);
    recorder.finish();  // the line goes on while judges are asked
  }
  progress.stop();
  scoring.start();
  recorder.finish();
  scoring.stop();
  for (std::string& warning : calibration_warnings(suite))
    header.warnings.push_back(std::move(warning));
  for (std::string& warning : judges.drift(suite, header.id))
    header.warnings.push_back(std::move(warning));

  for (std::string& remark : length_controlled_remarks(suite, store, header))
    header.warnings.push_back(std::move(remark));
  header.counts = store.count(header.id);
  header.counts.made += counts.hedged;
  header.cost_usd = store.cost(header.id);
  add_side_uses(header, judges.uses(store, header.id));
  if (const int together = cell.model->spec.samples_per_call; together > 1 && !options.batch)
    header.warnings.push_back(fmt::format(
        "up to {} samples of a case were asked for with one call: their tokens are shares of its, "
        "and those that came together have no times",
        together));
  if (header.counts.cached > 0)
    header.warnings.push_back(fmt::format(
        "{} of {} answers came from the response cache: they have no times and cost nothing now; "
        "--no-cache asks again",
        header.counts.cached, header.counts.samples));
  header.wall_s = std::chrono::duration<double>(Clock::now() - start).count();
  judge_completeness(suite, counts, wanted, judges.stopped(), header);
  if (sequential != nullptr && sequential->verdict().decided()) {
    header.complete = false;
    header.why_incomplete =
        fmt::format("stopped early: the verdict was certain after {} of {} cases",
                    sequential->verdict().used(), sequential->verdict().cases());
  }
  if (options.traces != nullptr) options.traces->add_run(traced, begun, header.why_incomplete);
  store.finish_run(header);
  return header;
}

}  // namespace llmops
