#include "datasets/text/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <unordered_set>
#include <vector>

#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr int kDeepest = 100;
constexpr std::size_t kMostNodes = 1'000'000;
constexpr std::size_t kMostText = std::size_t{64} << 20;

// Places in our columns. The parser counts bytes; a long line is counted once, in steps, since a
// document in one line has as many places as nodes.
class Places {
 public:
  explicit Places(const Source& source) : source_(source) {}

  Mark of(const YAML::Mark& mark) {
    if (mark.is_null()) return {};
    const auto line = static_cast<std::size_t>(mark.line) + 1;
    return {static_cast<std::uint32_t>(line),
            static_cast<std::uint32_t>(column(line, static_cast<std::size_t>(mark.column)) + 1)};
  }

 private:
  static std::size_t count(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  }

  std::size_t column(std::size_t line, std::size_t byte) {
    const std::string_view text = source_.line(line);
    byte = std::min(byte, text.size());
    if (text.size() <= 2 * kStep) return count(text.substr(0, byte));
    std::vector<std::size_t>& steps = steps_[line];
    if (steps.empty())
      for (std::size_t at = 0, before = 0; at < text.size(); at += kStep) {
        steps.push_back(before);
        before += count(text.substr(at, kStep));
      }
    const std::size_t step = std::min(byte / kStep, steps.size() - 1);
    return steps[step] + count(text.substr(step * kStep, byte - step * kStep));
  }

  static constexpr std::size_t kStep = 1024;
  const Source& source_;
  std::map<std::size_t, std::vector<std::size_t>>
      steps_;  // code points before each step of a long line
};

// What no YAML stream may hold (YAML 1.2.2, 5.1), and what the parser would read in its own way.
Diagnostics check_characters(const Source& source) {
  const std::string& text = source.text();
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x80) {
      const std::size_t length = utf8_length(std::string_view(text).substr(at));
      if (length == 0)
        return {source.problem(source.mark_of(at),
                               fmt::format("not valid YAML: byte 0x{:02X} is not valid UTF-8", c),
                               "expected a text in UTF-8")};
      at += length;
      continue;
    }
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F)
      return {source.problem(source.mark_of(at),
                             fmt::format("not valid YAML: a bare control character U+{:04X}", c),
                             fmt::format("expected `\\x{:02x}` in a text with double quotes", c))};
    ++at;
  }
  return {};
}

template <typename Number>
bool reads_whole(std::string_view text, Number& number, int base = 10) {
  std::from_chars_result result{};
  if constexpr (std::is_integral_v<Number>)
    result = std::from_chars(text.data(), text.data() + text.size(), number, base);
  else
    result = std::from_chars(text.data(), text.data() + text.size(), number);
  return result.ec == std::errc{} && result.ptr == text.data() + text.size();
}

// YAML 1.2.2, section 10.3.2 (core schema), for a plain scalar. `.inf` and `.nan` stay texts: no
// field of ours takes them.
Value core_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  std::int64_t whole = 0;
  std::string_view digits = text;
  if (digits.size() > 2 && digits.starts_with("0x") && reads_whole(digits.substr(2), whole, 16))
    return whole;
  if (digits.size() > 2 && digits.starts_with("0o") && reads_whole(digits.substr(2), whole, 8))
    return whole;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || digits.find_first_not_of("0123456789.eE+-") != std::string_view::npos)
    return text;
  if (reads_whole(digits, whole)) return whole;
  double real = 0;
  if (reads_whole(digits, real) && std::isfinite(real)) return real;
  return text;
}

class Converter {
 public:
  explicit Converter(const Source& source) : source_(source), places_(source) {}

  Value convert(const YAML::Node& node, int depth = 0) {
    const Mark mark = places_.of(node.Mark());
    if (++nodes_ > kMostNodes) return too_large(mark, "more than a million nodes");
    if (depth > kDeepest)
      return too_large(mark, fmt::format("nested deeper than {} levels", kDeepest));
    Value value;
    if (node.IsScalar()) {
      text_ += node.Scalar().size();
      if (text_ > kMostText)
        return too_large(mark, fmt::format("more than {} MiB of text, aliases counted each time",
                                           kMostText >> 20));
      value = node.Tag() == "?" || node.Tag().empty() ? core_scalar(node.Scalar())
                                                      : Value(node.Scalar());
    } else if (node.IsSequence()) {
      List items;
      items.reserve(node.size());
      for (const YAML::Node& item : node) {
        if (too_large_) break;
        items.push_back(convert(item, depth + 1));
      }
      value = std::move(items);
    } else if (node.IsMap()) {
      value = convert_map(node, depth);
    }
    return value.at(mark);
  }

  Places& places() { return places_; }
  Diagnostics problems;

 private:
  // Noted once: nothing is read after it.
  Value too_large(Mark mark, std::string what) {
    if (!too_large_) problems.push_back(source_.problem(mark, std::move(what)));
    too_large_ = true;
    return {};
  }

  Object convert_map(const YAML::Node& node, int depth) {
    Object members;
    std::unordered_set<std::string> names;
    for (const auto& entry : node) {
      const YAML::Node& key = entry.first;
      const YAML::Node& item = entry.second;
      if (too_large_) break;
      const Mark key_mark = places_.of(key.Mark());
      if (!key.IsScalar()) {
        problems.push_back(source_.problem(key_mark, "a key must be a single word or text"));
        continue;
      }
      const std::string& name = key.Scalar();
      text_ += name.size();
      if (!names.insert(name).second)
        problems.push_back(source_.problem(key_mark,
                                           fmt::format("key `{}` stands here a second time", name),
                                           "", "keep one of the two", code_points(name)));
      Value value = convert(item, depth + 1);
      // The parser places a value that is left out at whatever comes next.
      if (item.IsNull() && value.mark().line != key_mark.line) value.at(key_mark);
      members.add(name, std::move(value));
      std::prev(members.end())->key_mark = key_mark;
    }
    return members;
  }

  const Source& source_;
  Places places_;
  std::size_t nodes_ = 0;
  std::size_t text_ = 0;  // bytes
  bool too_large_ = false;
};

// The parser's words where they would mislead.
std::string message(const YAML::Exception& error) {
  if (dynamic_cast<const YAML::DeepRecursion*>(&error) != nullptr)
    return fmt::format("nested deeper than {} levels", kDeepest);
  return "not valid YAML: " + error.msg;
}

}  // namespace

Result<std::vector<Value>> parse_yaml_documents(const Source& source) {
  if (Diagnostics found = check_characters(source); !found.empty()) return found;
  Converter converter(source);
  std::vector<Value> documents;
  try {
    for (const YAML::Node& node : YAML::LoadAll(source.text()))
      documents.push_back(converter.convert(node));
  } catch (const YAML::Exception& error) {
    return source.problem(converter.places().of(error.mark), message(error));
  }
  if (has_errors(converter.problems)) return converter.problems;
  return documents;
}

Result<Value> parse_yaml(const Source& source) {
  Result<std::vector<Value>> documents = parse_yaml_documents(source);
  if (!documents) return documents.problems();
  if (documents->empty()) return Value();
  if (documents->size() > 1)
    return source.problem((*documents)[1].mark(), "a second YAML document",
                          "expected one document in this file");
  return std::move(documents->front());
}

}  // namespace llmops
