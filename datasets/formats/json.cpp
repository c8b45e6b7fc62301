// JSON: a list of objects, read record by record: a scan over quotes and brackets finds where a
// record ends, then the record alone is parsed. A file of objects one after another (JSON Lines
// that is called .json) reads the same way.
#include "datasets/text/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "datasets/formats/format.h"
#include "datasets/formats/json_place.h"
#include "datasets/text/files.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 16;
constexpr std::size_t kLongest = std::size_t{256} << 20;
constexpr std::size_t kLongestLead =
    4096;  // bytes of the line before a record that are kept for excerpts

class JsonRecords final : public RecordReader {
 public:
  explicit JsonRecords(std::unique_ptr<ByteReader> bytes) : bytes_(std::move(bytes)) {}

  bool next(Record& record, Diagnostics& problems) override {
    while (step(problems)) {
      Result<Value> value = parse_json_at(text(), from(), bytes_->file(), line_, false);
      if (!value) {
        for (Diagnostic found : value.problems()) problems.push_back(shifted(std::move(found)));
        if (!whole_) return false;
        continue;
      }
      Diagnostics found;
      const bool good = check_json_record(*value, text(), from(), bytes_->file(), line_, found);
      for (Diagnostic& each : found) problems.push_back(shifted(std::move(each)));
      if (!good) continue;
      record.value = *std::move(value);
      record.line = line_;
      return true;
    }
    return false;
  }

  Diagnostic problem(std::string_view path, std::string what, std::string expected,
                     std::string help) const override {
    return shifted(json_problem(text(), from(), bytes_->file(), line_, path, std::move(what),
                                std::move(expected), std::move(help)));
  }

 private:
  // The record read last, from the start of its line on where that is near.
  std::string_view text() const { return std::string_view(buffer_).substr(lead_, end_ - lead_); }
  std::size_t from() const { return start_ - lead_; }

  Diagnostic shifted(Diagnostic found) const {
    if (found.line == line_ && cut_ > 0) {
      found.column += cut_;
      found.line_text.clear();
    }
    // The rest of the record's last line, for the excerpt.
    const std::size_t last = text().rfind('\n');
    const std::string_view tail = last == std::string_view::npos ? text() : text().substr(last + 1);
    if (!found.line_text.empty() && found.line_text == tail) {
      std::string_view rest = std::string_view(buffer_).substr(end_);
      rest = rest.substr(0, std::min<std::size_t>(rest.find_first_of("\r\n"), 200));
      found.line_text = repair_utf8(found.line_text + std::string(rest));
    }
    return found;
  }

  Diagnostic here(std::string what, std::string expected = "", std::string help = "") {
    walk(at_);
    std::string_view line = std::string_view(buffer_).substr(line_start_);
    line = line.substr(0, line.find_first_of("\r\n"));
    return {.file = bytes_->file(),
            .line = mark_.line,
            .column = mark_.column,
            .what = std::move(what),
            .expected = std::move(expected),
            .help = std::move(help),
            .line_text = lost_ == 0 ? code_point_slice(line, 0, 2000) : ""};
  }

  // Drops what lies before the line of `at_` and fetches more. False at the end of the file.
  bool fill() {
    walk(at_);
    std::size_t keep = line_start_;
    if (at_ - keep > kLongestLead) {
      lost_ += code_points(std::string_view(buffer_).substr(keep, at_ - keep));
      keep = at_;
    }
    buffer_.erase(0, keep);
    at_ -= keep;
    walked_ -= keep;
    line_start_ = 0;
    const std::size_t before = buffer_.size();
    const std::size_t wanted = std::max(kPiece, before);
    buffer_.resize(before + wanted);
    const std::size_t got = bytes_->read(buffer_.data() + before, wanted);
    buffer_.resize(before + got);
    return got > 0;
  }

  // Brings `mark_` up to a byte of the buffer.
  void walk(std::size_t to) {
    for (; walked_ < to; ++walked_) {
      const auto c = static_cast<unsigned char>(buffer_[walked_]);
      if (c == '\n') {
        ++mark_.line;
        mark_.column = 1;
        line_start_ = walked_ + 1;
        lost_ = 0;
      } else if ((c & 0xC0) != 0x80) {
        ++mark_.column;
      }
    }
  }

  // The next byte that is no blank, not taken; '\0' at the end of the file.
  char peek() {
    for (;;) {
      while (at_ < buffer_.size() && (buffer_[at_] == ' ' || buffer_[at_] == '\n' ||
                                      buffer_[at_] == '\r' || buffer_[at_] == '\t'))
        ++at_;
      if (at_ < buffer_.size()) return buffer_[at_];
      if (!fill()) return '\0';
    }
  }

  // Moves to the next record and finds its end. False at the end, or where the list itself is
  // broken.
  bool step(Diagnostics& problems) {
    if (done_) return false;
    if (!started_ && !start(problems)) return false;
    char c = peek();
    if (in_list_) {
      if (c == ']' && (records_ == 0 || !after_comma_)) return finish(problems);
      if (records_ > 0 && !after_comma_) {
        if (c != ',')
          return stop(problems,
                      here("not valid JSON: the list of records goes on in an unexpected way",
                           "expected `,` or `]`"));
        ++at_;
        after_comma_ = true;
        c = peek();
        if (c == ']')
          return stop(problems, here("not valid JSON: a comma without a record after it",
                                     "expected a record", "remove the comma before it"));
      }
      if (at_ == buffer_.size())
        return stop(problems, here("not valid JSON: the text ends too early", "expected `]`"));
    } else {
      if (at_ == buffer_.size()) {
        done_ = true;
        if (records_ == 1 && lone_) problems.push_back(*std::move(lone_));
        return false;
      }
      if (c != '{')
        return stop(problems, here("not valid JSON: unexpected text after an object",
                                   "expected another object or the end"));
    }
    after_comma_ = false;
    return extent(problems);
  }

  bool start(Diagnostics& problems) {
    started_ = true;
    fill();
    if (buffer_.starts_with("\xEF\xBB\xBF")) buffer_.erase(0, 3);
    const char c = peek();
    if (at_ == buffer_.size()) return done_ = true, false;
    if (c == '[') {
      in_list_ = true;
      ++at_;
    } else if (c != '{') {
      return stop(problems, here("not a list of records", "expected `[`"));
    }
    return true;
  }

  bool stop(Diagnostics& problems, Diagnostic found) {
    done_ = true;
    problems.push_back(std::move(found));
    return false;
  }

  bool finish(Diagnostics& problems) {
    ++at_;
    peek();
    if (at_ < buffer_.size())
      return stop(problems, here("not valid JSON: more text after the list", "expected the end"));
    done_ = true;
    return false;
  }

  // Finds the end of the value at `at_`.
  bool extent(Diagnostics& problems) {
    walk(at_);
    std::size_t depth = 0;
    bool quoted = false;
    bool escaped = false;
    std::size_t scanned = 0;  // bytes of the value
    whole_ = true;
    for (bool ended = false; !ended;) {
      for (; at_ + scanned < buffer_.size(); ++scanned) {
        const char c = buffer_[at_ + scanned];
        if (quoted) {
          if (escaped)
            escaped = false;
          else if (c == '\\')
            escaped = true;
          else if (c == '"')
            quoted = false;
        } else if (c == '"') {
          quoted = true;
        } else if (c == '{' || c == '[') {
          ++depth;
        } else if (c == '}' || c == ']') {
          if (depth == 0) break;  // of the list around a bare word or number
          if (--depth == 0) {
            ++scanned;
            ended = true;
            break;
          }
        } else if (depth == 0 && (c == ',' || c == '\n')) {
          ended = true;
          break;
        }
      }
      if (ended || (at_ + scanned < buffer_.size())) break;
      if (scanned > kLongest)
        return stop(problems, here(fmt::format("a record longer than {} MiB", kLongest >> 20)));
      if (!fill()) {
        whole_ = false;
        break;
      }
    }
    line_ = mark_.line;
    cut_ = lost_;
    lead_ = line_start_;
    if (cut_ > 0 || at_ - lead_ > kLongestLead) {
      cut_ = mark_.column - 1;
      lead_ = at_;
    }
    start_ = at_;
    at_ += scanned;
    end_ = at_;
    ++records_;
    if (!in_list_ && records_ == 1 && text().find('\n') != std::string_view::npos)
      lone_ = problem("", "the file is one object", "expected a list of records",
                      "put the records into a list, or one on each line of a .jsonl file");
    if (!whole_) done_ = true;
    return true;
  }

  std::unique_ptr<ByteReader> bytes_;
  std::string buffer_;
  std::size_t at_ = 0;      // next byte to look at
  std::size_t walked_ = 0;  // `mark_` stands at this byte
  Mark mark_{1, 1};
  std::size_t line_start_ = 0;  // of the line of `mark_`, as far as it is still in the buffer
  std::size_t lost_ = 0;        // code points of that line that are not
  bool started_ = false;
  bool in_list_ = false;
  bool after_comma_ = false;
  bool done_ = false;
  bool whole_ = true;
  std::size_t records_ = 0;
  std::optional<Diagnostic>
      lone_;  // the problem, should the first object turn out to be the only one
  // The record read last: bytes of the buffer, its line, and what its columns lack.
  std::size_t lead_ = 0, start_ = 0, end_ = 0, line_ = 0, cut_ = 0;
};

Result<std::unique_ptr<RecordReader>> open(const std::filesystem::path& path) {
  Result<std::unique_ptr<ByteReader>> bytes = ByteReader::open(path);
  if (!bytes) return bytes.problems();
  return std::unique_ptr<RecordReader>(std::make_unique<JsonRecords>(*std::move(bytes)));
}

constexpr std::string_view kExtensions[] = {".json"};

}  // namespace

extern const FormatInfo kJson;
constexpr FormatInfo kJson{
    .name = "json",
    .extensions = kExtensions,
    .summary = "a list of JSON objects",
    .open = &open,
};

}  // namespace llmops
