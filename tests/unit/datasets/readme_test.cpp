#include <doctest/doctest.h>
#include <fmt/format.h>

#include "datasets/formats/format.h"
#include "datasets/lint.h"
#include "datasets/text/files.h"
#include "tests/support/reference.h"

using namespace llmops;

TEST_CASE("datasets/README.md: has every format with its extensions, and every rule") {
  const std::string text = read_source(test::repository("datasets/README.md"))->text();
  for (const FormatInfo* format : formats()) {
    CAPTURE(format->name);
    CHECK(text.find(fmt::format("| `{}` | `{}`", format->name,
                                fmt::join(format->extensions, "` `"))) != std::string::npos);
  }
  for (const DatasetLintRule& rule : dataset_lint_rules()) {
    CAPTURE(rule.id);
    CHECK(text.find(fmt::format("| `{}` | {} | {} |", rule.id, name(rule.severity),
                                rule.summary)) != std::string::npos);
  }
}

TEST_CASE("formats: every file of the folder has its line in formats.def") {
  std::string def = read_source(test::repository("datasets/formats/formats.def"))->text();
  for (const FormatInfo* format : formats()) CHECK(find_format("", format->name));
  for (const auto& entry :
       std::filesystem::directory_iterator(test::repository("datasets/formats"))) {
    if (entry.path().extension() != ".cpp") continue;
    const std::string source = read_source(entry.path())->text();
    constexpr std::string_view kDefinition = "constexpr FormatInfo ";
    for (std::size_t at = 0; (at = source.find(kDefinition, at)) != std::string::npos;) {
      at += kDefinition.size();
      const std::string constant = source.substr(at, source.find('{', at) - at);
      CAPTURE(constant);
      CHECK(def.find("LLMOPS_FORMAT(" + constant + ")") != std::string::npos);
    }
  }
}
