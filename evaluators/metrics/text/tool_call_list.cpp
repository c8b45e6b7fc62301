#include "evaluators/metrics/text/tool_call_list.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::size_t kMostCalls = 2000;  // of a side; the comparison takes their product

const Value* first_of(const Value& call, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys)
    if (const Value* found = call.find(key); found != nullptr && !found->is_null()) return found;
  return nullptr;
}

std::optional<Value> arguments_of(const Value& call) {
  const Value* found = first_of(call, {"arguments", "args", "input", "parameters"});
  if (found == nullptr) return std::nullopt;
  const std::string* text = found->string();
  if (text == nullptr) return *found;
  if (text->find_first_not_of(" \t\r\n") == std::string::npos) return Value(Object());
  Result<Value> parsed = parse_json(*text, "arguments");
  return parsed ? *std::move(parsed) : *found;
}

std::optional<ToolCall> call_of(const Value& entry) {
  if (const std::string* name = entry.string())
    return name->empty() ? std::nullopt : std::optional(ToolCall{*name, std::nullopt});
  if (!entry.is_object()) return std::nullopt;
  if (const Value* function = entry.find("function"); function != nullptr && function->is_object())
    return call_of(*function);
  const Value* name = first_of(entry, {"name", "tool", "function", "action"});
  if (name == nullptr || !name->is_string() || name->string()->empty()) return std::nullopt;
  return ToolCall{*name->string(), arguments_of(entry)};
}

std::string shown(const ToolCall& call) {
  const std::string text =
      call.arguments ? call.name + "(" + dump_json(*call.arguments) + ")" : call.name;
  return text.size() > 80 ? code_point_slice(text, 0, 80) + "…" : text;
}

bool same_call(const ToolCall& made, const ToolCall& wanted, const JsonTolerance& tolerance,
               bool names_only) {
  if (made.name != wanted.name) return false;
  if (names_only || !wanted.arguments) return true;
  return compare_json(made.arguments.value_or(Value(Object())), *wanted.arguments, tolerance).equal;
}

// Which made call answers each wanted one.
using Places = std::vector<std::optional<std::size_t>>;
using Equal = std::vector<std::vector<bool>>;  // [wanted][made]

Places in_place(const Equal& equal, std::size_t made) {
  Places places(equal.size());
  for (std::size_t i = 0; i < std::min(equal.size(), made); ++i)
    if (equal[i][i]) places[i] = i;
  return places;
}

// Longest common subsequence.
Places in_order(const Equal& equal, std::size_t made) {
  const std::size_t wanted = equal.size();
  std::vector<std::vector<std::size_t>> longest(wanted + 1, std::vector<std::size_t>(made + 1));
  for (std::size_t w = wanted; w-- > 0;)
    for (std::size_t m = made; m-- > 0;)
      longest[w][m] =
          equal[w][m] ? longest[w + 1][m + 1] + 1 : std::max(longest[w + 1][m], longest[w][m + 1]);
  Places places(wanted);
  for (std::size_t w = 0, m = 0; w < wanted && m < made;) {
    if (equal[w][m]) {
      places[w++] = m++;
    } else if (longest[w + 1][m] >= longest[w][m + 1]) {
      ++w;
    } else {
      ++m;
    }
  }
  return places;
}

// Largest matching by augmenting paths (Kuhn). The path is kept on a stack of our own: thousands of
// calls would not fit on the machine's.
class Matching {
 public:
  Matching(const Equal& equal, std::size_t made)
      : equal_(equal), made_(made), owner_(made), places_(equal.size()) {}

  Places take() {
    for (std::size_t w = 0; w < equal_.size(); ++w) augment(w);
    return std::move(places_);
  }

 private:
  void augment(std::size_t start) {
    std::vector<std::optional<std::size_t>> came_from(made_);  // made call -> wanted one
    std::vector<std::size_t> open = {start};
    for (std::size_t at = 0; at < open.size(); ++at) {
      const std::size_t w = open[at];
      for (std::size_t m = 0; m < made_; ++m) {
        if (!equal_[w][m] || came_from[m]) continue;
        came_from[m] = w;
        if (owner_[m]) {
          open.push_back(*owner_[m]);
          continue;
        }
        for (std::optional<std::size_t> free = m; free;) {  // hands every call on along the path
          const std::size_t taker = *came_from[*free];
          const auto before = places_[taker];
          places_[taker] = *free;
          owner_[*free] = taker;
          free = before;
        }
        return;
      }
    }
  }

  const Equal& equal_;
  std::size_t made_;
  std::vector<std::optional<std::size_t>> owner_;
  Places places_;
};

std::string first_fault(const std::vector<ToolCall>& made, const std::vector<ToolCall>& wanted,
                        const Places& places, CallOrder order, const JsonTolerance& tolerance,
                        bool names_only) {
  for (std::size_t w = 0; w < wanted.size(); ++w) {
    if (places[w]) continue;
    if (!names_only && wanted[w].arguments)
      for (const ToolCall& call : made)
        if (call.name == wanted[w].name)
          if (const JsonAgreement agreement = compare_json(call.arguments.value_or(Value(Object())),
                                                           *wanted[w].arguments, tolerance);
              !agreement.equal)
            return fmt::format("`{}` was called otherwise: {}", call.name, agreement.first);
    return fmt::format("`{}` was not called{}", shown(wanted[w]),
                       order == CallOrder::any_order ? "" : " where it was wanted");
  }
  if (order == CallOrder::exact && made.size() > wanted.size())
    return fmt::format("`{}` was called and not wanted", shown(made[wanted.size()]));
  return "";
}

}  // namespace

std::optional<std::vector<ToolCall>> tool_calls_of(const Value& given) {
  if (const std::string* text = given.string()) {
    const Result<Value> parsed = parse_json(*text, "calls");
    if (!parsed || parsed->is_string()) return std::nullopt;
    return tool_calls_of(*parsed);
  }
  const List* list = given.list();
  if (list == nullptr) return std::nullopt;
  std::vector<ToolCall> calls;
  for (const Value& entry : *list) {
    if (std::optional<ToolCall> call = call_of(entry)) calls.push_back(*std::move(call));
    if (calls.size() == kMostCalls) break;
  }
  return calls;
}

std::vector<ToolCall> made_calls(const Sample& sample) {
  if (auto calls = tool_calls_of(sample.tool_calls)) return *std::move(calls);
  return tool_calls_of(sample.steps).value_or(std::vector<ToolCall>());
}

std::optional<std::vector<ToolCall>> wanted_calls(const Case& row, const std::string& field) {
  if (const Value* wanted = find_path(row.variables, field)) return tool_calls_of(*wanted);
  for (const std::string& reference : row.references)
    if (auto calls = tool_calls_of(Value(reference))) return calls;
  return std::nullopt;
}

CallMatch match_calls(const std::vector<ToolCall>& made, const std::vector<ToolCall>& wanted,
                      CallOrder order, const JsonTolerance& tolerance, bool names_only) {
  Equal equal(wanted.size(), std::vector<bool>(made.size()));
  for (std::size_t w = 0; w < wanted.size(); ++w)
    for (std::size_t m = 0; m < made.size(); ++m)
      equal[w][m] = (order != CallOrder::exact || w == m) &&
                    same_call(made[m], wanted[w], tolerance, names_only);
  const Places places = order == CallOrder::exact      ? in_place(equal, made.size())
                        : order == CallOrder::in_order ? in_order(equal, made.size())
                                                       : Matching(equal, made.size()).take();
  CallMatch match;
  match.matched = static_cast<std::size_t>(
      std::ranges::count_if(places, [](const auto& place) { return place.has_value(); }));
  match.first = first_fault(made, wanted, places, order, tolerance, names_only);
  match.all =
      match.matched == wanted.size() && (order != CallOrder::exact || made.size() == wanted.size());
  return match;
}

}  // namespace llmops
