#include "evaluators/encoder/encoder.h"

#include <fmt/format.h>
#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>

#include "datasets/parallel.h"
#include "evaluators/encoder/encoder_weights.h"
#include "evaluators/encoder/kernels.h"
#include "evaluators/encoder/packing.h"

namespace llmops {
namespace {

// Rows of a block: weights are packed anew for each, so more rows make it cheaper; fewer keep more
// threads busy and take less memory. The same for any number of threads.
std::size_t block_rows(std::span<const TokenIds> texts) {
  constexpr std::size_t kFewest = 256, kMost = 768, kBlocks = 16;
  std::size_t rows = 0;
  for (const TokenIds& ids : texts) rows += ids.size();
  return std::clamp(rows / kBlocks, kFewest, kMost);
}

// What a thread holds while it takes a block through the layers.
struct Workspace {
  std::vector<float> hidden, context, embedded;
  std::vector<float> wide;  // what the layers make between: projections, inner states, windows
  MatrixScratch matrices;
  AttentionScratch attention;

  void fit(const ModelConfig& config, std::size_t rows) {
    const auto grow = [&](std::vector<float>& buffer, std::size_t width) {
      buffer.resize(std::max(buffer.size(), padded_rows(rows) * width));
    };
    grow(hidden, config.hidden);
    grow(wide, std::max(std::max<std::size_t>(3, config.convolution) * config.hidden,
                        config.intermediate));
    grow(context, config.hidden);
    if (config.convolution > 0) grow(embedded, config.hidden);
  }
};

}  // namespace

struct Encoder::State {
  ModelConfig config;
  std::shared_ptr<const Weights> weights;
  EncoderFrame frame;
  std::vector<EncoderLayer> layers;

  void normalise(float* rows, std::size_t count, const LayerNorm& norm) const {
    kernels().normalise(rows, count, config.hidden, norm.gain.data(), norm.bias.data(),
                        config.epsilon);
  }

  // RoBERTa counts positions from behind the padding's own, and a padding token in the text stays
  // there.
  void embed(const TokenIds& ids, float* rows) const {
    const std::size_t width = config.hidden;
    const bool skips_padding = config.first_position() > 0;
    std::size_t position = config.first_position();
    for (const TokenId id : ids) {
      read_floats(*frame.words, static_cast<std::uint64_t>(id) * width, width, rows);
      const float* added = frame.token_type.empty() ? nullptr : frame.token_type.data();
      if (!frame.positions.empty()) {
        const bool padding = skips_padding && id == config.pad_id;
        added = frame.positions.data() +
                (padding ? static_cast<std::size_t>(config.pad_id) : position) * width;
        position += padding ? 0 : 1;
      }
      if (added != nullptr)
        for (std::size_t d = 0; d < width; ++d) rows[d] += added[d];
      rows += width;
    }
  }

  void convolve(const Block& block, Workspace& work) const {
    const std::size_t width = config.hidden, places = config.convolution, half = places / 2;
    for (const Block::Text& text : block.texts)
      for (std::size_t i = 0; i < text.length; ++i)
        for (std::size_t place = 0; place < places; ++place) {
          float* to = work.wide.data() + ((text.start + i) * places + place) * width;
          const bool inside = i + place >= half && i + place - half < text.length;
          if (inside)
            std::copy_n(work.embedded.data() + (text.start + i + place - half) * width, width, to);
          else
            std::fill_n(to, width, 0.0F);
        }
    frame.convolution.kernel->multiply(work.wide.data(), block.rows, work.context.data(),
                                       config.convolution_activation, false, work.matrices);
    for (std::size_t i = 0; i < block.rows * width; ++i) work.hidden[i] += work.context[i];
    normalise(work.hidden.data(), block.rows, frame.convolution.norm);
  }

  void run_layer(std::size_t number, const Block& block, Workspace& work) const {
    const EncoderLayer& layer = layers[number];
    float* hidden = work.hidden.data();
    layer.projection->multiply(hidden, block.rows, work.wide.data(), Activation::none, false,
                               work.matrices);
    attend(config, block, work.wide.data(), config.relative ? &layer.relative : nullptr,
           work.context.data(), work.attention);
    layer.attention_output->multiply(work.context.data(), block.rows, hidden, Activation::none,
                                     true, work.matrices);
    normalise(hidden, block.rows, layer.attention_norm);
    layer.inner->multiply(hidden, block.rows, work.wide.data(), config.activation, false,
                          work.matrices);
    layer.output->multiply(work.wide.data(), block.rows, hidden, Activation::none, true,
                           work.matrices);
    normalise(hidden, block.rows, layer.output_norm);
    if (number == 0 && config.convolution > 0) convolve(block, work);
  }

  void run(const Block& block, std::span<const TokenIds> texts, LayerRange wanted, const Sink& sink,
           Workspace& work) const {
    work.fit(config, block.rows);
    for (const Block::Text& text : block.texts)
      embed(texts[text.index], work.hidden.data() + text.start * config.hidden);
    normalise(work.hidden.data(), block.rows, frame.norm);
    if (config.convolution > 0)
      std::copy_n(work.hidden.data(), block.rows * config.hidden, work.embedded.data());
    for (std::size_t layer = 0;; ++layer) {
      if (layer >= wanted.first)
        for (const Block::Text& text : block.texts)
          sink(text.index, layer, work.hidden.data() + text.start * config.hidden);
      if (layer == wanted.last) return;
      run_layer(layer, block, work);
    }
  }
};

Encoder::Encoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Encoder::~Encoder() = default;
const ModelConfig& Encoder::config() const { return state_->config; }
std::size_t Encoder::layers() const { return state_->layers.size(); }

Diagnostics Encoder::check(const ModelConfig& config, const Weights& weights, std::size_t layers) {
  return check_weights(config, weights, layers);
}

Result<std::unique_ptr<const Encoder>> Encoder::load(const ModelConfig& config,
                                                     std::shared_ptr<const Weights> weights,
                                                     std::size_t layers, MatrixPath path) {
  if (Diagnostics found = check_weights(config, *weights, layers); !found.empty()) return found;
  auto state = std::make_unique<State>();
  state->config = config;
  state->weights = std::move(weights);
  state->frame = read_frame(config, *state->weights, path, layers);
  state->layers.resize(layers);
  parallel_for(layers, [&](std::size_t layer) {
    state->layers[layer] = read_layer(config, *state->weights, layer, path, state->frame);
  });
  return std::unique_ptr<const Encoder>(new Encoder(std::move(state)));
}

void Encoder::encode(std::span<const TokenIds> texts, LayerRange wanted, const Sink& sink,
                     const Progress& progress) const {
  if (wanted.first > wanted.last || wanted.last > state_->layers.size())
    throw std::invalid_argument("a layer is asked for that is not loaded");
  const std::size_t longest = state_->config.longest_text();
  for (const TokenIds& ids : texts)
    if (longest > 0 && ids.size() > longest)
      throw std::invalid_argument(
          fmt::format("a text of {} tokens, the model has positions for {}", ids.size(), longest));
  const std::vector<Block> blocks = pack_texts(texts, block_rows(texts));
  tbb::enumerable_thread_specific<Workspace> workspaces;
  std::atomic<std::size_t> done = 0;
  parallel_for(
      blocks.size(),
      [&](std::size_t i) {
        state_->run(blocks[i], texts, wanted, sink, workspaces.local());
        const std::size_t count = done.fetch_add(blocks[i].texts.size()) + blocks[i].texts.size();
        if (progress) progress(count, texts.size());
      },
      1);
}

}  // namespace llmops
