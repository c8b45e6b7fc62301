// Broken tokenizer files, and the finer points of special tokens.
#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "evaluators/encoder/added_tokens.h"
#include "evaluators/encoder/sentencepiece_file.h"
#include "evaluators/encoder/tokenizer.h"
#include "tests/support/reference.h"

using namespace llmops;

namespace {

std::string joined(const AddedTokens& tokens, std::string_view text) {
  std::string out;
  for (const AddedTokens::Part& part : tokens.split(text))
    out += part.token != nullptr ? "<" + part.text + ">" : "(" + part.text + ")";
  return out;
}

UnigramSpec small_model() {
  UnigramSpec spec;
  spec.pieces = {
      {"<unk>", 0.0F,  PieceType::unknown},
      {"<s>",   0.0F,  PieceType::control},
      {"a",     -1.0F, PieceType::normal }
  };
  return spec;
}

std::string first_problem(const UnigramSpec& spec) {
  const Diagnostics found = check(spec, "spm.model");
  return found.empty() ? "" : found[0].what;
}

}  // namespace

TEST_CASE("added tokens: leftmost, longest, with the white space that they swallow") {
  AddedTokens tokens;
  tokens.add({.text = "<m>", .id = 1, .strips_left = true});
  tokens.add({.text = "<m>x", .id = 2});
  tokens.add({.text = "<r>", .id = 3, .strips_right = true});
  tokens.add({.text = "word", .id = 4, .single_word = true});
  CHECK(joined(tokens, "a \t<m> b") == "(a)<<m>>( b)");
  CHECK(joined(tokens, " <m>") == "<<m>>");
  CHECK(joined(tokens, "<m>x<m>") == "<<m>x><<m>>");
  CHECK(joined(tokens, "<r>  b") == "<<r>>(b)");
  CHECK(joined(tokens, "a word b") == "(a )<word>( b)");
  CHECK(joined(tokens, "sword") == "(sword)");
  CHECK(joined(tokens, "words") == "(words)");
  CHECK(tokens.lower("ÀB<M><m>İ") == "àb<m><m>i\u0307");
}

TEST_CASE("sentencepiece file: what is read was written") {
  UnigramSpec spec = small_model();
  spec.collapse_spaces = false;
  const Result<UnigramSpec> read = read_sentencepiece(serialise(spec), "spm.model");
  REQUIRE(read);
  REQUIRE(read->pieces.size() == 3);
  CHECK(read->pieces[2].text == "a");
  CHECK(read->pieces[2].score == -1.0F);
  CHECK(read->pieces[1].type == PieceType::control);
  CHECK(read->dummy_prefix);
  CHECK_FALSE(read->collapse_spaces);
}

TEST_CASE("sentencepiece file: broken models are refused") {
  CHECK(first_problem(small_model()) == "");
  UnigramSpec spec = small_model();
  spec.pieces.push_back(spec.pieces[2]);
  CHECK(first_problem(spec) == "piece 3 (`a`) stands twice");
  spec = small_model();
  spec.pieces[2].score = std::numeric_limits<float>::quiet_NaN();
  CHECK(first_problem(spec) == "piece 2 has no finite score");
  spec = small_model();
  spec.pieces[0].type = PieceType::normal;
  CHECK(first_problem(spec) == "0 unknown pieces where one is needed");
  spec = small_model();
  spec.charsmap = std::string("\x04\0\0\0abcdefg", 11);
  CHECK(first_problem(spec) == "the normalisation rules are broken");
  CHECK(read_sentencepiece("\x0A\xFF", "spm.model").problems()[0].what ==
        "not a sentencepiece model, or cut off");
}

TEST_CASE("tokenizer: folders that do not fit are refused") {
  struct Row {
    const char* why;
    std::vector<std::pair<const char*, const char*>> files;
    const char* what;
  };
  const Row rows[] = {
      {"no vocabulary",                {},                                        "the folder has no tokenizer" },
      {"no unknown token",             {{"vocab.txt", "[CLS]\n[SEP]\n"}},         "the vocabulary lacks `[UNK]`"},
      {"more tokens than vectors",
       {{"vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\nd\n"}},
       "the vocabulary has ids up to 8, the model vectors for 8 tokens only"                                    },
      {"special token without vector",
       {{"vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\nc\nd\n"}},
       "token `[MASK]` has id 8, but the model has vectors for 8 tokens only"                                   },
      {"foreign class",
       {{"vocab.txt", "a\n"},
        {"tokenizer_config.json", R"({"tokenizer_class":"BertweetTokenizer"})"}},
       "tokenizers of class `BertweetTokenizer` are not supported"                                              },
  };
  ModelConfig config;
  config.vocabulary = 8;
  for (const Row& row : rows) {
    CAPTURE(row.why);
    llmops::test::TemporaryFolder folder;
    for (const auto& file : row.files) folder.write(file.first, file.second);
    const auto tokenizer = Tokenizer::open(folder.path(), config);
    REQUIRE_FALSE(tokenizer);
    CHECK(render(tokenizer.problems()).find(row.what) != std::string::npos);
  }
}
