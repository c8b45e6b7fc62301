#include "ci/stats/count256.h"

#include <algorithm>

namespace llmops::stats {

Count256& Count256::operator+=(const Count256& other) {
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::uint64_t sum = words[i] + carry;
    carry = sum < carry ? 1 : 0;
    words[i] = sum + other.words[i];
    if (words[i] < sum) carry = 1;
  }
  return *this;
}

std::string Count256::decimal() const {
  std::array<std::uint64_t, 4> rest = words;
  std::string digits;
  __extension__ using Wide = unsigned __int128;
  do {
    Wide remainder = 0;
    for (std::size_t i = rest.size(); i-- > 0;) {
      const Wide value = remainder << 64 | rest[i];
      rest[i] = static_cast<std::uint64_t>(value / 10);
      remainder = value % 10;
    }
    digits += static_cast<char>('0' + static_cast<int>(remainder));
  } while (std::ranges::any_of(rest, [](std::uint64_t word) { return word != 0; }));
  return {digits.rbegin(), digits.rend()};
}

}  // namespace llmops::stats
