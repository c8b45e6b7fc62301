#include "datasets/text/json.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::size_t kDeepest = 200;

// Builds a Value from the parser's events.
class Builder {
 public:
  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(std::int64_t value) { return put(value); }
  bool number_unsigned(std::uint64_t value) { return put(value); }
  bool number_float(double value, const std::string&) {
    if (std::isfinite(value)) return put(value);
    message_ = "number out of range";
    return false;
  }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(std::size_t) { return open(Object{}); }
  bool start_array(std::size_t) { return open(List{}); }
  bool key(std::string& key) {
    keys_.back() = std::move(key);
    return true;
  }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) {
    position_ = position;
    // The library's text reads "[json.exception.parse_error.101] parse error at line 1, column 5:
    // syntax error while parsing value - unexpected ..."; the part after the place is what helps.
    const std::string whole = error.what();
    const std::size_t start = whole.find(": ");
    message_ = start == std::string::npos ? whole : whole.substr(start + 2);
    return false;
  }

  Value root;
  std::size_t position() const { return position_; }
  const std::string& message() const { return message_; }

 private:
  Value* place() {
    if (open_.empty()) return &root;
    Value& parent = *open_.back();
    if (List* items = parent.list()) return &items->emplace_back();
    return &parent.object()->add(std::move(keys_.back()), Value());
  }
  bool put(Value value) {
    *place() = std::move(value);
    return true;
  }
  bool open(Value container) {
    if (open_.size() >= kDeepest) {
      message_ = fmt::format("nested deeper than {} levels", kDeepest);
      return false;
    }
    Value* here = place();
    *here = std::move(container);
    open_.push_back(here);
    keys_.emplace_back();
    return true;
  }
  bool close() {
    open_.pop_back();
    keys_.pop_back();
    return true;
  }

  std::vector<Value*> open_;  // stable: a container's parent gets no new member while it is open
  std::vector<std::string> keys_;
  std::size_t position_ = 0;
  std::string message_;
};

void dump_number(double number, std::string& out) {
  if (!std::isfinite(number)) throw std::logic_error("a number that is not finite reached JSON");
  if (number == std::floor(number) && std::abs(number) < 1e15)
    fmt::format_to(std::back_inserter(out), "{:.1f}", number);
  else
    fmt::format_to(std::back_inserter(out), "{}", number);  // shortest text that reads back the same
}

void dump(const Value& value, std::string& out, int indent, int depth) {
  const auto newline = [&](int level) {
    if (indent == 0) return;
    out += '\n';
    out.append(static_cast<std::size_t>(indent * level), ' ');
  };
  if (value.is_null()) {
    out += "null";
  } else if (const bool* truth = value.boolean()) {
    out += *truth ? "true" : "false";
  } else if (const std::int64_t* whole = value.integer()) {
    fmt::format_to(std::back_inserter(out), "{}", *whole);
  } else if (value.is_number()) {
    dump_number(value.number(), out);
  } else if (const std::string* text = value.string()) {
    dump_json_string(*text, out);
  } else if (const List* items = value.list()) {
    out += '[';
    for (std::size_t i = 0; i < items->size(); ++i) {
      if (i > 0) out += ',';
      newline(depth + 1);
      dump((*items)[i], out, indent, depth + 1);
    }
    if (!items->empty()) newline(depth);
    out += ']';
  } else {
    out += '{';
    bool first = true;
    for (const Member& member : *value.object()) {
      if (!first) out += ',';
      first = false;
      newline(depth + 1);
      dump_json_string(member.key, out);
      out += indent > 0 ? ": " : ":";
      dump(member.value, out, indent, depth + 1);
    }
    if (!first) newline(depth);
    out += '}';
  }
}

}  // namespace

Result<Value> parse_json(std::string_view text, std::string_view file, std::size_t line) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Builder builder;
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return std::move(builder.root);
  const std::size_t byte = builder.position() > 0 ? builder.position() - 1 : 0;
  const Source source{std::string(file), std::string(text)};
  Diagnostic found = source.problem(source.mark_of(byte), "not valid JSON: " + builder.message());
  found.line += line - 1;
  return found;
}

Result<Value> parse_json(const Source& source) { return parse_json(source.text(), source.file()); }

void dump_json_string(std::string_view text, std::string& out) {
  if (!valid_utf8(text)) {
    const std::string repaired = repair_utf8(text);
    return dump_json_string(repaired, out);
  }
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        else
          out += c;
    }
  }
  out += '"';
}

void dump_json(const Value& value, std::string& out) { dump(value, out, 0, 0); }

std::string dump_json(const Value& value) {
  std::string out;
  dump(value, out, 0, 0);
  return out;
}

std::string dump_json_pretty(const Value& value) {
  std::string out;
  dump(value, out, 2, 0);
  return out;
}

}  // namespace llmops
