// Calls of tools as programs and models write them: what is read has names, and a matching never
// counts a call twice.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "evaluators/metrics/text/tool_call_list.h"

using namespace llmops;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = std::min(text.find('\n'), text.size());
  const auto wanted = tool_calls_of(Value(text.substr(0, cut)));
  const auto made = tool_calls_of(Value(text.substr(std::min(cut + 1, text.size()))));
  if (!wanted || !made || wanted->size() * made->size() > 10'000) return 0;
  for (const ToolCall& call : *wanted)
    if (call.name.empty()) std::abort();
  std::size_t names[3] = {}, whole[3] = {};
  for (const CallOrder order : {CallOrder::exact, CallOrder::in_order, CallOrder::any_order}) {
    const auto at = static_cast<std::size_t>(order);
    const CallMatch match = match_calls(*made, *wanted, order, {}, false);
    whole[at] = match.matched;
    names[at] = match_calls(*made, *wanted, order, {}, true).matched;
    if (match.matched > std::min(made->size(), wanted->size())) std::abort();
    if (match.all && match.matched != wanted->size()) std::abort();
    if (match.all != match.first.empty()) std::abort();
    if (names[at] < whole[at]) std::abort();
  }
  // Each order is looser than the one before it.
  if (whole[0] > whole[1] || whole[1] > whole[2]) std::abort();
  return 0;
}
