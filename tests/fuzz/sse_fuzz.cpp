// An event stream of any bytes, cut anywhere: the same events come out, and nothing breaks.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datasets/text/json.h"
#include "evaluators/providers/chat_answer.h"
#include "evaluators/providers/repeated_chunk.h"
#include "evaluators/transport/sse_parser.h"

namespace {

struct Collect final : llmops::SseSink {
  std::vector<std::pair<std::string, std::string>> events;
  void on_event(std::string_view name, std::string_view data) override {
    events.emplace_back(name, data);
  }
};

std::vector<std::pair<std::string, std::string>> parse(std::string_view text, std::size_t piece) {
  llmops::SseParser parser;
  Collect sink;
  for (std::size_t at = 0; at < text.size(); at += piece) parser.feed(text.substr(at, piece), sink);
  parser.finish(sink);
  return sink.events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto whole = parse(text, size + 1);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}})
    if (parse(text, piece) != whole) std::abort();
  // A chunk that is like the last one is not parsed, and means the same.
  llmops::ChatAnswer answer, quick;
  llmops::RepeatedChunk like_last;
  for (const auto& event : whole) {
    const auto value = llmops::parse_json(event.second, "fuzz");
    if (value) answer.add_chunk(*value);
    if (const auto alone = like_last.text_of(event.second)) {
      if (!value) std::abort();
      quick.add_text_alone(*alone);
    } else if (value) {
      const std::size_t before = quick.text().size();
      if (quick.add_chunk(*value).text_alone)
        like_last.learn(event.second, std::string_view(quick.text()).substr(before));
    }
  }
  if (quick.text() != answer.text()) std::abort();
  llmops::Sample sample;
  answer.move_into(sample);
  return 0;
}
