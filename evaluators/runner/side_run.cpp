// The thread that asks looks questions up and stores answers; the loop's thread only talks to
// models. So a slow disk never delays a socket.
#include "evaluators/runner/side_run.h"

#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <thread>
#include <unordered_map>

#include "evaluators/cache/response_cache.h"
#include "evaluators/runner/caller.h"
#include "evaluators/store/side_calls.h"

namespace llmops {
namespace {

constexpr std::chrono::milliseconds kTick(100);

// Questions of one `ask` on their way, and the answers that came.
struct Batch {
  std::mutex mutex;
  std::condition_variable arrived;
  std::vector<std::pair<std::size_t, Sample>> answers;  // place -> answer

  void take(std::size_t place, Sample sample) {
    {
      const std::lock_guard lock(mutex);
      answers.emplace_back(place, std::move(sample));
    }
    arrived.notify_one();
  }
};

// A question that waits for room at its model.
struct Waiting {
  std::shared_ptr<const Request> request;
  std::shared_ptr<Batch> batch;
  std::size_t place = 0;
};

Sample not_asked(const Request& request, ErrorClass kind, std::string why) {
  Sample sample;
  sample.case_id = request.row ? request.row->id : "";
  sample.number = request.sample;
  sample.attempts = 0;
  sample.error = {kind, std::move(why)};
  return sample;
}

}  // namespace

class SideRun::Engine {
 public:
  Engine(SideModels& models, const std::filesystem::path& folder, const std::string& run_id,
         SideRunOptions options)
      : models_(models), loop_(models.loop()), options_(std::move(options)) {
    budget_ = options_.budget;
    if (budget_ == nullptr && (options_.max_cost_usd || options_.max_tokens)) {
      own_budget_.emplace(options_.max_cost_usd, options_.max_tokens);
      budget_ = &*own_budget_;
    }
    // One connection a run, whoever of its evaluators asks.
    const auto store_of = [&](const std::string& run) -> SideCalls* {
      if (folder.empty()) return nullptr;
      std::unique_ptr<SideCalls>& store = stores_[run];
      if (store == nullptr)
        store = std::make_unique<SideCalls>(folder, run, options_.ttl, options_.keep);
      return store.get();
    };
    for (const std::unique_ptr<Model>& model : models.models()) {
      lanes_.push_back(std::make_unique<Lane>(*model, loop_, options_.seed));
      keys_.emplace_back(model->spec);
      if (budget_ != nullptr) lanes_.back()->spender = budget_->join();
    }
    for (std::size_t i = 0; i < models.asking().size(); ++i)
      askers_.push_back(std::make_unique<OneAsker>(
          *this, models.asking()[i],
          store_of(i < options_.run_ids.size() ? options_.run_ids[i] : run_id)));
    thread_ = std::thread([this] { turn(); });
  }

  ~Engine() {
    loop_.post([this] { ended_ = true; });
    thread_.join();
  }

  Asker& asker(std::size_t place) { return *askers_.at(place); }

  std::optional<std::string> stopped() const {
    const std::lock_guard lock(stop_mutex_);
    return stopped_;
  }

  std::int64_t answered() const { return answered_.load(std::memory_order_relaxed); }
  std::int64_t waiting() const { return posed_.load(std::memory_order_relaxed) - answered(); }
  double worth_usd() const { return worth_usd_.load(); }

 private:
  // A model, and the questions that wait for it.
  struct Lane {
    Lane(Model& asked, EventLoop& loop, std::uint64_t seed)
        : model(asked), caller(std::make_unique<Caller>(asked, loop, seed)) {}
    Model& model;
    std::unique_ptr<Caller> caller;
    std::deque<Waiting> queue;
    std::size_t spender = 0;  // of the budget
  };

  class OneAsker final : public Asker {
   public:
    OneAsker(Engine& engine, const SideModels::Asking& asking, SideCalls* store)
        : engine_(engine), asking_(asking), store_(store) {}
    std::vector<Sample> ask(std::span<const Question> questions) override {
      return engine_.ask(asking_, store_, questions);
    }
    bool stopped() const override { return engine_.stopped().has_value(); }

   private:
    Engine& engine_;
    const SideModels::Asking& asking_;
    SideCalls* store_;  // nullptr: nothing is stored
  };

  // --- The asking thread.

  std::vector<Sample> ask(const SideModels::Asking& asking, SideCalls* store,
                          std::span<const Question> questions) {
    posed_ += static_cast<std::int64_t>(questions.size());
    std::vector<Sample> answers(questions.size());
    std::vector<std::string> keys(questions.size());
    std::unordered_map<std::string, std::size_t> first;  // key -> place that is asked
    std::vector<std::size_t> same_as(questions.size());
    std::vector<std::size_t> asked;
    {
      const std::lock_guard lock(store_mutex_);
      std::vector<SideCall> taken;
      for (std::size_t i = 0; i < questions.size(); ++i) {
        const std::size_t model = asking.models.at(questions[i].model);
        keys[i] = keys_[model].key(*questions[i].request);
        same_as[i] = first.try_emplace(fmt::format("{}|{}", model, keys[i]), i).first->second;
        if (same_as[i] != i) continue;
        std::optional<SideCalls::Found> found;
        if (store != nullptr) found = store->find(keys[i]);
        if (!found) {
          asked.push_back(i);
          continue;
        }
        answers[i] = std::move(found->sample);
        if (!found->own) taken.push_back(side_call(asking, questions[i], keys[i], answers[i]));
      }
      if (store != nullptr) store->add(taken);
    }
    answered_ += static_cast<std::int64_t>(questions.size() - asked.size());
    if (!asked.empty()) ask_models(asking, store, questions, asked, keys, answers);
    for (std::size_t i = 0; i < questions.size(); ++i) {
      if (same_as[i] != i) answers[i] = answers[same_as[i]];
      answers[i].case_id = questions[i].request->row ? questions[i].request->row->id : "";
      answers[i].number = questions[i].request->sample;
      worth_usd_ += answers[i].cost_usd.value_or(0);
    }
    return answers;
  }

  SideCall side_call(const SideModels::Asking& asking, const Question& question,
                     const std::string& key, const Sample& sample) const {
    const ModelSpec& spec = models_.models()[asking.models.at(question.model)]->spec;
    return {.evaluator = asking.evaluator,
            .model = spec.name.empty() ? spec.provider : spec.name,
            .key = key,
            .sample = sample};
  }

  void ask_models(const SideModels::Asking& asking, SideCalls* store,
                  std::span<const Question> questions, const std::vector<std::size_t>& asked,
                  const std::vector<std::string>& keys, std::vector<Sample>& answers) {
    const auto batch = std::make_shared<Batch>();
    std::vector<std::pair<std::size_t, Waiting>> sent;  // model -> question
    for (const std::size_t i : asked)
      sent.emplace_back(asking.models.at(questions[i].model),
                        Waiting{questions[i].request, batch, i});
    loop_.post([this, sent = std::move(sent)]() mutable {
      for (auto& [model, waiting] : sent) lanes_[model]->queue.push_back(std::move(waiting));
      feed();
    });
    for (std::size_t open = asked.size(); open > 0;) {
      std::vector<std::pair<std::size_t, Sample>> arrived;
      {
        std::unique_lock lock(batch->mutex);
        batch->arrived.wait(lock, [&] { return !batch->answers.empty(); });
        arrived.swap(batch->answers);
      }
      open -= arrived.size();
      answered_ += static_cast<std::int64_t>(arrived.size());
      std::vector<SideCall> calls;
      for (auto& [place, sample] : arrived) {
        if (sample.attempts > 0 && sample.error.kind != ErrorClass::cancelled)
          calls.push_back(side_call(asking, questions[place], keys[place], sample));
        answers[place] = std::move(sample);
      }
      if (store == nullptr) continue;
      const std::lock_guard lock(store_mutex_);
      store->add(calls);
    }
  }

  // --- The loop's thread.

  void turn() {
    tick();
    if (options_.deadline)
      deadline_ = loop_.at(*options_.deadline, [this] {
        stop("max-time reached");
        for (const auto& lane : lanes_) lane->caller->cancel_all();
      });
    while (!ended_) loop_.turn();
    *alive_ = false;
    lanes_.clear();
    for (const EventLoop::Timer& timer : {tick_, deadline_, grace_end_}) loop_.cancel(timer);
  }

  void stop(const std::string& why) {
    {
      const std::lock_guard lock(stop_mutex_);
      if (!stopped_) stopped_ = why;
    }
    for (const auto& lane : lanes_) {
      while (!lane->queue.empty()) {
        const Waiting waiting = std::move(lane->queue.front());
        lane->queue.pop_front();
        waiting.batch->take(waiting.place,
                            not_asked(*waiting.request, ErrorClass::budget, "not asked: " + why));
      }
    }
  }

  void tick() {
    const int interrupts = options_.interrupts == nullptr ? 0 : options_.interrupts->load();
    if (interrupts >= 1 && !in_grace_) {
      in_grace_ = true;
      stop("interrupted");
      for (const auto& lane : lanes_) lane->caller->stop_retrying();
      grace_end_ = loop_.after(options_.grace, [this] {
        for (const auto& lane : lanes_) lane->caller->cancel_all();
      });
    }
    feed();  // others may have left room in the budget
    tick_ = loop_.after(kTick, [this] { tick(); });
  }

  void feed() {
    if (const auto why = stopped()) return stop(*why);
    for (const auto& lane : lanes_) {
      while (!lane->queue.empty() && lane->caller->has_room()) {
        if (!affordable(*lane)) break;
        Waiting waiting = std::move(lane->queue.front());
        lane->queue.pop_front();
        Lane& asked = *lane;
        std::shared_ptr<const Request> request = waiting.request;
        asked.caller->ask(std::move(request),
                          [this, &asked, waiting = std::move(waiting)](Sample sample) {
                            on_done(asked, waiting, std::move(sample));
                          });
      }
    }
  }

  bool affordable(Lane& lane) {
    if (budget_ == nullptr) return true;
    const CallEstimate estimate = lane.caller->estimate(*lane.queue.front().request);
    Spend guess{.cost_usd = 0, .tokens = estimate.input_tokens + estimate.output_tokens};
    if (const auto& price = lane.model.spec.price)
      guess.cost_usd =
          (estimate.input_tokens * price->input + estimate.output_tokens * price->output) / 1e6;
    const Budget::Room room = budget_->take(lane.spender, guess);
    if (room == Budget::Room::no) stop(budget_->why());
    return room == Budget::Room::yes;  // `later`: the next answer, or the next tick
  }

  void on_done(Lane& lane, const Waiting& waiting, Sample sample) {
    if (budget_ != nullptr)
      budget_->settle(lane.spender,
                      {.cost_usd = sample.cost_usd.value_or(0),
                       .tokens = static_cast<double>(sample.usage.input.value_or(0) +
                                                     sample.usage.output.value_or(0))},
                      !sample.error);
    if (options_.on_call && sample.attempts > 0 && sample.error.kind != ErrorClass::cancelled)
      options_.on_call(lane.model.spec, *waiting.request, sample);
    if (const CallError& fatal = lane.caller->fatal(); fatal && lane.model.fallback.empty())
      stop(fmt::format(
          "judge {}: {}",
          lane.model.spec.name.empty() ? lane.model.spec.provider : lane.model.spec.name,
          cure_of(fatal, lane.model.spec.key_variable)));
    waiting.batch->take(waiting.place, std::move(sample));
    loop_.defer([this, alive = alive_] {
      if (*alive) feed();
    });
  }

  SideModels& models_;
  EventLoop& loop_;
  SideRunOptions options_;
  std::optional<Budget> own_budget_;
  Budget* budget_ = nullptr;  // nullptr: none
  std::atomic<double> worth_usd_{0};
  std::mutex store_mutex_;                                    // of the two that follow
  std::map<std::string, std::unique_ptr<SideCalls>> stores_;  // by run
  std::vector<CacheKeys> keys_;
  std::vector<std::unique_ptr<OneAsker>> askers_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  bool in_grace_ = false, ended_ = false;
  EventLoop::Timer tick_, deadline_, grace_end_;  // none is number 0
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::atomic<std::int64_t> posed_{0}, answered_{0};
  mutable std::mutex stop_mutex_;
  std::optional<std::string> stopped_;  // under stop_mutex_
  std::thread thread_;
};

SideRun::SideRun(SideModels& models, const std::filesystem::path& folder, const std::string& run_id,
                 SideRunOptions options)
    : engine_(std::make_unique<Engine>(models, folder, run_id, std::move(options))) {}

SideRun::~SideRun() = default;

Asker& SideRun::asker(std::size_t evaluator) { return engine_->asker(evaluator); }
std::optional<std::string> SideRun::stopped() const { return engine_->stopped(); }
std::int64_t SideRun::waiting() const { return engine_->waiting(); }
std::int64_t SideRun::answered() const { return engine_->answered(); }
double SideRun::worth_usd() const { return engine_->worth_usd(); }

}  // namespace llmops
