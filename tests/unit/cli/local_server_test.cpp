#include "cli/local_server.h"

#include <doctest/doctest.h>

using namespace llmops;

TEST_CASE("local server: a request is understood or refused") {
  struct Row {
    const char* why;
    const char* head;
    bool understood;
  };
  const Row rows[] = {
      {"an address",         "GET /a/b/ HTTP/1.1\r\nHost: x",        true },
      {"with a query",       "GET /?a=1&b=x+y HTTP/1.1\r\nhost:x",   true },
      {"the head alone",     "HEAD / HTTP/1.0",                      true },
      {"another method",     "POST / HTTP/1.1",                      false},
      {"a whole address",    "GET http://x/ HTTP/1.1",               false},
      {"no version",         "GET /",                                false},
      {"another protocol",   "GET / SPDY/3",                         false},
      {"up the tree",        "GET /a/../b HTTP/1.1",                 false},
      {"up, in escapes",     "GET /a/%2E%2e/b HTTP/1.1",             false},
      {"here",               "GET /a/./b HTTP/1.1",                  false},
      {"a hidden slash",     "GET /a%2fb HTTP/1.1",                  false},
      {"a hidden backslash", "GET /a%5Cb HTTP/1.1",                  false},
      {"a zero byte",        "GET /a%00b HTTP/1.1",                  false},
      {"a line break",       "GET /a%0d%0aX: HTTP/1.1",              false},
      {"half an escape",     "GET /a%4 HTTP/1.1",                    false},
      {"no escape",          "GET /a%zz HTTP/1.1",                   false},
      {"two hosts",          "GET / HTTP/1.1\r\nHost: a\r\nHOST: b", false},
      {"nothing",            "",                                     false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(parse_local_request(row.head).has_value() == row.understood);
  }
}

TEST_CASE("local server: what a request holds") {
  const auto request =
      parse_local_request("HEAD /t/run/a%20b/?a=1&b=x+%26&c HTTP/1.1\r\nX: y\r\nHOST:  me:80 ");
  REQUIRE(request);
  CHECK(request->head_only);
  CHECK(request->segments == std::vector<std::string>{"t", "run", "a b", ""});
  CHECK(request->value("a") == "1");
  CHECK(request->value("b") == "x &");
  CHECK(request->value("c").empty());
  CHECK(request->value("d").empty());
  CHECK(request->host == "me:80");
}
