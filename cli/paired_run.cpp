#include "cli/paired_run.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "cli/judge_forecast.h"
#include "cli/judge_progress.h"
#include "cli/judges.h"
#include "cli/progress.h"
#include "cli/run_origin.h"
#include "datasets/random.h"
#include "evaluators/recorder.h"
#include "evaluators/store/run_lock.h"
#include "prompts/stored_prompt.h"

namespace llmops {
namespace {

constexpr std::uint64_t kOrderStream = 0x70616972;  // of the seed: which of a pair comes first

// Pairs of requests in the dataset's order, each pair in a drawn order.
class PairedRequests {
 public:
  PairedRequests(const Suite& suite, const Dataset& dataset, const Cell& before, const Cell& after)
      : samples_(suite.samples),
        prompts_{before.prompt, after.prompt},
        cases_(dataset.cases()),
        random_(suite.seed, kOrderStream) {}

  std::shared_ptr<const Request> next() {
    if (second_ != nullptr) return std::exchange(second_, nullptr);
    if (row_ == nullptr || ++sample_ >= samples_) {
      auto row = std::make_shared<Case>();
      if (!cases_->next(*row)) return nullptr;
      row_ = std::move(row);
      sample_ = 0;
    }
    const std::size_t first = random_.next() >> 63U;
    second_ = request(1 - first);
    return request(first);
  }

 private:
  std::shared_ptr<const Request> request(std::size_t which) const {
    Result<std::vector<Message>> messages = render_messages(*prompts_[which], *row_);
    if (!messages) throw std::runtime_error(render(messages.problems()));
    auto made = std::make_shared<Request>();
    made->row = row_;
    made->sample = sample_;
    made->messages = *std::move(messages);
    made->prompt = prompts_[which];
    return made;
  }

  int samples_;
  std::array<std::shared_ptr<const Prompt>, 2> prompts_;
  std::unique_ptr<CaseStream> cases_;
  Random random_;
  std::shared_ptr<const Case> row_;
  int sample_ = 0;
  std::shared_ptr<const Request> second_;
};

// One of the two runs while it grows. Its own connection: each recorder works in its own thread.
struct Side {
  RunHeader header;
  Store store;
  Recorder recorder;

  Side(RunHeader made, const std::filesystem::path& folder,
       const std::vector<Evaluator>& evaluators)
      : header(std::move(made)), store(folder), recorder(store, header.id, evaluators) {}
};

}  // namespace

PairedRuns run_pairs(const Suite& suite, const std::vector<Evaluator>& of_before,
                     const Dataset& dataset, const Cell& before, const Cell& after, Store& store,
                     EventLoop& loop, SideModels* side_models, const FanOutOptions& given,
                     Console& console) {
  PairedRuns runs{new_header(suite, dataset, before, {}), new_header(suite, dataset, after, {})};
  Object origin = origin_of(suite, *before.prompt);
  origin.add("command", "diff");
  origin.add("prompt", stored_prompt(*before.prompt));
  store.begin_run(runs.before, origin);
  origin = origin_of(suite, *after.prompt);
  origin.add("command", "diff");
  origin.add("compared_with", runs.before.id);
  origin.add("prompt", stored_prompt(*after.prompt));
  store.begin_run(runs.after, origin);

  const auto lock_before = RunLock::take(store.folder(), runs.before.id);
  const auto lock_after = RunLock::take(store.folder(), runs.after.id);

  const auto start = Clock::now();
  const std::int64_t wanted = static_cast<std::int64_t>(dataset.info().cases) * suite.samples;
  FanOutOptions options = given;
  std::optional<Budget> budget;
  share_budget(options, budget);
  const ConnectedJudges judges(
      suite, side_models, store, runs.after.id, options,
      {.ttl = suite.cache_ttl, .others = &of_before, .other_run = runs.before.id});
  if (side_models != nullptr) options.stop_because = [&] { return judges.stopped(); };
  Side first(std::move(runs.before), store.folder(), of_before);
  Side second(std::move(runs.after), store.folder(), suite.evaluators);
  PairedRequests requests(suite, dataset, before, after);
  Progress progress(console, "samples", 2 * wanted);
  if (side_models != nullptr) follow_judges(progress, judges, most_judge_calls(suite, 2 * wanted));
  const FanOutCounts counts =
      fan_out([&] { return requests.next(); }, *before.model, loop, options,
              [&](const Request& request, Sample sample) {
                progress.add(bool{sample.error}, sample.usage.output.value_or(0),
                             sample.cost_usd.value_or(0));
                Side& side = request.prompt == before.prompt ? first : second;
                side.recorder.add(request.row, std::move(sample));
              });
  for (Side* side : {&first, &second}) side->recorder.finish();
  progress.stop();

  const double wall_s = std::chrono::duration<double>(Clock::now() - start).count();
  for (Side* side : {&first, &second}) {
    RunHeader& header = side->header;
    header.counts = store.count(header.id);
    header.cost_usd = store.cost(header.id);
    header.wall_s = wall_s;
    add_side_uses(header, judges.uses(store, header.id));
    judge_completeness(suite, counts, wanted, judges.stopped(), header);
    store.finish_run(header);
  }
  return {std::move(first.header), std::move(second.header)};
}

}  // namespace llmops
