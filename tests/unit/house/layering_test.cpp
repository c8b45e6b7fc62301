// Includes only go down: cli > ci > evaluators > prompts > datasets, and by the rules inside a
// layer.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "datasets/text/files.h"
#include "tests/support/reference.h"

using namespace llmops;
namespace fs = std::filesystem;

namespace {

struct Include {
  std::string from;  // "ci/gate/verdict.cpp"
  std::string to;    // as it is written, without quotes or angle brackets
  bool ours = false;
  std::size_t line = 0;
};

const std::vector<std::string> kLayers = {"datasets", "prompts", "evaluators", "ci", "cli"};

std::vector<Include> all_includes() {
  std::vector<Include> found;
  for (const std::string& layer : kLayers) {
    const fs::path root = test::repository("");
    for (const auto& entry : fs::recursive_directory_iterator(root / layer)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cpp") continue;
      Result<LineReader> reader = LineReader::open(entry.path());
      REQUIRE(reader);
      std::string_view line;
      while (reader->next(line)) {
        if (!line.starts_with("#include ") || line.size() < 12) continue;
        const char open = line[9];
        const std::size_t end = line.find(open == '<' ? '>' : '"', 10);
        if (end == std::string_view::npos) continue;
        found.push_back({fs::relative(entry.path(), root).string(),
                         std::string(line.substr(10, end - 10)), open == '"',
                         reader->line_number()});
      }
    }
  }
  return found;
}

// Place of a path's layer in the order from the floor up; -1: none of ours.
std::ptrdiff_t rank(const std::string& path) {
  const auto at = std::find(kLayers.begin(), kLayers.end(), path.substr(0, path.find('/')));
  return at == kLayers.end() ? -1 : at - kLayers.begin();
}

std::string shown(const Include& include) {
  return include.from + ":" + std::to_string(include.line) + " includes " + include.to;
}

// Whoever lies below `from` includes nothing that lies below one of `never`.
struct Wall {
  const char* why;
  const char* from;
  std::vector<std::string> never;
};

const std::vector<Wall> kWalls = {
    {"transport knows neither protocols nor runs",
     "evaluators/transport/", {"evaluators/providers/", "evaluators/runner/", "evaluators/metrics/", "evaluators/store/",
      "prompts/"}                                                                             },
    {"a provider does not know who calls it",
     "evaluators/providers/", {"evaluators/runner/", "evaluators/metrics/", "evaluators/store/", "evaluators/judge/"}      },
    {"the runner does not score",
     "evaluators/runner/",    {"evaluators/metrics/", "evaluators/judge/"}                                                 },
    {"a metric sees texts, not calls",
     "evaluators/metrics/",   {"evaluators/transport/", "evaluators/providers/", "evaluators/runner/", "evaluators/store/"}},
    {"a judge is handed a function that asks a model",
     "evaluators/judge/",     {"evaluators/transport/", "evaluators/providers/", "evaluators/runner/", "evaluators/store/"}},
    {"reports show what was decided",
     "ci/reports/",           {"evaluators/transport/", "evaluators/providers/", "evaluators/runner/", "evaluators/store/",
      "ci/stats/"}                                                                                      },
};

}  // namespace

TEST_CASE("layering: includes only go down") {
  const std::vector<Include> includes = all_includes();
  CHECK(includes.size() > 100);  // the lines were read at all
  for (const Include& include : includes) {
    if (!include.ours) continue;
    CAPTURE(shown(include));
    CHECK_MESSAGE(rank(include.to) >= 0, "paths start at the repository root");
    CHECK_MESSAGE(rank(include.to) <= rank(include.from),
                  "a lower layer does not know a higher one");
    CHECK_MESSAGE(fs::exists(test::repository(include.to)), "no such file");
  }
}

TEST_CASE("layering: walls inside a layer") {
  for (const Include& include : all_includes())
    for (const Wall& wall : kWalls) {
      if (!include.from.starts_with(wall.from)) continue;
      const bool crossed =
          std::any_of(wall.never.begin(), wall.never.end(), [&](const std::string& folder) {
            return include.ours && include.to.starts_with(folder);
          });
      CHECK_MESSAGE(!crossed, shown(include), ": ", wall.why);
    }
}

TEST_CASE("layering: statistics take numbers and give numbers") {
  for (const Include& include : all_includes()) {
    if (!include.from.starts_with("ci/stats/") || !include.ours) continue;
    const bool allowed = include.to.starts_with("ci/stats/") || include.to == "datasets/random.h" ||
                         include.to == "datasets/parallel.h";
    CHECK_MESSAGE(allowed, shown(include));
  }
}

// Each of these costs a second or two in every file that sees it.
TEST_CASE("layering: heavy headers stay out of headers") {
  for (const Include& include : all_includes()) {
    if (!include.from.ends_with(".h") || include.ours) continue;
    const std::string& to = include.to;
    const bool heavy = to == "nlohmann/json.hpp" || to.starts_with("yaml-cpp/") ||
                       to.starts_with("Eigen/") || to == "CLI/CLI.hpp" || to.starts_with("boost/");
    CHECK_MESSAGE(!heavy, shown(include));
  }
}
