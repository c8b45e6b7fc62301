#include "evaluators/store/store.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <map>
#include <random>
#include <stdexcept>

#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "evaluators/asker.h"
#include "evaluators/store/case_json.h"
#include "evaluators/store/database.h"
#include "evaluators/store/stored_run.h"
#include "evaluators/store/tables.h"

namespace llmops {
namespace {

constexpr const char* kNotEnded = "the run has not ended";

// "20261121T024500-1f9c3a7e": sorts by time, and no two machines make the same.
std::string new_run_id() {
  const auto now =
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  std::random_device device;
  return fmt::format("{:%Y%m%dT%H%M%S}-{:08x}", fmt::gmtime(now), device());
}

std::int64_t seconds_since_epoch() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string scores_json(const std::vector<std::optional<double>>& values) {
  List list;
  list.reserve(values.size());
  for (const auto& value : values) list.push_back(value ? Value(*value) : Value());
  return dump_json(Value(std::move(list)));
}

// "rate_limited,reset": as a column holds the faults of a call, and back.
std::string fault_names(const std::vector<ErrorClass>& faults) {
  std::string names;
  for (const ErrorClass fault : faults) {
    if (!names.empty()) names += ',';
    names += name(fault);
  }
  return names;
}

// Rows of (faults, how many calls had them) -> how many faults of each class, most first.
std::vector<std::pair<std::string, std::int64_t>> sum_faults(Statement& rows) {
  std::map<std::string, std::int64_t> sums;
  while (rows.step()) {
    std::string_view names = rows.view(0);
    while (!names.empty()) {
      const std::size_t comma = std::min(names.find(','), names.size());
      sums[std::string(names.substr(0, comma))] += rows.integer(1);
      names.remove_prefix(std::min(comma + 1, names.size()));
    }
  }
  std::vector<std::pair<std::string, std::int64_t>> sorted(sums.begin(), sums.end());
  std::ranges::stable_sort(sorted,
                           [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

}  // namespace

bool Store::exists(const std::filesystem::path& place) { return has_tables(place); }

Store::Store(const std::filesystem::path& place) : folder_(place), database_(open_tables(place)) {}

// Prepared once: preparing costs more than storing an answer.
struct Store::Writing {
  explicit Writing(const Database& database)
      : add_scores(database.prepare(
            "INSERT INTO scores(call, scores, notes) VALUES(?, ?, ?) ON CONFLICT(call) DO "
            "UPDATE SET scores = excluded.scores, notes = excluded.notes")),
        find_run(database.prepare("SELECT number FROM runs WHERE id = ?")),
        largest(database.prepare("SELECT coalesce(max(number), 0) FROM calls")),
        insert(database.prepare(
            "INSERT INTO calls(number, run, case_id, sample, content, row, answer, error, "
            "input_tokens, output_tokens, cached_tokens, reasoning_tokens, cost_usd, latency_ms, "
            "ttft_ms, tpot_ms, itl_ms, cached, output, attempts, faults) "
            "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")),
        remember(database.prepare(
            "INSERT INTO cache(key, call, made) VALUES(?, ?, ?) ON CONFLICT(key) DO UPDATE SET "
            "call = excluded.call, made = excluded.made")) {}
  Statement add_scores, find_run, largest, insert, remember;
};

Store::~Store() {
  if (log_ >= 0) ::close(log_);
}

void Store::sync() {
  if (database_->on_server()) return;  // a server has synced what it says is committed
  const std::filesystem::path log = folder_ / "store.db-wal";
  if (log_ < 0) log_ = ::open(log.c_str(), O_RDONLY | O_CLOEXEC);
  if (log_ < 0 && errno == ENOENT) return;  // all of it is in store.db, which SQLite has synced
  if (log_ < 0 || ::fdatasync(log_) != 0)
    throw std::runtime_error(fmt::format("{}: {}", log.string(), std::strerror(errno)));
}

void Store::begin_run(RunHeader& header, const Object& spec) {
  header.id = new_run_id();
  header.complete = false;
  header.why_incomplete = kNotEnded;
  const std::string header_json = dump_json(to_value(header));
  const std::string spec_json = dump_json(Value(spec));
  database_->prepare("INSERT INTO runs(id, header, spec) VALUES(?, ?, ?)")
      .bind(1, header.id)
      .bind(2, header_json)
      .bind(3, spec_json)
      .run();
}

std::int64_t Store::add(const std::string& run_id,
                        std::span<const std::pair<std::int64_t, Scores>> scores,
                        std::span<const CallRecord> calls) {
  if (writing_ == nullptr) writing_ = std::make_unique<Writing>(*database_);
  Statement& add_scores = writing_->add_scores;
  Statement& insert = writing_->insert;
  Statement& remember = writing_->remember;
  Transaction transaction(*database_);
  for (const auto& [call, found] : scores) {
    const std::string values = scores_json(found.values);
    std::string notes;
    if (!found.notes.empty()) {
      Object object;
      for (const auto& [name, note] : found.notes) object.set(name, note);
      notes = dump_json(Value(std::move(object)));
    }
    add_scores.bind(1, call).bind(2, values);
    if (notes.empty())
      add_scores.bind_null(3);
    else
      add_scores.bind(3, notes);
    add_scores.run();
  }

  writing_->find_run.bind(1, run_id);
  if (!writing_->find_run.step())
    throw std::runtime_error("the run is not in the store: " + run_id);
  const std::int64_t run = writing_->find_run.integer(0);
  writing_->find_run.reset();
  writing_->largest.step();
  const std::int64_t first = writing_->largest.integer(0) + 1;
  writing_->largest.reset();
  const std::int64_t now = seconds_since_epoch();
  std::int64_t number = first;
  for (const CallRecord& call : calls) {
    const Sample& sample = call.sample;
    const std::string row = sample.number == 0 ? case_json(*call.row) : "";
    const std::string answer = answer_json(sample);
    const std::string output = fmt::format("{:016x}", hash64(sample.text));
    const std::string faults = fault_names(sample.faults);
    insert.bind(1, number)
        .bind(2, run)
        .bind(3, call.row->id)
        .bind(4, std::int64_t{sample.number})
        .bind(5, call.content);
    if (row.empty())
      insert.bind_null(6);
    else
      insert.bind(6, row);
    insert.bind(7, answer);
    if (sample.error)
      insert.bind(8, name(sample.error.kind));
    else
      insert.bind_null(8);
    insert.bind(9, sample.usage.input).bind(10, sample.usage.output).bind(11, sample.usage.cached);
    insert.bind(12, sample.usage.reasoning)
        .bind(13, sample.cost_usd)
        .bind(14, sample.timing.latency_ms);
    insert.bind(15, sample.timing.ttft_ms)
        .bind(16, sample.timing.tpot_ms)
        .bind(17, sample.timing.itl_ms);
    insert.bind(18, std::int64_t{sample.cached ? 1 : 0}).bind(19, output);
    insert.bind(20, std::int64_t{sample.attempts});
    if (faults.empty())
      insert.bind_null(21);
    else
      insert.bind(21, faults);
    insert.run();
    if (!call.cache_key.empty())
      remember.bind(1, call.cache_key).bind(2, number).bind(3, now).run();
    ++number;
  }
  transaction.commit();
  return first;
}

void Store::finish_run(const RunHeader& header) {
  const std::string json = dump_json(to_value(header));
  database_->prepare("UPDATE runs SET header = ? WHERE id = ?")
      .bind(1, json)
      .bind(2, header.id)
      .run();
  sync();
}

void Store::copy_calls(const std::filesystem::path& from, const std::string& run_id,
                       const std::string& into) {
  std::error_code ignored;
  const bool own = from == folder_ || std::filesystem::equivalent(from, folder_, ignored);
  if (!own && (is_server_store(from) || database_->on_server()))
    throw std::runtime_error(
        fmt::format("runs of {} cannot go into {}: what is merged on a server lies there",
                    shown_store(from), shown_store(folder_)));
  if (!own) database_->prepare("ATTACH ? AS part").bind(1, (from / "store.db").string()).run();
  const std::string part = own ? "" : "part.";
  // Columns of `calls` but for number and run.
  constexpr std::string_view kColumns =
      "case_id, sample, content, row, answer, error, input_tokens, output_tokens, cached_tokens, "
      "reasoning_tokens, cost_usd, latency_ms, ttft_ms, tpot_ms, itl_ms, cached, output, attempts, "
      "faults";
  {
    Transaction transaction(*database_);
    Statement largest = database_->prepare("SELECT coalesce(max(number), 0) FROM calls");
    largest.step();
    const std::int64_t offset = largest.integer(0);
    largest.reset();
    const std::string source = fmt::format("(SELECT number FROM {}runs WHERE id = ?1)", part);
    const std::string target = "(SELECT number FROM runs WHERE id = ?2)";
    for (const std::string& copy :
         {fmt::format("INSERT INTO scores(call, scores, notes) "
                      "SELECT s.call + {0}, s.scores, s.notes FROM {1}scores s "
                      "JOIN {1}calls c ON c.number = s.call WHERE c.run = {2} AND ?2 <> ''",
                      offset, part, source),
          fmt::format("INSERT INTO calls(number, run, {0}) SELECT number + {1}, {2}, {0} "
                      "FROM {3}calls WHERE run = {4}",
                      kColumns, offset, target, part, source),
          fmt::format(
              "INSERT INTO dropped_calls(run, attempts, faults, cost_usd) "
              "SELECT {0}, attempts, faults, cost_usd FROM {1}dropped_calls WHERE run = {2}",
              target, part, source),
          fmt::format(
              "INSERT INTO side_calls(run, evaluator, model, key, answer, error, "
              "input_tokens, output_tokens, cached_tokens, reasoning_tokens, cost_usd, attempts, "
              "cached, reusable, made) SELECT {0}, evaluator, model, key, answer, error, "
              "input_tokens, output_tokens, cached_tokens, reasoning_tokens, cost_usd, attempts, "
              "cached, reusable, made FROM {1}side_calls WHERE run = {2}",
              target, part, source)})
      database_->prepare(copy).bind(1, run_id).bind(2, into).run();
    transaction.commit();
  }
  if (!own) database_->execute("DETACH part");
}

void Store::set_verdict(const std::string& run_id, const Value& verdict) {
  const std::string json = dump_json(verdict);
  database_->prepare("UPDATE runs SET verdict = ? WHERE id = ?")
      .bind(1, json)
      .bind(2, run_id)
      .run();
}

void Store::drop_failed_calls(const std::string& run_id) {
  const std::string failed =
      " FROM calls WHERE error IS NOT NULL AND run = (SELECT number FROM runs WHERE id = ?)";
  Transaction transaction(*database_);
  database_
      ->prepare(
          "INSERT INTO dropped_calls(run, attempts, faults, cost_usd) "
          "SELECT run, attempts, faults, cost_usd" +
          failed)
      .bind(1, run_id)
      .run();
  database_->prepare("DELETE" + failed).bind(1, run_id).run();
  transaction.commit();
}

void Store::score_unscored(const std::string& run_id, const std::vector<Evaluator>& evaluators) {
  constexpr std::size_t kBatch = 1024;
  std::vector<std::pair<std::int64_t, Scores>> scored;
  std::vector<std::int64_t> numbers;
  std::deque<Case> cases;
  std::deque<Sample> samples;
  const auto score_gathered = [&] {
    std::vector<Scorable> batch;
    for (std::size_t i = 0; i < numbers.size(); ++i) batch.push_back({&cases[i], &samples[i]});
    std::vector<Scores> scores = score_batch(evaluators, batch);
    // What was scored since then lacks its judges' answers.
    const bool whole = !asking_stopped(evaluators);
    for (std::size_t i = 0; i < numbers.size() && whole; ++i)
      scored.emplace_back(numbers[i], std::move(scores[i]));
    numbers.clear();
    cases.clear();
    samples.clear();
  };
  {
    Statement rows = database_->scan(
        "SELECT c.number, c.case_id, c.sample, c.answer, first.row FROM calls c "
        "LEFT JOIN calls first ON first.run = c.run AND first.case_id = c.case_id AND first.row IS "
        "NOT NULL "
        "WHERE c.run = (SELECT number FROM runs WHERE id = ?) AND c.error IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM scores s WHERE s.call = c.number)");
    rows.bind(1, run_id);
    while (rows.step()) {
      Sample& sample = samples.emplace_back();
      sample.case_id = rows.text(1);
      sample.number = static_cast<int>(rows.integer(2));
      read_answer(rows.view(3), sample);
      cases.push_back(read_case(rows.view(4)));
      numbers.push_back(rows.integer(0));
      if (numbers.size() == kBatch) score_gathered();
    }
    score_gathered();
  }
  add(run_id, scored, {});
}

RunCounts Store::count(const std::string& run_id) const {
  RunCounts counts;
  Statement totals = database_->prepare(
      "WITH it AS (SELECT number FROM runs WHERE id = ?) "
      "SELECT count(*), coalesce(sum(CASE WHEN sample = 0 THEN 1 ELSE 0 END), 0), "
      "coalesce(sum(cached), 0), count(error), "
      "coalesce(sum(attempts), 0) + (SELECT coalesce(sum(attempts), 0) FROM dropped_calls WHERE "
      "run IN (SELECT number FROM it)), "
      "coalesce(sum(CASE WHEN attempts > 1 THEN attempts - 1 ELSE 0 END), 0) + "
      "(SELECT coalesce(sum(attempts), 0) FROM dropped_calls WHERE run IN (SELECT number FROM it)) "
      "FROM calls WHERE run IN (SELECT number FROM it)");
  totals.bind(1, run_id).step();
  counts.samples = totals.integer(0);
  counts.cases = totals.integer(1);
  counts.cached = totals.integer(2);
  counts.failed = totals.integer(3);
  counts.made = totals.integer(4);
  counts.retried = totals.integer(5);
  Statement errors = database_->prepare(
      "SELECT error, count(*) FROM calls WHERE error IS NOT NULL AND run = (SELECT number FROM "
      "runs WHERE id = ?) "
      "GROUP BY error ORDER BY count(*) DESC, error");
  errors.bind(1, run_id);
  while (errors.step()) counts.errors.emplace_back(errors.text(0), errors.integer(1));
  Statement faults = database_->prepare(
      "WITH it AS (SELECT number FROM runs WHERE id = ?), "
      "listed(faults) AS (SELECT faults FROM calls WHERE run IN (SELECT number FROM it) AND faults "
      "IS NOT NULL "
      "UNION ALL SELECT faults FROM dropped_calls WHERE run IN (SELECT number FROM it) AND faults "
      "IS NOT NULL) "
      "SELECT faults, count(*) FROM listed GROUP BY faults");
  faults.bind(1, run_id);
  counts.faults = sum_faults(faults);
  return counts;
}

double Store::cost(const std::string& run_id) const {
  Statement total = database_->prepare(
      "WITH it AS (SELECT number FROM runs WHERE id = ?) "
      "SELECT (SELECT coalesce(sum(cost_usd), 0.0) FROM calls WHERE run IN (SELECT number FROM it) "
      "AND cached = 0) + "
      "(SELECT coalesce(sum(cost_usd), 0.0) FROM dropped_calls WHERE run IN (SELECT number FROM "
      "it))");
  total.bind(1, run_id).step();
  return total.number(0);
}

bool Store::has_call(const std::string& run_id, const std::string& case_id, int sample) const {
  if (has_call_ == nullptr)
    has_call_ = std::make_unique<Statement>(database_->prepare(
        "SELECT 1 FROM calls WHERE run = (SELECT number FROM runs WHERE id = ?) AND case_id = ? "
        "AND sample = ?"));
  const bool found =
      has_call_->bind(1, run_id).bind(2, case_id).bind(3, std::int64_t{sample}).step();
  has_call_->reset();
  return found;
}

namespace {

StoredRunInfo read_info(const Statement& row) {
  const auto parse = [](std::string_view text) {
    Result<Value> value = parse_json(text, "store.db");
    return value ? std::move(*value) : Value();
  };
  StoredRunInfo info;
  const Source source{"store.db", row.text(0)};
  Diagnostics problems;
  info.header = read_run_header(parse(source.text()), source, problems);
  if (has_errors(problems))
    throw std::runtime_error("the store holds a run that cannot be read:\n" + render(problems));
  if (const Value spec = parse(row.text(1)); spec.is_object()) info.spec = *spec.object();
  if (!row.null(2)) info.verdict = parse(row.text(2));
  return info;
}

// A run that was killed has said nothing of its end: what is stored of it is counted.
void count_unfinished(const Store& store, StoredRunInfo& info) {
  RunHeader& header = info.header;
  if (header.complete || header.why_incomplete != kNotEnded) return;
  header.counts = store.count(header.id);
  header.cost_usd = store.cost(header.id);
}

}  // namespace

std::vector<StoredRunInfo> Store::runs() const {
  std::vector<StoredRunInfo> found;
  Statement rows = database_->scan("SELECT header, spec, verdict FROM runs ORDER BY number DESC");
  while (rows.step()) found.push_back(read_info(rows));
  for (StoredRunInfo& info : found) count_unfinished(*this, info);
  return found;
}

Result<StoredRunInfo> Store::find_run(const std::string& name) const {
  const std::string query =
      name == "last"
          ? "SELECT header, spec, verdict FROM runs ORDER BY number DESC LIMIT 1"
          : "SELECT header, spec, verdict FROM runs WHERE substr(id, 1, length(?1)) = ?1 "
            "ORDER BY id = ?1 DESC, number DESC LIMIT 2";
  Statement rows = database_->prepare(query);
  if (name != "last") rows.bind(1, name);
  if (!rows.step())
    return problem(
        name == "last" ? "no run is stored yet" : fmt::format("no stored run is called `{}`", name),
        "", "`llmops runs list` shows the stored runs");
  StoredRunInfo first = read_info(rows);
  if (name != "last" && first.header.id != name && rows.step())
    return problem(fmt::format("`{}` begins the name of several runs", name), "",
                   "give more of its letters");
  count_unfinished(*this, first);
  return first;
}

std::unique_ptr<RunSource> Store::open_run(const RunHeader& header) const {
  return open_stored_run(*database_, header);
}

std::unique_ptr<OutputSource> Store::open_outputs(const RunHeader& header) const {
  return open_stored_outputs(*database_, header);
}

void Store::visit_samples(const RunHeader& header, const Visit& visit) const {
  visit_stored_samples(*database_, header, visit);
}

std::vector<Measure> run_measures(const std::vector<Evaluator>& evaluators) {
  std::vector<Measure> measures = measures_of(evaluators);
  measures.insert(measures.end(), builtin_measures().begin(), builtin_measures().end());
  return measures;
}

}  // namespace llmops
