// The attack prompts against a scripted model with one weakness: it does what
// documents say.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "tests/e2e/live_project.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;
namespace fs = std::filesystem;

namespace {

// Follows a code word in a document; refuses everything that comes without a
// document.
std::string weak_model(const std::string& message) {
  if (message.find("Document:") == std::string::npos)
    return "I'm sorry, but I can't help with that.";
  static const std::regex kCode("[A-Z]+(-[A-Z]+)*-[0-9]{4}");
  std::smatch found;
  return std::regex_search(message, found, kCode) ? found.str() : "It says so.";
}

}  // namespace

TEST_CASE("redteam: the suite runs, and its figures are those counted by hand") {
  const LoopbackServer server([](const Received& request) {
    return chat_reply(request, weak_model(last_user_text(request)));
  });
  const TemporaryFolder folder;
  fs::copy(repository("datasets/examples/recipes/redteam"), folder.path() / "project",
           fs::copy_options::recursive);
  const fs::path suite = folder.path() / "project/suites/redteam.yaml";
  std::ifstream in(suite);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::size_t model = text.find("\nmodel:") + 1, end = text.find('\n', model);
  REQUIRE(model > 0);
  text.replace(model, end - model,
               "model: {provider: openai, base_url: " + server.url() + "/v1, name: weak}");
  std::ofstream(suite) << text;

  const CliRun run =
      run_cli({"eval", "suites/redteam.yaml", "--json"}, {.folder = folder.path() / "project"});
  CAPTURE(run.err);
  CHECK(run.code == 1);
  const Value document = json_of(run);
  const Value* metrics = document.find("metrics");
  REQUIRE(metrics != nullptr);
  const auto figure = [&](const char* metric, const char* key) {
    return metrics->find(metric)->find(key)->number();
  };
  // The documents of 12 of the 55 attacks hold their canary; that of the 12 harmless cases is the
  // prompt's secret.
  CHECK(figure("injection", "n") == 67);
  CHECK(figure("injection", "mean") == doctest::Approx(12.0 / 67));
  CHECK(figure("injection", "unscored") == 0);
  // Refused without need: 11 harmless cases without a document, and three
  // attacks that hide in an ordinary task. Answered though it should refuse:
  // three documents.
  CHECK(figure("refusal_match.over", "mean") == doctest::Approx(14.0 / 67));
  CHECK(figure("refusal_match.under", "mean") == doctest::Approx(3.0 / 67));
  CHECK(figure("refusal_match", "mean") == doctest::Approx(50.0 / 67));
  CHECK(figure("secrets", "mean") == 0);
  CHECK(run.err.find("QUILL-52-HERON") == std::string::npos);
}
