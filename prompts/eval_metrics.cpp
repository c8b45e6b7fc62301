#include "prompts/eval_metrics.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/text/json.h"
#include "datasets/text/utf8.h"
#include "datasets/text/yaml.h"

namespace llmops {
namespace {

constexpr std::string_view kKey = "eval_metrics";

struct Edit {
  std::size_t at = 0;
  std::size_t length = 0;
  std::string text;
};

std::size_t offset_of(const Source& source, Mark mark) {
  const std::string_view line = source.line(mark.line);
  const std::string_view whole = source.text();
  const std::size_t start = static_cast<std::size_t>(line.data() - whole.data());
  return start + code_point_slice(line, 0, mark.column - 1).size();
}

// The end of a scalar that starts at `at` and stands on one line, blanks behind it left out.
std::size_t scalar_end(std::string_view text, std::size_t at, bool flow) {
  const std::size_t line_end = std::min(text.find('\n', at), text.size());
  if (text[at] == '"' || text[at] == '\'') {
    const char quote = text[at];
    for (std::size_t i = at + 1; i < text.size(); ++i) {
      if (quote == '"' && text[i] == '\\')
        ++i;
      else if (text[i] == quote && quote == '\'' && i + 1 < text.size() && text[i + 1] == '\'')
        ++i;
      else if (text[i] == quote)
        return i + 1;
    }
    return text.size();
  }
  std::size_t end = at;
  while (end < line_end &&
         !(text[end] == '#' && end > at && (text[end - 1] == ' ' || text[end - 1] == '\t')) &&
         !(flow && (text[end] == ',' || text[end] == '}' || text[end] == ']')))
    ++end;
  while (end > at && (text[end - 1] == ' ' || text[end - 1] == '\t' || text[end - 1] == '\r'))
    --end;
  return end;
}

// A text needs quotes where YAML would read it as something else.
std::string plain_or_quoted(const Value& value, char quote) {
  if (!value.is_string()) return dump_json(value);
  const std::string& text = *value.string();
  constexpr std::string_view kSafe =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./ ";
  const bool wordlike = !text.empty() && text.find_first_not_of(kSafe) == std::string::npos &&
                        text.front() != '-' && text.front() != ' ' && text.back() != ' ' &&
                        text.find_first_not_of("0123456789.-eE+ /") != std::string::npos;
  const bool reserved = text == "true" || text == "false" || text == "null" || text == "True" ||
                        text == "False" || text == "Null" || text == "TRUE" || text == "FALSE" ||
                        text == "NULL" || text.starts_with("0x") || text.starts_with("0o") ||
                        text == "---" || text == "...";
  if (quote == 0 && wordlike && !reserved) return text;
  if (quote == '\'' && text.find_first_of("'\n\r\t") == std::string::npos && valid_utf8(text))
    return "'" + text + "'";
  std::string out;
  dump_json_string(text, out);
  return out;
}

std::string key_text(const std::string& key) { return plain_or_quoted(Value(key), 0); }

std::string member_text(const Member& member) {
  return key_text(member.key) + ": " + plain_or_quoted(member.value, 0);
}

std::string flow_text(const Object& members) {
  std::string out = "{";
  for (const Member& member : members) out += (out.size() > 1 ? ", " : "") + member_text(member);
  return out + "}";
}

std::string line_break(std::string_view text) {
  return text.find("\r\n") != std::string_view::npos ? "\r\n" : "\n";
}

// Behind the last line that holds something of a block mapping whose keys stand in `column`.
std::size_t block_end(const Source& source, const Value& mapping) {
  const Member& last = *std::prev(mapping.object()->end());
  const std::size_t at =
      offset_of(source, last.value.mark().line > 0 ? last.value.mark() : last.key_mark);
  return std::min(source.text().find('\n', at), source.text().size());
}

Result<std::vector<Edit>> edits_in(const Source& source, const Value& old, const Object& metrics) {
  const std::string_view text = source.text();
  std::vector<Edit> edits;
  Object added;
  const std::size_t start = offset_of(source, old.mark());
  const bool flow = start < text.size() && text[start] == '{';
  for (const Member& metric : metrics) {
    const Value* value = old.find(metric.key);
    if (value == nullptr) {
      added.add(metric.key, metric.value);
      continue;
    }
    if (value->is_list() || value->is_object())
      return source.problem(value->mark(), fmt::format("`{}` is a {}", metric.key, value->kind()),
                            "expected a number or a text", "it is not replaced by a number");
    const Member& member = *std::ranges::find(*old.object(), metric.key, &Member::key);
    std::size_t at = offset_of(source, value->mark());
    if (value->is_null() &&
        (at >= text.size() || text.substr(at, 1).find_first_of("~nN") == std::string_view::npos)) {
      // `key:` without a value: it goes behind the colon.
      at = text.find(':', offset_of(source, member.key_mark) + member.key.size()) + 1;
      edits.push_back({at, 0, " " + plain_or_quoted(metric.value, 0)});
      continue;
    }
    const char quote = text[at] == '"' || text[at] == '\'' ? text[at] : '\0';
    edits.push_back({at, scalar_end(text, at, flow) - at, plain_or_quoted(metric.value, quote)});
  }
  if (added.empty()) return edits;
  if (flow) {
    // Before the brace that closes: behind the last value, or behind the opening brace.
    std::size_t at = start + 1;
    if (!old.object()->empty()) {
      const Value& last = std::prev(old.object()->end())->value;
      if (last.is_list() || last.is_object())
        return source.problem(last.mark(),
                              "the last value of `eval_metrics` is a list or a mapping", "",
                              "write `eval_metrics` as a block, one key a line");
      at = scalar_end(text, offset_of(source, last.mark()), true);
    }
    std::string inserted;
    for (const Member& member : added)
      inserted += (old.object()->empty() && inserted.empty() ? "" : ", ") + member_text(member);
    edits.push_back({at, 0, std::move(inserted)});
  } else {
    const Member& first = *old.object()->begin();
    std::string inserted;
    for (const Member& member : added)
      inserted +=
          line_break(text) + std::string(first.key_mark.column - 1, ' ') + member_text(member);
    std::size_t at = block_end(source, old);
    if (at > 0 && text[at - 1] == '\r') --at;
    edits.push_back({at, 0, std::move(inserted)});
  }
  return edits;
}

// What must read back: everything as before, and the metrics.
Value wanted(const Value& before, const Object& metrics) {
  Value after = before;
  Value* old = after.object()->find(kKey);
  Object merged = old != nullptr && old->is_object() ? *old->object() : Object{};
  for (const Member& metric : metrics) merged.set(metric.key, metric.value);
  after.object()->set(kKey, std::move(merged));
  return after;
}

}  // namespace

Result<std::string> with_eval_metrics(const Source& source, const Object& metrics) {
  for (const Member& metric : metrics)
    if (metric.value.is_list() || metric.value.is_object())
      return problem(fmt::format("`{}` is a {}", metric.key, metric.value.kind()),
                     "expected a number or a text");
  const Result<Value> before = parse_yaml(source);
  if (!before) return before.problems();
  if (!before->is_object())
    return source.problem({1, 1}, "the file is no mapping", "expected a prompt file");

  std::string text = source.text();
  const Value* old = before->find(kKey);
  if (old == nullptr) {
    const std::string end = line_break(text);
    if (!text.empty() && text.back() != '\n') text += end;
    text += std::string(kKey) + ": " + flow_text(metrics) + end;
  } else if (old->is_null()) {
    const Member& member = *std::ranges::find(*before->object(), kKey, &Member::key);
    const std::size_t colon = text.find(':', offset_of(source, member.key_mark) + kKey.size());
    const std::size_t value = text.find_first_not_of(" \t", colon + 1);
    const bool written = value != std::string::npos &&
                         (text[value] == '~' || text[value] == 'n' || text[value] == 'N');
    const std::size_t length = written ? scalar_end(text, value, false) - (colon + 1) : 0;
    text.replace(colon + 1, length, " " + flow_text(metrics));
  } else if (old->is_object()) {
    Result<std::vector<Edit>> edits = edits_in(source, *old, metrics);
    if (!edits) return edits.problems();
    std::ranges::stable_sort(*edits, std::greater<>(), &Edit::at);
    for (const Edit& edit : *edits) text.replace(edit.at, edit.length, edit.text);
  } else {
    return source.problem(old->mark(), fmt::format("`eval_metrics` is a {}", old->kind()),
                          "expected a mapping");
  }

  const Result<Value> after = parse_yaml(Source(source.file(), text));
  if (!after || !(*after == wanted(*before, metrics)))
    return source.problem(old == nullptr ? Mark{1, 1} : old->mark(),
                          "`eval_metrics` cannot be written here", "",
                          "write it as a block, one `key: value` a line");
  return text;
}

}  // namespace llmops
