#include "ci/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "ci/case_line.h"
#include "datasets/text/fields.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kCases = "\"cases\":[";
constexpr std::string_view kEnd = "]}";
constexpr std::size_t kMostHead = 1 << 24;  // bytes; more is no baseline
constexpr std::size_t kMostProblems = 100;
constexpr std::size_t kKept = 20;  // versions in a history
constexpr std::string_view kWriteAgain =
    "write it again with `llmops baseline set RUN FILE` (a formatter may have changed its lines)";

// The text before the rows, and how many lines it has, "cases" included.
struct Head {
  BaselineVersion version;
  std::size_t lines = 0;
};

Diagnostic whole_file(const fs::path& file, std::string what, std::string expected,
                      std::string help = "") {
  Diagnostic found = problem(std::move(what), std::move(expected), std::move(help));
  found.file = file.string();
  return found;
}

Result<Head> read_head(LineReader& lines, const fs::path& file) {
  std::string text;
  std::string_view line;
  bool complete = false;
  while (!complete && text.size() < kMostHead && lines.next(line)) {
    complete = line == kCases;
    text.append(line).append("\n");
  }
  if (!complete) {
    const Result<Value> document = parse_json(Source(file.string(), text));
    if (!document && text.size() < kMostHead) return document.problems();
    return whole_file(file, "this is no baseline file of llmops",
                      "expected one case a line after `\"cases\":[`", std::string(kWriteAgain));
  }
  const Source source(file.string(), text + std::string(kEnd));
  const Result<Value> document = parse_json(source);
  if (!document) return document.problems();
  Diagnostics problems;
  Fields fields(*document, source, problems, "the baseline");
  Head head{
      {file, {}, {}},
      lines.line_number()
  };
  if (fields.integer("schema_version").value_or(1) > RunHeader::kSchemaVersion) {
    fields.error(fields.mark("schema_version"), "the baseline is of a later form",
                 fmt::format("expected `schema_version` {} at most", RunHeader::kSchemaVersion),
                 "it was written by a newer llmops: update this program");
    return problems;
  }
  if (const Value* evidence = fields.mapping("evidence"))
    head.version.evidence = *evidence->object();
  if (!fields.has("run")) fields.missing("run", std::string(kWriteAgain));
  if (const Value* run = fields.mapping("run"))
    head.version.header = read_run_header(*run, source, problems);
  if (has_errors(problems)) return problems;
  return head;
}

class BaselineRows : public RowStream {
 public:
  BaselineRows(LineReader lines, const std::vector<Measure>& measures)
      : lines_(std::move(lines)), measures_(measures) {}

  bool next(CaseRow& row) override {
    Diagnostics problems;
    const bool found = next(row, problems);
    if (!problems.empty())
      throw std::runtime_error("the baseline changed while it was read: " + render(problems));
    return found;
  }

  // A line that cannot be used leaves `row` without an id.
  bool next(CaseRow& row, Diagnostics& problems) {
    std::string_view line;
    if (!lines_.next(line)) {
      if (!ended_)
        problems.push_back(whole_file(lines_.file(), "the file ends in the middle",
                                      "expected `]}` after the last case",
                                      std::string(kWriteAgain)));
      return false;
    }
    if (line == kEnd) {
      ended_ = true;
      return false;
    }
    if (line.ends_with(',')) line.remove_suffix(1);
    row.id.clear();
    parse_case(line, lines_.file(), lines_.line_number(), measures_, row, problems);
    return true;
  }

  std::size_t line_number() const { return lines_.line_number(); }

 private:
  LineReader lines_;
  const std::vector<Measure>& measures_;
  bool ended_ = false;
};

class Baseline : public RunSource {
 public:
  Baseline(fs::path file, Head head) : file_(std::move(file)), head_(std::move(head)) {}
  const RunHeader& header() const override { return head_.version.header; }

  std::unique_ptr<RowStream> rows() const override { return open(); }

  std::unique_ptr<BaselineRows> open() const {
    Result<LineReader> lines = LineReader::open(file_);
    if (!lines) throw std::runtime_error(render(lines.problems()));
    std::string_view line;
    for (std::size_t i = 0; i < head_.lines; ++i) lines->next(line);
    return std::make_unique<BaselineRows>(std::move(*lines), header().measures);
  }

 private:
  fs::path file_;
  Head head_;
};

void check_order(const std::string& last, const std::string& id, std::size_t line,
                 const fs::path& file, Diagnostics& problems) {
  if (last < id) return;
  Diagnostic found =
      last == id ? whole_file(file, fmt::format("the case `{}` stands twice", id),
                              "expected each case id once")
                 : whole_file(file, fmt::format("the case `{}` stands after `{}`", id, last),
                              "expected the cases sorted by id");
  found.line = line;
  problems.push_back(std::move(found));
}

fs::path history_folder(const fs::path& file) {
  fs::path folder = file;
  folder += ".history";
  return folder;
}

// Numbers of the kept versions, newest first.
std::vector<int> history_numbers(const fs::path& file) {
  std::vector<int> numbers;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(history_folder(file), ignored)) {
    const std::string stem = entry.path().stem().string();
    int number = 0;
    const auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), number);
    if (error == std::errc{} && end == stem.data() + stem.size() &&
        entry.path().extension() == ".json")
      numbers.push_back(number);
  }
  std::ranges::sort(numbers, std::greater<>());
  return numbers;
}

fs::path history_file(const fs::path& file, int number) {
  return history_folder(file) / fmt::format("{:06}.json", number);
}

// Copies under another name first, so that a half-copied version cannot exist.
void copy_whole(const fs::path& from, const fs::path& to) {
  fs::create_directories(to.parent_path());
  fs::path part = to;
  part += ".llmops-tmp";
  fs::copy_file(from, part, fs::copy_options::overwrite_existing);
  fs::rename(part, to);
}

// What stands there is kept, unless it is the same run accepted again.
void keep_version(const fs::path& file, const std::string& next) {
  if (!fs::exists(file)) return;
  const Result<BaselineVersion> present = read_baseline_version(file);
  if (present && !next.empty() && present->header.id == next) return;
  const std::vector<int> numbers = history_numbers(file);
  copy_whole(file, history_file(file, numbers.empty() ? 1 : numbers.front() + 1));
  for (std::size_t i = kKept - 1; i < numbers.size(); ++i)
    fs::remove(history_file(file, numbers[i]));
}

// One member a line, so that a change of the head is a change of a line.
std::string dump_lines(const Object& object) {
  std::string out = "{";
  for (const Member& member : object) {
    out += out.size() == 1 ? "\n" : ",\n";
    dump_json_string(member.key, out);
    out += ':';
    dump_json(member.value, out);
  }
  return out + "\n}";
}

}  // namespace

Result<std::shared_ptr<const RunSource>> open_baseline(const fs::path& file) {
  if (!fs::exists(file))
    return whole_file(
        file, "the baseline is not there", "expected a baseline file",
        fmt::format("accept a run as the baseline: llmops baseline set last {}", file.string()));
  Result<LineReader> lines = LineReader::open(file);
  if (!lines) return lines.problems();
  Result<Head> head = read_head(*lines, file);
  if (!head) return head.problems();
  const auto baseline = std::make_shared<const Baseline>(file, std::move(*head));
  Diagnostics problems;
  const std::unique_ptr<BaselineRows> rows = baseline->open();
  CaseRow row;
  std::string last;
  bool first = true;
  while (problems.size() < kMostProblems && rows->next(row, problems)) {
    if (row.id.empty()) continue;
    if (!first) check_order(last, row.id, rows->line_number(), file, problems);
    last = row.id;
    first = false;
  }
  if (has_errors(problems)) return problems;
  return std::shared_ptr<const RunSource>(baseline);
}

void write_baseline(const RunSource& run, const fs::path& file, const Object& evidence) {
  keep_version(file, run.header().id);
  write_atomically(file, [&](std::FILE* out) {
    std::string text =
        fmt::format("{{\"schema_version\":{},\n\"evidence\":", RunHeader::kSchemaVersion);
    text +=
        dump_lines(evidence) + ",\n\"run\":" + dump_lines(*to_value(run.header()).object()) + ",\n";
    text += std::string(kCases) + "\n";
    const std::unique_ptr<RowStream> rows = run.rows();
    CaseRow row;
    for (bool first = true; rows->next(row); first = false) {
      if (!first) text += ",\n";
      dump_case(row, run.header().measures, text);
      if (text.size() < 1 << 16) continue;
      write_all(out, text);
      text.clear();
    }
    write_all(out, text + "\n" + std::string(kEnd) + "\n");
  });
}

Result<BaselineVersion> read_baseline_version(const fs::path& file) {
  Result<LineReader> lines = LineReader::open(file);
  if (!lines) return lines.problems();
  Result<Head> head = read_head(*lines, file);
  if (!head) return head.problems();
  return std::move(head->version);
}

std::vector<BaselineVersion> baseline_history(const fs::path& file) {
  std::vector<BaselineVersion> versions;
  for (const int number : history_numbers(file))
    if (Result<BaselineVersion> version = read_baseline_version(history_file(file, number)))
      versions.push_back(std::move(*version));
  return versions;
}

std::vector<std::shared_ptr<const RunSource>> accepted_runs(const fs::path& file) {
  std::vector<std::shared_ptr<const RunSource>> runs;
  const auto add = [&](const fs::path& version) {
    if (Result<std::shared_ptr<const RunSource>> run = open_baseline(version))
      runs.push_back(*std::move(run));
  };
  add(file);
  for (const int number : history_numbers(file)) add(history_file(file, number));
  return runs;
}

Result<BaselineVersion> rollback_baseline(const fs::path& file) {
  const std::vector<int> numbers = history_numbers(file);
  if (numbers.empty())
    return whole_file(
        file, "there is no version before this one",
        fmt::format("expected an earlier version in {}", history_folder(file).string()));
  const fs::path before = history_file(file, numbers.front());
  Result<BaselineVersion> version = read_baseline_version(before);
  if (!version) return version.problems();
  if (fs::exists(file)) copy_whole(file, history_folder(file) / "rolled-back.json");
  fs::rename(before, file);
  version->file = file;
  return version;
}

}  // namespace llmops
