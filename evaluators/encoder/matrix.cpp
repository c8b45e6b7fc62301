#include "evaluators/encoder/matrix.h"

#include <Eigen/Core>
#include <algorithm>
#include <stdexcept>

#include "evaluators/encoder/kernels.h"

namespace llmops {
namespace {

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Index index(std::size_t value) { return static_cast<Eigen::Index>(value); }

class EigenMatrix final : public Matrix {
 public:
  EigenMatrix(const float* weights, const float* bias, std::size_t outputs, std::size_t inputs)
      : weights_(Eigen::Map<const RowMajor>(weights, index(outputs), index(inputs))),
        bias_(Eigen::RowVectorXf::Zero(index(outputs))) {
    if (bias != nullptr) bias_ = Eigen::Map<const Eigen::RowVectorXf>(bias, index(outputs));
  }

  void multiply(const float* x, std::size_t rows, float* y, Activation activation, bool add,
                MatrixScratch&) const override {
    const Eigen::Map<const RowMajor> from(x, index(rows), weights_.cols());
    Eigen::Map<RowMajor> to(y, index(rows), weights_.rows());
    if (add)
      to.rowwise() += bias_;
    else
      to = bias_.replicate(index(rows), 1);
    to.noalias() += from * weights_.transpose();
    if (activation != Activation::none)
      kernels().activate(y, rows * static_cast<std::size_t>(weights_.rows()), activation);
  }

 private:
  RowMajor weights_;
  Eigen::RowVectorXf bias_;
};

constexpr std::size_t kMostRows = 256;

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
  return std::make_unique<EigenMatrix>(weights, bias, outputs, inputs);
}

}  // namespace llmops
