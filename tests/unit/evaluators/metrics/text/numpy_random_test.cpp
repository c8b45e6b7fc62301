#include "evaluators/metrics/text/numpy_random.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <charconv>

#include "datasets/text/hash.h"
#include "tests/support/metric.h"
#include "tests/support/segments.h"

using namespace llmops;
using namespace llmops::test;

namespace {

// A decimal number of any length as 32-bit words, the lowest first.
std::vector<std::uint32_t> words_of(const std::string& decimal) {
  std::vector<std::uint32_t> words = {0};
  for (const char digit : decimal) {
    std::uint64_t carry = static_cast<std::uint64_t>(digit - '0');
    for (std::uint32_t& word : words) {
      carry += std::uint64_t{word} * 10;
      word = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    if (carry > 0) words.push_back(static_cast<std::uint32_t>(carry));
  }
  return words;
}

std::vector<bool> drawn_booleans(NumpyGenerator generator, std::size_t count) {
  const std::vector<std::uint32_t> words = generator.booleans(count);
  std::vector<bool> bits(count);
  for (std::size_t i = 0; i < count; ++i) bits[i] = (words[i / 32] >> i % 32 & 1) != 0;
  return bits;
}

void check_choices(const Value& wanted, const auto& fresh) {
  for (const Member& member : *wanted.object()) {
    CAPTURE(member.key);
    auto generator = fresh();
    const auto chosen = generator.choice(std::stoull(member.key), member.value.list()->size());
    for (std::size_t i = 0; i < chosen.size(); ++i)
      CHECK(static_cast<double>(chosen[i]) == at(member.value, i).number());
  }
}

}  // namespace

TEST_CASE("numpy random: default_rng") {
  const auto file = text_vectors("numpy_rng.json");
  if (!file) return;
  for (const Value& row : *at(*file, "generators").list()) {
    const std::vector<std::uint32_t> seed = words_of(text_at(row, "seed"));
    CAPTURE(text_at(row, "seed"));
    const auto fresh = [&] { return NumpyGenerator(seed); };
    NumpyGenerator raw = fresh();
    for (const std::string& wanted : texts_at(row, "raw64"))
      CHECK(std::to_string(raw.next64()) == wanted);
    NumpyGenerator doubles = fresh();
    for (const std::string& wanted : texts_at(row, "double"))
      CHECK(doubles.uniform() == std::stod(wanted));
    check_choices(at(row, "choice"), fresh);
    if (seed.size() == 1) CHECK(NumpyGenerator(seed[0]).next64() == fresh().next64());

    std::string bytes;
    for (const std::uint32_t index : fresh().choice(500, 500 * 1000))
      for (std::size_t k = 0; k < 8; ++k)
        bytes += static_cast<char>(k < 4 ? index >> 8 * k & 0xFF : 0);
    CHECK(sha256(bytes) == text_at(row, "choice_500x1000_sha256"));
    std::string bits;
    for (const bool bit : drawn_booleans(fresh(), 64)) bits += bit ? '1' : '0';
    CHECK(bits == text_at(row, "bools_first64"));
    bytes.clear();
    for (const bool bit : drawn_booleans(fresh(), 10000 * 500)) bytes += bit ? '\1' : '\0';
    CHECK(sha256(bytes) == text_at(row, "bools_10000x500_sha256"));
  }
}

TEST_CASE("numpy random: the legacy generator") {
  const auto file = text_vectors("numpy_rng.json");
  if (!file) return;
  for (const Value& row : *at(*file, "legacy").list()) {
    const auto seed = static_cast<std::uint32_t>(at(row, "seed").number());
    CAPTURE(seed);
    NumpyLegacyRandom raw(seed);
    for (const Value& wanted : *at(row, "u32").list())
      CHECK(static_cast<double>(raw.next32()) == wanted.number());
    check_choices(at(row, "choice"), [&] { return NumpyLegacyRandom(seed); });
  }
}
