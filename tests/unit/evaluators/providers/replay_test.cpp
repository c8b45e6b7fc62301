#include <doctest/doctest.h>

#include "evaluators/providers/offset_index.h"
#include "tests/support/asking.h"
#include "tests/support/reference.h"

using namespace llmops;
using namespace llmops::test;

namespace {

constexpr const char* kRows =
    "{\"question\":\"1+1?\",\"a\":{\"text\":\"2\"},\"in\":3,\"out\":5,\"ttft\":10,\"ms\":50,"
    "\"why\":\"stop\",\"usd\":0.5}\n"
    "\n"
    "{\"question\":\"2+2?\",\"a\":{\"text\":\"4\"}}\n"
    "{\"question\":\"3+3?\",\"err\":\"timeout_total\"}\n";

std::string text(const Sample& sample) {
  return sample.error ? std::string(name(sample.error.kind)) : sample.text;
}

}  // namespace

TEST_CASE("replay: looks rows up by a variable, in any order") {
  const TemporaryFolder folder;
  folder.write("r.jsonl", kRows);
  EventLoop loop;
  const auto model = model_from(
      "{provider: replay, path: r.jsonl, match: question, output: /a/text, name: old, "
      "input_tokens: in, "
      "output_tokens: out, ttft_ms: ttft, latency_ms: ms, finish_reason: why, cost_usd: usd, "
      "error: err}",
      loop, folder.path());
  const auto samples = ask_all({question("a", "2+2?"), question("b", "1+1?"), question("c", "9+9?"),
                                question("d", "3+3?"), question("e", "1+1?", 1)},
                               *model, loop);
  REQUIRE(samples.size() == 5);
  CHECK(text(samples[0]) == "4");
  CHECK(text(samples[1]) == "2");
  CHECK(text(samples[2]) == "no_recording");
  CHECK(text(samples[3]) == "timeout_total");
  CHECK(text(samples[4]) == "2");
  CHECK(samples[1].case_id == "b");
  CHECK(samples[1].model == "old");
  CHECK(samples[1].usage.input == 3);
  CHECK(samples[1].usage.output == 5);
  CHECK(samples[1].timing.ttft_ms == 10);
  CHECK(samples[1].timing.tpot_ms == 10);
  CHECK(samples[1].finish_reason == "stop");
  CHECK(samples[1].cost_usd == 0.5);
  CHECK_FALSE(samples[0].cost_usd.has_value());
}

TEST_CASE("replay: match by id, by another column, and from a JSON list") {
  const TemporaryFolder folder;
  folder.write("r.json", R"([{"id":"a","q":"x","out":"1"},{"id":"b","q":"y","out":"2"}])");
  EventLoop loop;
  const auto by_id =
      model_from("{provider: replay, path: r.json, match: id, output: out}", loop, folder.path());
  CHECK(text(ask_all({question("b", "x")}, *by_id, loop)[0]) == "2");
  const auto by_column = model_from(
      "{provider: replay, path: r.json, match: {question: q}, output: out}", loop, folder.path());
  CHECK(text(ask_all({question("b", "x")}, *by_column, loop)[0]) == "1");
}

TEST_CASE("replay: several columns must match, the prompt's version among them") {
  const TemporaryFolder folder;
  folder.write("r.jsonl", R"({"id":"a","v":"1.0.0","out":"old"}
{"id":"a","v":"1.1.0","out":"new"}
)");
  EventLoop loop;
  const auto model = model_from(
      "{provider: replay, path: r.jsonl, match: {id: id, prompt.version: v}, output: out}", loop,
      folder.path());
  const auto asked = [&](const char* version) {
    auto prompt = std::make_shared<Prompt>();
    prompt->version = version;
    auto request = std::make_shared<Request>(*question("a", ""));
    request->prompt = std::move(prompt);
    return text(ask_all({std::move(request)}, *model, loop)[0]);
  };
  CHECK(asked("1.0.0") == "old");
  CHECK(asked("1.1.0") == "new");
  CHECK(asked("1.2.0") == "no_recording");
  CHECK(text(ask_all({question("a", "")}, *model, loop)[0]) == "no_recording");

  folder.write("d.jsonl", R"({"id":"a","v":"1","out":"x"}
{"id":"a","v":"1","out":"y"}
)");
  CHECK(model_problems(
            "{provider: replay, path: d.jsonl, match: {id: id, prompt.version: v}, output: out}",
            folder.path())
            .find("two rows match `id` = `a`, `v` = `1` with different outputs") !=
        std::string::npos);
}

TEST_CASE("replay: a recording of several samples") {
  const TemporaryFolder folder;
  folder.write("r.jsonl",
               "{\"id\":\"a\",\"n\":0,\"out\":\"x\"}\n{\"id\":\"a\",\"n\":1,\"out\":\"y\"}\n");
  EventLoop loop;
  const auto model = model_from(
      "{provider: replay, path: r.jsonl, match: id, output: out, sample: n}", loop, folder.path());
  CHECK(text(ask_all({question("a", "", 1)}, *model, loop)[0]) == "y");
  CHECK(text(ask_all({question("a", "", 0)}, *model, loop)[0]) == "x");
  CHECK(text(ask_all({question("a", "", 2)}, *model, loop)[0]) == "no_recording");
}

TEST_CASE("replay: every problem of a recording at once, before any call") {
  const TemporaryFolder folder;
  folder.write("r.jsonl",
               "{\"q\":\"a\",\"out\":\"1\"}\n{\"q\":\"b\"}\n{\"out\":\"1\"}\n{nope\n[1]\n");
  const std::string found =
      model_problems("{provider: replay, path: r.jsonl, match: q, output: out}", folder.path());
  const std::string file = (folder.path() / "r.jsonl").string();
  CHECK(found.find(file + ":2: error: this row has no `out`, which `output` names") !=
        std::string::npos);
  CHECK(found.find(file + ":3: error: this row has no `q`, which `match` names") !=
        std::string::npos);
  CHECK(found.find(file + ":4:") != std::string::npos);
  CHECK(found.find(file + ":5: error: this row is a list") != std::string::npos);

  folder.write(
      "d.jsonl",
      "{\"q\":\"a\",\"out\":\"1\"}\n{\"q\":\"b\",\"out\":\"1\"}\n{\"q\":\"a\",\"out\":\"2\"}\n");
  CHECK(model_problems("{provider: replay, path: d.jsonl, match: q, output: out}", folder.path())
            .find("two rows match `q` = `a` with different outputs") != std::string::npos);
  folder.write("same.jsonl", "{\"q\":\"a\",\"out\":\"1\"}\n{\"q\":\"a\",\"out\":\"1\"}\n");
  CHECK(model_problems("{provider: replay, path: same.jsonl, match: q, output: out}",
                       folder.path()) == "");
  CHECK(model_problems("{provider: replay, path: same.jsonl, match: q, output: out, ttft_ms: t}",
                       folder.path())
            .find("no row has `t`") != std::string::npos);
  CHECK(model_problems("{provider: replay, path: none.jsonl, match: q, output: out}", folder.path())
            .find("no such file") != std::string::npos);
  CHECK(model_problems("{provider: replay, path: same.jsonl}", folder.path())
            .find("`model` has no `match`") != std::string::npos);
}

TEST_CASE("offset index: on disk as in memory") {
  OffsetIndex small(16), large;
  std::uint64_t state = 7;
  std::vector<std::uint64_t> hashes;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    std::uint64_t z = (state += 0x9E3779B97F4A7C15ULL) * 0xBF58476D1CE4E5B9ULL;
    z ^= z >> 31;
    if (i % 100 == 3) z = hashes[i - 1];
    if (i == 77) z = 0;
    if (i == 78) z = ~0ULL;
    hashes.push_back(z);
    small.add(z, i);
    large.add(z, i);
  }
  small.finish();
  large.finish();
  for (const std::uint64_t hash : hashes) {
    REQUIRE(large.find(hash) == small.find(hash));
    REQUIRE(!large.find(hash).empty());
  }
  CHECK(small.find(12345).empty());
  std::size_t shared = 0;
  small.visit_shared([&](const std::vector<std::uint64_t>& offsets) {
    CHECK(offsets.size() == 2);
    ++shared;
  });
  CHECK(shared == 50);
}

TEST_CASE("replay: the published GSM8K outputs") {
  const auto file = shared("data/gsm8k/example_model_solutions.jsonl");
  if (!file) return;
  EventLoop loop;
  const auto model =
      model_from("{provider: replay, path: " + file->string() +
                     ", match: question, output: /175b_finetuning/solution, name: 175b_finetuning}",
                 loop);
  const auto sample = ask_all({question("1", "nobody asked this")}, *model, loop)[0];
  CHECK(text(sample) == "no_recording");
}
