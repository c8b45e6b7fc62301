#include "evaluators/encoder/kernels.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "evaluators/encoder/matrix.h"
#include "evaluators/encoder/packing.h"
#include "evaluators/encoder/relative_positions.h"

using namespace llmops;

namespace {

std::vector<float> numbers(std::size_t count, unsigned seed) {
  std::vector<float> made(count);
  for (float& value : made) {
    seed = seed * 1664525U + 1013904223U;
    value = static_cast<float>(seed >> 8) / 8388608.0F - 1.0F;
  }
  return made;
}

double wide(float x) { return static_cast<double>(x); }

}  // namespace

TEST_CASE("kernels: each instruction set computes what the definitions say") {
  const KernelList list = all_kernels();
  for (std::size_t set = 0; set < list.count; ++set) {
    const Kernels& k = *list.items[set];
    CAPTURE(std::string(k.name));
    for (const std::size_t n : {1, 7, 16, 33, 80}) {
      CAPTURE(n);
      std::vector<float> row = numbers(padded(n), 3);
      std::vector<double> exact(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(n));
      double total = 0;
      for (double& value : exact) total += value = std::exp(value);
      k.softmax(row.data(), n);
      for (std::size_t i = 0; i < n; ++i)
        CHECK(wide(row[i]) == doctest::Approx(exact[i] / total).epsilon(1e-6));
      for (std::size_t i = n; i < padded(n); ++i) CHECK(row[i] == 0.0F);

      for (const auto& [kind, tolerance] : {
               std::pair{Activation::gelu,      4e-7},
               std::pair{Activation::gelu_tanh, 4e-7},
               std::pair{Activation::tanh,      4e-7},
               std::pair{Activation::relu,      0.0 }
      }) {
        std::vector<float> x = numbers(n, 5);
        for (float& value : x) value *= 6.0F;
        const std::vector<float> given = x;
        k.activate(x.data(), n, kind);
        for (std::size_t i = 0; i < n; ++i) {
          const double v = static_cast<double>(given[i]);
          const double wanted =
              kind == Activation::gelu        ? 0.5 * v * (1 + std::erf(v / std::sqrt(2.0)))
              : kind == Activation::gelu_tanh ? 0.5 * v *
                                                    (1 + std::tanh(std::sqrt(2 / 3.14159265358979) *
                                                                   (v + 0.044715 * v * v * v)))
              : kind == Activation::tanh ? std::tanh(v)
                                         : std::max(v, 0.0);
          CHECK(std::abs(wide(x[i]) - wanted) <= tolerance * (1 + std::abs(v)));
        }
      }

      std::vector<float> x = numbers(2 * n, 11);
      const std::vector<float> given = x, gain = numbers(n, 13), bias = numbers(n, 17);
      k.normalise(x.data(), 2, n, gain.data(), bias.data(), 1e-5F);
      for (std::size_t r = 0; r < 2; ++r) {
        double mean = 0, variance = 0;
        for (std::size_t i = 0; i < n; ++i)
          mean += static_cast<double>(given[r * n + i]) / static_cast<double>(n);
        for (std::size_t i = 0; i < n; ++i)
          variance += std::pow(wide(given[r * n + i]) - mean, 2) / static_cast<double>(n);
        for (std::size_t i = 0; i < n; ++i)
          CHECK(std::abs(wide(x[r * n + i]) - ((wide(given[r * n + i]) - mean) /
                                                   std::sqrt(variance + 1e-5) * wide(gain[i]) +
                                               wide(bias[i]))) < 2e-6);
      }
      std::vector<float> unit = given;
      k.unit_length(unit.data(), 2, n);
      double length = 0;
      for (std::size_t i = 0; i < n; ++i) length += wide(unit[i]) * wide(unit[i]);
      CHECK(length == doctest::Approx(1.0).epsilon(1e-6));
    }
  }
}

TEST_CASE("kernels: products of any shape") {
  const KernelList list = all_kernels();
  for (std::size_t set = 0; set < list.count; ++set)
    for (const std::size_t m : {1, 5, 6, 13})
      for (const std::size_t n : {16, 48, 80, 144})
        for (const std::size_t depth : {1, 64, 70}) {
          CAPTURE(m);
          CAPTURE(n);
          CAPTURE(depth);
          const std::vector<float> a = numbers(m * (depth + 3), 1), b = numbers(depth * (n + 5), 2);
          std::vector<float> c(m * (n + 1), 7.0F);
          list.items[set]->multiply(a.data(), depth + 3, b.data(), n + 5, c.data(), n + 1, m, n,
                                    depth);
          double most = 0;
          for (std::size_t i = 0; i < m; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
              double sum = 0;
              for (std::size_t l = 0; l < depth; ++l)
                sum += wide(a[i * (depth + 3) + l]) * wide(b[l * (n + 5) + j]);
              most = std::max(most, std::abs(sum - static_cast<double>(c[i * (n + 1) + j])));
            }
            CHECK(c[i * (n + 1) + n] == 7.0F);
          }
          CHECK(most < 1e-5);
        }
}

TEST_CASE("kernels: products with weights as a file holds them") {
  const KernelList list = all_kernels();
  struct Row {
    const char* why;
    std::size_t rows, outputs, inputs, shift;  // bytes off a float's place
    bool add, bias;
    Activation activation;
  };
  const Row table[] = {
      {"one number",                        1,  1,   1,   0, false, false, Activation::none},
      {"less than a tile",                  5,  7,   9,   0, true,  true,  Activation::none},
      {"unaligned, one of each rest",       13, 65,  33,  3, true,  true,  Activation::relu},
      {"more inputs than are turned",       7,  24,  520, 1, false, true,  Activation::tanh},
      {"more outputs than are turned",      12, 300, 40,  2, true,  false, Activation::gelu},
      {"several pieces both ways, no bias", 6,  512, 512, 0, false, false, Activation::none}
  };
  for (const Row& row : table)
    for (std::size_t set = 0; set < list.count; ++set) {
      CAPTURE(std::string(row.why));
      CAPTURE(std::string(list.items[set]->name));
      const std::vector<float> x = numbers(row.rows * row.inputs, 1),
                               w = numbers(row.outputs * row.inputs, 2),
                               bias = numbers(row.outputs, 3);
      std::string lying(row.shift + w.size() * sizeof(float), '\0');
      std::memcpy(lying.data() + row.shift, w.data(), w.size() * sizeof(float));
      const std::size_t stride = row.outputs + 3;
      std::vector<float> y = numbers(row.rows * stride, 4), turned(kTurnedOutputs * kTurnedInputs);
      const std::vector<float> before = y;
      list.items[set]->multiply_weights(
          x.data(), row.rows,
          {lying.data() + row.shift, row.bias ? bias.data() : nullptr, row.outputs, row.inputs},
          y.data(), stride, row.activation, row.add, turned.data());
      double most = 0;
      for (std::size_t i = 0; i < row.rows; ++i) {
        for (std::size_t j = 0; j < row.outputs; ++j) {
          double sum =
              (row.bias ? wide(bias[j]) : 0) + (row.add ? wide(before[i * stride + j]) : 0);
          for (std::size_t k = 0; k < row.inputs; ++k)
            sum += wide(x[i * row.inputs + k]) * wide(w[j * row.inputs + k]);
          if (row.activation == Activation::relu) sum = std::max(sum, 0.0);
          if (row.activation == Activation::tanh) sum = std::tanh(sum);
          if (row.activation == Activation::gelu) sum *= 0.5 * (1 + std::erf(sum / std::sqrt(2.0)));
          most = std::max(most, std::abs(sum - wide(y[i * stride + j])));
        }
        for (std::size_t j = row.outputs; j < stride; ++j)
          CHECK(y[i * stride + j] == before[i * stride + j]);
      }
      CHECK(most < 2e-5);
    }
}

TEST_CASE("kernels: bfloat16 to the nearest, halves of a split add up") {
  const KernelList list = all_kernels();
  for (std::size_t set = 0; set < list.count; ++set) {
    const std::vector<float> x = {1.0F, 1.00390625F, 1.01171875F, -3.14159274F,
                                  0.0F, 1e-20F,      65504.0F};
    std::vector<std::uint16_t> rounded(x.size()), high(x.size()), low(x.size());
    list.items[set]->to_bf16(x.data(), rounded.data(), x.size());
    CHECK(rounded[0] == 0x3F80);
    CHECK(rounded[1] == 0x3F80);  // a tie goes to the even neighbour
    CHECK(rounded[2] == 0x3F82);
    CHECK(rounded[3] == 0xC049);
    list.items[set]->split_bf16(x.data(), high.data(), low.data(), x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float sum = std::bit_cast<float>(std::uint32_t{high[i]} << 16) +
                        std::bit_cast<float>(std::uint32_t{low[i]} << 16);
      CHECK(std::abs(sum - x[i]) <= std::abs(x[i]) * 0x1p-16F);
    }
  }
}

TEST_CASE("matrix: every path that this machine has") {
  for (const MatrixPath path :
       {MatrixPath::portable, MatrixPath::float32, MatrixPath::split, MatrixPath::bf16}) {
    if (!available(path)) continue;
    CAPTURE(std::string(name(path)));
    const double tolerance = path == MatrixPath::bf16    ? 0.05
                             : path == MatrixPath::split ? 1e-4
                                                         : 5e-6;
    for (const std::size_t rows : {1, 5, 300}) {
      const std::size_t inputs = 40, outputs = 24;
      const std::vector<float> weights = numbers(inputs * outputs, 1), bias = numbers(outputs, 2);
      std::vector<float> x = numbers(padded_rows(rows) * inputs, 3),
                         y = numbers(padded_rows(rows) * outputs, 4);
      const std::vector<float> before = y;
      MatrixScratch scratch;
      const auto matrix = pack_matrix(path, weights.data(), bias.data(), outputs, inputs);
      matrix->multiply(x.data(), rows, y.data(), Activation::relu, true, scratch);
      double most = 0;
      for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < outputs; ++j) {
          double sum = wide(bias[j]) + wide(before[i * outputs + j]);
          for (std::size_t l = 0; l < inputs; ++l)
            sum += wide(x[i * inputs + l]) * wide(weights[j * inputs + l]);
          most = std::max(most,
                          std::abs(std::max(sum, 0.0) - static_cast<double>(y[i * outputs + j])));
        }
      CHECK(most < tolerance);
    }
  }
}

TEST_CASE("matrix: weights that stay where they lie, in parts side by side") {
  for (const MatrixPath path : {MatrixPath::portable, MatrixPath::float32}) {
    CHECK(works_in_place(path));
    if (!available(path)) continue;
    CAPTURE(std::string(name(path)));
    const std::size_t inputs = 40, first = 24, second = 16, outputs = first + second;
    const std::vector<float> weights = numbers(inputs * outputs, 1), bias = numbers(outputs, 2);
    std::string lying(1 + weights.size() * sizeof(float), '\0');  // as behind an unpadded header
    std::memcpy(lying.data() + 1, weights.data(), weights.size() * sizeof(float));
    const WeightPart parts[] = {
        {lying.data() + 1,                                  first },
        {lying.data() + 1 + first * inputs * sizeof(float), second}
    };
    const auto placed = place_matrix(path, parts, bias.data(), inputs);
    const auto copied = pack_matrix(path, weights.data(), bias.data(), outputs, inputs);
    for (const std::size_t rows : {1, 30, 900}) {
      const std::vector<float> x = numbers(padded_rows(rows) * inputs, 3);
      std::vector<float> y = numbers(padded_rows(rows) * outputs, 4), wanted = y;
      MatrixScratch scratch;
      placed->multiply(x.data(), rows, y.data(), Activation::none, true, scratch);
      copied->multiply(x.data(), rows, wanted.data(), Activation::none, true, scratch);
      double most = 0;
      for (std::size_t i = 0; i < rows * outputs; ++i)
        most = std::max(most, std::abs(wide(y[i]) - wide(wanted[i])));
      CHECK(most < 5e-6);
    }
  }
  CHECK_FALSE(works_in_place(MatrixPath::bf16));
}

TEST_CASE("packing: every text once, blocks within their bound") {
  std::vector<TokenIds> texts;
  for (std::size_t length : {3, 90, 200, 2, 60, 300, 55, 101, 2, 40}) texts.emplace_back(length, 1);
  const std::vector<Block> blocks = pack_texts(texts, 256);
  std::vector<int> seen(texts.size());
  for (const Block& block : blocks) {
    std::size_t rows = 0;
    for (const Block::Text& text : block.texts) {
      ++seen[text.index];
      CHECK(text.start == rows);
      CHECK(text.length == texts[text.index].size());
      rows += text.length;
    }
    CHECK(block.rows == rows);
    CHECK((rows <= 256 || block.texts.size() == 1));
  }
  CHECK(std::ranges::all_of(seen, [](int times) { return times == 1; }));
  CHECK(pack_texts({}, 256).empty());
}

TEST_CASE("relative positions: clamped distances and logarithmic buckets") {
  ModelConfig config;
  config.max_relative = 4;
  CHECK(relative_rows(config, 7) ==
        std::vector<std::uint32_t>{0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 7});
  config.max_relative = 128;
  config.buckets = 16;
  const std::vector<std::uint32_t> rows = relative_rows(config, 200);
  CHECK(rows[199] == 16);      // the token itself
  CHECK(rows[199 + 8] == 24);  // up to half the buckets: one for each distance
  CHECK(rows[199 + 9] == 25);
  CHECK(rows[199 + 127] == 31);
  CHECK(rows[199 + 199] == 31);
  CHECK(rows[199 - 8] == 8);
  CHECK(rows[0] == 0);
}
