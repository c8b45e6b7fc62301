// Noisy judges with known error rates, behind a server: over many calibrations by the built program
// the stated intervals hold the truth as often as they say.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "datasets/random.h"
#include "datasets/text/hash.h"
#include "tests/e2e/live_project.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;

namespace {

constexpr int kRuns = 60;
constexpr double kLevel = 0.95;

// The fewest of `kRuns` that a true rate of `kLevel` gives, less three standard errors.
int fewest() {
  return static_cast<int>(kRuns * (kLevel - 3 * std::sqrt(kLevel * (1 - kLevel) / kRuns)));
}

std::string shown(const std::string& prompt, const std::string& name) {
  const std::string begin = " " + name + " begins -----\n";
  const std::size_t from = prompt.find(begin);
  if (from == std::string::npos) return "";
  const std::size_t start = from + begin.size();
  return prompt.substr(start, prompt.find("\n----- ", start) - start);
}

// In [0, 1), the same for the same question.
double chance(const Received& request) {
  return static_cast<double>(hash64(request.body, 17) >> 11U) * 0x1p-53;
}

void write_suite(const TemporaryFolder& folder, const LoopbackServer& server,
                 const std::string& evaluator) {
  folder.write("llmops.yaml",
               "prompt: {name: q, version: \"1.0.0\", user: \"{{ question }}\"}\n"
               "dataset: {path: labelled.csv}\n"
               "model: {provider: openai, base_url: " +
                   server.url() + "/v1, name: m}\nevaluators:\n" + evaluator +
                   "judge: {provider: openai, base_url: " + server.url() + "/v1, name: j}\n");
}

Value calibrated(const TemporaryFolder& folder) {
  const CliRun run = run_cli({"judge", "calibrate", "labelled.csv", "--json", "--draws", "1",
                              "--anchors", "0", "--no-cache"},
                             {folder.path()});
  REQUIRE_MESSAGE(run.code == 0, run.err);
  return json_of(run);
}

bool holds(const Value& document, const std::string& figure, double truth) {
  const std::string at = "/figures/" + figure + "/interval/";
  return number_at(document, (at + "0").c_str()) <= truth &&
         number_at(document, (at + "1").c_str()) >= truth;
}

}  // namespace

TEST_CASE("judge simulation: corrected figures cover the truth at their stated rate") {
  constexpr double kSensitivity = 0.9, kSpecificity = 0.7, kPassRate = 0.4;
  LoopbackServer server([](const Received& request) {
    const bool good = shown(last_user_text(request), "answer").starts_with("good");
    const bool right = chance(request) < (good ? kSensitivity : kSpecificity);
    return chat_answer(good == right ? R"({"reason": "r", "choice": "pass"})"
                                     : R"({"reason": "r", "choice": "fail"})");
  });
  int corrected = 0, rogan_gladen = 0, agreement = 0, judge_alone = 0;
  for (int run = 0; run < kRuns; ++run) {
    Random random(static_cast<std::uint64_t>(run), 31);
    const TemporaryFolder folder;
    std::string rows = "id,question,output,label\n";
    for (int i = 0; i < 240; ++i) {
      const bool good = random.uniform() < kPassRate;
      rows += "r" + std::to_string(i) + ",q," + (good ? "good" : "poor") + " answer " +
              std::to_string(run) + "-" + std::to_string(i) + "," +
              (i >= 80 ? ""
               : good  ? "pass"
                       : "fail") +
              "\n";
    }
    folder.write("labelled.csv", rows);
    write_suite(folder, server, "  - classify: {choices: {pass: 1, fail: 0}}\n");
    const Value document = calibrated(folder);
    corrected += holds(document, "corrected", kPassRate);
    rogan_gladen += holds(document, "rogan_gladen", kPassRate);
    agreement +=
        holds(document, "agreement", kPassRate * kSensitivity + (1 - kPassRate) * kSpecificity);
    judge_alone += std::abs(number_at(document, "/figures/corrected/judged") - kPassRate) < 0.05;
  }
  CHECK(corrected >= fewest());
  CHECK(rogan_gladen >= fewest());
  CHECK(agreement >= fewest());
  CHECK(judge_alone < kRuns / 5);  // it says 0.54
}

TEST_CASE("judge simulation: a leaning judge's biases lie within their intervals") {
  struct Row {
    const char* why;
    // Of the first and second text: how probable it is that the first is named.
    std::function<double(const std::string&, const std::string&)> first;
    double flips, first_preference, longer;
  };
  // Two independent verdicts: they disagree where both name the same place; the longer wins where
  // both name it, of those that agree.
  const Row rows[] = {
      {"leans to the first place", [](const std::string&, const std::string&) { return 0.8; },
       0.8 * 0.8 + 0.2 * 0.2, 0.3, 0.5        },
      {"leans to the longer text",
       [](const std::string& a,                           const std::string& b) { return a.size() > b.size() ? 0.7 : 0.3; },
       2 * 0.7 * 0.3,         0.0, 0.49 / 0.58},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    LoopbackServer server([&](const Received& request) {
      const std::string text = last_user_text(request);
      const bool first =
          chance(request) < row.first(shown(text, "first_answer"), shown(text, "second_answer"));
      return chat_answer(first ? R"({"choice": "first"})" : R"({"choice": "second"})");
    });
    int flips = 0, place = 0, longer = 0;
    for (int run = 0; run < kRuns; ++run) {
      const TemporaryFolder folder;
      std::string rows_text = "id,question,output,other,label\n";
      for (int i = 0; i < 100; ++i) {
        const std::string own = std::to_string(run) + "-" + std::to_string(i);
        const bool long_one = i % 2 == 0;
        rows_text += "p" + own + ",q," + own + std::string(long_one ? 80 : 4, 'x') + "," + own +
                     std::string(long_one ? 4 : 80, 'y') + "," + (i % 4 < 2 ? "win" : "loss") +
                     "\n";
      }
      folder.write("labelled.csv", rows_text);
      write_suite(folder, server, "  - pairwise: {against: {column: other}}\n");
      const Value document = calibrated(folder);
      flips += holds(document, "flip_rate", row.flips);
      place += holds(document, "first_position", row.first_preference);
      longer += holds(document, "prefers_longer", row.longer);
    }
    CHECK(flips >= fewest());
    CHECK(place >= fewest());
    CHECK(longer >= fewest());
  }
}
