#pragma once
// Calls of tools: read from what models, programs and datasets write, and matched with what was
// wanted.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "datasets/case.h"
#include "evaluators/metrics/text/json_compare.h"
#include "evaluators/sample.h"

namespace llmops {

struct ToolCall {
  std::string name;
  // Absent: of a wanted call, arguments do not matter; of a made one, it has none. A text that is
  // JSON is read as what it holds.
  std::optional<Value> arguments;
};

// A list (or a text that is one as JSON) of names or of mappings {name, arguments}; `tool`,
// `function` and `action` are read for `name`, `args`, `input` and `parameters` for `arguments`,
// and {function: {name, arguments}} of chat completions, too. Entries without a name (thoughts,
// observations) are left out. nullopt: neither a list nor one as text.
std::optional<std::vector<ToolCall>> tool_calls_of(const Value& given);

// What the sample did, in order: its tool calls, else the calls among its steps.
std::vector<ToolCall> made_calls(const Sample& sample);

// The calls that a case wants: its column `field`, else its first reference that is a list as JSON.
std::optional<std::vector<ToolCall>> wanted_calls(const Case& row, const std::string& field);

enum class CallOrder { exact, in_order, any_order };

struct CallMatch {
  std::size_t matched = 0;  // wanted calls that were made, each once, in the order asked for
  bool all = false;         // every wanted call; with `exact` nothing else either
  std::string first;        // what is missing or other than wanted; empty: nothing
};

// exact: call i is wanted call i; in_order: the longest common subsequence counts, further calls do
// not matter; any_order: the largest one-to-one matching counts. `names_only`: arguments do not
// matter. Reads the first 2,000 calls of each side.
CallMatch match_calls(const std::vector<ToolCall>& made, const std::vector<ToolCall>& wanted,
                      CallOrder order, const JsonTolerance& tolerance, bool names_only);

}  // namespace llmops
