#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/asking.h"
#include "tests/support/reference.h"

using namespace llmops;
using namespace llmops::test;

namespace {

std::vector<std::shared_ptr<const Request>> questions(int count) {
  std::vector<std::shared_ptr<const Request>> requests;
  for (int i = 0; i < count; ++i) requests.push_back(question("case" + std::to_string(i), "q" + std::to_string(i)));
  return requests;
}

}  // namespace

TEST_CASE("exec: one document a line in, one out, a worker for each place") {
  const TemporaryFolder folder;
  folder.write("app.sh",
               "#!/bin/sh\n"
               "echo started >> starts\n"
               "while read -r line; do\n"
               "  id=$(printf '%s' \"$line\" | sed 's/.*\"id\":\"\\([^\"]*\\)\".*/\\1/')\n"
               "  printf '{\"text\":\"to %s\",\"input_tokens\":3,\"output_tokens\":4}\\n' \"$id\"\n"
               "done\n");
  EventLoop loop;
  const auto model = model_from("{provider: exec, command: [sh, app.sh], limits: {concurrency: 3}}", loop, folder.path());
  FanOutCounts counts;
  const auto samples = ask_all(questions(30), *model, loop, {}, &counts);
  REQUIRE(samples.size() == 30);
  for (const Sample& sample : samples) {
    CHECK(sample.error.message == "");
    CHECK(sample.text == "to " + sample.case_id);
    CHECK(sample.usage.output == 4);
    CHECK(sample.timing.latency_ms.has_value());
  }
  std::ifstream starts(folder.path() / "starts");
  int started = 0;
  for (std::string line; std::getline(starts, line);) ++started;
  CHECK(started <= 3);
}

TEST_CASE("exec: what the program is told") {
  const TemporaryFolder folder;
  folder.write("app.sh", "read -r line; printf '%s' \"$line\" > request; echo '{\"text\":\"ok\"}'; cat > /dev/null\n");
  EventLoop loop;
  const auto model = model_from(
      "{provider: exec, command: sh app.sh, parameters: {temperature: 0}}", loop, folder.path());
  CHECK(ask_once(*model, loop, "hello").sample.text == "ok");
  std::string told;
  std::ifstream request(folder.path() / "request");
  std::getline(request, told);
  CHECK(told ==
        R"({"id":"1","messages":[{"role":"user","content":"hello"}],)"
        R"("parameters":{"temperature":0},"variables":{"question":"hello"}})");
}

TEST_CASE("exec: every way to fail") {
  struct Row {
    const char* why;
    const char* command;
    const char* kind;
    const char* message;
    const char* total = "20s";
  };
  const Row rows[] = {
      {"says so", R"([sed, -u, 's/.*/{"error":"no"}/'])", "program_failed", "the program says: no"},
      {"nonsense", "[sed, -u, 's/.*/nonsense/']", "bad_json", nullptr},
      {"no text", "[sed, -u, 's/.*/{}/']", "empty_choices", "the program's answer has neither `text` nor `error`"},
      {"ends", "[sh, -c, 'read line; echo broken >&2; exit 3']", "program_failed", "the program failed: exit code 3: broken"},
      {"dies", "[sh, -c, 'read line; kill -9 $$']", "program_failed", "the program failed: ended by signal 9"},
      {"its interpreter is not there", "[./app]", "other", "cannot start `./app`: No such file or directory"},
      {"hangs", "[sleep, '1000']", "timeout_total", nullptr, "200ms"},
  };
  const TemporaryFolder folder;
  folder.write("app", "#!/no/such/interpreter\n");
  std::filesystem::permissions(folder.path() / "app", std::filesystem::perms::owner_all);
  for (const Row& row : rows) {
    CAPTURE(row.why);
    EventLoop loop;
    const auto model = model_from("{provider: exec, timeout: {total: " + std::string(row.total) + "}, command: " + row.command + "}", loop, folder.path());
    const Sample sample = ask_once(*model, loop).sample;
    CHECK(name(sample.error.kind) == row.kind);
    if (row.message != nullptr) CHECK(sample.error.message == row.message);
  }
}

TEST_CASE("exec: on time-out the program's children go with it") {
  const TemporaryFolder folder;
  EventLoop loop;
  const auto model = model_from(
      "{provider: exec, timeout: {total: 1s}, command: [sh, -c, 'sleep 1000 & echo $! > child; wait']}", loop, folder.path());
  CHECK(name(ask_once(*model, loop).sample.error.kind) == "timeout_total");
  pid_t child = 0;
  std::ifstream(folder.path() / "child") >> child;
  REQUIRE(child > 0);
  // Its end takes the kernel a moment; and it may stay a zombie until whoever adopted it looks: that
  // one is no process any more.
  std::string state;
  for (int i = 0; i < 500; ++i) {
    std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
    std::string pid, program;
    state = "gone";
    stat >> pid >> program >> state;
    if (state == "gone" || state == "Z" || state == "X") break;
    ::usleep(10'000);
  }
  CHECK((state == "gone" || state == "Z" || state == "X"));
}

TEST_CASE("exec: a program that failed is started again") {
  const TemporaryFolder folder;
  EventLoop loop;
  const auto model = model_from(
      "{provider: exec, retries: {base: 1ms}, limits: {concurrency: 1}, command: [sh, -c, "
      "'read line; test -e second || { touch second; exit 1; }; echo \"{\\\"text\\\":\\\"fine\\\"}\"; cat > /dev/null']}",
      loop, folder.path());
  const auto samples = ask_all(questions(1), *model, loop);
  REQUIRE(samples.size() == 1);
  CHECK(samples[0].text == "fine");
  CHECK(samples[0].attempts == 2);
}
