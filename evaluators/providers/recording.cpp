#include "evaluators/providers/recording.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <stdexcept>

#include "datasets/formats/format.h"
#include "datasets/text/files.h"
#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "evaluators/providers/offset_index.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostProblems = 20;
constexpr char kSeparator = '\x1F';  // between the parts of a key

const Value* present(const Value& row, const std::string& path) {
  const Value* found = find_path(row, path);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::optional<double> number_at(const Value& row, const std::optional<std::string>& path) {
  const Value* found = path ? present(row, *path) : nullptr;
  if (found == nullptr) return std::nullopt;
  if (found->is_number()) return found->number();
  const std::string* text = found->string();  // a cell of a CSV file
  double number = 0;
  if (text == nullptr ||
      std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc{})
    return std::nullopt;
  return number;
}

std::optional<std::int64_t> count_at(const Value& row, const std::optional<std::string>& path) {
  const auto number = number_at(row, path);
  return number ? std::optional(static_cast<std::int64_t>(*number)) : std::nullopt;
}

std::string text_at(const Value& row, const std::optional<std::string>& path) {
  const Value* found = path ? present(row, *path) : nullptr;
  return found == nullptr ? "" : to_text(*found);
}

Value list_at(const Value& row, const std::optional<std::string>& path) {
  const Value* found = path ? present(row, *path) : nullptr;
  return found != nullptr && found->is_list() ? *found : Value();
}

// Lines of a file by their offset. A line near the last one costs no system call.
class Lines {
 public:
  explicit Lines(int fd) : fd_(fd) {}
  ~Lines() { ::close(fd_); }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  std::string_view at(std::uint64_t offset) {
    std::size_t want = kBlock;
    for (;;) {
      if (offset >= start_ && offset < start_ + buffer_.size()) {
        const std::string_view rest = std::string_view(buffer_).substr(offset - start_);
        const std::size_t end = rest.find('\n');
        if (end != std::string_view::npos) return rest.substr(0, end);
        if (at_end_) return rest;
        if (offset == start_) want = 2 * buffer_.size();
      } else if (offset == start_ && at_end_) {
        return {};
      }
      fill(offset, want);
    }
  }

 private:
  static constexpr std::size_t kBlock = 1U << 16;
  void fill(std::uint64_t offset, std::size_t want) {
    start_ = offset;
    buffer_.resize(want);
    std::size_t have = 0;
    while (have < want) {
      const ssize_t got =
          ::pread(fd_, buffer_.data() + have, want - have, static_cast<off_t>(offset + have));
      if (got < 0) throw std::runtime_error("the recording cannot be read any more");
      if (got == 0) break;
      have += static_cast<std::size_t>(got);
    }
    buffer_.resize(have);
    at_end_ = have < want;
  }

  int fd_;
  std::string buffer_;
  std::uint64_t start_ = 0;
  bool at_end_ = false;
};

// A file of ours without a name, one JSON row a line.
struct Unpacked {
  std::FILE* file = std::tmpfile();
  std::uint64_t size = 0;
  Unpacked() {
    if (file == nullptr) throw std::runtime_error("cannot make a temporary file");
  }
  ~Unpacked() {
    if (file != nullptr) std::fclose(file);
  }
  Unpacked(const Unpacked&) = delete;
  Unpacked& operator=(const Unpacked&) = delete;
  void add(std::string_view line) {
    write_all(file, line);
    write_all(file, "\n");
    size += line.size() + 1;
  }
};

bool is_gzip(const fs::path& path) {
  std::array<unsigned char, 2> magic{};
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return false;
  const std::size_t got = std::fread(magic.data(), 1, magic.size(), file);
  std::fclose(file);
  return got == 2 && magic[0] == 0x1F && magic[1] == 0x8B;
}

}  // namespace

struct Recording::State {
  RecordingSpec spec;
  OffsetIndex index;
  std::unique_ptr<Lines> lines;

  // Checks while reading.
  Diagnostics* problems = nullptr;
  std::size_t found = 0;
  std::vector<std::pair<std::string, bool>> optional_columns;  // was it in any row?

  void note(Diagnostic problem) {
    if (++found <= kMostProblems) problems->push_back(std::move(problem));
  }
  void note(std::size_t line, std::string what, std::string help = "") {
    Diagnostic problem_here = problem(std::move(what), "", std::move(help));
    problem_here.file = spec.path.string();
    problem_here.line = line;
    note(std::move(problem_here));
  }
  std::string key_of(const Value& row) const {
    std::string key;
    for (const std::string& column : spec.match) key += text_at(row, column) + kSeparator;
    if (spec.sample) key += text_at(row, spec.sample);
    return key;
  }
  Value row_at(std::uint64_t offset);
  template <typename Note>
  void check(const Value& row, std::uint64_t offset, const Note& note_row);
  void read_plain_lines();
  void read_records(const FormatInfo& format);
  void check_shared();
  void keep(Unpacked& unpacked);
};

Value Recording::State::row_at(std::uint64_t offset) {
  Result<Value> row = parse_json(lines->at(offset), spec.path.string());
  if (!row)
    throw std::runtime_error(spec.path.string() +
                             ": the recording has changed since it was opened");
  return *std::move(row);
}

// Notes what is wrong with a row, or adds it to the index.
template <typename Note>
void Recording::State::check(const Value& row, std::uint64_t offset, const Note& note_row) {
  for (auto& [column, seen] : optional_columns) seen = seen || find_path(row, column) != nullptr;
  for (const std::string& column : spec.match)
    if (present(row, column) == nullptr)
      return note_row(fmt::format("this row has no `{}`, which `match` names", column));
  const bool failed = spec.error && present(row, *spec.error) != nullptr;
  if (!failed && present(row, spec.output) == nullptr)
    return note_row(fmt::format("this row has no `{}`, which `output` names", spec.output));
  if (spec.sample && !count_at(row, spec.sample))
    return note_row(
        fmt::format("this row has no number in `{}`, which `sample` names", *spec.sample));
  index.add(hash64(key_of(row)), offset);
}

void Recording::State::keep(Unpacked& unpacked) {
  if (std::fflush(unpacked.file) != 0)
    throw std::runtime_error("cannot write a temporary file: is the disk full?");
  lines = std::make_unique<Lines>(::dup(::fileno(unpacked.file)));
}

void Recording::State::read_plain_lines() {
  Result<LineReader> reader = LineReader::open(spec.path);
  if (!reader) {
    for (const Diagnostic& each : reader.problems()) note(each);
    return;
  }
  std::string_view line;
  while (reader->next(line)) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const Result<Value> row = parse_json(line, spec.path.string(), reader->line_number());
    if (!row)
      note(row.problems()[0]);
    else if (!row->is_object())
      note(reader->line_number(), fmt::format("this row is a {}", row->kind()),
           "a row of a recording is a JSON object");
    else
      check(*row, reader->byte_offset(),
            [&](std::string what) { note(reader->line_number(), std::move(what)); });
  }
  lines = std::make_unique<Lines>(::open(spec.path.c_str(), O_RDONLY | O_CLOEXEC));
}

void Recording::State::read_records(const FormatInfo& format) {
  Result<std::unique_ptr<RecordReader>> reader = format.open(spec.path);
  if (!reader) {
    for (const Diagnostic& each : reader.problems()) note(each);
    return;
  }
  Unpacked unpacked;
  Record record;
  Diagnostics broken;
  for (bool more = true; more;) {
    more = (*reader)->next(record, broken);
    for (Diagnostic& each : broken) note(std::move(each));
    broken.clear();
    if (!more) break;
    check(record.value, unpacked.size,
          [&](std::string what) { note((*reader)->problem("", std::move(what))); });
    unpacked.add(dump_json(record.value));
  }
  keep(unpacked);
}

// Rows of one value must say the same, or nobody knows which one is meant.
void Recording::State::check_shared() {
  index.visit_shared([this](const std::vector<std::uint64_t>& offsets) {
    for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
      const Value first = row_at(offsets[i]);
      for (std::size_t k = i + 1; k < offsets.size(); ++k) {
        const Value second = row_at(offsets[k]);
        if (second.find("recorded_at") != nullptr) continue;  // the later one replaces the earlier
        if (key_of(first) != key_of(second) ||
            text_at(first, spec.output) == text_at(second, spec.output))
          continue;
        std::string shown;
        for (const std::string& column : spec.match) {
          std::string value = text_at(first, column);
          if (value.size() > 60) value = value.substr(0, 60) + "...";
          shown += fmt::format("{}`{}` = `{}`", shown.empty() ? "" : ", ", column, value);
        }
        note(0, fmt::format("two rows match {} with different outputs", shown),
             "keep one row for each case, or name the column of the sample's number: `sample: "
             "COLUMN`");
        return;
      }
    }
  });
}

Recording::Recording(std::unique_ptr<State> state) : state_(std::move(state)) {}
Recording::~Recording() = default;
std::uint64_t Recording::rows() const { return state_->index.size(); }

std::unique_ptr<Recording> Recording::open(RecordingSpec spec, Diagnostics& problems) {
  auto state = std::make_unique<State>();
  state->spec = std::move(spec);
  state->problems = &problems;
  const RecordingSpec& with = state->spec;
  for (const auto* column :
       {&with.input_tokens, &with.output_tokens, &with.cached_tokens, &with.reasoning_tokens,
        &with.ttft_ms, &with.latency_ms, &with.finish_reason, &with.error, &with.cost_usd,
        &with.reasoning, &with.tool_calls, &with.steps, &with.context})
    if (*column) state->optional_columns.emplace_back(**column, false);
  try {
    const Result<const FormatInfo*> format = find_format(with.path, with.format);
    if (!format) {
      append(problems, format.problems());
      return nullptr;
    }
    if ((*format)->name == "jsonl" && !is_gzip(with.path))
      state->read_plain_lines();
    else
      state->read_records(**format);
    state->index.finish();
    if (state->found == 0) {
      if (state->index.size() == 0) state->note(0, "the recording is empty");
      for (const auto& [column, seen] : state->optional_columns)
        if (!seen) state->note(0, fmt::format("no row has `{}`", column));
      state->check_shared();
    }
  } catch (const std::runtime_error& error) {
    state->note(0, error.what());
  }
  if (state->found > kMostProblems)
    problems.push_back(problem(
        fmt::format("{}: {} more problems", with.path.string(), state->found - kMostProblems)));
  if (state->found > 0) return nullptr;
  state->problems = nullptr;
  return std::unique_ptr<Recording>(new Recording(std::move(state)));
}

bool Recording::find(std::span<const std::string> values, int number, Sample& sample) {
  const RecordingSpec& spec = state_->spec;
  std::string key;
  for (const std::string& value : values) key += value + kSeparator;
  if (spec.sample) key += std::to_string(number);
  // From the end: a file that `record:` wrote may hold a later answer to the same request.
  const std::vector<std::uint64_t> offsets = state_->index.find(hash64(key));
  for (auto offset = offsets.rbegin(); offset != offsets.rend(); ++offset) {
    const Value row = state_->row_at(*offset);
    if (state_->key_of(row) != key) continue;
    if (const std::string error = text_at(row, spec.error); !error.empty())
      sample.error = {error_class(error).value_or(ErrorClass::other), error};
    sample.text = text_at(row, spec.output);
    sample.reasoning = text_at(row, spec.reasoning);
    sample.tool_calls = list_at(row, spec.tool_calls);
    sample.steps = list_at(row, spec.steps);
    if (const Value* context = spec.context ? present(row, *spec.context) : nullptr)
      sample.context = passages_of(*context);
    sample.finish_reason = text_at(row, spec.finish_reason);
    sample.usage = {.input = count_at(row, spec.input_tokens),
                    .output = count_at(row, spec.output_tokens),
                    .cached = count_at(row, spec.cached_tokens),
                    .reasoning = count_at(row, spec.reasoning_tokens)};
    sample.timing.ttft_ms = number_at(row, spec.ttft_ms);
    sample.timing.latency_ms = number_at(row, spec.latency_ms);
    const Timing& timing = sample.timing;
    if (timing.ttft_ms && timing.latency_ms && sample.usage.output.value_or(0) > 1)
      sample.timing.tpot_ms =
          (*timing.latency_ms - *timing.ttft_ms) / static_cast<double>(*sample.usage.output - 1);
    sample.cost_usd = number_at(row, spec.cost_usd);
    return true;
  }
  return false;
}

}  // namespace llmops
