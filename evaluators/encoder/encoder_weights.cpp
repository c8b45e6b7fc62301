#include "evaluators/encoder/encoder_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "evaluators/encoder/kernels.h"

namespace llmops {
namespace {

// Names of a layer's tensors, without ".weight" and ".bias".
struct LayerNames {
  std::string query, key, value, attention_output, attention_norm, inner, output, output_norm;
};

LayerNames layer_names(const ModelConfig& config, std::size_t layer) {
  if (config.family == Family::distilbert) {
    const std::string at = fmt::format("transformer.layer.{}.", layer);
    return {at + "attention.q_lin",   at + "attention.k_lin",  at + "attention.v_lin",
            at + "attention.out_lin", at + "sa_layer_norm",    at + "ffn.lin1",
            at + "ffn.lin2",          at + "output_layer_norm"};
  }
  const std::string at = fmt::format("encoder.layer.{}.", layer);
  const std::string suffix = config.family == Family::deberta_v2 ? "_proj" : "";
  return {at + "attention.self.query" + suffix,
          at + "attention.self.key" + suffix,
          at + "attention.self.value" + suffix,
          at + "attention.output.dense",
          at + "attention.output.LayerNorm",
          at + "intermediate.dense",
          at + "output.dense",
          at + "output.LayerNorm"};
}

std::string self(std::size_t layer, std::string_view part) {
  return fmt::format("encoder.layer.{}.attention.self.{}", layer, part);
}

class Checker {
 public:
  explicit Checker(const Weights& weights) : weights_(weights) {}
  void tensor(const std::string& name, const Shape& shape) {
    if (problems_.size() < 20) weights_.get(name, shape, problems_);
  }
  void linear(const std::string& name, std::uint64_t outputs, std::uint64_t inputs) {
    tensor(name + ".weight", {outputs, inputs});
    tensor(name + ".bias", {outputs});
  }
  void norm(const std::string& name, std::uint64_t width) {
    tensor(name + ".weight", {width});
    tensor(name + ".bias", {width});
  }
  Diagnostics take() { return std::move(problems_); }

 private:
  const Weights& weights_;
  Diagnostics problems_;
};

void check_layer(const ModelConfig& config, std::size_t layer, Checker& check) {
  const LayerNames names = layer_names(config, layer);
  const std::uint64_t hidden = config.hidden;
  if (config.family == Family::deberta) {
    check.tensor(self(layer, "in_proj.weight"), {3 * hidden, hidden});
    check.tensor(self(layer, "q_bias"), {hidden});
    check.tensor(self(layer, "v_bias"), {hidden});
    if (config.content_to_position) check.tensor(self(layer, "pos_proj.weight"), {hidden, hidden});
    if (config.position_to_content) check.linear(self(layer, "pos_q_proj"), hidden, hidden);
  } else {
    for (const std::string& name : {names.query, names.key, names.value})
      check.linear(name, hidden, hidden);
    if (config.family == Family::deberta_v2 && !config.shared_keys) {
      if (config.content_to_position) check.linear(self(layer, "pos_key_proj"), hidden, hidden);
      if (config.position_to_content) check.linear(self(layer, "pos_query_proj"), hidden, hidden);
    }
  }
  check.linear(names.attention_output, hidden, hidden);
  check.norm(names.attention_norm, hidden);
  check.linear(names.inner, config.intermediate, hidden);
  check.linear(names.output, hidden, config.intermediate);
  check.norm(names.output_norm, hidden);
}

// Reads tensors whose shapes were checked.
class Reader {
 public:
  explicit Reader(const Weights& weights) : weights_(weights) {}

  void append(const std::string& name, std::vector<float>& to) const {
    const Tensor& tensor = *weights_.find(name);
    const std::size_t count = *elements(tensor.shape), before = to.size();
    to.resize(before + count);
    read_floats(tensor, 0, count, to.data() + before);
    weights_.forget(tensor);
  }
  std::vector<float> floats(const std::string& name) const {
    std::vector<float> values;
    append(name, values);
    return values;
  }
  // The numbers where they lie in the file, at any address, if they are float32; else nullptr.
  const void* in_place(const std::string& name) const {
    const Tensor& tensor = *weights_.find(name);
    return tensor.type == ElementType::f32 ? tensor.bytes.data() : nullptr;
  }
  // The same, if a float may stand there.
  const float* aligned(const std::string& name) const {
    const void* const lying = in_place(name);
    return reinterpret_cast<std::uintptr_t>(lying) % alignof(float) == 0
               ? static_cast<const float*>(lying)
               : nullptr;
  }
  void forget(const std::string& name) const { weights_.forget(*weights_.find(name)); }
  void expect(const std::string& name) const { weights_.expect(*weights_.find(name)); }
  LayerNorm norm(const std::string& name) const {
    return {floats(name + ".weight"), floats(name + ".bias")};
  }

 private:
  const Weights& weights_;
};

// DeBERTa v1 keeps query, key and value of each head together, without biases for keys; in our
// order all queries come first, then all keys, then all values.
void read_interleaved(const ModelConfig& config, const Reader& read, std::size_t layer,
                      std::vector<float>& weights, std::vector<float>& bias) {
  const std::vector<float> given = read.floats(self(layer, "in_proj.weight"));
  const std::size_t width = config.head_width(), hidden = config.hidden;
  weights.resize(given.size());
  for (std::size_t part = 0; part < 3; ++part)
    for (std::size_t head = 0; head < config.heads; ++head)
      std::copy_n(given.data() + (head * 3 + part) * width * hidden, width * hidden,
                  weights.data() + (part * hidden + head * width) * hidden);
  bias = read.floats(self(layer, "q_bias"));
  bias.resize(2 * hidden);
  read.append(self(layer, "v_bias"), bias);
}

// The position table through a projection, transposed for each head and divided by `scale`.
std::vector<float> project_positions(const ModelConfig& config, const std::vector<float>& table,
                                     const std::vector<float>& weights,
                                     const std::vector<float>& bias, float scale,
                                     std::size_t stride) {
  const std::size_t rows = 2 * config.span(), hidden = config.hidden;
  MatrixScratch scratch;
  std::vector<float> given = table, projected(padded_rows(rows) * hidden);
  given.resize(padded_rows(rows) * hidden);
  pack_matrix(available(MatrixPath::float32) ? MatrixPath::float32 : MatrixPath::portable,
              weights.data(), bias.empty() ? nullptr : bias.data(), hidden, hidden)
      ->multiply(given.data(), rows, projected.data(), Activation::none, false, scratch);
  // A strip of columns is read to the next multiple of the padding, even from the last row.
  std::vector<float> turned(hidden * stride + kPadding);
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t d = 0; d < hidden; ++d)
      turned[d * stride + row] = projected[row * hidden + d] / scale;
  return turned;
}

RelativeTables read_relative(const ModelConfig& config, const Reader& read, std::size_t layer,
                             const EncoderFrame& frame) {
  RelativeTables tables;
  tables.stride = padded(2 * config.span());
  std::string keys = self(layer, "pos_key_proj"), queries = self(layer, "pos_query_proj");
  const bool first = config.family == Family::deberta;
  if (first) {
    keys = self(layer, "pos_proj");
    queries = self(layer, "pos_q_proj");
  } else if (config.shared_keys) {
    const LayerNames names = layer_names(config, layer);
    keys = names.key;
    queries = names.query;
  }
  const std::size_t terms =
      1 + (config.content_to_position ? 1U : 0U) + (config.position_to_content ? 1U : 0U);
  const float scale = std::sqrt(static_cast<float>(config.head_width() * terms));
  if (config.content_to_position)
    tables.keys = project_positions(config, frame.relative, read.floats(keys + ".weight"),
                                    first ? std::vector<float>() : read.floats(keys + ".bias"),
                                    1.0F, tables.stride);
  if (config.position_to_content)
    tables.queries = project_positions(config, frame.relative, read.floats(queries + ".weight"),
                                       read.floats(queries + ".bias"), scale, tables.stride);
  return tables;
}

}  // namespace

Diagnostics check_weights(const ModelConfig& config, const Weights& weights, std::size_t layers) {
  Checker check(weights);
  const std::uint64_t hidden = config.hidden;
  check.tensor("embeddings.word_embeddings.weight", {config.vocabulary, hidden});
  if (config.positions > 0)
    check.tensor("embeddings.position_embeddings.weight", {config.positions, hidden});
  if (config.token_types > 0)
    check.tensor("embeddings.token_type_embeddings.weight", {config.token_types, hidden});
  check.norm("embeddings.LayerNorm", hidden);
  if (config.relative && layers > 0) {
    check.tensor("encoder.rel_embeddings.weight", {2 * std::uint64_t{config.span()}, hidden});
    if (config.normalised_positions) check.norm("encoder.LayerNorm", hidden);
  }
  if (config.convolution > 0 && layers > 0) {
    check.tensor("encoder.conv.conv.weight", {hidden, hidden, config.convolution});
    check.tensor("encoder.conv.conv.bias", {hidden});
    check.norm("encoder.conv.LayerNorm", hidden);
  }
  for (std::size_t layer = 0; layer < layers; ++layer) check_layer(config, layer, check);
  return check.take();
}

EncoderFrame read_frame(const ModelConfig& config, const Weights& weights, MatrixPath path,
                        std::size_t layers) {
  const Reader read(weights);
  const std::size_t hidden = config.hidden;
  EncoderFrame frame;
  frame.words = weights.find("embeddings.word_embeddings.weight");
  if (config.token_types > 0) {
    frame.token_type = read.floats("embeddings.token_type_embeddings.weight");
    frame.token_type.resize(hidden);
  }
  if (config.positions > 0) {
    frame.positions = read.floats("embeddings.position_embeddings.weight");
    if (!frame.token_type.empty())
      for (std::size_t i = 0; i < frame.positions.size(); ++i)
        frame.positions[i] += frame.token_type[i % hidden];
  }
  frame.norm = read.norm("embeddings.LayerNorm");
  if (config.relative && layers > 0) {
    frame.relative = read.floats("encoder.rel_embeddings.weight");
    if (config.normalised_positions) {
      const LayerNorm norm = read.norm("encoder.LayerNorm");
      kernels().normalise(frame.relative.data(), frame.relative.size() / hidden, hidden,
                          norm.gain.data(), norm.bias.data(), config.epsilon);
    }
  }
  if (config.convolution > 0 && layers > 0) {
    const std::vector<float> given =
        read.floats("encoder.conv.conv.weight");  // outputs x inputs x places
    std::vector<float> kernel(given.size());
    const std::size_t places = config.convolution;
    for (std::size_t out = 0; out < hidden; ++out)
      for (std::size_t in = 0; in < hidden; ++in)
        for (std::size_t place = 0; place < places; ++place)
          kernel[(out * places + place) * hidden + in] =
              given[(out * hidden + in) * places + place];
    const std::vector<float> bias = read.floats("encoder.conv.conv.bias");
    frame.convolution.kernel =
        pack_matrix(path, kernel.data(), bias.data(), hidden, places * hidden);
    frame.convolution.norm = read.norm("encoder.conv.LayerNorm");
  }
  return frame;
}

EncoderLayer read_layer(const ModelConfig& config, const Weights& weights, std::size_t number,
                        MatrixPath path, const EncoderFrame& frame) {
  const Reader read(weights);
  const LayerNames names = layer_names(config, number);
  const std::size_t hidden = config.hidden;
  EncoderLayer layer;
  if (config.relative) layer.relative = read_relative(config, read, number, frame);
  // One matrix of the named layers side by side: of the weights where they lie, if that can be.
  const auto linear = [&](std::initializer_list<std::string> parts, std::size_t outputs,
                          std::size_t inputs) {
    std::vector<float> bias, floats;
    std::vector<WeightPart> placed;
    for (const std::string& part : parts) {
      read.append(part + ".bias", bias);
      const void* lying = works_in_place(path) ? read.in_place(part + ".weight") : nullptr;
      if (lying != nullptr) placed.push_back({lying, outputs / parts.size()});
    }
    if (placed.size() == parts.size()) {
      for (const std::string& part : parts) read.expect(part + ".weight");
      return place_matrix(path, placed, bias.data(), inputs);
    }
    if (parts.size() == 1)
      if (const float* lying = read.aligned(*parts.begin() + ".weight")) {
        auto packed = pack_matrix(path, lying, bias.data(), outputs, inputs);
        read.forget(*parts.begin() + ".weight");
        return packed;
      }
    floats.reserve(outputs * inputs);
    for (const std::string& part : parts) read.append(part + ".weight", floats);
    return pack_matrix(path, floats.data(), bias.data(), outputs, inputs);
  };
  if (config.family == Family::deberta) {
    std::vector<float> floats, bias;
    read_interleaved(config, read, number, floats, bias);
    layer.projection = pack_matrix(path, floats.data(), bias.data(), 3 * hidden, hidden);
  } else {
    layer.projection = linear({names.query, names.key, names.value}, 3 * hidden, hidden);
  }
  layer.attention_output = linear({names.attention_output}, hidden, hidden);
  layer.attention_norm = read.norm(names.attention_norm);
  layer.inner = linear({names.inner}, config.intermediate, hidden);
  layer.output = linear({names.output}, hidden, config.intermediate);
  layer.output_norm = read.norm(names.output_norm);
  return layer;
}

}  // namespace llmops
