#include "evaluators/encoder/text_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>

#include "datasets/text/hash.h"
#include "evaluators/encoder/fingerprint.h"
#include "evaluators/encoder/kernels.h"
#include "evaluators/encoder/mapped_file.h"
#include "evaluators/encoder/recent_vectors.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kRemembered = 64U << 20;  // bytes of vectors in memory

// Everything but the weights that decides about a vector.
std::vector<fs::path> small_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const char* name : {"config.json", "tokenizer_config.json", "special_tokens_map.json",
                           "added_tokens.json", "vocab.txt", "vocab.json", "merges.txt",
                           "sentencepiece.bpe.model", "spm.model", "tokenizer.json"})
    if (fs::exists(folder / name)) files.push_back(folder / name);
  return files;
}

// The small files, and size and first 64 kB (the header) of each weights file.
std::string quick_fingerprint(const fs::path& folder, const std::vector<fs::path>& weights) {
  Sha256 all;
  all.add(fingerprint(small_files(folder)));
  for (const fs::path& file : weights)
    if (const auto map = MappedFile::open(file)) {
      all.add(fmt::format("{}\n", (*map)->bytes().size()));
      all.add((*map)->bytes().substr(0, 65536));
    }
  return all.hex().substr(0, 8);
}

}  // namespace

struct TextEncoder::State {
  TextEncoderOptions options;
  ModelConfig config;
  std::shared_ptr<const Weights> weights;
  std::unique_ptr<const Tokenizer> tokenizer;
  std::size_t layers = 0;
  MatrixPath path = MatrixPath::portable;
  std::string short_fingerprint;
  std::string identity;  // of model, layer and path, for the disk
  std::optional<VectorCache> cache;
  RecentVectors recent{kRemembered};
  std::once_flag loaded, identified;
  std::unique_ptr<const Encoder> encoder;

  const Encoder& load() {
    std::call_once(loaded, [&] {
      auto made = Encoder::load(config, weights, layers, path);
      if (!made) throw std::runtime_error(render(made.problems()));
      encoder = *std::move(made);
    });
    return *encoder;
  }

  // Vectors of each text as `make` forms them from those of its tokens; `what`: its name in keys.
  std::vector<Vectors> made(std::span<const Text> texts, std::string_view what, bool one_row,
                            std::shared_ptr<std::vector<float>> (*make)(const float* from,
                                                                        std::size_t tokens,
                                                                        std::size_t hidden),
                            const Encoder::Progress& progress = {});

  void identify() {
    std::call_once(identified, [&] {
      std::vector<fs::path> files = small_files(options.folder);
      files.insert(files.end(), weights->files().begin(), weights->files().end());
      identity = fmt::format("{}|{}|{}", fingerprint(files, options.cache->folder / "digests"),
                             layers, name(path));
    });
  }

  // Looks in memory and on disk for `count` numbers.
  Vectors find(const std::string& key, bool on_disk, std::size_t count) {
    if (Vectors known = recent.get(key)) return known;
    if (!cache || !on_disk) return nullptr;
    auto stored = std::make_shared<std::vector<float>>(count);
    if (!cache->get(key, stored->data(), stored->size())) return nullptr;
    recent.put(key, stored);
    return stored;
  }

  std::string key_of(const TokenIds& ids, std::string_view what) const {
    Sha256 hash;
    hash.add(identity);
    hash.add(what);
    hash.add({reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(TokenId)});
    return hash.hex();
  }
};

TextEncoder::TextEncoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
TextEncoder::~TextEncoder() = default;
const ModelConfig& TextEncoder::config() const { return state_->config; }
const Tokenizer& TextEncoder::tokenizer() const { return *state_->tokenizer; }
std::size_t TextEncoder::layers() const { return state_->layers; }
MatrixPath TextEncoder::path() const { return state_->path; }
const std::string& TextEncoder::short_fingerprint() const { return state_->short_fingerprint; }
const Encoder& TextEncoder::encoder() const { return state_->load(); }

Result<std::unique_ptr<TextEncoder>> TextEncoder::open(const TextEncoderOptions& options) {
  Result<ModelConfig> config = read_model_config(options.folder);
  if (!config) return config.problems();
  auto state = std::make_unique<State>();
  state->options = options;
  state->config = *config;
  state->layers = options.layers.value_or(config->layers);
  Diagnostics problems;
  if (state->layers > config->layers)
    problems.push_back(
        problem(fmt::format("layer {} is asked for, the model in {} has {}", state->layers,
                            options.folder.string(), config->layers)));
  const std::optional<MatrixPath> path = options.path ? options.path : best_path(options.precision);
  if (path)
    state->path = *path;
  else
    problems.push_back(problem("this processor or its oneDNN has no bfloat16 products", "",
                               "leave `precision` out"));

  Result<std::unique_ptr<const Tokenizer>> tokenizer =
      Tokenizer::open(options.folder, *config, options.tokenizer);
  append(problems, tokenizer.problems());
  Result<Weights> weights = Weights::open(options.folder);
  append(problems, weights.problems());
  if (weights)
    append(problems, Encoder::check(*config, *weights, std::min(state->layers, config->layers)));
  if (has_errors(problems)) return problems;
  state->tokenizer = *std::move(tokenizer);
  state->weights = std::make_shared<const Weights>(*std::move(weights));
  state->short_fingerprint = quick_fingerprint(options.folder, state->weights->files());
  if (options.cache) state->cache.emplace(*options.cache);
  return std::unique_ptr<TextEncoder>(new TextEncoder(std::move(state)));
}

namespace {

// What is kept of a text's tokens: all their vectors at length 1, or one of them all.
using Made = std::shared_ptr<std::vector<float>>;

Made unit_vectors(const float* from, std::size_t tokens, std::size_t hidden) {
  auto made = std::make_shared<std::vector<float>>(from, from + tokens * hidden);
  kernels().unit_length(made->data(), tokens, hidden);
  return made;
}

Made mean_vector(const float* from, std::size_t tokens, std::size_t hidden) {
  std::vector<double> sums(hidden);
  for (std::size_t t = 0; t < tokens; ++t)
    for (std::size_t i = 0; i < hidden; ++i) sums[i] += double{from[t * hidden + i]};
  auto made = std::make_shared<std::vector<float>>(hidden);
  for (std::size_t i = 0; i < hidden; ++i)
    (*made)[i] = static_cast<float>(sums[i] / static_cast<double>(tokens));
  return made;
}

Made first_vector(const float* from, std::size_t, std::size_t hidden) {
  return std::make_shared<std::vector<float>>(from, from + hidden);
}

}  // namespace

std::vector<TextEncoder::Vectors> TextEncoder::vectors(std::span<const Text> texts,
                                                       const Encoder::Progress& progress) const {
  return state_->made(texts, "", false, &unit_vectors, progress);
}

std::vector<TextEncoder::Vectors> TextEncoder::pooled(std::span<const Text> texts,
                                                      Pooling pooling) const {
  return pooling == Pooling::mean ? state_->made(texts, "mean", true, &mean_vector)
                                  : state_->made(texts, "cls", true, &first_vector);
}

std::vector<TextEncoder::Vectors> TextEncoder::State::made(
    std::span<const Text> texts, std::string_view what, bool one_row,
    std::shared_ptr<std::vector<float>> (*make)(const float*, std::size_t, std::size_t),
    const Encoder::Progress& progress) {
  if (cache) identify();
  std::vector<Vectors> found(texts.size());
  std::vector<std::string> keys(texts.size());
  std::map<std::string, std::size_t> first;  // key -> the text that is encoded for it
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    keys[i] = key_of(*texts[i].ids, what);
    found[i] = find(keys[i], texts[i].keep, (one_row ? 1 : texts[i].ids->size()) * config.hidden);
    if (found[i] == nullptr && first.emplace(keys[i], i).second) missing.push_back(i);
  }
  if (!missing.empty()) {
    std::vector<TokenIds> ids;
    for (const std::size_t i : missing) ids.push_back(*texts[i].ids);
    load().encode(
        ids, {layers, layers},
        [&](std::size_t text, std::size_t, const float* from) {
          std::shared_ptr<std::vector<float>> made = make(from, ids[text].size(), config.hidden);
          const std::size_t i = missing[text];
          recent.put(keys[i], made);
          if (cache && texts[i].keep) cache->put(keys[i], made->data(), made->size());
          found[i] = std::move(made);
        },
        progress);
  }
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (found[i] == nullptr) found[i] = found[first.at(keys[i])];
  return found;
}

std::vector<std::vector<TextEncoder::Vectors>> TextEncoder::all_layers(
    std::span<const Text> texts) const {
  std::map<TokenIds, std::size_t> places;  // distinct texts
  std::vector<TokenIds> ids;
  std::vector<std::size_t> place(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto [at, fresh] = places.emplace(*texts[i].ids, ids.size());
    if (fresh) ids.push_back(*texts[i].ids);
    place[i] = at->second;
  }
  const std::size_t hidden = state_->config.hidden;
  std::vector<std::vector<Vectors>> made(ids.size(), std::vector<Vectors>(state_->layers + 1));
  state_->load().encode(
      ids, {0, state_->layers}, [&](std::size_t text, std::size_t layer, const float* from) {
        auto one = std::make_shared<std::vector<float>>(from, from + ids[text].size() * hidden);
        kernels().unit_length(one->data(), ids[text].size(), hidden);
        made[text][layer] = std::move(one);
      });
  std::vector<std::vector<Vectors>> found;
  for (const std::size_t at : place) found.push_back(made[at]);
  return found;
}

}  // namespace llmops
