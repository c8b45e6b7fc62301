#include "cli/prompt_changes.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr int kWide = 110;  // columns from which two texts fit side by side

Object facts(const Prompt& prompt) {
  Object out{
      {"name",    prompt.name   },
      {"version", prompt.version},
      {"sha256",  prompt.sha256 }
  };
  if (!prompt.file.empty()) out.add("file", prompt.file.string());
  if (!prompt.revision.empty()) out.add("revision", prompt.revision);
  return out;
}

Object token_pair(std::size_t before, std::size_t after) {
  const auto a = static_cast<std::int64_t>(before);
  const auto b = static_cast<std::int64_t>(after);
  return Object{
      {"before",     a    },
      {"after",      b    },
      {"difference", b - a}
  };
}

std::string signed_count(std::int64_t count) { return fmt::format("{:+}", count); }

std::string share(std::int64_t before, std::int64_t after) {
  if (before == 0 || before == after) return "";
  return fmt::format(", {:+.1f}%",
                     100.0 * static_cast<double>(after - before) / static_cast<double>(before));
}

std::string case_summary(const PromptChanges& changes) {
  std::int64_t before = 0;
  std::int64_t after = 0;
  std::int64_t differ = 0;
  std::int64_t least = 0;
  std::int64_t most = 0;
  for (const CaseTokens& each : changes.cases) {
    const auto difference =
        static_cast<std::int64_t>(each.after) - static_cast<std::int64_t>(each.before);
    before += static_cast<std::int64_t>(each.before);
    after += static_cast<std::int64_t>(each.after);
    differ += each.same ? 0 : 1;
    least = &each == changes.cases.data() ? difference : std::min(least, difference);
    most = &each == changes.cases.data() ? difference : std::max(most, difference);
  }
  const auto n = static_cast<double>(changes.cases.size());
  return fmt::format(
      "  rendered   {} of {} case{} differ; per case {:.1f} -> {:.1f} ({:+.1f}{}; from {} to {})\n",
      differ, changes.cases.size(), changes.cases.size() == 1 ? "" : "s",
      static_cast<double>(before) / n, static_cast<double>(after) / n,
      static_cast<double>(after - before) / n, share(before, after), signed_count(least),
      signed_count(most));
}

std::string one_column(const std::vector<MessageDiff>& messages, bool color) {
  PromptDiff diff;
  diff.messages = messages;
  return render(diff, color);
}

bool all_same(const std::vector<MessageDiff>& messages) {
  return std::ranges::all_of(
      messages, [](const MessageDiff& each) { return each.kind == MessageDiff::Kind::same; });
}

std::string message_texts(const std::vector<MessageDiff>& messages, const ScreenStyle& style) {
  if (style.width < kWide) return one_column(messages, style.color);
  std::string out;
  for (const MessageDiff& message : messages) {
    if (!out.empty()) out += '\n';
    out += fmt::format("{} ({})\n", visible(message.role), name(message.kind));
    if (message.kind != MessageDiff::Kind::same) out += side_by_side(message, style);
  }
  return out;
}

}  // namespace

PromptChanges find_changes(std::shared_ptr<const Prompt> before,
                           std::shared_ptr<const Prompt> after,
                           std::shared_ptr<const TokenCounter> counter) {
  PromptChanges changes{.before = std::move(before),
                        .after = std::move(after),
                        .diff = {},
                        .counter = std::move(counter)};
  changes.diff = diff_prompts(*changes.before, *changes.after);
  changes.tokens_before = unfilled(*changes.before, *changes.counter).tokens;
  changes.tokens_after = unfilled(*changes.after, *changes.counter).tokens;
  return changes;
}

void add_case(PromptChanges& changes, const Case& row, Diagnostics& problems) {
  const Result<Rendered> before = render_case(*changes.before, row, *changes.counter);
  if (!before) append(problems, before.problems());
  const Result<Rendered> after = render_case(*changes.after, row, *changes.counter);
  if (!after) append(problems, after.problems());
  if (!before || !after) return;
  changes.cases.push_back(
      {row.id, before->tokens, after->tokens, to_value(*before) == to_value(*after)});
}

Result<std::vector<MessageDiff>> diff_rendered(const PromptChanges& changes, const Case& row) {
  const Result<std::vector<Message>> before = render_messages(*changes.before, row);
  if (!before) return before.problems();
  const Result<std::vector<Message>> after = render_messages(*changes.after, row);
  if (!after) return after.problems();
  return diff_messages(*before, *after);
}

void add_to(Object& document, const PromptChanges& changes) {
  document.add("before", facts(*changes.before));
  document.add("after", facts(*changes.after));
  document.add("changes", to_value(changes.diff));
  Object tokens = token_pair(changes.tokens_before, changes.tokens_after);
  tokens.add("counted_with", changes.counter->name());
  tokens.add("estimated", changes.counter->estimated());
  document.add("tokens", std::move(tokens));
  if (changes.cases.empty()) return;
  List cases;
  for (const CaseTokens& each : changes.cases) {
    Object one{
        {"case_id", each.id}
    };
    const Object pair = token_pair(each.before, each.after);
    for (const Member& member : pair) one.add(member.key, member.value);
    one.add("same", each.same);
    cases.push_back(std::move(one));
  }
  document.add("cases", std::move(cases));
}

std::string to_screen(const PromptChanges& changes, const std::optional<Case>& row,
                      const ScreenStyle& style) {
  const std::string names =
      visible(fmt::format("{} -> {}", called(*changes.before), called(*changes.after)));
  std::string out = names + "\n\n";
  const PromptDiff& diff = changes.diff;
  if (diff.same && diff.fields.empty()) {
    out += "no difference in what is asked\n";
  } else {
    PromptDiff fields;
    fields.fields = diff.fields;
    out += render(fields, style.color);
    if (!diff.fields.empty()) out += '\n';
    out += message_texts(diff.messages, style);
  }

  const auto before = static_cast<std::int64_t>(changes.tokens_before);
  const auto after = static_cast<std::int64_t>(changes.tokens_after);
  out +=
      fmt::format("\nTokens ({})\n  templates  {} -> {} ({}{})\n", visible(changes.counter->name()),
                  before, after, signed_count(after - before), share(before, after));
  if (!changes.cases.empty()) out += case_summary(changes);
  if (!row) return out;
  const Result<std::vector<MessageDiff>> rendered = diff_rendered(changes, *row);
  if (!rendered) return out + render(rendered.problems());
  const auto found = std::ranges::find(changes.cases, row->id, &CaseTokens::id);
  out += fmt::format("\nCase {}", visible(row->id));
  if (found != changes.cases.end())
    out += fmt::format(" ({} -> {} tokens)", found->before, found->after);
  out += all_same(*rendered) ? ": the same messages\n" : "\n" + message_texts(*rendered, style);
  return out;
}

}  // namespace llmops
