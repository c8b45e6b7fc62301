#include "evaluators/hub/listing.h"

#include <doctest/doctest.h>

#include "datasets/text/json.h"

using namespace llmops;

namespace {

constexpr const char* kCommit = "0123456789abcdef0123456789abcdef01234567";

std::string names(const std::vector<std::string>& files) {
  List siblings;
  for (const std::string& file : files)
    siblings.emplace_back(Object{
        {"rfilename", file}
    });
  const Result<HubListing> listing = read_listing(Value(Object{
      {"sha",      kCommit            },
      {"siblings", std::move(siblings)}
  }));
  if (!listing) return listing.problems()[0].what;
  const auto wanted = files_to_pull(*listing);
  if (!wanted) return wanted.problems()[0].what;
  std::string text;
  for (const HubFile& file : *wanted) text += (text.empty() ? "" : " ") + file.name;
  return text;
}

}  // namespace

TEST_CASE("hub listing: which files an encoder needs") {
  struct Row {
    const char* why;
    std::vector<std::string> files;
    const char* expected;
  };
  const Row rows[] = {
      {"safetensors before the others",
       {"README.md", "config.json", "model.safetensors", "pytorch_model.bin", "tf_model.h5",
        "vocab.txt", "tokenizer_config.json", "onnx/model.onnx", "1_Pooling/config.json"},
       "config.json vocab.txt tokenizer_config.json 1_Pooling/config.json model.safetensors"},
      {"only the pickle",
       {"config.json", "pytorch_model.bin", "vocab.json", "merges.txt"},
       "config.json vocab.json merges.txt pytorch_model.bin"                                },
      {"shards with their index",
       {"config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors", "sentencepiece.bpe.model"},
       "config.json sentencepiece.bpe.model model.safetensors.index.json "
       "model-00001-of-00002.safetensors model-00002-of-00002.safetensors"                  },
      {"no weights",
       {"config.json", "model.gguf"},
       "the repository has no weights: neither model.safetensors nor pytorch_model.bin, nor shards "
       "of one"                                                                             },
      {"no model",
       {"README.md"},
       "the repository has no config.json: it holds no model that can be run here"          },
      {"a name that climbs",
       {"config.json", "../../.bashrc"},
       "the hub lists a file named `../../.bashrc`, which leads out of its folder"          },
      {"an absolute name",
       {"/etc/passwd"},
       "the hub lists a file named `/etc/passwd`, which leads out of its folder"            },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(names(row.files) == row.expected);
  }
}

TEST_CASE("hub listing: hashes and sizes") {
  const Result<Value> document = parse_json(
      R"({"sha":"0123456789abcdef0123456789abcdef01234567","siblings":[
        {"rfilename":"config.json","size":3,"blobId":"89abcdef0123456789abcdef0123456789abcdef"},
        {"rfilename":"model.safetensors","size":9,"blobId":"89abcdef0123456789abcdef0123456789abcdef",
         "lfs":{"sha256":"00000000000000000000000000000000000000000000000000000000000000ff","size":9}},
        {"rfilename":"vocab.txt","blobId":"../../x"}]})",
      "hub");
  REQUIRE(document);
  const Result<HubListing> listing = read_listing(*document);
  REQUIRE(listing);
  CHECK(listing->files[0].hash == "89abcdef0123456789abcdef0123456789abcdef");
  CHECK(listing->files[0].size == 3);
  CHECK(listing->files[1].hash.size() == 64);
  CHECK(listing->files[2].hash.empty());  // no hash: never the name of a file
  CHECK(!listing->files[2].size);
}

TEST_CASE("hub listing: names of models and revisions") {
  for (const char* good : {"roberta-large", "microsoft/deberta-v3-base", "a/b.c_d"})
    CHECK_MESSAGE(is_model_name(good), good);
  for (const char* bad : {"", "a/b/c", "../x", "a/..", "/a", "a b", "a/", "a\nb", "."})
    CHECK_MESSAGE(!is_model_name(bad), bad);
  for (const char* good : {"main", "refs/pr/1", "v1.0"}) CHECK_MESSAGE(is_revision(good), good);
  for (const char* bad : {"", "../x", "a//b", "-x"}) CHECK_MESSAGE(!is_revision(bad), bad);
  CHECK(!read_listing(Value(Object{
      {"sha", "../../etc"}
  })));
}
