#pragma once
// Runs that are killed at random moments and resumed.

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "datasets/random.h"
#include "datasets/text/files.h"
#include "tests/e2e/live_project.h"
#include "tests/support/loopback_server.h"

namespace llmops::test {

struct KillFigures {
  int killed = 0;               // runs that the signal reached
  std::int64_t stored = 0;      // answers that their resumption did not ask again
  std::int64_t on_the_way = 0;  // answers asked again: they were sent when the run was killed
  double oldest_ms = 0;         // the longest time before the kill that one of those was sent
};

// `runs` runs of 300 calls, eight at once, each killed (SIGKILL) at a random moment and resumed.
// Checks that scores and outputs equal those of an undisturbed run, and that only answers on their
// way at the moment of the kill are asked again. An answer counts as on its way for `grace` after
// the server has sent it: it crosses two sockets, is parsed and written down (longer where the
// undisturbed run took longer than on an idle machine).
inline KillFigures kill_and_resume(int runs, std::uint64_t seed, std::chrono::milliseconds grace) {
  using Clock = std::chrono::steady_clock;
  constexpr int kCalls = 300;
  constexpr int kAtOnce = 8;
  Random random(seed);
  KillFigures figures;
  const LoopbackServer server(
      [](const Received& request) {
        const std::string question = last_user_text(request);
        const bool right = (question.size() + static_cast<unsigned char>(question.back())) % 3 != 0;
        return answer_after(std::chrono::milliseconds(4), 200,
                            chat_json(right ? "1" : "no: " + question, 1, 1));
      },
      {.keep_log = true, .stamp_sends = true});
  const auto project = [&](const TemporaryFolder& folder) {
    write_live_project(
        folder, server.url(), kCalls,
        "name: m, stream: false, limits: {concurrency: " + std::to_string(kAtOnce) + "}");
  };
  const auto outcome = [](const CliRun& run) {
    return text_at(json_of(run), "/metrics/exact_match") + text_at(json_of(run), "/run/samples");
  };
  // The texts and scores of all samples, without their times.
  const auto samples = [](const TemporaryFolder& folder) {
    std::string all;
    const Result<Source> lines = read_source(folder.path() / "s.jsonl");
    REQUIRE(lines);
    std::string_view rest = lines->text();
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const Result<Value> line = parse_json(rest.substr(0, end), "s.jsonl");
      REQUIRE(line);
      for (const char* key : {"case_id", "sample", "text", "scores"})
        all += to_text(*line->find(key)) + "|";
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return all;
  };
  const std::vector<std::string> evaluate = {"eval", "--json", "--samples-out", "s.jsonl"};

  const TemporaryFolder undisturbed;
  project(undisturbed);
  const Clock::time_point start = Clock::now();
  const CliRun whole = run_cli(evaluate, {.folder = undisturbed.path()});
  const std::chrono::duration<double> took = Clock::now() - start;
  // Where the machine has other work, everything takes longer, this way too.
  constexpr double kOnAnIdleMachine_s = 0.6;
  const double most_age_ms =
      static_cast<double>(grace.count()) * std::max(1.0, took.count() / kOnAnIdleMachine_s);
  REQUIRE(whole.code == 0);
  const std::string wanted = outcome(whole), wanted_samples = samples(undisturbed);

  for (int i = 0; i < runs; ++i) {
    CAPTURE(i);
    const TemporaryFolder folder;
    project(folder);
    const auto first = static_cast<std::size_t>(server.requests());
    // Its first part is the program's start, when there is nothing to lose.
    const auto when =
        std::chrono::duration_cast<std::chrono::nanoseconds>(took * (0.3 + 0.7 * random.uniform()));
    CAPTURE(when.count());
    const CliRun cut = run_cli(evaluate, {.folder = folder.path(), .signals = {{when, SIGKILL}}});
    std::vector<std::string> again = evaluate;
    again.insert(again.end(), {"--resume", "last"});
    CliRun rest = run_cli(again, {.folder = folder.path()});
    const bool nothing_there = rest.err.find("no run is stored yet") != std::string::npos;
    const bool complete = rest.err.find(" is complete") != std::string::npos;
    if (nothing_there) rest = run_cli(evaluate, {.folder = folder.path()});
    if (complete) continue;  // the signal came after its end
    CAPTURE(rest.err);
    REQUIRE(rest.code == 0);
    CHECK(outcome(rest) == wanted);
    CHECK(samples(folder) == wanted_samples);
    if (cut.signalled.empty()) continue;
    ++figures.killed;

    const std::vector<Received> log = server.log();
    std::map<std::string, std::int64_t> answered;  // question -> request
    std::int64_t twice = 0;
    for (std::size_t request = first; request < log.size(); ++request) {
      const std::string question = last_user_text(log[request]);
      const auto before = answered.find(question);
      const auto sent = server.sent(log[request].number, 0);
      if (before != answered.end()) {
        const auto earlier = server.sent(before->second, 0);
        const double age =
            std::chrono::duration<double, std::milli>(cut.signalled[0] - *earlier).count();
        CAPTURE(question);
        CHECK(age < most_age_ms);
        figures.oldest_ms = std::max(figures.oldest_ms, age);
        ++twice;
      }
      if (sent) answered[question] = log[request].number;
    }
    CHECK(answered.size() == kCalls);
    figures.on_the_way += twice;
    for (const auto& entry : answered)
      if (server.sent(entry.second, 0) < cut.signalled[0]) ++figures.stored;
  }
  return figures;
}

}  // namespace llmops::test
