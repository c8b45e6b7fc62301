// A record is read from the bytes at hand; where they end too early, more are fetched (at least as
// many again, so that a long record costs linear time) and it is read from its start.
#include "datasets/text/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 16;
constexpr std::size_t kLongest = std::size_t{64} << 20;

}  // namespace

CsvReader::CsvReader(std::unique_ptr<ByteReader> bytes, char separator)
    : bytes_(std::move(bytes)), separator_(separator) {}

bool CsvReader::fill() {
  if (ended_) return false;
  buffer_.erase(0, at_);
  at_ = 0;
  const std::size_t before = buffer_.size();
  const std::size_t wanted = std::max(kPiece, before);
  buffer_.resize(before + wanted);
  std::size_t got = 0;
  while (got < wanted) {
    const std::size_t more = bytes_->read(buffer_.data() + before + got, wanted - got);
    if (more == 0) break;
    got += more;
  }
  buffer_.resize(before + got);
  ended_ = got < wanted;
  return got > 0;
}

bool CsvReader::next(std::vector<CsvCell>& cells, Diagnostics& problems) {
  if (!started_) {
    started_ = true;
    fill();
    if (buffer_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }
  for (;;) {
    const std::string_view rest = std::string_view(buffer_).substr(at_);
    if (rest.empty() && !fill()) return false;
    if (rest.empty()) continue;
    if (rest.front() == '\n' || rest.starts_with("\r\n")) {  // a blank line
      at_ += rest.front() == '\n' ? 1 : 2;
      ++next_line_;
      continue;
    }
    line_ = next_line_;
    cursor_ = 0;
    cursor_mark_ = start();
    size_ = 0;
    cells.clear();
    const Outcome outcome = read_record(rest, cells, problems);
    if (outcome == Outcome::more) {
      if (rest.size() > kLongest) {
        record_at_ = at_;
        problems.push_back(problem(start(),
                                   fmt::format("a record longer than {} MiB", kLongest >> 20), "",
                                   "is a closing quote missing?"));
        return false;
      }
      fill();  // where nothing is left, `ended_` makes the next try take what is there
      continue;
    }
    record_at_ = at_;
    at_ += size_;
    next_line_ += static_cast<std::size_t>(
        std::count(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size_), '\n'));
    if (outcome == Outcome::record) return true;
  }
}

Mark CsvReader::mark_at(std::string_view rest, std::size_t at) {
  for (; cursor_ < at; ++cursor_) {
    if (rest[cursor_] == '\n') {
      ++cursor_mark_.line;
      cursor_mark_.column = 1;
    } else if ((static_cast<unsigned char>(rest[cursor_]) & 0xC0) != 0x80) {
      ++cursor_mark_.column;
    }
  }
  return cursor_mark_;
}

// Notes a problem and skips to the line break after it.
CsvReader::Outcome CsvReader::broken(std::string_view rest, std::size_t at, Diagnostics& problems,
                                     std::string what, std::string expected, std::string help) {
  const std::size_t stop = rest.find('\n', at);
  if (stop == std::string_view::npos && !ended_) return Outcome::more;
  size_ = stop == std::string_view::npos ? rest.size() : stop + 1;
  record_at_ = at_;
  problems.push_back(
      problem(mark_at(rest, at), std::move(what), std::move(expected), std::move(help)));
  return Outcome::broken;
}

CsvReader::Outcome CsvReader::quoted_cell(std::string_view rest, std::size_t& at, CsvCell& cell,
                                          Diagnostics& problems) {
  const std::size_t open = at++;
  for (;;) {
    const std::size_t quote = rest.find('"', at);
    if (quote == std::string_view::npos) {
      if (!ended_) return Outcome::more;
      return broken(rest, open, problems, "a quote that is not closed", "expected a closing `\"`",
                    "a quote inside a quoted cell is doubled");
    }
    cell.text.append(rest, at, quote - at);
    at = quote + 1;
    if (at == rest.size() && !ended_) return Outcome::more;
    if (at == rest.size() || rest[at] != '"') break;
    cell.text += '"';
    ++at;
  }
  if (at == rest.size() || rest[at] == separator_ || rest[at] == '\n') return Outcome::record;
  if (rest[at] == '\r') {
    if (at + 1 == rest.size() && !ended_) return Outcome::more;
    if (at + 1 == rest.size() || rest[at + 1] == '\n') return Outcome::record;
  }
  return broken(
      rest, at, problems, "text after a closing quote",
      fmt::format("expected {} or the end of the line", separator_ == '\t' ? "a tab" : "`,`"),
      "a quote inside a quoted cell is doubled");
}

CsvReader::Outcome CsvReader::read_record(std::string_view rest, std::vector<CsvCell>& cells,
                                          Diagnostics& problems) {
  std::size_t at = 0;
  for (;;) {
    CsvCell& cell = cells.emplace_back();
    cell.mark = mark_at(rest, at);
    const std::size_t start = at;
    if (at < rest.size() && rest[at] == '"') {
      if (const Outcome outcome = quoted_cell(rest, at, cell, problems); outcome != Outcome::record)
        return outcome;
    } else {
      while (at < rest.size() && rest[at] != separator_ && rest[at] != '\n') {
        if (rest[at] == '"' && separator_ == ',')
          return broken(rest, at, problems, "a quote inside a cell that is not quoted",
                        "expected the whole cell in quotes",
                        "a quote inside a quoted cell is doubled");
        ++at;
      }
      if (at == rest.size() && !ended_) return Outcome::more;
      cell.text.assign(rest, start, at - start);
      if ((at == rest.size() || rest[at] == '\n') && cell.text.ends_with('\r'))
        cell.text.pop_back();
    }
    if (cell.text.find('\0') != std::string::npos)
      return broken(rest, rest.find('\0', start), problems, "a NUL byte",
                    "expected a text in UTF-8",
                    "is the file UTF-16? `iconv -f UTF-16 -t UTF-8` converts it");
    if (!valid_utf8(cell.text)) {
      std::size_t bad = start;
      while (const std::size_t length = utf8_length(rest.substr(bad))) bad += length;
      return broken(
          rest, bad, problems,
          fmt::format("byte 0x{:02X} is not valid UTF-8", static_cast<unsigned char>(rest[bad])),
          "expected a text in UTF-8");
    }
    if (at < rest.size() && rest[at] == separator_) {
      ++at;
      continue;
    }
    if (at < rest.size() && rest[at] == '\r') ++at;  // after a closing quote
    size_ = at < rest.size() ? at + 1 : at;
    return Outcome::record;
  }
}

Mark CsvReader::end() const {
  std::string_view record = std::string_view(buffer_).substr(record_at_, size_);
  if (record.ends_with('\n')) record.remove_suffix(1);
  if (record.ends_with('\r')) record.remove_suffix(1);
  const Source source("", std::string(record));
  Mark mark = source.mark_of(record.size());
  mark.line += static_cast<std::uint32_t>(line_ - 1);
  return mark;
}

Diagnostic CsvReader::problem(Mark mark, std::string what, std::string expected, std::string help,
                              std::size_t width) const {
  std::string_view record = std::string_view(buffer_).substr(record_at_, size_);
  for (std::size_t line = line_; line < mark.line; ++line) {
    const std::size_t stop = record.find('\n');
    record = stop == std::string_view::npos ? std::string_view{} : record.substr(stop + 1);
  }
  record = record.substr(0, record.find('\n'));
  if (record.ends_with('\r')) record.remove_suffix(1);
  return {.file = bytes_->file(),
          .line = mark.line,
          .column = mark.column,
          .what = std::move(what),
          .expected = std::move(expected),
          .help = std::move(help),
          .line_text = std::string(record),
          .width = width};
}

}  // namespace llmops
