#include "prompts/lint/output.h"

#include <fmt/format.h>

#include <string_view>

#include "datasets/lint.h"
#include "datasets/text/json.h"
#include "datasets/text/sensitive.h"
#include "prompts/lint/lint.h"
#include "prompts/lint/rubric.h"

namespace llmops {
namespace {

std::string message(const Diagnostic& found) {
  std::string text = found.what;
  if (!found.expected.empty()) text += "; " + found.expected;
  if (!found.help.empty()) text += " (" + found.help + ")";
  return text;
}

}  // namespace

std::string github_escaped(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '%':
        out += "%25";
        break;
      case '\r':
        out += "%0D";
        break;
      case '\n':
        out += "%0A";
        break;
      case ':':
        out += property ? "%3A" : ":";
        break;
      case ',':
        out += property ? "%2C" : ",";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string lint_sarif(const Diagnostics& found, const std::string& version) {
  List rules;
  const auto describe = [&](std::string_view id, std::string_view summary, Severity severity) {
    rules.emplace_back(Object{
        {"id",                   id                              },
        {"shortDescription",     Object{{"text", summary}}       },
        {"defaultConfiguration", Object{{"level", name(severity)}}}
    });
  };
  for (const LintRule* rule : lint_rules()) describe(rule->id, rule->summary, rule->severity);
  for (const RubricRule& rule : rubric_rules()) describe(rule.id, rule.summary, rule.severity);
  for (const DatasetLintRule& rule : dataset_lint_rules())
    describe(rule.id, rule.summary, rule.severity);
  for (const SensitiveRule& rule : sensitive_rules())
    describe(rule.id, rule.what,
             rule.kind == SensitiveKind::secret ? Severity::error : Severity::warning);
  List results;
  for (const Diagnostic& each : found) {
    Object result;
    if (!each.rule.empty()) result.add("ruleId", each.rule);
    result.add("level", name(each.severity));
    result.add("message", Object{
                              {"text", message(each)}
    });
    if (!each.file.empty()) {
      Object physical{
          {"artifactLocation", Object{{"uri", each.file}}}
      };
      if (each.line > 0) {
        Object region{
            {"startLine", static_cast<std::int64_t>(each.line)}
        };
        if (each.column > 0) {
          region.add("startColumn", static_cast<std::int64_t>(each.column));
          region.add("endColumn", static_cast<std::int64_t>(each.column + each.width));
        }
        physical.add("region", std::move(region));
      }
      result.add("locations", List{Object{{"physicalLocation", std::move(physical)}}});
    }
    results.emplace_back(std::move(result));
  }
  Object driver{
      {"name",    "llmops"        },
      {"version", version         },
      {"rules",   std::move(rules)}
  };
  Object run{
      {"tool",       Object{{"driver", std::move(driver)}}},
      {"columnKind", "unicodeCodePoints"                  },
      {"results",    std::move(results)                   }
  };
  return dump_json_pretty(Object{
             {"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
             {"version", "2.1.0"                                        },
             {"runs",    List{std::move(run)}                           }
  }) +
         "\n";
}

std::string github_annotations(const Diagnostics& found) {
  std::string out;
  for (const Diagnostic& each : found) {
    out += each.severity == Severity::error     ? "::error"
           : each.severity == Severity::warning ? "::warning"
                                                : "::notice";
    std::string properties;
    const auto add = [&](std::string_view key, std::string_view value) {
      properties +=
          fmt::format("{}{}={}", properties.empty() ? " " : ",", key, github_escaped(value, true));
    };
    if (!each.file.empty()) add("file", each.file);
    if (each.line > 0) add("line", std::to_string(each.line));
    if (each.line > 0 && each.column > 0) add("col", std::to_string(each.column));
    if (!each.rule.empty()) add("title", "llmops " + each.rule);
    out += fmt::format("{}::{}\n", properties, github_escaped(message(each), false));
  }
  return out;
}

}  // namespace llmops
