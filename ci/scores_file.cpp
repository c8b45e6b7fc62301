#include "ci/scores_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "ci/bare_numbers.h"
#include "ci/case_line.h"
#include "ci/gate/gate_file.h"
#include "ci/sample_table.h"
#include "datasets/text/fields.h"
#include "datasets/text/files.h"
#include "datasets/text/hash.h"
#include "datasets/text/json.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostProblems = 100;

using Values = std::vector<std::optional<double>>;

// Keys of a row that hold what the built-in measures are made of.
struct BuiltinKey {
  std::string_view measure, key;
};
constexpr BuiltinKey kBuiltinKeys[] = {
    {"input_tokens",     "input_tokens"    },
    {"output_tokens",    "output_tokens"   },
    {"cost_per_case",    "cost_usd"        },
    {"latency",          "latency_ms"      },
    {"ttft",             "ttft_ms"         },
    {"tpot",             "tpot_ms"         },
    {"itl",              "itl_ms"          },
    {"cached_tokens",    "cached_tokens"   },
    {"reasoning_tokens", "reasoning_tokens"},
};

class Reader {
 public:
  Reader(const fs::path& file, const std::vector<Measure>& declared)
      : file_(file.string()),
        declared_(declared.size()),
        measures_(declared),
        table_(declared.size() + builtin_measures().size()) {
    measures_.insert(measures_.end(), builtin_measures().begin(), builtin_measures().end());
  }

  void read_line(std::string_view line, std::size_t number) {
    if (line.find_first_not_of(" \t") == std::string_view::npos) return;
    Result<Value> row = parse_json(line, file_, number);
    if (!row)
      if (const auto quoted = with_quoted_non_numbers(line))
        row = parse_json(*quoted, file_, number);
    if (!row)
      append(problems_, row.problems());
    else
      add(*row, number);
  }

  void add(const Value& value, std::size_t line) {
    const Source source(file_, "");
    Diagnostics found;
    read(value, source, found, line);
    for (Diagnostic& each : found) {
      each.line = line;
      each.column = 0;
    }
    append(problems_, std::move(found));
  }

  bool full() const { return problems_.size() >= kMostProblems; }
  Result<std::shared_ptr<const RunSource>> finish();

 private:
  void read(const Value& value, const Source& source, Diagnostics& found, std::size_t line);
  void read_scores(const Value& scores, SampleRow& row, Fields& fields);
  void read_builtins(Fields& fields, SampleRow& row);
  void check_duplicates();
  void check_names();
  void set_builtin(SampleRow& row, std::string_view name, std::optional<double> value);

  std::string file_;
  std::size_t declared_;
  std::vector<Measure> measures_;  // declared, then built-in
  SampleTable table_;
  std::int64_t failed_ = 0;
  int most_samples_ = 1;
  std::set<std::string, std::less<>> names_seen_;
  Diagnostics problems_;
};

std::vector<Tag> tags_of(const Value* value) {
  std::vector<Tag> tags;
  if (value == nullptr) return tags;
  if (const Object* object = value->object())
    for (const Member& member : *object) tags.push_back({member.key, to_text(member.value)});
  if (const List* list = value->list())
    for (const Value& each : *list) tags.push_back({to_text(each), "true"});
  return tags;
}

void Reader::read(const Value& value, const Source& source, Diagnostics& found, std::size_t line) {
  Fields fields(value, source, found, "the row");
  SampleRow row;
  row.line = static_cast<std::uint32_t>(line);
  row.id = fields.required_text("case_id");
  if (row.id.empty()) return;
  row.sample = static_cast<std::int32_t>(fields.integer("sample", {0, 1e9}).value_or(0));
  const Value* error = fields.value("error");
  row.failed = error != nullptr && !(*error == Value("") || *error == Value(false));
  row.group = fields.text("group").value_or("");
  row.tags = tags_of(fields.value("tags"));
  if (const auto text = fields.text("text")) row.output = hash64(*text);
  row.values.resize(measures_.size());
  const Value* scores = fields.mapping("scores");
  if (scores != nullptr && !row.failed) read_scores(*scores, row, fields);
  if (!fields.has("scores") && !row.failed)
    fields.error({}, fmt::format("the row of case `{}` has no `scores`", row.id),
                 "expected {name: number}, or an `error`");
  read_builtins(fields, row);
  table_.add(row);
  if (row.failed) ++failed_;
  most_samples_ = std::max(most_samples_, row.sample + 1);
}

void Reader::read_scores(const Value& scores, SampleRow& row, Fields& fields) {
  for (const Member& member : *scores.object()) {
    names_seen_.insert(member.key);
    const auto declared = measures_.begin() + static_cast<std::ptrdiff_t>(declared_);
    const auto measure = std::find_if(measures_.begin(), declared,
                                      [&](const Measure& each) { return each.name == member.key; });
    if (measure == declared || member.value.is_null()) continue;
    const auto problem = [&](const std::string& expected) {
      fields.error(
          {}, fmt::format("`{}` of case `{}` is {}", member.key, row.id, to_text(member.value)),
          expected);
    };
    double score = member.value.number();
    if (const bool* truth = member.value.boolean())
      score = *truth ? 1 : 0;
    else if (!member.value.is_number()) {
      problem("expected a finite number, true or false, or null where there is no score");
      continue;
    }
    const std::string allowed = outside_range(*measure, score);
    if (!allowed.empty())
      problem(allowed);
    else if (measure->kind == ScoreKind::binary && score != 0 && score != 1)
      problem("expected 0 or 1, as the rules file says `kind: binary`");
    else
      row.values[static_cast<std::size_t>(measure - measures_.begin())] = score;
  }
}

void Reader::set_builtin(SampleRow& row, std::string_view name, std::optional<double> value) {
  for (std::size_t i = declared_; i < measures_.size(); ++i)
    if (measures_[i].name == name) row.values[i] = value;
}

void Reader::read_builtins(Fields& fields, SampleRow& row) {
  set_builtin(row, "error_rate", row.failed ? 1.0 : 0.0);
  const bool scored =
      std::all_of(row.values.begin(), row.values.begin() + static_cast<std::ptrdiff_t>(declared_),
                  [](const auto& value) { return value.has_value(); });
  set_builtin(row, "coverage", scored && !row.failed ? 1.0 : 0.0);
  // An answer from a cache or after a retry says nothing about the time of an answer.
  const bool untimed =
      fields.boolean("cached").value_or(false) || fields.integer("attempts").value_or(1) > 1;
  for (const auto& [measure, key] : kBuiltinKeys) {
    const auto value = fields.number(key, {.low = 0});
    if (!row.failed && !(untimed && key.ends_with("_ms"))) set_builtin(row, measure, value);
  }
  const auto input = fields.number("input_tokens", {.low = 0}),
             output = fields.number("output_tokens", {.low = 0});
  if (input && output && !row.failed) set_builtin(row, "total_tokens", *input + *output);
}

void Reader::check_duplicates() {
  for (std::size_t i = 1; i < table_.size() && !full(); ++i) {
    if (table_.id(i) != table_.id(i - 1)) continue;
    const SampleRow before = table_.at(i - 1), row = table_.at(i);
    if (before.sample != row.sample) continue;
    Diagnostic found =
        problem(fmt::format("case `{}` has two rows with sample {} (the other in line {})", row.id,
                            row.sample, before.line),
                "expected each case once, or `sample` 0, 1, 2, ... for several answers to it");
    found.file = file_;
    found.line = row.line;
    problems_.push_back(std::move(found));
  }
}

// A declared metric that no row has, where a name close to it is there, is a slip.
void Reader::check_names() {
  const std::vector<std::string_view> seen(names_seen_.begin(), names_seen_.end());
  for (std::size_t i = 0; i < declared_; ++i) {
    if (names_seen_.contains(measures_[i].name)) continue;
    const std::string help = did_you_mean(measures_[i].name, seen);
    if (help.empty()) continue;
    Diagnostic found =
        problem(fmt::format("no row has a score of `{}`", measures_[i].name), "", help);
    found.file = file_;
    problems_.push_back(std::move(found));
  }
}

// Mean and variance of a case's samples, one value after another (Welford 1962).
struct Running {
  int n = 0;
  double mean = 0, squares = 0;
  void add(double value) {
    ++n;
    const double delta = value - mean;
    mean += delta / n;
    squares += delta * (value - mean);
  }
};

class ScoresFile : public RunSource {
 public:
  ScoresFile(RunHeader header, SampleTable table, std::vector<std::size_t> kept)
      : header_(std::move(header)), table_(std::move(table)), kept_(std::move(kept)) {}
  const RunHeader& header() const override { return header_; }
  std::unique_ptr<RowStream> rows() const override { return std::make_unique<Stream>(*this); }

 private:
  class Stream : public RowStream {
   public:
    explicit Stream(const ScoresFile& file) : file_(file) {}
    bool next(CaseRow& row) override {
      const SampleTable& table = file_.table_;
      if (at_ == table.size()) return false;
      row = {};
      row.id = table.id(at_);
      std::vector<Running> running(file_.kept_.size());
      for (; at_ < table.size() && table.id(at_) == row.id; ++at_) add(table.at(at_), row, running);
      for (const Running& each : running) {
        row.values.push_back(each.n > 0 ? std::optional(each.mean) : std::nullopt);
        row.variances.push_back(each.n > 1 ? std::optional(each.squares / (each.n - 1))
                                           : std::nullopt);
      }
      return true;
    }

   private:
    void add(const SampleRow& sample, CaseRow& row, std::vector<Running>& running) const {
      ++row.samples;
      if (sample.failed) ++row.failed;
      if (!sample.group.empty()) row.group = sample.group;
      if (!sample.tags.empty()) row.tags = sample.tags;
      if (sample.output) row.output += fmt::format("{:016x}", *sample.output);
      for (std::size_t i = 0; i < running.size(); ++i)
        if (const auto& value = sample.values[file_.kept_[i]]) running[i].add(*value);
    }

    const ScoresFile& file_;
    std::size_t at_ = 0;
  };

  RunHeader header_;
  SampleTable table_;
  std::vector<std::size_t> kept_;  // places of the header's measures among the table's
};

Result<std::shared_ptr<const RunSource>> Reader::finish() {
  table_.sort();
  check_duplicates();
  check_names();
  if (has_errors(problems_)) return problems_;
  RunHeader header;
  header.id = fs::path(file_).filename().string();
  header.suite = file_;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < measures_.size(); ++i) {
    if (i >= declared_ && !table_.occurs(i)) continue;
    kept.push_back(i);
    header.measures.push_back(measures_[i]);
  }
  RunCounts& counts = header.counts;
  counts.samples = counts.made = static_cast<std::int64_t>(table_.size());
  counts.failed = failed_;
  for (std::size_t i = 0; i < table_.size(); ++i)
    if (i == 0 || table_.id(i) != table_.id(i - 1)) ++counts.cases;
  header.samples_per_case = most_samples_;
  return std::shared_ptr<const RunSource>(
      std::make_shared<ScoresFile>(std::move(header), std::move(table_), std::move(kept)));
}

}  // namespace

Result<std::shared_ptr<const RunSource>> open_scores_file(const fs::path& file,
                                                          const std::vector<Measure>& measures) {
  Result<LineReader> lines = LineReader::open(file);
  if (!lines) return lines.problems();
  Reader reader(file, measures);
  std::string_view line;
  if (lines->next(line) && line.starts_with('[')) {
    Result<Source> source = read_source(file);
    if (!source) return source.problems();
    Result<Value> document = parse_json(*source);
    if (!document)
      if (const auto quoted = with_quoted_non_numbers(source->text()))
        document = parse_json(Source(file.string(), *quoted));
    if (!document) return document.problems();
    for (const Value& row : *document->list()) {
      if (reader.full()) break;
      reader.add(row, row.mark().line);
    }
    return reader.finish();
  }
  if (lines->line_number() > 0) reader.read_line(line, 1);
  while (!reader.full() && lines->next(line)) reader.read_line(line, lines->line_number());
  return reader.finish();
}

}  // namespace llmops
