#include "evaluators/encoder/tokenizer.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "evaluators/encoder/byte_bpe.h"
#include "tests/support/reference.h"

using namespace llmops;
namespace fs = std::filesystem;

namespace {

Value read_json(const fs::path& path) {
  const Result<Source> source = read_source(path);
  REQUIRE(source);
  Result<Value> json = parse_json(*source);
  REQUIRE(json);
  return *std::move(json);
}

TokenIds ids_of(const Value& list) {
  TokenIds ids;
  for (const Value& id : *list.list()) ids.push_back(static_cast<TokenId>(*id.integer()));
  return ids;
}

std::vector<std::string> sentences(const fs::path& folder) {
  std::vector<std::string> texts;
  const Value json = read_json(folder / "sentences.json");
  for (const Value& item : *json.list()) texts.push_back(*item.find("text")->string());
  return texts;
}

std::unique_ptr<const Tokenizer> open(const fs::path& folder,
                                      const TokenizerOptions& options = {}) {
  const Result<ModelConfig> config = read_model_config(folder);
  INFO(render(config.problems()));
  REQUIRE(config);
  Result<std::unique_ptr<const Tokenizer>> tokenizer = Tokenizer::open(folder, *config, options);
  INFO(render(tokenizer.problems()));
  REQUIRE(tokenizer);
  return *std::move(tokenizer);
}

// Every list of ids under `key` equals what the tokenizer gives.
void check_ids(const fs::path& root, const std::string& model, const Tokenizer& tokenizer,
               const std::string& key) {
  const std::vector<std::string> texts = sentences(root);
  const Value expected = read_json(root / "expected" / (model + ".tokens.json"));
  for (const Value& item : *expected.find("cases")->list()) {
    const auto sentence = static_cast<std::size_t>(*item.find("id")->integer());
    const Value* wanted = item.find(key) != nullptr ? item.find(key) : item.find("ids");
    CAPTURE(model);
    CAPTURE(sentence);
    CAPTURE(texts[sentence]);
    CHECK(tokenizer.encode(texts[sentence]) == ids_of(*wanted));
  }
}

constexpr const char* kModels[] = {"bert-tiny",       "bert-cased-tiny", "roberta-tiny",
                                   "distilbert-tiny", "xlmr-tiny",       "deberta-v1-tiny",
                                   "deberta-v2-tiny", "deberta-v3-tiny"};

}  // namespace

TEST_CASE("tokenizer: ids of every sentence equal the reference's") {
  const auto root = llmops::test::shared("reference/bertscore");
  if (!root) return;
  for (const std::string model : kModels) {
    const auto tokenizer = open(*root / "models" / model);
    check_ids(*root, model, *tokenizer, "ids");
    const Value expected = read_json(*root / "expected" / (model + ".tokens.json"));
    const Value& special = *expected.find("special_ids");
    CHECK(tokenizer->special().first == *special.find("cls")->integer());
    CHECK(tokenizer->special().last == *special.find("sep")->integer());
    CHECK(tokenizer->special().pad == *special.find("pad")->integer());
    CHECK(tokenizer->special().unknown == *special.find("unk")->integer());
    CHECK(tokenizer->special().mask == *special.find("mask")->integer());
  }
}

TEST_CASE("tokenizer: without the space in front") {
  const auto root = llmops::test::shared("reference/bertscore");
  if (!root) return;
  const auto tokenizer = open(*root / "models/roberta-tiny", {.prefix_space = false});
  check_ids(*root, "roberta-tiny", *tokenizer, "ids_no_prefix_space");
}

TEST_CASE("tokenizer: complete vocabularies") {
  const auto root = llmops::test::shared("reference/bertscore");
  if (!root) return;
  const std::vector<std::string> texts = sentences(*root);
  const Value expected = read_json(*root / "expected/full_vocab.json");
  for (const Value& set : *expected.find("sets")->list()) {
    const std::string name = *set.find("tokenizer")->string();
    const std::string settings = dump_json(*set.find("config"));
    CAPTURE(name);
    CAPTURE(settings);
    llmops::test::TemporaryFolder folder;
    for (const auto& entry : fs::directory_iterator(*root / "tokenizers" / name))
      fs::copy(entry.path(), folder.path() / entry.path().filename());
    Object config = *set.find("config")->object();
    config.set("model_max_length", *set.find("model_max_length"));
    fs::remove(folder.path() / "tokenizer_config.json");
    folder.write("tokenizer_config.json", dump_json(Value(config)));
    TokenizerOptions options;
    if (const Value* space = config.find("add_prefix_space"))
      options.prefix_space = *space->boolean();
    const auto tokenizer = open(folder.path(), options);
    const List& ids = *set.find("ids")->list();
    REQUIRE(ids.size() == texts.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      CAPTURE(i);
      CAPTURE(texts[i]);
      CHECK(tokenizer->encode(texts[i]) == ids_of(ids[i]));
    }
  }
}

TEST_CASE("tokenizer: tokenizer.json alone gives the same ids") {
  const auto root = llmops::test::shared("reference/bertscore");
  if (!root) return;
  for (const std::string model : kModels) {
    if (!fs::exists(*root / "models" / model / "tokenizer.json")) continue;
    llmops::test::TemporaryFolder folder;
    for (const std::string name : {"config.json", "tokenizer.json", "tokenizer_config.json"})
      fs::copy(*root / "models" / model / name, folder.path() / name);
    check_ids(*root, model, *open(folder.path()), "ids");
  }
}

TEST_CASE("tokenizer: the further models load") {
  const auto root = llmops::test::shared("reference/bertscore/more-models");
  if (!root) return;
  for (const std::string model : kModels) {
    const auto tokenizer = open(*root / model);
    CHECK(tokenizer->encode("").size() == 2);
    CHECK(tokenizer->encode("The cat sat on the mat.").size() > 6);
  }
}

TEST_CASE("tokenizer: a text splits as GPT-2's pattern says") {
  const auto split = [](std::string_view text) {
    std::string joined;
    for (const std::string_view word : gpt2_split(text)) joined += "[" + std::string(word) + "]";
    return joined;
  };
  CHECK(split("it's  we'll o'clock") == "[it]['s][ ][ we]['ll][ o]['][clock]");
  CHECK(split("a1 2b\n\n c") == "[a][1][ 2][b][\n\n][ c]");
  CHECK(split("x \n") == "[x][ \n]");
  CHECK(split("") == "");
}

TEST_CASE("byte bpe: the lowest pair is merged everywhere before its products are looked at") {
  TokenVocabulary vocabulary;
  TokenId next = 0;
  for (const char* token : {"a", "b", "ab", "aba", "abab"}) vocabulary.set(token, next++);
  const Merges merges = {
      {"ab", "a" },
      {"a",  "b" },
      {"ab", "ab"}
  };
  const auto model = make_byte_bpe(std::move(vocabulary), merges, 0);
  TokenIds ids;
  model->append("abab", ids);
  CHECK(ids == TokenIds{4});
}
