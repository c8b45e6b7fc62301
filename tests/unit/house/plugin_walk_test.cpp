// Walks the plug-in folders: what lies in one is listed, documented and tested, or the test names
// it.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "evaluators/metric.h"
#include "tests/support/reference.h"

namespace fs = std::filesystem;
using llmops::test::repository;

namespace {

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The constant `kName` of `constexpr TYPE kName{` in a plug-in's file, or in a file of its folder.
std::string defined_constant(const fs::path& plugin, const std::string& type) {
  std::vector<fs::path> files;
  if (fs::is_directory(plugin)) {
    for (const auto& entry : fs::directory_iterator(plugin)) files.push_back(entry.path());
  } else {
    files.push_back(plugin);
  }
  const std::string opening = "constexpr " + type + " ";
  for (const fs::path& file : files) {
    if (file.extension() != ".cpp") continue;
    const std::string text = content(file);
    const std::size_t at = text.find(opening);
    if (at == std::string::npos) continue;
    const std::size_t begin = at + opening.size();
    return text.substr(begin, text.find_first_of("{ =", begin) - begin);
  }
  return "";
}

// Names in the brackets of MACRO(...) lines.
std::set<std::string> listed_constants(const fs::path& def) {
  std::set<std::string> names;
  std::istringstream lines(content(def));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t open = line.find('(');
    if (line.starts_with("//") || open == std::string::npos) continue;
    names.insert(line.substr(open + 1, line.find(')') - open - 1));
  }
  return names;
}

}  // namespace

TEST_CASE("metrics: every file of the folder is a listed metric with a test") {
  const fs::path folder = repository("evaluators/metrics");
  const fs::path tests = repository("tests/unit/evaluators/metrics");
  std::set<std::string> listed = listed_constants(folder / "metrics.def");
  CHECK(listed.size() + listed_constants(repository("evaluators/judge/judges.def")).size() ==
        llmops::metrics().size());
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path& path = entry.path();
    if (!entry.is_directory() && path.extension() != ".cpp") continue;
    if (path.filename() == "text") continue;  // algorithms that metrics share
    const std::string constant = defined_constant(path, "MetricInfo");
    CAPTURE(path.filename().string());
    CHECK_MESSAGE(!constant.empty(), "defines no MetricInfo");
    CAPTURE(constant);
    CHECK_MESSAGE(listed.erase(constant) == 1, "has no line in metrics.def");
    const std::string stem = path.stem().string();
    CHECK_MESSAGE((fs::exists(tests / (stem + "_test.cpp")) || fs::exists(tests / stem)),
                  "has no test file");
  }
  for (const std::string& constant : listed)
    FAIL_CHECK("metrics.def lists ", constant, ", which no file defines");
}

TEST_CASE("judges: every line of judges.def is defined and has a test") {
  const fs::path folder = repository("evaluators/judge");
  for (const std::string& constant : listed_constants(folder / "judges.def")) {
    CAPTURE(constant);
    fs::path defined;
    for (const auto& entry : fs::directory_iterator(folder))
      if (content(entry.path()).find("constexpr MetricInfo " + constant + "{") != std::string::npos)
        defined = entry.path();
    REQUIRE_MESSAGE(!defined.empty(), "no file of evaluators/judge defines it");
    CHECK_MESSAGE(fs::exists(repository("tests/unit/evaluators/judge") /
                             (defined.stem().string() + "_test.cpp")),
                  "has no test file");
  }
}

TEST_CASE("metrics: every metric has its facts and stands in the README") {
  const std::string readme = content(repository("evaluators/README.md"));
  std::set<std::string_view> names;
  for (const llmops::MetricInfo* info : llmops::metrics()) {
    CAPTURE(info->name);
    CHECK_MESSAGE(names.insert(info->name).second, "the name is taken twice");
    CHECK_FALSE(info->summary.empty());
    CHECK_FALSE(info->source.empty());
    CHECK((info->make != nullptr));
    CHECK_MESSAGE(readme.find("`" + std::string(info->name) + "`") != std::string::npos,
                  "is not in evaluators/README.md");
    for (const std::string_view option : info->options)
      CHECK_MESSAGE(readme.find("`" + std::string(option)) != std::string::npos,
                    "the README lacks option ", option);
  }
}
