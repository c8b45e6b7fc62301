#include "evaluators/store/side_calls.h"

#include <limits>
#include <stdexcept>

#include "evaluators/store/case_json.h"
#include "evaluators/store/database.h"
#include "evaluators/store/stored_answer.h"

namespace llmops {
SideCalls::SideCalls(const std::filesystem::path& folder, const std::string& run_id,
                     std::optional<std::chrono::seconds> ttl, bool keep)
    : database_(std::make_unique<Database>(folder)), ttl_(ttl), keep_(keep) {
  if (!database_->on_server()) database_->execute("PRAGMA synchronous=NORMAL;");
  if (!run_id.empty()) {
    Statement run = database_->prepare("SELECT number FROM runs WHERE id = ?");
    if (!run.bind(1, run_id).step())
      throw std::runtime_error("the run is not in the store: " + run_id);
    run_ = run.integer(0);
  }
  find_ = std::make_unique<Statement>(database_->prepare(
      "SELECT answer, input_tokens, output_tokens, cached_tokens, reasoning_tokens, cost_usd, "
      "CASE WHEN run = ?2 THEN 1 ELSE 0 END FROM side_calls WHERE key = ?1 AND answer IS NOT NULL "
      "AND (run = ?2 OR (reusable = 1 AND made > ?3)) ORDER BY run = ?2 DESC, number DESC "
      "LIMIT 1"));
  insert_ = std::make_unique<Statement>(database_->prepare(
      "INSERT INTO side_calls(run, evaluator, model, key, answer, error, input_tokens, "
      "output_tokens, cached_tokens, reasoning_tokens, cost_usd, attempts, cached, reusable, made) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
}

SideCalls::~SideCalls() = default;

std::optional<SideCalls::Found> SideCalls::find(const std::string& key) {
  const std::int64_t after =
      ttl_ ? seconds_now() - ttl_->count() : std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kNone = -1;  // what belongs to no run is nobody's own
  find_->bind(1, key).bind(2, run_ == 0 ? kNone : run_).bind(3, after);
  std::optional<Found> found;
  if (find_->step()) {
    found = Found{.sample = stored_answer(*find_), .own = find_->integer(6) != 0};
  }
  find_->reset();
  return found;
}

void SideCalls::add(std::span<const SideCall> calls) {
  if (calls.empty()) return;
  Transaction transaction(*database_);
  const std::int64_t now = seconds_now();
  for (const SideCall& call : calls) {
    const Sample& sample = call.sample;
    const bool keeps = !sample.error && !sample.cached;
    const std::string answer = keeps ? answer_json(sample) : "";
    insert_->bind(1, run_).bind(2, call.evaluator).bind(3, call.model).bind(4, call.key);
    if (keeps)
      insert_->bind(5, answer);
    else
      insert_->bind_null(5);
    if (sample.error)
      insert_->bind(6, name(sample.error.kind));
    else
      insert_->bind_null(6);
    insert_->bind(7, sample.usage.input)
        .bind(8, sample.usage.output)
        .bind(9, sample.usage.cached)
        .bind(10, sample.usage.reasoning)
        .bind(11, sample.cost_usd)
        .bind(12, std::int64_t{sample.attempts})
        .bind(13, std::int64_t{sample.cached ? 1 : 0})
        .bind(14, std::int64_t{keep_ && keeps && sample.fallback == 0 ? 1 : 0})
        .bind(15, now)
        .run();
  }
  transaction.commit();
}

std::vector<SideUse> side_uses(const std::filesystem::path& folder, const std::string& run_id) {
  const Database database(folder);
  Statement rows = database.prepare(
      "SELECT evaluator, model, "
      "count(DISTINCT CASE WHEN error IS NULL THEN key END), "
      "coalesce(sum(cached), 0), "
      "count(DISTINCT CASE WHEN error IS NOT NULL THEN key END), "
      "coalesce(sum(attempts), 0), "
      "coalesce(sum(CASE WHEN attempts > 1 THEN attempts - 1 ELSE 0 END), 0), "
      "coalesce(sum(CASE WHEN cached = 0 THEN input_tokens END), 0), "
      "coalesce(sum(CASE WHEN cached = 0 THEN output_tokens END), 0), "
      "coalesce(sum(CASE WHEN cached = 0 THEN cost_usd END), 0.0) "
      "FROM side_calls WHERE run = (SELECT number FROM runs WHERE id = ?) "
      "GROUP BY evaluator, model ORDER BY evaluator, model");
  rows.bind(1, run_id);
  std::vector<SideUse> uses;
  while (rows.step())
    uses.push_back({.evaluator = rows.text(0),
                    .model = rows.text(1),
                    .answered = rows.integer(2),
                    .cached = rows.integer(3),
                    .failed = rows.integer(4),
                    .made = rows.integer(5),
                    .retried = rows.integer(6),
                    .input_tokens = rows.integer(7),
                    .output_tokens = rows.integer(8),
                    .cost_usd = rows.number(9)});
  return uses;
}

}  // namespace llmops
