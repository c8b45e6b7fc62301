#include "evaluators/store/stored_run.h"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>

#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "evaluators/reduce.h"
#include "evaluators/store/case_json.h"
#include "evaluators/store/database.h"
#include "evaluators/store/stored_answer.h"

namespace llmops {
namespace {

std::int64_t run_number(const Database& database, const std::string& id) {
  Statement find = database.prepare("SELECT number FROM runs WHERE id = ?");
  if (!find.bind(1, id).step()) throw std::runtime_error("the run is not in the store: " + id);
  return find.integer(0);
}

// "[1.0,null,0.5]" as it was written by the store; quicker than a JSON parser for a million rows.
void read_scores(std::string_view json, std::vector<std::optional<double>>& scores) {
  scores.clear();
  std::size_t at = 1;
  while (at < json.size() && json[at] != ']') {
    if (json[at] == 'n') {
      scores.emplace_back();
      at += 4;
    } else {
      double value = 0;
      const auto [end, error] = std::from_chars(json.data() + at, json.data() + json.size(), value);
      if (error != std::errc{})
        throw std::runtime_error("the store holds scores that cannot be read");
      scores.emplace_back(value);
      at = static_cast<std::size_t>(end - json.data());
    }
    if (at < json.size() && json[at] == ',') ++at;
  }
}

// Mean and variance of a case's samples, one value after another (Welford).
struct Running {
  int n = 0;
  double mean = 0, m2 = 0;
  void add(double value) {
    ++n;
    const double delta = value - mean;
    mean += delta / n;
    m2 += delta * (value - mean);
  }
};

constexpr const char* kRowColumns =
    "SELECT c.case_id, c.sample, c.content, c.error, c.input_tokens, c.output_tokens, "
    "c.cached_tokens, c.reasoning_tokens, "
    "c.cost_usd, c.latency_ms, c.ttft_ms, c.tpot_ms, c.itl_ms, c.cached, c.output, s.scores, "
    "c.row, "
    "s.notes "
    "FROM calls c LEFT JOIN scores s ON s.call = c.number WHERE c.run = ? ORDER BY c.case_id, "
    "c.sample";

class StoredRows final : public RowStream {
 public:
  StoredRows(const Database& database, const RunHeader& header)
      : evaluated_(header.measures.size() -
                   std::min(header.measures.size(), builtin_measures().size())),
        size_(header.measures.size()),
        reducer_(header.measures),
        statement_(database.scan(kRowColumns)) {
    statement_.bind(1, run_number(database, header.id));
    more_ = statement_.step();
  }

  bool next(CaseRow& row) override {
    if (!more_) return false;
    row = {};
    row.id = statement_.text(0);
    row.content = statement_.text(2);
    std::vector<Running> running(size_);
    std::string outputs;
    do {
      add_sample(row, running);
      outputs += statement_.view(14);
      more_ = statement_.step();
    } while (more_ && statement_.view(0) == row.id);
    row.output = row.samples == 1 ? outputs : fmt::format("{:016x}", hash64(outputs));
    row.values.resize(size_);
    row.variances.resize(size_);
    for (std::size_t i = 0; i < size_; ++i) {
      if (running[i].n > 0) row.values[i] = running[i].mean;
      if (running[i].n > 1) row.variances[i] = running[i].m2 / (running[i].n - 1);
    }
    reducer_.finish(row);
    return true;
  }

 private:
  void add_sample(CaseRow& row, std::vector<Running>& running) {
    ++row.samples;
    const bool failed = !statement_.null(3);
    if (failed) ++row.failed;
    if (!statement_.null(16)) {
      const Case stored = read_case(statement_.view(16));
      row.group = stored.group;
      row.tags = stored.tags;
    }
    bool scored = !failed;
    if (!statement_.null(15)) {
      read_scores(statement_.view(15), scores_);
      if (!reducer_.empty()) add_repeat();
      for (std::size_t i = 0; i < evaluated_ && i < scores_.size(); ++i) {
        if (scores_[i])
          running[i].add(*scores_[i]);
        else
          scored = false;
      }
    } else if (evaluated_ > 0) {
      scored = false;
    }
    // The order of builtin_measures(). An answer from the cache has no times; its cost is what it
    // cost when it was asked.
    const bool cached = statement_.integer(13) != 0;
    const auto input = statement_.optional_number(4);
    const auto output = statement_.optional_number(5);
    const auto timed = [&](int column) {
      return cached ? std::nullopt : statement_.optional_number(column);
    };
    const std::optional<double> builtin[] = {
        input,
        output,
        input && output ? std::optional(*input + *output) : std::nullopt,
        statement_.optional_number(8),
        timed(9),
        timed(10),
        timed(11),
        timed(12),
        failed ? 1.0 : 0.0,
        scored ? 1.0 : 0.0,
        statement_.optional_number(6),
        statement_.optional_number(7)};
    constexpr std::size_t kErrorRate = 8;
    for (std::size_t i = 0; i < std::size(builtin) && evaluated_ + i < size_; ++i)
      if (builtin[i] && (!failed || i >= kErrorRate)) running[evaluated_ + i].add(*builtin[i]);
  }

  void add_repeat() {
    Value notes;
    if (reducer_.wants_answers() && !statement_.null(17))
      if (Result<Value> read = parse_json(statement_.view(17), "store.db"))
        notes = *std::move(read);
    reducer_.add(scores_, [&](const std::string& measure) {
      const Value* answer = notes.find(measure);
      return answer == nullptr ? std::string() : to_text(*answer);
    });
  }

  std::size_t evaluated_;  // measures of evaluators; the built-in ones follow
  std::size_t size_;
  CaseReducer reducer_;
  Statement statement_;
  bool more_ = false;
  std::vector<std::optional<double>> scores_;
};

class StoredRun final : public RunSource {
 public:
  StoredRun(const Database& database, const RunHeader& header)
      : database_(database), header_(header) {}
  const RunHeader& header() const override { return header_; }
  std::unique_ptr<RowStream> rows() const override {
    return std::make_unique<StoredRows>(database_, header_);
  }

 private:
  const Database& database_;
  RunHeader header_;
};

constexpr const char* kSampleColumns =
    "SELECT c.case_id, c.sample, c.row, c.answer, c.error, c.input_tokens, c.output_tokens, "
    "c.cached_tokens, "
    "c.reasoning_tokens, c.cost_usd, c.latency_ms, c.ttft_ms, c.tpot_ms, c.itl_ms, c.cached, "
    "s.scores, s.notes, c.attempts "
    "FROM calls c LEFT JOIN scores s ON s.call = c.number WHERE c.run = ?1 ";

SampleView read_sample(const Statement& row, const RunHeader& header) {
  SampleView view;
  Sample& sample = view.sample;
  sample.case_id = row.text(0);
  sample.number = static_cast<int>(row.integer(1));
  read_answer(row.view(3), sample);
  if (!row.null(4)) sample.error.kind = error_class(row.view(4)).value_or(ErrorClass::other);
  sample.usage = {whole_number(row, 5), whole_number(row, 6), whole_number(row, 7),
                  whole_number(row, 8)};
  sample.cost_usd = row.optional_number(9);
  sample.timing = {.ttft_ms = row.optional_number(11),
                   .tpot_ms = row.optional_number(12),
                   .itl_ms = row.optional_number(13),
                   .latency_ms = row.optional_number(10)};
  sample.cached = row.integer(14) != 0;
  sample.attempts = static_cast<int>(row.integer(17));
  std::vector<std::optional<double>> scores;
  if (!row.null(15)) read_scores(row.view(15), scores);
  for (std::size_t i = 0; i < scores.size() && i < header.measures.size(); ++i)
    if (header.measures[i].reduce.empty())  // what samples are reduced to is a case's, not theirs
      view.scores.emplace_back(header.measures[i].name, scores[i]);
  if (!row.null(16))
    if (const Result<Value> notes = parse_json(row.view(16), "store.db");
        notes && notes->is_object())
      for (const Member& note : *notes->object())
        view.notes.emplace_back(note.key, to_text(note.value));
  return view;
}

class StoredOutputs final : public OutputSource {
 public:
  StoredOutputs(const Database& database, const RunHeader& header)
      : database_(database), header_(header), run_(run_number(database, header.id)) {}

  std::optional<Case> find_case(const std::string& case_id) const override {
    Statement find = database_.prepare(
        "SELECT row FROM calls WHERE run = ? AND case_id = ? AND row IS NOT NULL");
    if (!find.bind(1, run_).bind(2, case_id).step()) return std::nullopt;
    return read_case(find.view(0));
  }

  std::vector<SampleView> samples(const std::string& case_id) const override {
    Statement rows =
        database_.prepare(std::string(kSampleColumns) + "AND c.case_id = ?2 ORDER BY c.sample");
    rows.bind(1, run_).bind(2, case_id);
    std::vector<SampleView> views;
    while (rows.step()) views.push_back(read_sample(rows, header_));
    return views;
  }

 private:
  const Database& database_;
  RunHeader header_;
  std::int64_t run_;
};

}  // namespace

std::unique_ptr<RunSource> open_stored_run(const Database& database, const RunHeader& header) {
  return std::make_unique<StoredRun>(database, header);
}

std::unique_ptr<OutputSource> open_stored_outputs(const Database& database,
                                                  const RunHeader& header) {
  return std::make_unique<StoredOutputs>(database, header);
}

void visit_stored_samples(
    const Database& database, const RunHeader& header,
    const std::function<void(const std::string&, const Case&, const SampleView&)>& visit) {
  Statement rows = database.scan(std::string(kSampleColumns) + "ORDER BY c.case_id, c.sample");
  rows.bind(1, run_number(database, header.id));
  Case row;
  while (rows.step()) {
    if (!rows.null(2)) row = read_case(rows.view(2));
    const SampleView view = read_sample(rows, header);
    visit(view.sample.case_id, row, view);
  }
}

}  // namespace llmops
