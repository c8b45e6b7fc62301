// Killed at any moment, nothing is paid twice. The order is: the journal names the requests of a
// batch; the server makes it, with the journal's number in its metadata; the journal notes the
// server's id. A run that died between the last two finds its batch in the server's list, by that
// number, or where the provider keeps none by the ids that the batch's answers bear.
#include "evaluators/runner/batch_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "datasets/text/hash.h"
#include "evaluators/providers/batch_api.h"
#include "evaluators/runner/caller.h"
#include "evaluators/runner/fetch.h"
#include "evaluators/runner/retry.h"
#include "evaluators/store/batch_journal.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kUpload = std::chrono::minutes(10);

// Unique among all runs, and nothing of the dataset goes into the server's lists.
std::string custom_id(const std::string& run, const Request& request) {
  return sha256(fmt::format("{}/{}#{}", run, request.row->id, request.sample)).substr(0, 32);
}

struct OutBatch {
  std::int64_t number = 0;
  std::string id;
  std::size_t requests = 0;
};

class BatchRun {
 public:
  BatchRun(const std::function<std::shared_ptr<const Request>()>& next, Model& model,
           EventLoop& loop, BatchJournal& journal, const BatchOptions& options,
           const std::function<void(const Request&, Sample)>& on_sample)
      : next_(next),
        model_(model),
        api_(*model.provider->batch()),
        loop_(loop),
        journal_(journal),
        options_(options),
        on_sample_(on_sample),
        random_(options.limits.seed, 0xBA7C),
        estimates_(model, loop, options.limits.seed) {
    const FanOutOptions& limits = options.limits;
    if (limits.max_time) deadline_ = Clock::now() + *limits.max_time;
    if (limits.budget != nullptr) {
      budget_ = limits.budget;
    } else if (limits.max_cost_usd || limits.max_tokens) {
      own_budget_.emplace(limits.max_cost_usd, limits.max_tokens);
      budget_ = &*own_budget_;
    }
    if (budget_ != nullptr) spender_ = budget_->join();
  }

  BatchCounts run() {
    if (find_again() && submit_all()) wait_for_all();
    out_.counts.in_flight = 0;
    return std::move(out_);
  }

 private:
  FanOutCounts& counts() { return out_.counts; }
  void note(const std::string& text) {
    if (options_.on_note) options_.on_note(text);
  }
  void stop(std::string why) {
    if (!counts().stopped) counts().stopped = std::move(why);
  }

  bool interrupted() {
    const std::atomic<int>* interrupts = options_.limits.interrupts;
    if (interrupts != nullptr && interrupts->load() > 0) stop("interrupted");
    if (deadline_ && Clock::now() >= *deadline_) stop("max-time reached");
    if (options_.limits.stop_because)
      if (std::optional<std::string> why = options_.limits.stop_because()) stop(*std::move(why));
    return counts().stopped.has_value();
  }

  // A document, or nothing and the reason why the run stops.
  std::optional<std::string> ask(const HttpRequest& request, const char* what, bool once = false) {
    const Fetched answer = fetch(loop_, request,
                                 {.retries = model_.spec.retries,
                                  .timeout = kUpload,
                                  .stop = [this] { return interrupted(); },
                                  .secret = api_.secret(),
                                  .once = once},
                                 random_);
    if (!answer.error) return answer.body;
    if (interrupted()) return std::nullopt;
    if (policy_of(answer.error.kind).ends_run) {
      counts().fatal = answer.error.kind;
      stop(cure_of(answer.error, model_.spec.key_variable));
    } else if (answer.error.kind == ErrorClass::not_found) {
      stop(fmt::format("{}: {}; the server may have no batches: ask without --batch", what,
                       answer.error.message));
    } else {
      stop(fmt::format("{}: {}", what, answer.error.message));
    }
    return std::nullopt;
  }

  template <typename T>
  std::optional<T> understood(Result<T> result, const char* what) {
    if (result) return *std::move(result);
    stop(fmt::format("{}: {}", what, result.problems().front().what));
    return std::nullopt;
  }

  std::string mark_of(std::int64_t number) const {
    return fmt::format("{}/{}", journal_.run_id(), number);
  }

  // What an earlier process of this run had sent. False: the run stops.
  bool find_again() {
    std::vector<OpenBatch> open = journal_.open();
    const bool unsure = std::any_of(open.begin(), open.end(),
                                    [](const OpenBatch& each) { return each.remote_id.empty(); });
    if (unsure && !look_up(open)) return false;
    for (const OpenBatch& each : open) {
      if (each.remote_id.empty()) {  // the server never made it
        journal_.forget(each.number);
        continue;
      }
      for (const std::string& id : each.custom_ids) waiting_.emplace(id, nullptr);
      batches_.push_back({each.number, each.remote_id, each.custom_ids.size()});
      note(fmt::format("batch {} of {} calls is found again", each.remote_id,
                       each.custom_ids.size()));
    }
    return true;
  }

  // Finds batches in the server's list, newest first. False: the run stops.
  bool look_up(std::vector<OpenBatch>& open) {
    const int most_pages = api_.keeps_marks() ? 100 : 10;  // the latter costs a look into answers
    std::string after;
    for (int page_number = 0; page_number < most_pages; ++page_number) {
      const auto document = ask(api_.list(after), "the list of batches");
      if (!document) return false;
      const auto page = understood(api_.read_page(*document), "the list of batches");
      if (!page) return false;
      for (const BatchState& state : page->batches) {
        OpenBatch* const found =
            api_.keeps_marks() ? by_mark(open, state) : by_answers(open, state);
        if (counts().stopped) return false;
        if (found == nullptr) continue;
        found->remote_id = state.id;
        journal_.made(found->number, state.id);
      }
      after = page->after;
      const bool all = std::none_of(open.begin(), open.end(),
                                    [](const OpenBatch& each) { return each.remote_id.empty(); });
      if (after.empty() || all) break;
    }
    return true;
  }

  OpenBatch* by_mark(std::vector<OpenBatch>& open, const BatchState& state) const {
    for (OpenBatch& each : open)
      if (each.remote_id.empty() && state.mark == mark_of(each.number)) return &each;
    return nullptr;
  }

  // Whose ids stand in the answers of a batch of the same size. It has to end for that.
  OpenBatch* by_answers(std::vector<OpenBatch>& open, const BatchState& listed) {
    const auto may_be = [&](const OpenBatch& each) {
      return each.remote_id.empty() &&
             static_cast<std::int64_t>(each.custom_ids.size()) == listed.requests;
    };
    const bool known = std::any_of(open.begin(), open.end(), [&](const OpenBatch& each) {
      return each.remote_id == listed.id;
    });
    if (known || std::none_of(open.begin(), open.end(), may_be)) return nullptr;
    BatchState state = listed;
    if (!state.ended)
      note(fmt::format("batch {} may be this run's, which its answers will tell", state.id));
    for (nanoseconds look = options_.first_look; !state.ended;
         look = std::min(2 * look, options_.last_look)) {
      if (!pause(look)) return nullptr;
      const std::optional<BatchState> now = state_of(state.id);
      if (!now) return nullptr;
      state = *now;
    }
    for (const HttpRequest& part : api_.answers(state)) {
      const auto document = ask(part, "fetching the answers");
      if (!document) return nullptr;
      const Result<BatchAnswer> first =
          api_.read_answer(std::string_view(*document).substr(0, document->find('\n')));
      if (!first) continue;
      for (OpenBatch& each : open)
        if (may_be(each) && std::ranges::count(each.custom_ids, first->custom_id) > 0) return &each;
    }
    return nullptr;
  }

  std::optional<BatchState> state_of(const std::string& id) {
    const auto document = ask(api_.state(id), "asking after the batch");
    if (!document) return std::nullopt;
    return understood(api_.read_state(*document), "asking after the batch");
  }

  bool submit_all() {
    std::string lines;
    std::vector<std::string> ids;
    bool more = true;
    while (more) {
      std::shared_ptr<const Request> request = next_();
      more = request != nullptr && take(request, lines, ids);
      const bool full = ids.size() >= api_.most_requests() || lines.size() >= api_.most_bytes();
      if (!ids.empty() && (full || !more)) {
        if (interrupted() || !submit(lines, ids)) return false;
        lines.clear();
        ids.clear();
      }
    }
    return true;
  }

  // Puts a request where it belongs. False: the budget is used up.
  bool take(const std::shared_ptr<const Request>& request, std::string& lines,
            std::vector<std::string>& ids) {
    const std::string id = custom_id(journal_.run_id(), *request);
    if (const auto found = waiting_.find(id); found != waiting_.end()) {
      found->second = request;
      return true;
    }
    if (options_.limits.known)
      if (std::optional<Sample> known = options_.limits.known(*request)) {
        ++counts().cached;
        hand_over(*request, *std::move(known));
        return true;
      }
    Result<std::string> body = api_.write(*request);
    if (!body) {
      Sample sample;
      sample.error = {ErrorClass::bad_request, body.problems().front().what};
      hand_over(*request, std::move(sample));
      return true;
    }
    if (budget_ != nullptr && budget_->take(spender_, guess(*request)) != Budget::Room::yes) {
      limit_reached_ = budget_->why();
      if (limit_reached_->empty())
        limit_reached_ = "the batches that are out may use the whole budget: no more is asked";
      return false;  // what is out is still waited for
    }
    api_.add(lines, id, *body);
    ids.push_back(id);
    waiting_.emplace(id, request);
    return true;
  }

  Spend guess(const Request& request) const {
    const CallEstimate estimate = estimates_.estimate(request);
    Spend spend{.cost_usd = 0, .tokens = estimate.input_tokens + estimate.output_tokens};
    if (const auto& price = model_.spec.price)
      spend.cost_usd =
          (estimate.input_tokens * price->input + estimate.output_tokens * price->output) *
          price->batch / 1e6;
    return spend;
  }

  bool submit(const std::string& lines, const std::vector<std::string>& ids) {
    std::string file_id;
    if (const auto upload = api_.upload(journal_.run_id() + ".jsonl", lines)) {
      const auto file = ask(*upload, "uploading the batch");
      if (!file) return false;
      const auto given = understood(id_of(*file), "uploading the batch");
      if (!given) return false;
      file_id = *given;
    }
    const std::int64_t number = journal_.begin(ids);
    const auto made = ask(api_.create(file_id, lines, mark_of(number)), "making the batch", true);
    if (!made) return false;  // perhaps it was made all the same: the journal still names it
    const auto id = understood(id_of(*made), "making the batch");
    if (!id) return false;
    journal_.made(number, *id);
    batches_.push_back({number, *id, ids.size()});
    counts().made += static_cast<std::int64_t>(ids.size());
    note(
        fmt::format("batch {} of {} calls is with the server; Ctrl-C leaves it there, --resume "
                    "finds it again",
                    *id, ids.size()));
    return true;
  }

  void wait_for_all() {
    nanoseconds look = options_.first_look;
    while (!batches_.empty() && !counts().stopped) {
      for (std::size_t i = 0; i < batches_.size() && !counts().stopped;) {
        if (ended(batches_[i]))
          batches_.erase(batches_.begin() + static_cast<std::ptrdiff_t>(i));
        else
          ++i;
      }
      if (batches_.empty()) break;
      if (!pause(look)) break;
      look = std::min(2 * look, options_.last_look);
    }
    if (!counts().stopped) counts().stopped = std::move(limit_reached_);
  }

  bool pause(nanoseconds time) {
    const Clock::time_point end = Clock::now() + time;
    while (Clock::now() < end) {
      if (interrupted()) return false;
      if (options_.limits.on_tick) {
        counts().in_flight = static_cast<std::int64_t>(waiting_.size());
        options_.limits.on_tick(counts());
      }
      loop_.turn(std::min<nanoseconds>(options_.limits.tick, end - Clock::now()));
    }
    return true;
  }

  // True where nothing is left to wait for.
  bool ended(const OutBatch& batch) {
    const std::optional<BatchState> state = state_of(batch.id);
    if (!state || !state->ended) return false;
    if (state->refused) {
      journal_.forget(batch.number);  // nothing of it was carried out
      stop(fmt::format("batch {} was refused: {}", batch.id,
                       state->problem.empty() ? "the server does not say why" : state->problem));
      return true;
    }
    for (const HttpRequest& part : api_.answers(*state))
      if (!read_answers(part)) return false;
    note(fmt::format("batch {} is {}", batch.id, state->status));
    finish(batch, *state);
    return true;
  }

  bool read_answers(const HttpRequest& part) {
    const auto document = ask(part, "fetching the answers");
    if (!document) return false;
    std::string_view rest = *document;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.find_first_not_of(" \r\t") == std::string_view::npos) continue;
      Result<BatchAnswer> answer = api_.read_answer(line);
      if (!answer) continue;  // its request ends without an answer, below
      const auto found = waiting_.find(answer->custom_id);
      if (found == waiting_.end()) continue;  // twice, or not ours
      const std::shared_ptr<const Request> request = std::move(found->second);
      waiting_.erase(found);
      // Without a request: an earlier process has stored the answer, and died before it said so.
      if (request) deliver(*request, std::move(answer->sample));
    }
    return true;
  }

  // What a batch that is over has no line for.
  void finish(const OutBatch& batch, const BatchState& state) {
    for (const OpenBatch& each : journal_.open()) {
      if (each.number != batch.number) continue;
      for (const std::string& id : each.custom_ids) {
        const auto found = waiting_.find(id);
        if (found == waiting_.end()) continue;
        const std::shared_ptr<const Request> request = std::move(found->second);
        waiting_.erase(found);
        if (!request) continue;
        Sample sample;
        sample.error = {
            state.expired ? ErrorClass::timeout_total : ErrorClass::other,
            fmt::format("the batch {} is {} and has no answer to it", batch.id, state.status)};
        deliver(*request, std::move(sample));
      }
    }
    out_.ended.push_back(batch.number);
  }

  void deliver(const Request& request, Sample sample) {
    if (model_.spec.price) sample.cost_usd = cost_of(*model_.spec.price, sample.usage, true);
    if (budget_ != nullptr)
      budget_->settle(spender_,
                      {.cost_usd = sample.cost_usd.value_or(0),
                       .tokens = static_cast<double>(sample.usage.input.value_or(0) +
                                                     sample.usage.output.value_or(0))},
                      !sample.error);
    if (sample.error) {
      ++counts().faults[sample.error.kind];
      sample.faults = {sample.error.kind};
    }
    hand_over(request, std::move(sample));
  }

  void hand_over(const Request& request, Sample sample) {
    sample.case_id = request.row->id;
    sample.number = request.sample;
    ++counts().done;
    if (sample.error) ++counts().failed;
    if (!sample.cached) {
      counts().cost_usd += sample.cost_usd.value_or(0);
      counts().input_tokens += sample.usage.input.value_or(0);
      counts().output_tokens += sample.usage.output.value_or(0);
    }
    on_sample_(request, std::move(sample));
  }

  const std::function<std::shared_ptr<const Request>()>& next_;
  Model& model_;
  const BatchApi& api_;
  EventLoop& loop_;
  BatchJournal& journal_;
  const BatchOptions& options_;
  const std::function<void(const Request&, Sample)>& on_sample_;
  Random random_;
  Caller estimates_;  // never asked: says what a call may come to
  BatchCounts out_;
  std::optional<Clock::time_point> deadline_;
  std::optional<Budget> own_budget_;
  Budget* budget_ = nullptr;
  std::size_t spender_ = 0;
  std::optional<std::string> limit_reached_;  // of the budget
  std::vector<OutBatch> batches_;
  // By custom id: the requests of the batches that are out; nullptr: not asked for any more.
  std::unordered_map<std::string, std::shared_ptr<const Request>> waiting_;
};

}  // namespace

BatchCounts batch_run(const std::function<std::shared_ptr<const Request>()>& next, Model& model,
                      EventLoop& loop, BatchJournal& journal, const BatchOptions& options,
                      const std::function<void(const Request&, Sample)>& on_sample) {
  return BatchRun(next, model, loop, journal, options, on_sample).run();
}

}  // namespace llmops
