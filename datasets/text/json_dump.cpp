#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

void dump_number(double number, std::string& out) {
  if (!std::isfinite(number)) throw std::logic_error("a number that is not finite reached JSON");
  if (number == std::floor(number) && std::abs(number) < 1e15)
    fmt::format_to(std::back_inserter(out), "{:.1f}", number);
  else
    fmt::format_to(std::back_inserter(out), "{}",
                   number);  // shortest text that reads back the same
}

struct Style {
  int indent = 0;
  bool sorted = false;
};

void dump(const Value& value, std::string& out, Style style, int depth);

void newline(std::string& out, Style style, int level) {
  if (style.indent == 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(style.indent * level), ' ');
}

void dump_list(const List& items, std::string& out, Style style, int depth) {
  out += '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ',';
    newline(out, style, depth + 1);
    dump(items[i], out, style, depth + 1);
  }
  if (!items.empty()) newline(out, style, depth);
  out += ']';
}

void dump_member(const Member& member, std::string& out, Style style, int depth, bool first) {
  if (!first) out += ',';
  newline(out, style, depth + 1);
  dump_json_string(member.key, out);
  out += style.indent > 0 ? ": " : ":";
  dump(member.value, out, style, depth + 1);
}

bool by_key(const Member& a, const Member& b) { return a.key < b.key; }

void dump_object(const Object& members, std::string& out, Style style, int depth) {
  out += '{';
  bool first = true;
  if (style.sorted && !std::is_sorted(members.begin(), members.end(), by_key)) {
    std::vector<const Member*> order;
    order.reserve(members.size());
    for (const Member& member : members) order.push_back(&member);
    std::stable_sort(order.begin(), order.end(),
                     [](const Member* a, const Member* b) { return by_key(*a, *b); });
    for (const Member* member : order)
      dump_member(*member, out, style, depth, std::exchange(first, false));
  } else {
    for (const Member& member : members)
      dump_member(member, out, style, depth, std::exchange(first, false));
  }
  if (!first) newline(out, style, depth);
  out += '}';
}

void dump(const Value& value, std::string& out, Style style, int depth) {
  if (const std::string* text = value.string()) {
    dump_json_string(*text, out);
  } else if (value.is_null()) {
    out += "null";
  } else if (const bool* truth = value.boolean()) {
    out += *truth ? "true" : "false";
  } else if (const std::int64_t* whole = value.integer()) {
    out += fmt::format_int(*whole).c_str();
  } else if (value.is_number()) {
    dump_number(value.number(), out);
  } else if (const List* items = value.list()) {
    dump_list(*items, out, style, depth);
  } else {
    dump_object(*value.object(), out, style, depth);
  }
}

bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || c == 0x7F;
}

}  // namespace

void dump_json_string(std::string_view text, std::string& out) {
  if (!valid_utf8(text)) {
    const std::string repaired = repair_utf8(text);
    return dump_json_string(repaired, out);
  }
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t run = at;
    while (at < text.size() && !needs_escape(text[at])) ++at;
    out.append(text, run, at - run);
    if (at == text.size()) break;
    const char c = text[at++];
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    }
  }
  out += '"';
}

void dump_json(const Value& value, std::string& out) { dump(value, out, {}, 0); }
void dump_json_sorted(const Value& value, std::string& out) {
  dump(value, out, {.indent = 0, .sorted = true}, 0);
}

std::string dump_json(const Value& value) {
  std::string out;
  dump(value, out, {}, 0);
  return out;
}

std::string dump_json_pretty(const Value& value) {
  std::string out;
  dump(value, out, {.indent = 2, .sorted = false}, 0);
  return out;
}

}  // namespace llmops
