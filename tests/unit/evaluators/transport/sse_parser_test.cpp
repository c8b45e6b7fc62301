#include "evaluators/transport/sse_parser.h"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

using namespace llmops;

namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

struct Collect final : SseSink {
  Events events;
  void on_event(std::string_view name, std::string_view data) override {
    events.emplace_back(name, data);
  }
};

Events parse(std::string_view text, std::size_t piece) {
  SseParser parser;
  Collect sink;
  for (std::size_t at = 0; at < text.size(); at += piece) parser.feed(text.substr(at, piece), sink);
  parser.finish(sink);
  return sink.events;
}

}  // namespace

TEST_CASE("sse: the standard's forms, cut at every length") {
  struct Row {
    const char* why;
    std::string text;
    Events events;
  };
  const Row rows[] = {
      {"LF",                              "data: a\n\ndata: b\n\n",                  {{"", "a"}, {"", "b"}}     },
      {"CRLF",                            "data: a\r\n\r\ndata: b\r\n\r\n",          {{"", "a"}, {"", "b"}}     },
      {"CR",                              "data: a\r\rdata: b\r\r",                  {{"", "a"}, {"", "b"}}     },
      {"mixed ends",                      "data: a\r\n\ndata: b\n\r\n",              {{"", "a"}, {"", "b"}}     },
      {"no blank after the colon",        "data:{\"a\":1}\n\n",                      {{"", "{\"a\":1}"}}        },
      {"only one blank is cut",           "data:  a\n\n",                            {{"", " a"}}               },
      {"several data lines",              "data: a\ndata: b\n\n",                    {{"", "a\nb"}}             },
      {"an empty data line counts",       "data\ndata: b\n\n",                       {{"", "\nb"}}              },
      {"comments",                        ": ping\n\ndata: a\n: x\n\n",              {{"", "a"}}                },
      {"event names",                     "event: ping\ndata: {}\n\ndata: a\n\n",    {{"ping", "{}"}, {"", "a"}}},
      {"a name without data is no event", "event: ping\n\ndata: a\n\n",              {{"", "a"}}                },
      {"other fields are skipped",        "id: 7\nretry: 10\nfoo: bar\ndata: a\n\n", {{"", "a"}}                },
      {"byte order mark",
       "\xEF\xBB\xBF"
       "data: a\n\n",                                                                {{"", "a"}}                },
      {"UTF-8",                           "data: Grüße 🙂\n\n",                  {{"", "Grüße 🙂"}}     },
      {"the last line break is missing",  "data: a\n\ndata: [DONE]",                 {{"", "a"}, {"", "[DONE]"}}},
      {"nothing",                         "",                                        {}                         },
  };
  for (const Row& row : rows) {
    for (std::size_t piece = 1; piece <= row.text.size() + 1; ++piece) {
      CAPTURE(row.why);
      CAPTURE(piece);
      CHECK(parse(row.text, piece) == row.events);
    }
  }
}

TEST_CASE("sse: an event without end is refused, not kept") {
  SseParser parser(1000);
  Collect sink;
  CHECK(parser.feed("data: " + std::string(900, 'x'), sink));
  CHECK_FALSE(parser.feed(std::string(900, 'x'), sink));
  CHECK_FALSE(parser.feed("\n\ndata: a\n\n", sink));
  parser.finish(sink);
  CHECK(sink.events.empty());
}
