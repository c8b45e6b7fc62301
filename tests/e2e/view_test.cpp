// `llmops view`: the stored runs for one person on this machine, and nobody else.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>

#include "datasets/text/json.h"
#include "tests/support/served_project.h"

using namespace llmops;
using namespace llmops::test;

namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string status(const std::string& answer) { return answer.substr(0, answer.find('\r')); }
std::string body(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

}  // namespace

TEST_CASE("view: history, trends, a run, a comparison; refuses whoever is not asked for") {
  const HostileProject project("http://127.0.0.1:9");
  Viewer viewer(project.folder());
  REQUIRE_FALSE(viewer.url().empty());
  const std::string root = "/" + viewer.token() + "/";
  const Result<Value> list = parse_json(project.run({"runs", "list", "--json"}).out, "runs");
  REQUIRE(list);
  const List& runs = *list->find("runs")->list();
  REQUIRE(runs.size() == 2);
  const std::string newer = to_text(*runs[0].find("id")), older = to_text(*runs[1].find("id"));

  const std::string home = viewer.get(root);
  CHECK(status(home) == "HTTP/1.1 200 OK");
  CHECK(has(home, newer));
  CHECK(has(home, "not gated"));
  CHECK(has(home, "exact_match of the suite"));  // its trend, in words
  CHECK(has(home, ", baseline)"));
  CHECK(has(viewer.get(root + "?a=" + older), "compare/" + older + "/" + newer + "/"));
  CHECK(has(viewer.get(root + "?suite=none"), "No run is stored."));

  const std::string report = viewer.get(root + "run/" + newer + "/");
  CHECK(status(report) == "HTTP/1.1 200 OK");
  CHECK(has(report, "connect-src 'self'"));
  CHECK(has(report, "exact_match max_drop 0.05"));
  const Result<Value> texts = parse_json(body(viewer.get(root + "run/" + newer + "/case/0")), "case");
  REQUIRE(texts);
  CHECK(dump_json(*texts).find("Be brief.") != std::string::npos);
  const std::string compared = viewer.get(root + "compare/" + newer + "/" + older + "/");
  CHECK(has(compared, "Difference to the baseline"));
  CHECK(status(viewer.get(root + "compare/" + newer + "/" + older + "/case/3")) ==
        "HTTP/1.1 200 OK");

  struct Row {
    const char* why;
    std::string path;
    int status;
  };
  const Row rows[] = {
      {"no token", "/", 404},
      {"another token", "/" + std::string(32, '0') + "/", 404},
      {"half a token", "/" + viewer.token().substr(1) + "/", 404},
      {"up the tree", root + "../../etc/passwd", 400},
      {"up, in escapes", root + "run/%2e%2e/", 400},
      {"a slash in escapes", root + "run/..%2f..%2fetc/", 400},
      {"a file", root + "store.db", 404},
      {"no such run", root + "run/20000101T000000-00000000/", 404},
      {"a prefix of a run", root + "run/" + newer.substr(0, 12) + "/", 404},
      {"no such case", root + "run/" + newer + "/case/40", 404},
      {"no number", root + "run/" + newer + "/case/0x1", 404},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(status(viewer.get(row.path)).starts_with(fmt::format("HTTP/1.1 {} ", row.status)));
  }
  const std::string host = fmt::format("Host: 127.0.0.1:{}\r\n\r\n", viewer.port());
  const std::string line = "GET " + root + " HTTP/1.1\r\n";
  CHECK(has(status(viewer.ask(line + "Host: evil.example\r\n\r\n")), " 403 "));
  CHECK(has(status(viewer.ask(line + "\r\n")), " 403 "));
  CHECK(has(status(viewer.ask(line + "Host: evil.example\r\n" + host)), " 400 "));
  CHECK(has(status(viewer.ask("POST " + root + " HTTP/1.1\r\n" + host)), " 400 "));
  CHECK_FALSE(has(viewer.get("/" + std::string(100'000, 'a')), " 200 "));  // cut off, perhaps mid-word
  CHECK(has(status(viewer.ask("nonsense\r\n\r\n")), " 400 "));

  // Nobody on the network can reach it: the one listener is bound to 127.0.0.1.
  std::ifstream sockets("/proc/net/tcp");
  const std::string all{std::istreambuf_iterator<char>(sockets), {}};
  CHECK(has(all, fmt::format("0100007F:{:04X} 00000000:0000 0A", viewer.port())));
  CHECK_FALSE(has(all, fmt::format("00000000:{:04X} 00000000:0000 0A", viewer.port())));
  CHECK(viewer.stop() == 0);
}

TEST_CASE("view: without a store it says where it looked") {
  const TemporaryFolder folder;
  const CliRun run = run_cli({"view"}, {.folder = folder.path()});
  CHECK(run.code == 2);
  CHECK(has(run.err, "no runs are stored in"));
}
