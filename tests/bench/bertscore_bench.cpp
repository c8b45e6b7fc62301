// BERTScore on random weights of the shapes of roberta-large (layer 17) and bert-base (layer 9):
// pairs per CPU second, load time, peak memory, and the share of the matrix library's own rate.
//
//   bench_bertscore [roberta-large|bert-base] [PAIRS] [portable|float32|split|bf16] [cached]
//   [/FOLDER]
//
// 200 pairs have 24,123 tokens in all, 2 to 229 a text, as the ones that bert_score was timed on.
// `cached`: the references' vectors are there already. Makes a model folder of 0.5 to 1.1 GB in
// $TMPDIR and removes it, or in FOLDER, where it stays for later calls.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include "datasets/random.h"
#include "evaluators/encoder/encoder.h"
#include "evaluators/encoder/kernels.h"
#include "evaluators/metrics/bertscore/matching.h"
#include "tests/support/reference.h"

using namespace llmops;
namespace fs = std::filesystem;

namespace {

struct Model {
  std::string name, type;
  std::size_t hidden, layers, cut, inner, vocabulary, positions, types;
  double reference;  // pairs per CPU second of bert_score on PyTorch, float32, OpenBLAS: quoted
};

const Model kModels[] = {
    {"roberta-large", "roberta", 1024, 24, 17, 4096, 50265, 514, 1, 1.47},
    {"bert-base",     "bert",    768,  12, 9,  3072, 30522, 512, 2, 2.73},
};
constexpr std::size_t kTokens = 24'123, kPairs = 200, kLongest = 229;

struct NamedShape {
  std::string name;
  std::vector<std::size_t> shape;
};

// The tensors of the layers up to the cut.
std::vector<NamedShape> tensors(const Model& model) {
  const std::size_t h = model.hidden;
  std::vector<NamedShape> list{
      {"embeddings.word_embeddings.weight",       {model.vocabulary, h}},
      {"embeddings.position_embeddings.weight",   {model.positions, h} },
      {"embeddings.token_type_embeddings.weight", {model.types, h}     },
      {"embeddings.LayerNorm.weight",             {h}                  },
      {"embeddings.LayerNorm.bias",               {h}                  }
  };
  const auto linear = [&](const std::string& name, std::size_t outputs, std::size_t inputs) {
    list.push_back({
        name + ".weight", {outputs, inputs}
    });
    list.push_back({name + ".bias", {outputs}});
  };
  for (std::size_t i = 0; i < model.cut; ++i) {
    const std::string layer = fmt::format("encoder.layer.{}.", i);
    for (const char* part : {"query", "key", "value"})
      linear(layer + "attention.self." + part, h, h);
    linear(layer + "attention.output.dense", h, h);
    linear(layer + "intermediate.dense", model.inner, h);
    linear(layer + "output.dense", h, model.inner);
    for (const char* norm : {"attention.output.LayerNorm", "output.LayerNorm"})
      for (const char* part : {".weight", ".bias"}) list.push_back({layer + norm + part, {h}});
  }
  return list;
}

void write_folder(const Model& model, const fs::path& folder) {
  const std::string config = fmt::format(
      R"({{"model_type":"{}","hidden_size":{},"num_hidden_layers":{},"num_attention_heads":{},)"
      R"("intermediate_size":{},"vocab_size":{},"max_position_embeddings":{},)"
      R"("type_vocab_size":{},"layer_norm_eps":1e-5,"pad_token_id":1}})",
      model.type, model.hidden, model.layers, model.hidden / 64, model.inner, model.vocabulary,
      model.positions, model.types);
  std::string header = "{";
  std::size_t end = 0;
  const std::vector<NamedShape> list = tensors(model);
  for (const NamedShape& tensor : list) {
    std::size_t count = 1;
    std::string shape;
    for (const std::size_t size : tensor.shape) {
      count *= size;
      shape += (shape.empty() ? "" : ",") + std::to_string(size);
    }
    header += fmt::format(R"({}"{}":{{"dtype":"F32","shape":[{}],"data_offsets":[{},{}]}})",
                          end == 0 ? "" : ",", tensor.name, shape, end, end + 4 * count);
    end += 4 * count;
  }
  header += "}";
  std::ofstream out(folder / "model.safetensors", std::ios::binary);
  const std::uint64_t size = header.size();
  out.write(reinterpret_cast<const char*>(&size), sizeof size);
  out << header;
  // Uniform with the deviation of trained weights; gains of a LayerNorm around 1.
  std::vector<float> block;
  std::uint64_t state = 0x9E3779B97F4A7C15ULL;
  for (const NamedShape& tensor : list) {
    std::size_t left = 1;
    for (const std::size_t each : tensor.shape) left *= each;
    const float center = tensor.name.ends_with("LayerNorm.weight") ? 1.0F : 0.0F;
    while (left > 0) {
      block.resize(std::min<std::size_t>(left, 1U << 16));
      for (float& value : block) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        value = center + 0.07F * (static_cast<float>(state >> 40) * 0x1p-24F - 0.5F);
      }
      out.write(reinterpret_cast<const char*>(block.data()),
                static_cast<std::streamsize>(block.size() * sizeof(float)));
      left -= block.size();
    }
  }
  std::ofstream(folder / "config.json") << config;  // the last: it says that the folder is whole
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

double peak_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  return 0;
}

// Log-normal around the mean, cut at 229, scaled so that `pairs` pairs have their share of 24,123.
std::vector<TokenIds> random_texts(const Model& model, std::size_t pairs) {
  Random random(7);
  std::vector<double> lengths(2 * pairs);
  double sum = 0;
  for (double& length : lengths) {
    double normal = -6;
    for (int i = 0; i < 12; ++i) normal += random.uniform();
    length = std::clamp(std::exp(3.85 + 0.7 * normal), 2.0, double{kLongest});
    sum += length;
  }
  const double scale = static_cast<double>(kTokens) * static_cast<double>(pairs) / kPairs / sum;
  std::vector<TokenIds> texts(lengths.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto length =
        static_cast<std::size_t>(std::clamp(std::round(lengths[i] * scale), 3.0, double{kLongest}));
    for (std::size_t t = 0; t < length; ++t)
      texts[i].push_back(static_cast<TokenId>(4 + random.below(model.vocabulary - 4)));
  }
  return texts;
}

// FLOP of the linear layers of one token through all layers.
double flop_a_token(const Model& model) {
  const auto h = static_cast<double>(model.hidden), inner = static_cast<double>(model.inner);
  return 2 * static_cast<double>(model.cut) * (4 * h * h + 2 * h * inner);
}

// The library's own rate on the inner layer's shape, GFLOP per CPU second.
double matrix_rate(const Model& model, MatrixPath path) {
  std::vector<float> weights(model.inner * model.hidden, 0.01F);
  constexpr std::size_t kRows = 768;  // as the encoder packs them
  std::vector<float> x(kRows * model.hidden, 0.5F), y(kRows * model.inner);
  const auto matrix = pack_matrix(path, weights.data(), nullptr, model.inner, model.hidden);
  MatrixScratch scratch;
  matrix->multiply(x.data(), kRows, y.data(), Activation::none, false, scratch);
  constexpr int kTimes = 60;  // the mean, as the run itself sees it beside other work
  const double start = cpu_seconds();
  for (int i = 0; i < kTimes; ++i)
    matrix->multiply(x.data(), kRows, y.data(), Activation::none, false, scratch);
  return kTimes * 2e-9 * kRows * static_cast<double>(model.hidden * model.inner) /
         (cpu_seconds() - start);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> given(argv + 1, argv + argc);
  const auto has = [&](std::string_view word) {
    return std::ranges::find(given, word) != given.end();
  };
  const Model& model = has("bert-base") ? kModels[1] : kModels[0];
  MatrixPath path = *best_path(Precision::float32);
  for (const MatrixPath each :
       {MatrixPath::portable, MatrixPath::float32, MatrixPath::split, MatrixPath::bf16})
    if (has(name(each))) path = each;
  std::size_t pairs = kPairs;
  for (const std::string& word : given)
    if (word.find_first_not_of("0123456789") == std::string::npos) pairs = std::stoul(word);
  if (!available(path)) {
    fmt::print("{}: not on this processor\n", name(path));
    return 1;
  }

  const test::TemporaryFolder temporary;
  fs::path folder = temporary.path();
  for (const std::string& word : given)
    if (word.starts_with('/')) folder = fs::path(word) / model.name;
  fs::create_directories(folder);
  if (!fs::exists(folder / "config.json")) write_folder(model, folder);
  const Result<ModelConfig> config = read_model_config(folder);
  if (!config) return 1;
  const double memory_before = peak_mb();
  std::unique_ptr<const Encoder> encoder;
  double load_s = 0, load_cpu_s = 0;
  for (int i = 0; i < 2; ++i) {  // the second finds the file in memory
    encoder.reset();
    const auto start = std::chrono::steady_clock::now();
    const double cpu = cpu_seconds();
    Result<Weights> weights = Weights::open(folder);
    if (!weights) return 1;
    auto made = Encoder::load(*config, std::make_shared<const Weights>(*std::move(weights)),
                              model.cut, path);
    if (!made) return 1;
    encoder = *std::move(made);
    load_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    load_cpu_s = cpu_seconds() - cpu;
  }

  const std::vector<TokenIds> texts = random_texts(model, pairs);
  std::size_t tokens = 0;
  for (const TokenIds& ids : texts) tokens += ids.size();
  std::vector<std::vector<float>> vectors(texts.size());
  const auto encode = [&](std::size_t first, std::size_t last) {
    encoder->encode(std::span(texts).subspan(first, last - first), {model.cut, model.cut},
                    [&](std::size_t text, std::size_t, const float* from) {
                      std::vector<float>& to = vectors[first + text];
                      to.assign(from, from + texts[first + text].size() * model.hidden);
                      kernels().unit_length(to.data(), texts[first + text].size(), model.hidden);
                    });
  };
  // Texts are candidates first, then references.
  if (has("cached")) encode(pairs, 2 * pairs);
  const double start = cpu_seconds();
  encode(0, has("cached") ? pairs : 2 * pairs);
  const double encoded = cpu_seconds();
  double sum = 0;
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::vector<float> a(texts[i].size(), 1.0F), b(texts[pairs + i].size(), 1.0F);
    sum += match({vectors[i], a}, {vectors[pairs + i], b}, model.hidden).f1;
  }
  const double end = cpu_seconds();
  const double rate = static_cast<double>(pairs) / (end - start);
  std::size_t encoded_tokens = tokens;
  if (has("cached")) {
    encoded_tokens = 0;
    for (std::size_t i = 0; i < pairs; ++i) encoded_tokens += texts[i].size();
  }
  const double library = matrix_rate(model, path);
  const double reached =
      flop_a_token(model) * static_cast<double>(encoded_tokens) / (encoded - start) / 1e9;
  double weights_mb = 0;
  for (const NamedShape& tensor : tensors(model)) {
    double count = 4e-6;
    for (const std::size_t size : tensor.shape) count *= static_cast<double>(size);
    weights_mb += count;
  }
  fmt::print(
      "{} layer {}, {}{}: {} pairs, {} tokens, mean F1 {:.6f}\n"
      "  {:.2f} pairs per CPU second, {:.2f} times the quoted {:.2f} of bert_score\n"
      "  encode {:.2f} s of CPU, match {:.2f} s; linear layers at {:.0f} GFLOP/s, the library "
      "alone "
      "{:.0f} ({:.0f} %)\n"
      "  load {:.2f} s ({:.2f} s of CPU) from a warm disk; peak {:.0f} MB, weights {:.0f} MB, "
      "before "
      "{:.0f} MB\n",
      model.name, model.cut, name(path), has("cached") ? ", references cached" : "", pairs, tokens,
      sum / static_cast<double>(pairs), rate, rate / model.reference, model.reference,
      encoded - start, end - encoded, reached, library, 100 * reached / library, load_s, load_cpu_s,
      peak_mb(), weights_mb, memory_before);
  return 0;
}
