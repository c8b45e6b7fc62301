#include "evaluators/encoder/weights.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "datasets/text/files.h"
#include "evaluators/encoder/torch_file.h"
#include "tests/support/reference.h"
#include "tests/unit/evaluators/encoder/model_files.h"

using namespace llmops;
using namespace llmops::test;
namespace fs = std::filesystem;

namespace {

std::vector<float> values_of(const Tensor& tensor) {
  std::vector<float> values(*elements(tensor.shape));
  read_floats(tensor, 0, values.size(), values.data());
  return values;
}

}  // namespace

TEST_CASE("safetensors: tensors of each width, unaligned") {
  const std::string file = safetensors(
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[1,9]},)"
      R"("b":{"dtype":"BF16","shape":[1,2],"data_offsets":[9,13]},"c":{"dtype":"F16","shape":[3],"data_offsets":[13,19]}})",
      "x" + floats({1.5F, -2.0F}) + std::string("\x80\x3F\x00\xC0", 4) +
          std::string("\x00\x3C\x01\x00\x00\xC2", 6));
  const Result<TensorMap> tensors = read_safetensors(file, "m.safetensors");
  REQUIRE(tensors);
  CHECK(values_of(tensors->at("a")) == std::vector<float>{1.5F, -2.0F});
  CHECK(values_of(tensors->at("b")) == std::vector<float>{1.0F, -2.0F});
  CHECK(values_of(tensors->at("c")) == std::vector<float>{1.0F, 0x1p-24F, -3.0F});
  CHECK(tensors->at("b").shape == Shape{1, 2});
}

TEST_CASE("safetensors: broken files are refused in words") {
  struct Row {
    const char* why;
    std::string file;
    const char* what;
  };
  const auto entry = [](const char* facts, const char* data = "12345678") {
    return safetensors("{\"t\":" + std::string(facts) + "}", data);
  };
  const Row rows[] = {
      {"no header",                                                                      "1234",         "not a safetensors file: shorter than 8 bytes"},
      {"endless header",                                                                 std::string(16, '\xFF'),
       "not a safetensors file: its header would have 18446744073709551615 bytes"},
      {"cut header",                                                                                little_endian(std::uint64_t{100}) + "{}",
       "the header has 100 bytes, the file only 10: it is cut off"         },
      {"no mapping",                                                                                safetensors("[]",                                                                                   ""),                         "the header is no mapping of tensors"},
      {"cut data",                                           entry(R"({"dtype":"F32","shape":[3],"data_offsets":[0,12]})"),
       "tensor `t` ends at byte 12 of the data, which has 8 bytes: the file is cut off"                                                                     },
      {"wrong size", entry(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"),
       "tensor `t` is [3] of F32, which does not fill its 8 bytes"},
      {"overflow",                      entry(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})"),
       "tensor `t` is [4294967296, 4294967296] of F32, which does not fill its 0 bytes"                                                                                            },
      {"backwards", entry(R"({"dtype":"F32","shape":[1],"data_offsets":[8,4]})"),
       "tensor `t` has offsets that are no range"},
      {"negative",                                       entry(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})"),
       "tensor `t` has a shape that is not of whole numbers"                                                                                                                                   },
      {"new type",                            entry(R"({"dtype":"F4","shape":[1],"data_offsets":[0,4]})"),
       "tensor `t` has the unknown type `F4`"},
      {"no shape",                                           entry(R"({"dtype":"F32","data_offsets":[0,4]})"),
       "tensor `t` lacks `dtype`, `shape` or `data_offsets`"                                                                                                                                                  },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Result<TensorMap> tensors = read_safetensors(row.file, "m.safetensors");
    REQUIRE_FALSE(tensors);
    CHECK(tensors.problems()[0].what == row.what);
    CHECK(tensors.problems()[0].file == "m.safetensors");
  }
}

TEST_CASE("weights: pytorch_model.bin holds what model.safetensors holds") {
  const auto model = shared("reference/bertscore/models/deberta-v1-tiny");
  if (!model) return;
  TemporaryFolder folder;
  fs::copy(*model / "pytorch_model.bin", folder.path() / "pytorch_model.bin");
  const Result<Weights> pickled = Weights::open(folder.path());
  INFO(render(pickled.problems()));
  REQUIRE(pickled);
  const Result<Weights> plain = Weights::open(*model);
  REQUIRE(plain);
  for (const char* name :
       {"embeddings.word_embeddings.weight", "encoder.layer.2.attention.self.in_proj.weight",
        "encoder.layer.0.attention.output.LayerNorm.bias", "encoder.rel_embeddings.weight"}) {
    CAPTURE(name);
    REQUIRE(pickled->find(name) != nullptr);
    REQUIRE(plain->find(name) != nullptr);
    CHECK(pickled->find(name)->shape == plain->find(name)->shape);
    CHECK(values_of(*pickled->find(name)) == values_of(*plain->find(name)));
  }
}

TEST_CASE("weights: shards, prefixes and old names") {
  TemporaryFolder folder;
  folder.write(
      "one.safetensors",
      safetensors(R"({"bert.a.LayerNorm.gamma":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                  floats({7.0F})));
  folder.write("two.safetensors",
               safetensors(R"({"bert.b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                           floats({8.0F})));
  const auto index = [&](const char* map) { folder.write("model.safetensors.index.json", map); };
  index(
      R"({"weight_map":{"bert.a.LayerNorm.gamma":"one.safetensors","bert.b":"two.safetensors"}})");
  const Result<Weights> weights = Weights::open(folder.path());
  INFO(render(weights.problems()));
  REQUIRE(weights);
  REQUIRE(weights->find("a.LayerNorm.weight") != nullptr);
  CHECK(values_of(*weights->find("a.LayerNorm.weight")) == std::vector<float>{7.0F});
  CHECK(weights->find("b") != nullptr);
  CHECK(weights->find("c") == nullptr);

  Diagnostics problems;
  CHECK(weights->get("b", {3, 4}, problems) == nullptr);
  CHECK(weights->get("c", {2}, problems) == nullptr);
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].what == "tensor `b` is [1], config.json asks for [3, 4]");
  CHECK(problems[1].what == "the weights lack tensor `c`, which config.json asks for as [2]");

  index(R"({"weight_map":{"bert.c":"one.safetensors"}})");
  CHECK(Weights::open(folder.path()).problems().at(0).what ==
        "lacks tensor `bert.c`, which the index places there");
  index(R"({"weight_map":{"bert.c":"../one.safetensors"}})");
  CHECK(Weights::open(folder.path()).problems().at(0).what ==
        "`bert.c` is to lie in a file that is none of this folder");
}

namespace {

// A state dict {"t": tensor of 4 floats as [2, 2]} of protocol 2, strides as given.
std::string state_dict(char stride_0, char stride_1, char rows = 2) {
  const auto text = [](const std::string& content) {
    return "X" + little_endian(static_cast<std::uint32_t>(content.size())) + content;
  };
  const auto small = [](char number) { return std::string("K") + number; };
  return "\x80\x02}(" + text("t") + "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") +
         "ctorch\nFloatStorage\n" + text("0") + text("cpu") + small(4) + "tQ" + small(0) +
         small(rows) + small(2) + "\x86" + small(stride_0) + small(stride_1) + "\x86\x89" +
         "ccollections\nOrderedDict\n)RtRu.";
}

Result<TorchFile> read_archive(const std::string& code, const std::string& storage, bool deflated,
                               std::string& bytes) {
  bytes = zip({
      {"archive/data.pkl", code,    deflated},
      {"archive/data/0",   storage, deflated},
      {"archive/version",  "3\n",   false   }
  });
  return read_torch_file(bytes, "pytorch_model.bin");
}

}  // namespace

TEST_CASE("torch file: stored, deflated, transposed") {
  const std::string storage = floats({1, 2, 3, 4});
  std::string bytes;
  for (const bool deflated : {false, true}) {
    const Result<TorchFile> plain = read_archive(state_dict(2, 1), storage, deflated, bytes);
    INFO(render(plain.problems()));
    REQUIRE(plain);
    CHECK(values_of(plain->tensors.at("t")) == std::vector<float>{1, 2, 3, 4});
    const Result<TorchFile> turned = read_archive(state_dict(1, 2), storage, deflated, bytes);
    REQUIRE(turned);
    CHECK(values_of(turned->tensors.at("t")) == std::vector<float>{1, 3, 2, 4});
  }
}

TEST_CASE("torch file: the form before PyTorch 1.6") {
  const std::string magic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
  const std::string bytes = magic + "\x80\x02M\xe9\x03." + "\x80\x02}." + state_dict(2, 1) +
                            "\x80\x02](X\x01" + std::string(3, '\0') + "0e." +
                            little_endian(std::uint64_t{4}) + floats({1, 2, 3, 4});
  const Result<TorchFile> file = read_torch_file(bytes, "pytorch_model.bin");
  INFO(render(file.problems()));
  REQUIRE(file);
  CHECK(values_of(file->tensors.at("t")) == std::vector<float>{1, 2, 3, 4});
}

TEST_CASE("torch file: what is broken or would run something is refused") {
  const std::string storage = floats({1, 2, 3, 4});
  std::string bytes;
  const auto what = [&](const std::string& code, const std::string& data) {
    const Result<TorchFile> file = read_archive(code, data, false, bytes);
    REQUIRE_FALSE(file);
    return file.problems()[0].what;
  };
  CHECK(what("cos\nsystem\n(X\x02" + std::string(3, '\0') + "lstR.", storage) ==
        "the file asks for `os system`, which is no part of a state dict; nothing was run");
  CHECK(what(state_dict(2, 1), floats({1, 2})) ==
        "tensor `t` is [2, 2] and needs more than the 2 elements of its storage");
  CHECK(what(state_dict(9, 1), storage) == "tensor `t` reaches beyond its storage");
  CHECK(what(state_dict(0, 0, 100), storage) ==
        "tensor `t` is [100, 2] and needs more than the 4 elements of its storage");
  CHECK(what("\x80\x02}(", storage) == "the pickle cannot be read: it is cut off (byte 4)");
  CHECK(what("0.", storage) ==
        "the pickle cannot be read: it takes more values than it has (byte 1)");
  CHECK(
      what("\xFF", storage) ==
      "the pickle cannot be read: it has the instruction 0xff, which no state dict needs (byte 1)");
  CHECK(read_torch_file("PK", "f").problems()[0].what ==
        "not a zip archive, or cut off: it has no end record");
}
