#include "tests/support/served_project.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "datasets/text/json.h"

namespace llmops::test {
namespace {

constexpr int kCases = 40;

std::string first_word(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string word;
  in >> word;
  return word;
}

// `later`: the run that is compared with the first.
std::string recording(const std::string& url, bool later) {
  std::string text;
  for (int i = 0; i < kCases; ++i) {
    const bool hostile = i >= kCases - 2;
    const bool lost = later && i % 5 == 0;
    Object line{
        {"question",
         hostile ? hostile_text(url) + std::to_string(i) : fmt::format("question {}", i)},
        {"output",          hostile ? hostile_text(url) + (later ? "later" : "")
                           : (lost ? "the answer is lost " : "the answer is ") + std::to_string(i)                                                                 },
        {"tokens",          later ? 12 : 10},
        {"ms",          100 + i                                                                     }
    };
    if (i == 7) line.add("error", "timeout_total");
    text += dump_json(Value(line)) + "\n";
  }
  return text;
}

}  // namespace

std::string hostile_text(const std::string& url) {
  return fmt::format(
      "</script><script>window.hacked=1</script><img src='{0}/img' onerror='window.hacked=2'>"
      "<svg onload='window.hacked=3'></svg><iframe src='javascript:parent.hacked=4'></iframe>"
      "<style>@import '{0}/css'</style><link rel=stylesheet href='{0}/link'><a href=\"javascript:"
      "window.hacked=5\">x</a><meta http-equiv=refresh content='0;url={0}/meta'>]]> \x1b[31mred "
      "\xE2\x80\xAEgnp.exe ${{window.hacked=6}} =cmd()",
      url);
}

HostileProject::HostileProject(const std::string& url) {
  std::string rows;
  for (int i = 0; i < kCases; ++i) {
    const bool hostile = i >= kCases - 2;
    rows +=
        dump_json(Value(Object{
            {"id",                            hostile ? hostile_text(url) + std::to_string(i) : fmt::format("case-{:02}", i)},
            {"question",
             hostile ? hostile_text(url) + std::to_string(i) : fmt::format("question {}",                                                                                                i)},
            {"answer",                             fmt::format("the answer is {}",        i)},
            {"tags",Object{{"kind", hostile      ? hostile_text(url)
                                     : i % 2 == 0 ? "even"
                                                  : "odd"}}                                     }
    })) +
        "\n";
  }
  folder_.write("rows.jsonl", rows);
  folder_.write("said.jsonl", recording(url, false));
  folder_.write(
      "llmops.yaml",
      "prompt: {name: p, version: \"1.0.0\", system: Be brief., user: \"Q: {{ question }}\"}\n"
      "dataset: {path: rows.jsonl, fields: {reference: answer}}\n"
      "model: {provider: replay, path: said.jsonl, match: question, output: /output, "
      "output_tokens: /tokens, latency_ms: /ms, error: /error, name: m}\n"
      "evaluators: [exact_match, token_f1]\n"
      "gate:\n  baseline: base.json\n  rules:\n    - {metric: exact_match, max_drop: 0.05}\n"
      "    - {metric: error_rate, max: 50%}\n");
  run({"eval", "--no-gate", "--quiet"});
  run({"baseline", "set", "last", "base.json"});
  folder_.write("said.jsonl", recording(url, true));
  run({"eval", "--quiet", "--html", "page.html"});
}

CliRun HostileProject::run(const std::vector<std::string>& arguments) const {
  return run_cli(arguments, {.folder = folder_.path()});
}

Viewer::Viewer(const std::filesystem::path& folder) : folder_(folder) {
  std::filesystem::remove(folder_ / "pid");
  thread_ = std::thread([this] {
    code_ = run_program({"bash", "-c", "llmops view > url & echo $! > pid; wait $!"},
                        {.folder = folder_})
                .code;
  });
  for (int i = 0; i < 1200 && url_.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
    url_ = first_word(folder_ / "url");
    if (!url_.ends_with("/")) url_.clear();  // not written whole
  }
}

Viewer::~Viewer() {
  if (thread_.joinable()) stop();
}

int Viewer::port() const {
  return std::stoi(url_.substr(std::string_view("http://127.0.0.1:").size()));
}

std::string Viewer::token() const {
  const std::size_t end = url_.size() - 1;
  const std::size_t begin = url_.rfind('/', end - 1) + 1;
  return url_.substr(begin, end - begin);
}

int Viewer::stop() {
  const std::string pid = first_word(folder_ / "pid");
  if (!pid.empty()) ::kill(std::stoi(pid), SIGINT);
  thread_.join();
  return code_;
}

std::string Viewer::ask(const std::string& request) const {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      ::send(descriptor, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size())) {
    std::array<char, 65536> block{};
    for (ssize_t got = 0; (got = ::recv(descriptor, block.data(), block.size(), 0)) > 0;)
      answer.append(block.data(), static_cast<std::size_t>(got));
  }
  ::close(descriptor);
  return answer;
}

std::string Viewer::get(const std::string& path) const {
  return ask(fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", path, port()));
}

}  // namespace llmops::test
