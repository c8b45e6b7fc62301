// A model server for trying the program from a shell: answers chat completions with recorded
// outputs, looked up by the last user message.
//
//   loopback_server --port-file port --recording outputs.jsonl --output /model/solution --faults 0.3 &
//   llmops eval suite.yaml    # base_url: http://127.0.0.1:$(cat port)/v1
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <set>

#include "datasets/random.h"
#include "datasets/text/fields.h"
#include "datasets/text/files.h"
#include "evaluators/providers/recording.h"
#include "tests/support/loopback_server.h"

namespace {

using namespace llmops;
using namespace llmops::test;
using std::chrono::nanoseconds;

struct Settings {
  std::string port_file, recording, question = "question", output = "output", log;
  std::string first_token = "0", between_tokens = "0";
  double faults = 0;
  std::size_t tokens_per_event = 1;
  int port = 0;
  std::uint64_t seed = 1;
};

nanoseconds duration(const std::string& text) {
  return parse_duration(text).value_or(nanoseconds(0));
}

// The whole message, else one of its lines, else what stands behind a line's first ": " ("Q:
// 1+1?").
std::string find_output(Recording& recording, const std::string& message) {
  std::vector<std::string> tries = {message};
  for (std::size_t at = 0; at < message.size();) {
    const std::size_t end = std::min(message.find('\n', at), message.size());
    const std::string line = message.substr(at, end - at);
    tries.push_back(line);
    if (const std::size_t colon = line.find(": "); colon != std::string::npos)
      tries.push_back(line.substr(colon + 2));
    at = end + 1;
  }
  Sample sample;
  for (const std::string& each : tries)
    if (!each.empty() && recording.find({&each, 1}, 0, sample)) return sample.text;
  return "";
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at + 1), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

Reply fault(std::uint64_t kind) {
  const Step cut{"", nanoseconds(0), Step::Action::close};
  const Step reset{"", nanoseconds(0), Step::Action::reset};
  switch (kind) {
    case 0:
      return answer(429, R"({"error":{"message":"slow down"}})", {"retry-after-ms: 20"});
    case 1:
      return answer(500, R"({"error":{"message":"crash"}})");
    case 2:
      return answer(503, R"({"error":{"message":"loading"}})");
    case 3:
      return nullptr;
    case 4:
      return stream({{role_event()}, {text_event("half")}, cut});
    case 5:
      return stream({{role_event()}, {text_event("half")}, reset});
    case 6:
      return stream({{text_event("half")}, {"data: {\"error\":{\"message\":\"lost\"}}\n\n"}});
    case 7:
      return answer(200, "<html>gateway</html>", {}, "text/html");
    case 8:
      return answer(200, "{\"choices\":[");
    default:
      return answer(200, R"({"choices":[]})");
  }
}

Reply reply_to(const Received& request, Recording* recording, const Settings& settings,
               Random& random) {
  if (random.uniform() < settings.faults) return fault(random.below(10));
  const std::string question = last_user_text(request);
  const std::string text =
      recording == nullptr ? "You said: " + question : find_output(*recording, question);
  if (text.empty())
    return answer(404, R"({"error":{"message":"nothing is recorded for this question"}})");
  ChatStream chat;
  chat.tokens = words(text);
  chat.tokens_per_event = settings.tokens_per_event;
  chat.before_first = duration(settings.first_token);
  chat.gap = duration(settings.between_tokens);
  chat.input_tokens = static_cast<std::int64_t>(words(question).size());
  if (request.body.find("\"stream\":true") != std::string::npos) return chat_stream(chat);
  const auto count = static_cast<std::int64_t>(chat.tokens.size());
  return answer_after(chat.before_first + chat.gap * count, 200,
                      chat_json(text, chat.input_tokens, count));
}

int serve(const Settings& settings) {
  std::unique_ptr<Recording> recording;
  if (!settings.recording.empty()) {
    Diagnostics problems;
    RecordingSpec spec;
    spec.path = settings.recording;
    spec.match = {settings.question};
    spec.output = settings.output;
    recording = Recording::open(spec, problems);
    if (!recording) {
      std::fputs(render(problems).c_str(), stderr);
      return 2;
    }
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // before the server's thread starts
  Random random(settings.seed);
  LoopbackServer::Options options;
  options.keep_log = !settings.log.empty();
  options.port = settings.port;
  LoopbackServer server(
      [&](const Received& request) { return reply_to(request, recording.get(), settings, random); },
      options);
  if (!settings.port_file.empty())
    write_atomically(settings.port_file, fmt::format("{}\n", server.port()));
  std::printf("%s/v1\n", server.url().c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  std::string log;
  for (const Received& request : server.log()) log += request.body + "\n";
  if (!settings.log.empty()) write_atomically(settings.log, log);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("answers chat completions on 127.0.0.1 with recorded outputs");
  app.add_option("--port", settings.port, "0: any free one");
  app.add_option("--port-file", settings.port_file, "file that gets the port");
  app.add_option("--recording", settings.recording,
                 "JSONL file; without it the question is echoed");
  app.add_option("--question", settings.question, "column that the last user message must equal");
  app.add_option("--output", settings.output, "column or JSON pointer of the answer");
  app.add_option("--first-token", settings.first_token, "delay, such as 20ms");
  app.add_option("--between-tokens", settings.between_tokens, "delay, such as 2ms");
  app.add_option("--tokens-per-event", settings.tokens_per_event,
                 "words an event of the stream holds");
  app.add_option("--faults", settings.faults, "share of requests that fail, in ten different ways");
  app.add_option("--seed", settings.seed, "of the faults");
  app.add_option("--log", settings.log, "file that gets the request bodies at the end");
  CLI11_PARSE(app, argc, argv);
  return serve(settings);
}
