// A variable that users or documents fill can carry instructions. In the system message it speaks
// with the operator's voice unless it is fenced off. The template is laid flat (all branches, one
// after the other), and around each such variable a fence is looked for: an XML-like tag, a code
// fence, triple quotes, <<< >>>, or lines of --- or ===.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "prompts/lint/lint.h"
#include "prompts/template/library.h"
#include "prompts/template/parser.h"

namespace llmops {
namespace {

using jinja::Body;
using jinja::Expression;
using jinja::Statement;

struct Use {
  std::size_t at = 0;  // in the flat text
  std::string name;
  jinja::Place place;
};

class Flattener {
 public:
  Flattener(const LintSubject& subject, int slots)
      : subject_(subject), untrusted_slots_(static_cast<std::size_t>(slots)) {}

  void walk(const Body& body) {
    for (const Statement& statement : body) {
      switch (statement.kind) {
        case Statement::Kind::text:
          text += statement.text;
          break;
        case Statement::Kind::output:
          if (const Expression* name = untrusted(*statement.expression))
            uses.push_back({text.size(), shown(*name), name->place});
          break;
        case Statement::Kind::branch:
        case Statement::Kind::loop:
        case Statement::Kind::assign: {
          const bool carries = statement.expression && untrusted(*statement.expression) != nullptr;
          for (const int target : statement.targets)
            untrusted_slots_[static_cast<std::size_t>(target)] = carries;
          for (const Body& inner : statement.bodies) walk(inner);
          break;
        }
      }
    }
  }

  std::string text;
  std::vector<Use> uses;

 private:
  static std::string shown(const Expression& name) { return name.name; }

  // The name through which foreign text reaches the output, or nullptr.
  const Expression* untrusted(const Expression& expression) const {
    using Kind = Expression::Kind;
    switch (expression.kind) {
      case Kind::test:
      case Kind::compare:
      case Kind::logical_not:
      case Kind::loop_field:
        return nullptr;  // true, false or a number
      case Kind::filter: {
        constexpr std::array<std::string_view, 8> kHarmless = {
            "abs", "float", "int", "length", "round", "sum", "tojson", "wordcount"};
        if (std::ranges::find(kHarmless, expression.filter->name) != kHarmless.end())
          return nullptr;
        break;
      }
      case Kind::name: {
        if (!expression.slots.empty()) {
          const bool carries = std::ranges::any_of(expression.slots, [&](int slot) {
            return untrusted_slots_[static_cast<std::size_t>(slot)];
          });
          return carries ? &expression : nullptr;
        }
        if (expression.name == "id") return nullptr;
        const bool has_default = subject_.prompt->variables.find(expression.name) != nullptr;
        const auto& columns = subject_.options.columns;
        const bool is_column =
            columns && std::ranges::find(*columns, expression.name) != columns->end();
        return has_default && !is_column ? nullptr : &expression;
      }
      default:
        break;
    }
    for (const jinja::ExpressionPtr& part : expression.parts)
      if (part)
        if (const Expression* found = untrusted(*part)) return found;
    return nullptr;
  }

  const LintSubject& subject_;
  std::vector<bool> untrusted_slots_;
};

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size()))
    ++found;
  return found;
}

// A line of three or more of one mark, and nothing else.
bool has_rule_line(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    while (line.ends_with(' ') || line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() >= 3 && std::string_view("-=*#_~").find(line[0]) != std::string_view::npos &&
        line.find_first_not_of(line[0]) == std::string_view::npos)
      return true;
  }
  return false;
}

// Some <tag> is open before the place and closed behind it.
bool in_tag(std::string_view before, std::string_view after) {
  for (std::size_t at = before.find('<'); at != std::string_view::npos;
       at = before.find('<', at + 1)) {
    const std::size_t start = at + 1;
    std::size_t end = start;
    while (end < before.size() && (std::isalnum(static_cast<unsigned char>(before[end])) != 0 ||
                                   before[end] == '_' || before[end] == '-'))
      ++end;
    const std::string closing = fmt::format("</{}>", before.substr(start, end - start));
    if (end == start || before.find('>', end) == std::string_view::npos) continue;
    if (before.find(closing, end) == std::string_view::npos &&
        after.find(closing) != std::string_view::npos)
      return true;
  }
  return false;
}

bool fenced(std::string_view before, std::string_view after) {
  for (const std::string_view fence : {"```", "\"\"\"", "'''", "~~~"})
    if (count(before, fence) % 2 == 1 && after.find(fence) != std::string_view::npos) return true;
  if (count(before, "<<<") > count(before, ">>>") && after.find(">>>") != std::string_view::npos)
    return true;
  if (count(before, "[[") > count(before, "]]") && after.find("]]") != std::string_view::npos)
    return true;
  return in_tag(before, after) || (has_rule_line(before) && has_rule_line(after));
}

void injection(const LintSubject& subject, LintFindings& findings) {
  if (subject.prompt == nullptr) return;
  for (const MessageTemplate& message : subject.prompt->messages) {
    if (message.role != "system") continue;
    for (const PartTemplate& part : message.parts) {
      const jinja::Parsed& parsed = part.content.parsed();
      Flattener flat(subject, parsed.slots);
      flat.walk(parsed.body);
      for (const Use& use : flat.uses) {
        const std::string_view text = flat.text;
        if (fenced(text.substr(0, use.at), text.substr(use.at))) continue;
        findings.add(jinja::problem_at(
            parsed.origins, use.place,
            fmt::format("`{}` stands in the system message without a fence", use.name), "",
            fmt::format("what it holds can give orders: write <{0}>...</{0}> around it, or move it "
                        "to the user's message",
                        use.name)));
      }
    }
  }
}

}  // namespace

extern const LintRule kInjectionProne;

const LintRule kInjectionProne{"injection-prone", Severity::warning,
                               "data in the system message stands between delimiters", &injection};

}  // namespace llmops
