#include "datasets/text/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>

namespace llmops {
namespace {

constexpr int kDeepest = 100;
constexpr std::size_t kMostNodes = 1'000'000;

Mark mark_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
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
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  std::int64_t whole = 0;
  std::string_view digits = text;
  if (digits.size() > 2 && digits.starts_with("0x") && reads_whole(digits.substr(2), whole, 16)) return whole;
  if (digits.size() > 2 && digits.starts_with("0o") && reads_whole(digits.substr(2), whole, 8)) return whole;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || digits.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return text;
  if (reads_whole(digits, whole)) return whole;
  double real = 0;
  if (reads_whole(digits, real) && std::isfinite(real)) return real;
  return text;
}

class Converter {
 public:
  explicit Converter(const Source& source) : source_(source) {}

  Value convert(const YAML::Node& node, int depth = 0) {
    const Mark mark = mark_of(node.Mark());
    if (++nodes_ > kMostNodes || depth > kDeepest) {
      if (!too_large_)
        problems.push_back(source_.problem(mark, nodes_ > kMostNodes ? "more than a million nodes"
                                                                     : "nested deeper than 100 levels"));
      too_large_ = true;
      return {};
    }
    Value value;
    if (node.IsScalar()) {
      value = node.Tag() == "?" || node.Tag().empty() ? core_scalar(node.Scalar()) : Value(node.Scalar());
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

  Diagnostics problems;

 private:
  Object convert_map(const YAML::Node& node, int depth) {
    Object members;
    for (const auto& entry : node) {
      const YAML::Node& key = entry.first;
      const YAML::Node& item = entry.second;
      if (too_large_) break;
      const Mark key_mark = mark_of(key.Mark());
      if (!key.IsScalar()) {
        problems.push_back(source_.problem(key_mark, "a key must be a single word or text"));
        continue;
      }
      const std::string& name = key.Scalar();
      if (members.find(name) != nullptr)
        problems.push_back(source_.problem(key_mark, fmt::format("key `{}` stands here a second time", name), "",
                                           "keep one of the two", name.size()));
      members.add(name, convert(item, depth + 1));
      std::prev(members.end())->key_mark = key_mark;
    }
    return members;
  }

  const Source& source_;
  std::size_t nodes_ = 0;
  bool too_large_ = false;
};

}  // namespace

Result<std::vector<Value>> parse_yaml_documents(const Source& source) {
  Converter converter(source);
  std::vector<Value> documents;
  try {
    for (const YAML::Node& node : YAML::LoadAll(source.text())) documents.push_back(converter.convert(node));
  } catch (const YAML::Exception& error) {
    return source.problem(mark_of(error.mark), "not valid YAML: " + error.msg);
  }
  if (has_errors(converter.problems)) return converter.problems;
  return documents;
}

Result<Value> parse_yaml(const Source& source) {
  Result<std::vector<Value>> documents = parse_yaml_documents(source);
  if (!documents) return documents.problems();
  if (documents->empty()) return Value();
  if (documents->size() > 1)
    return source.problem((*documents)[1].mark(), "a second YAML document", "expected one document in this file");
  return std::move(documents->front());
}

}  // namespace llmops
