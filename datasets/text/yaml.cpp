#include "datasets/text/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <sstream>
#include <unordered_set>
#include <vector>

#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::size_t kDeepest = 100;
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

// Thrown out of the parser where going on makes no sense; the problem is noted already.
struct Stop {};

// Builds values from the parser's events. An alias is a copy of what its anchor held, counted anew.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(const Source& source) : source_(source), places_(source) {}

  std::vector<Value> documents;
  Diagnostics problems;
  Places& places() { return places_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // The parser does not move past a stray `,` or `]` outside of everything: it would go on for
    // ever.
    if (!documents.empty() && mark.pos == document_start_)
      stop(places_.of(mark), "not valid YAML: unexpected text");
    document_start_ = mark.pos;
    anchors_.clear();
  }
  void OnDocumentEnd() override {
    documents.push_back(std::move(root_));
    root_ = Value();
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Mark place = places_.of(mark);
    count(place, {.nodes = 1});
    if (expects_key()) return bad_key(place);
    finish(Value().at(place), anchor, {.nodes = 1});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Mark place = places_.of(mark);
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) stop(place, "an alias inside what its anchor names");
    const auto& [value, size] = found->second;
    count(place, size);
    if (frames_.size() + size.height > kDeepest) stop(place, too_deep());
    if (!expects_key()) return finish(Value(value), 0, size);
    if (const std::string* name = value.string()) return set_key(*name, place);
    bad_key(place);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    const Mark place = places_.of(mark);
    const Size size{.nodes = 1, .text = text.size()};
    count(place, size);
    if (expects_key()) {
      if (anchor != 0) anchors_[anchor] = {Value(text).at(place), size};
      return set_key(text, place);
    }
    Value value = tag == "?" || tag.empty() ? core_scalar(text) : Value(text);
    finish(std::move(value.at(place)), anchor, size);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(List{}, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Object{}, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Size {
    std::size_t nodes = 0;
    std::size_t text = 0;    // bytes
    std::size_t height = 0;  // levels below
  };
  // A list or mapping that is still open.
  struct Frame {
    Value value;
    YAML::anchor_t anchor = 0;
    Size size = {};
    bool is_key = false;   // it stands where a key should
    bool has_key = false;  // of a mapping: the key is there, its value is next
    bool good_key = true;
    std::string key = {};
    Mark key_mark = {};
    std::unordered_set<std::string> names = {};
  };

  static std::string too_deep() { return fmt::format("nested deeper than {} levels", kDeepest); }

  [[noreturn]] void stop(Mark mark, std::string what) {
    problems.push_back(source_.problem(mark, std::move(what)));
    throw Stop{};
  }

  void count(Mark mark, const Size& size) {
    nodes_ += size.nodes;
    text_ += size.text;
    if (nodes_ > kMostNodes) stop(mark, "more than a million nodes");
    if (text_ > kMostText)
      stop(mark,
           fmt::format("more than {} MiB of text, aliases counted each time", kMostText >> 20));
  }

  bool expects_key() const {
    return !frames_.empty() && frames_.back().value.is_object() && !frames_.back().has_key;
  }

  void set_key(const std::string& name, Mark mark) {
    Frame& frame = frames_.back();
    if (!frame.names.insert(name).second)
      problems.push_back(source_.problem(mark,
                                         fmt::format("key `{}` stands here a second time", name),
                                         "", "keep one of the two", code_points(name)));
    frame.key = name;
    frame.key_mark = mark;
    frame.has_key = frame.good_key = true;
  }

  void bad_key(Mark mark) {
    problems.push_back(source_.problem(mark, "a key must be a single word or text"));
    frames_.back().has_key = true;
    frames_.back().good_key = false;
  }

  void open(Value container, const YAML::Mark& mark, YAML::anchor_t anchor) {
    const Mark place = places_.of(mark);
    count(place, {.nodes = 1});
    if (frames_.size() >= kDeepest) stop(place, too_deep());
    const bool is_key = expects_key();
    frames_.push_back({.value = std::move(container.at(place)),
                       .anchor = anchor,
                       .size = {.nodes = 1},
                       .is_key = is_key});
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (frame.is_key) return bad_key(frame.value.mark());
    finish(std::move(frame.value), frame.anchor, frame.size);
  }

  // Puts a whole value where it belongs.
  void finish(Value value, YAML::anchor_t anchor, const Size& size) {
    if (anchor != 0) anchors_[anchor] = {value, size};
    if (frames_.empty()) {
      root_ = std::move(value);
      return;
    }
    Frame& parent = frames_.back();
    parent.size.nodes += size.nodes;
    parent.size.text += size.text;
    parent.size.height = std::max(parent.size.height, size.height + 1);
    if (List* items = parent.value.list()) {
      items->push_back(std::move(value));
      return;
    }
    parent.has_key = false;
    if (!parent.good_key) return;
    // The parser places a value that is left out at whatever comes next.
    if (value.is_null() && value.mark().line != parent.key_mark.line) value.at(parent.key_mark);
    Object& members = *parent.value.object();
    members.add(std::move(parent.key), std::move(value));
    std::prev(members.end())->key_mark = parent.key_mark;
  }

  const Source& source_;
  Places places_;
  Value root_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, std::pair<Value, Size>> anchors_;
  std::size_t nodes_ = 0;
  std::size_t text_ = 0;
  int document_start_ = -1;
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
  Builder builder(source);
  try {
    std::istringstream stream(source.text());
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    builder.problems.push_back(source.problem(builder.places().of(error.mark), message(error)));
  } catch (const Stop&) {
  }
  if (has_errors(builder.problems)) return std::move(builder.problems);
  return std::move(builder.documents);
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
