#include "evaluators/encoder/matrix.h"

#include <algorithm>
#include <vector>

#include "evaluators/encoder/kernels.h"

namespace llmops {
namespace {

// Weights where they lie, or a copy of them, and a copy of the bias.
class PlacedWeights {
 public:
  PlacedWeights(std::span<const WeightPart> parts, const float* bias, std::size_t inputs)
      : parts_(parts.begin(), parts.end()), inputs_(inputs) {
    for (const WeightPart& part : parts_) outputs_ += part.outputs;
    if (bias != nullptr) bias_.assign(bias, bias + outputs_);
  }
  PlacedWeights(const float* weights, const float* bias, std::size_t outputs, std::size_t inputs)
      : copy_(weights, weights + outputs * inputs),
        parts_{
            {copy_.data(), outputs}
  },
        inputs_(inputs),
        outputs_(outputs) {
    if (bias != nullptr) bias_.assign(bias, bias + outputs);
  }
  PlacedWeights(const PlacedWeights&) = delete;
  PlacedWeights& operator=(const PlacedWeights&) = delete;

  std::size_t inputs() const { return inputs_; }
  std::size_t outputs() const { return outputs_; }
  // `use(part's weights and bias, its first output)`
  template <typename Use>
  void for_each(Use use) const {
    std::size_t first = 0;
    for (const WeightPart& part : parts_) {
      use(WeightRows{part.rows, bias_.empty() ? nullptr : bias_.data() + first, part.outputs,
                     inputs_},
          first);
      first += part.outputs;
    }
  }

 private:
  std::vector<float> copy_;
  std::vector<WeightPart> parts_;
  std::vector<float> bias_;
  std::size_t inputs_ = 0, outputs_ = 0;
};

class PortableMatrix final : public Matrix {
 public:
  template <typename... Arguments>
  explicit PortableMatrix(const Arguments&... arguments) : weights_(arguments...) {}

  void multiply(const float* x, std::size_t rows, float* y, Activation activation, bool add,
                MatrixScratch& scratch) const override {
    float* turned = scratch.library.at_least(kTurnedOutputs * kTurnedInputs * sizeof(float));
    weights_.for_each([&](const WeightRows& part, std::size_t first) {
      kernels().multiply_weights(x, rows, part, y + first, weights_.outputs(), activation, add,
                                 turned);
    });
  }

 private:
  PlacedWeights weights_;
};

constexpr std::size_t kMostRows = 768;

// Calls `product` with each run of rows: as few as possible, of about the same number, multiples of
// kRowPadding, so that few kinds of products are made.
template <typename Product>
void in_runs(std::size_t rows, Product product) {
  const std::size_t runs = (rows + kMostRows - 1) / kMostRows;
  const std::size_t run = padded_rows((rows + runs - 1) / std::max<std::size_t>(runs, 1));
  for (std::size_t at = 0; at < rows; at += run) product(at, std::min(run, padded_rows(rows - at)));
}

class Float32Matrix final : public Matrix {
 public:
  Float32Matrix(const float* weights, const float* bias, std::size_t outputs, std::size_t inputs)
      : inputs_(inputs), outputs_(outputs) {
    packed_ = OneDnn::get()->pack({.inputs = inputs, .outputs = outputs, .bias = bias != nullptr},
                                  weights, bias);
  }

  void multiply(const float* x, std::size_t rows, float* y, Activation activation, bool add,
                MatrixScratch& scratch) const override {
    in_runs(rows, [&](std::size_t at, std::size_t run) {
      OneDnn::get()->multiply(*packed_, x + at * inputs_, run, y + at * outputs_, activation, add,
                              scratch.library);
    });
  }

 private:
  std::size_t inputs_, outputs_;
  std::unique_ptr<OneDnn::Packed> packed_;
};

class PlacedFloat32Matrix final : public Matrix {
 public:
  PlacedFloat32Matrix(std::span<const WeightPart> parts, const float* bias, std::size_t inputs)
      : weights_(parts, bias, inputs) {
    weights_.for_each([&](const WeightRows& part, std::size_t first) {
      const OneDnn::Shape shape{.inputs = inputs,
                                .outputs = part.outputs,
                                .bias = part.bias != nullptr,
                                .stride = weights_.outputs()};
      parts_.push_back({OneDnn::get()->borrow(shape, part.rows, part.bias), first});
    });
  }

  void multiply(const float* x, std::size_t rows, float* y, Activation activation, bool add,
                MatrixScratch& scratch) const override {
    in_runs(rows, [&](std::size_t at, std::size_t run) {
      for (const Part& part : parts_)
        OneDnn::get()->multiply(*part.weights, x + at * weights_.inputs(), run,
                                y + at * weights_.outputs() + part.first, activation, add,
                                scratch.library);
    });
  }

 private:
  struct Part {
    std::unique_ptr<OneDnn::Packed> weights;
    std::size_t first = 0;
  };
  PlacedWeights weights_;
  std::vector<Part> parts_;
};

class Bf16Matrix final : public Matrix {
 public:
  Bf16Matrix(const float* weights, const float* bias, std::size_t outputs, std::size_t inputs)
      : inputs_(inputs), outputs_(outputs) {
    std::vector<std::uint16_t> rounded(inputs * outputs);
    kernels().to_bf16(weights, rounded.data(), rounded.size());
    packed_ = OneDnn::get()->pack(
        {.inputs = inputs, .outputs = outputs, .bf16 = true, .bias = bias != nullptr},
        rounded.data(), bias);
  }

  void multiply(const float* x, std::size_t rows, float* y, Activation activation, bool add,
                MatrixScratch& scratch) const override {
    const std::size_t count = padded_rows(rows) * inputs_;
    scratch.high.resize(std::max(scratch.high.size(), count));
    kernels().to_bf16(x, scratch.high.data(), count);
    in_runs(rows, [&](std::size_t at, std::size_t run) {
      OneDnn::get()->multiply(*packed_, scratch.high.data() + at * inputs_, run, y + at * outputs_,
                              activation, add, scratch.library);
    });
  }

 private:
  std::size_t inputs_, outputs_;
  std::unique_ptr<OneDnn::Packed> packed_;
};

// x * w = (xh + xl) * (wh + wl), without the product of the two low parts.
class SplitMatrix final : public Matrix {
 public:
  SplitMatrix(const float* weights, const float* bias, std::size_t outputs, std::size_t inputs)
      : inputs_(inputs), outputs_(outputs) {
    std::vector<std::uint16_t> high(inputs * outputs), low(inputs * outputs);
    kernels().split_bf16(weights, high.data(), low.data(), high.size());
    const OneDnn::Shape shape{.inputs = inputs, .outputs = outputs, .bf16 = true};
    high_ = OneDnn::get()->pack(shape, high.data(), nullptr);
    OneDnn::Shape last = shape;
    last.bias = bias != nullptr;
    low_ = OneDnn::get()->pack(last, low.data(), bias);
  }

  void multiply(const float* x, std::size_t rows, float* y, Activation activation, bool add,
                MatrixScratch& scratch) const override {
    const std::size_t count = padded_rows(rows) * inputs_;
    scratch.high.resize(std::max(scratch.high.size(), count));
    scratch.low.resize(std::max(scratch.low.size(), count));
    kernels().split_bf16(x, scratch.high.data(), scratch.low.data(), count);
    const OneDnn& library = *OneDnn::get();
    in_runs(rows, [&](std::size_t at, std::size_t run) {
      const std::uint16_t* high = scratch.high.data() + at * inputs_;
      const std::uint16_t* low = scratch.low.data() + at * inputs_;
      float* to = y + at * outputs_;
      library.multiply(*high_, low, run, to, Activation::none, add, scratch.library);
      library.multiply(*high_, high, run, to, Activation::none, true, scratch.library);
      library.multiply(*low_, high, run, to, activation, true, scratch.library);
    });
  }

 private:
  std::size_t inputs_, outputs_;
  std::unique_ptr<OneDnn::Packed> high_, low_;
};

}  // namespace

std::string_view name(MatrixPath path) {
  switch (path) {
    case MatrixPath::portable:
      return "portable";
    case MatrixPath::float32:
      return "float32";
    case MatrixPath::split:
      return "split";
    case MatrixPath::bf16:
      break;
  }
  return "bf16";
}

bool available(MatrixPath path) {
  if (path == MatrixPath::portable) return true;
  const OneDnn* library = OneDnn::get();
  if (library == nullptr) return false;
  if (path == MatrixPath::float32) return true;
  return library->isa() == OneDnn::Isa::amx || library->isa() == OneDnn::Isa::avx512_bf16;
}

std::optional<MatrixPath> best_path(Precision precision) {
  if (precision == Precision::bf16)
    return available(MatrixPath::bf16) ? std::optional(MatrixPath::bf16) : std::nullopt;
  if (!available(MatrixPath::float32)) return MatrixPath::portable;
  return OneDnn::get()->isa() == OneDnn::Isa::amx ? MatrixPath::split : MatrixPath::float32;
}

std::unique_ptr<Matrix> pack_matrix(MatrixPath path, const float* weights, const float* bias,
                                    std::size_t outputs, std::size_t inputs) {
  switch (path) {
    case MatrixPath::float32:
      return std::make_unique<Float32Matrix>(weights, bias, outputs, inputs);
    case MatrixPath::split:
      return std::make_unique<SplitMatrix>(weights, bias, outputs, inputs);
    case MatrixPath::bf16:
      return std::make_unique<Bf16Matrix>(weights, bias, outputs, inputs);
    case MatrixPath::portable:
      break;
  }
  return std::make_unique<PortableMatrix>(weights, bias, outputs, inputs);
}

bool works_in_place(MatrixPath path) {
  return path == MatrixPath::portable || path == MatrixPath::float32;
}

std::unique_ptr<Matrix> place_matrix(MatrixPath path, std::span<const WeightPart> parts,
                                     const float* bias, std::size_t inputs) {
  if (path == MatrixPath::float32)
    return std::make_unique<PlacedFloat32Matrix>(parts, bias, inputs);
  return std::make_unique<PortableMatrix>(parts, bias, inputs);
}

}  // namespace llmops
