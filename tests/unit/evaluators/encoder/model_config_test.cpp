#include "evaluators/encoder/model_config.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/reference.h"

using namespace llmops;

namespace {

Result<ModelConfig> read(const std::string& text) {
  llmops::test::TemporaryFolder folder;
  folder.write("config.json", text);
  return read_model_config(folder.path());
}

}  // namespace

TEST_CASE("model config: what the families leave out") {
  const Result<ModelConfig> bert = read(R"({"model_type":"bert"})");
  REQUIRE(bert);
  CHECK(bert->hidden == 768);
  CHECK(bert->token_types == 2);
  CHECK(bert->longest_text() == 512);
  const Result<ModelConfig> roberta = read(
      R"({"model_type":"roberta","max_position_embeddings":514,"pad_token_id":1,"layer_norm_eps":1e-05})");
  REQUIRE(roberta);
  CHECK(roberta->first_position() == 2);
  CHECK(roberta->longest_text() == 512);
  CHECK(roberta->epsilon == doctest::Approx(1e-5));
  const Result<ModelConfig> deberta = read(
      R"({"model_type":"deberta-v2","relative_attention":true,"position_buckets":256,"pos_att_type":"p2c|c2p","position_biased_input":false,"norm_rel_ebd":"layer_norm","share_att_key":true})");
  REQUIRE(deberta);
  CHECK(deberta->longest_text() == 0);
  CHECK(deberta->span() == 256);
  CHECK(deberta->max_relative == 512);
  CHECK(deberta->content_to_position);
  CHECK(deberta->position_to_content);
}

TEST_CASE("model config: what cannot be run is refused") {
  struct Row {
    const char* text;
    const char* what;
  };
  const Row rows[] = {
      {R"({"model_type":"t5"})",                                                     "models of type `t5` are not supported"},
      {R"({"model_type":"bert","hidden_size":50,"num_attention_heads":12})",
       "a width of 50 cannot be split over 12 heads"                                                                        },
      {R"({"model_type":"bert","position_embedding_type":"relative_key"})",
       "positions of kind `relative_key` are not supported"                                                                 },
      {R"({"model_type":"deberta","relative_attention":true,"pos_att_type":"p2p"})",
       "the attention term `p2p` is not supported"                                                                          },
      {R"({"model_type":"deberta-v2","conv_kernel_size":4})",                        "this convolution is not supported"    },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<ModelConfig> config = read(row.text);
    REQUIRE_FALSE(config);
    CHECK(config.problems()[0].what == row.what);
  }
  CHECK_FALSE(read(R"({"model_type":"bert","hidden_size":-1})"));
  CHECK_FALSE(read(R"({"model_type":"bert","hidden_act":"swish"})"));
  CHECK_FALSE(read("{}"));
}
