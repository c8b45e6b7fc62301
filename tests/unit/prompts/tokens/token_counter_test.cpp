#include "prompts/tokens/token_counter.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "prompts/template/python.h"
#include "prompts/tokens/byte_pairs.h"
#include "prompts/tokens/splitter.h"
#include "tests/support/reference.h"

using namespace llmops;
namespace fs = std::filesystem;

namespace {

Value json_of(const fs::path& file) {
  const Result<Source> source = read_source(file);
  REQUIRE(source);
  Result<Value> value = parse_json(*source);
  REQUIRE(value);
  return std::move(*value);
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j)
      out += i + j > bytes.size() ? '=' : kDigits[bits >> (18 - 6 * j) & 63];
  }
  return out;
}

}  // namespace

TEST_CASE("token counter: agrees with the Rust tokenizers on tokenizer.json") {
  const auto reference = test::shared("reference/bertscore");
  if (!reference) return;
  const Value sentences = json_of(*reference / "sentences.json");
  std::size_t compared = 0;
  for (const char* model : {"bert-tiny", "bert-cased-tiny", "distilbert-tiny", "roberta-tiny",
                            "deberta-v1-tiny", "deberta-v3-tiny", "xlmr-tiny"}) {
    CAPTURE(model);
    const Result<std::unique_ptr<const TokenCounter>> counter =
        load_token_counter(*reference / "models" / model / "tokenizer.json");
    CAPTURE(render(counter.problems()));
    REQUIRE(counter);
    const Value expected = json_of(*reference / "expected" / (std::string(model) + ".tokens.json"));
    const Value* longest = expected.find("model_max_length");
    const List& cases = *expected.find("cases")->list();
    for (std::size_t i = 0; i < cases.size(); ++i) {
      const Value* ids = cases[i].find("ids_fast");
      if (ids == nullptr) ids = cases[i].find("ids");
      const std::string& text = *(*sentences.list())[i].find("text")->string();
      const std::size_t count = ids->list()->size() - 2;
      if (longest != nullptr && longest->is_integer() &&
          static_cast<std::int64_t>(ids->list()->size()) >= *longest->integer())
        continue;
      // bert_score strips the text first.
      const std::string stripped(python::strip(text));
      CAPTURE(text);
      CHECK((*counter)->count(stripped) == count);
      ++compared;
    }
  }
  CHECK(compared > 600);
}

TEST_CASE("token counter: sentencepiece models") {
  const auto reference = test::shared("reference/bertscore");
  if (!reference) return;
  const Result<std::unique_ptr<const TokenCounter>> counter =
      load_token_counter(*reference / "models/xlmr-tiny/sentencepiece.bpe.model");
  REQUIRE(counter);
  const Value sentences = json_of(*reference / "sentences.json");
  const Value expected = json_of(*reference / "expected/xlmr-tiny.tokens.json");
  const List& cases = *expected.find("cases")->list();
  for (std::size_t i = 0; i < 20; ++i) {
    const std::string& text = *(*sentences.list())[i].find("text")->string();
    CAPTURE(text);
    CHECK((*counter)->count(text) == cases[i].find("ids")->list()->size() - 2);
  }
  CHECK((*counter)->name().starts_with("sentencepiece.bpe.model, sentencepiece of "));
  CHECK_FALSE((*counter)->estimated());
}

TEST_CASE("token counter: byte pairs merge the lowest rank first, the leftmost of equals") {
  const BytePairs pairs = BytePairs::by_token({
      {"a",   0},
      {"b",   1},
      {"c",   2},
      {"ab",  3},
      {"bc",  4},
      {"abc", 6},
      {"aa",  5}
  });
  struct Row {
    const char* word;
    std::size_t tokens;
  };
  for (const Row& row : {
           Row{"a",      1},
           {"ab",     1},
           {"abc",    1},
           {"bc",     1},
           {"cab",    2},
           {"aaa",    2},
           {"aaaa",   2},
           {"abab",   2},
           {"abcabc", 2},
           {"xab",    2},
           {"",       0}
  }) {
    CAPTURE(row.word);
    CHECK(pairs.count_bytes(row.word) == row.tokens);
  }
  // The list may forbid a merge whose result is a token all the same.
  const BytePairs listed = BytePairs::by_list(
      {
          {"a",   0},
          {"b",   1},
          {"c",   2},
          {"ab",  3},
          {"bc",  4},
          {"abc", 5}
  },
      {{"b", "c"}, {"a", "b"}}, false);
  CHECK(listed.count_bytes("abc") == 2);
  CHECK(BytePairs::by_list(
            {
                {"a",  0},
                {"b",  1},
                {"ab", 2}
  },
            {}, true)
            .count_bytes("ab") == 1);
  CHECK(pairs.count_bytes(std::string(200000, 'a')) == 100000);  // not quadratic
}

TEST_CASE("token counter: .tiktoken ranks") {
  const test::TemporaryFolder folder;
  std::string ranks;
  int rank = 0;
  for (int byte = 0; byte < 256; ++byte)
    ranks += fmt::format("{} {}\n", base64(std::string(1, static_cast<char>(byte))), rank++);
  for (const char* token : {"he", "ll", "hell", "hello", " w", " wo", "rl", "rld", " world"})
    ranks += fmt::format("{} {}\n", base64(token), rank++);
  const Result<std::unique_ptr<const TokenCounter>> counter =
      load_token_counter(folder.write("x.tiktoken", ranks));
  CAPTURE(render(counter.problems()));
  REQUIRE(counter);
  CHECK((*counter)->count("hello") == 1);
  CHECK((*counter)->count("hello world") == 2);
  CHECK((*counter)->count("hello  world") == 3);
  CHECK((*counter)->count("Hello") == 4);     // H e ll o
  CHECK((*counter)->count("\xC3\xA4") == 2);  // bytes
  CHECK((*counter)->count("") == 0);
  CHECK((*counter)->name() == "r50k, ranks of 265 tokens");
  const auto message = [&](const char* text) {
    const std::string shown =
        render(load_token_counter(folder.write("y.tiktoken", text)).problems());
    return shown.substr(shown.find("y.tiktoken"));
  };
  CHECK(message("aGU= 1\nnonsense\n") ==
        "y.tiktoken:2:1: error: this line is no rank\n 2 | nonsense\n   | ^ expected a token in "
        "base64, a blank and a number\n");
  CHECK(message("") == "y.tiktoken:1:1: error: the file holds no ranks\n");
}

TEST_CASE("token counter: the patterns of the vocabularies cut words as they should") {
  const auto cut = [](std::string_view pattern, const std::string& text) {
    const Result<Splitter> splitter = Splitter::make(pattern, Splitter::Behavior::isolated);
    REQUIRE(splitter);
    std::string out;
    for (const std::string& piece : splitter->split(text)) out += "[" + piece + "]";
    return out;
  };
  const char* gpt2 =
      R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
  CHECK(cut(gpt2, "It's  12345 don't!\n\n x") == "[It]['s][ ][ 12345][ don]['t][!][\n\n][ x]");
  CHECK(cut(R"(\s+(?!\S)|\s+)",
            "a\xC2\x85\x0B"
            "b") == "[a][\xC2\x85][\x0B][b]");  // NEL and VT are white space
  const auto behaves = [](Splitter::Behavior behavior, bool invert = false) {
    std::string out;
    for (const std::string& piece : Splitter::make("-", behavior, invert)->split("a-b--c"))
      out += "[" + piece + "]";
    return out;
  };
  CHECK(behaves(Splitter::Behavior::isolated) == "[a][-][b][-][-][c]");
  CHECK(behaves(Splitter::Behavior::removed) == "[a][b][c]");
  CHECK(behaves(Splitter::Behavior::removed, true) == "[-][-][-]");
  CHECK(behaves(Splitter::Behavior::merged_with_previous) == "[a-][b-][-][c]");
  CHECK(behaves(Splitter::Behavior::merged_with_next) == "[a][-b][-][-c]");
  CHECK(behaves(Splitter::Behavior::contiguous) == "[a][-][b][--][c]");
}

TEST_CASE("token counter: added tokens are one each, the longest of those that start together") {
  const test::TemporaryFolder folder;
  const auto file = folder.write(
      "tokenizer.json",
      R"({"added_tokens": [{"content": "<s>"}, {"content": "<s>x"}, {"content": "<e>"}],
    "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "Ġ": 3, "Ġa": 4}, "merges": ["a b", ["Ġ", "a"]]}})");
  const Result<std::unique_ptr<const TokenCounter>> counter = load_token_counter(file);
  CAPTURE(render(counter.problems()));
  REQUIRE(counter);
  CHECK((*counter)->count("<s>ab<e>") == 3);
  CHECK((*counter)->count("<s>xab ab") == 4);  // <s>x ab Ġa b
  CHECK((*counter)->count("<s><s><e>") == 3);
  CHECK(load_token_counter(folder.path()));  // the folder that holds it
}

TEST_CASE("token counter: what cannot be read says so") {
  const test::TemporaryFolder folder;
  const auto message = [&](const std::string& name, const std::string& text) {
    std::string shown = render(load_token_counter(folder.write(name, text)).problems());
    for (std::size_t at = shown.find(folder.path().string()); at != std::string::npos;
         at = shown.find(folder.path().string()))
      shown.erase(at, folder.path().string().size() + 1);
    return shown;
  };
  CHECK(message("a.json", "{}") ==
        "a.json: error: the file has no `model`\n  = expected the tokenizer.json of a model\n");
  CHECK(message("b.json", R"({"model": {"type": "WordLevel"}})") ==
        "b.json: error: the model `WordLevel` is not known\n  = expected one of: BPE, Unigram, "
        "WordPiece\n");
  CHECK(
      message(
          "c.json",
          R"({"model": {"type": "BPE", "vocab": {}, "merges": []}, "pre_tokenizer": {"type": "Odd"}})") ==
      "c.json: error: the pre-tokenizer `Odd` is not known\n");
  CHECK(
      message(
          "d.json",
          R"({"model": {"type": "BPE", "vocab": {}, "merges": []}, "normalizer": {"type": "Odd"}})") ==
      "d.json: error: the normalizer `Odd` is not known\n");
  CHECK(message("e.model", "nonsense") == "e.model: error: this is no sentencepiece model\n");
  CHECK(message("f.txt", "x") ==
        "f.txt: error: this is no tokenizer file\n  = expected tokenizer.json, a .model or a "
        ".tiktoken file\n");
  CHECK_FALSE(load_token_counter(folder.path() / "gone.json"));
}

TEST_CASE("token counter: the estimate is one, and grows with the text") {
  const TokenCounter& estimate = token_estimate();
  CHECK(estimate.estimated());
  CHECK(estimate.name() == "estimate");
  CHECK(estimate.count("") == 0);
  CHECK(estimate.count("a") == 1);
  CHECK(estimate.count("The quick brown fox jumps over the lazy dog.") == 10);
  CHECK(estimate.count("\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E") == 3);
  std::string text;
  std::size_t last = 0;
  for (int i = 0; i < 50; ++i) {
    text += i % 7 == 0 ? "word, " : i % 5 == 0 ? "123 " : "x";
    CHECK(estimate.count(text) >= last);
    last = estimate.count(text);
  }
}
