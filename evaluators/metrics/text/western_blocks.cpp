// A bit for each byte of a block says of which kind it is; shifts by one bring the neighbours in.
// In a padded text a mark stays in its word only between two digits, and a dash only where no digit
// is before it. What else the order of 13a's substitutions does (bleu_tokenizers.cpp) shows where
// several marks stand together before a digit.
#include "evaluators/metrics/text/western_blocks.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

constexpr std::size_t kBlock = 64;

struct Kinds {
  std::uint64_t space = 0, digit = 0, symbol = 0, mark = 0, dash = 0;
  std::uint64_t lead = 0;  // first bytes of characters some of which are white space
};

#ifdef __SSE2__

__m128i between(__m128i bytes, unsigned char low, unsigned char high) {
  const __m128i above = _mm_sub_epi8(bytes, _mm_set1_epi8(static_cast<char>(low)));
  const __m128i most = _mm_set1_epi8(static_cast<char>(high - low));
  return _mm_cmpeq_epi8(_mm_min_epu8(above, most), above);
}

__m128i is(__m128i bytes, unsigned char c) {
  return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(static_cast<char>(c)));
}

Kinds kinds_of(const char* block) {
  Kinds kinds;
  for (std::size_t part = 0; part < kBlock; part += 16) {
    const __m128i c = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + part));
    const auto add = [part](std::uint64_t& to, __m128i found) {
      to |= std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(found))} << part;
    };
    const __m128i marks = _mm_or_si128(is(c, ','), is(c, '.'));
    const __m128i dashes = is(c, '-');
    const __m128i kept = _mm_or_si128(_mm_or_si128(marks, dashes), is(c, '\''));
    const __m128i ranges = _mm_or_si128(_mm_or_si128(between(c, '!', '/'), between(c, ':', '@')),
                                        _mm_or_si128(between(c, '[', '`'), between(c, '{', '~')));
    add(kinds.symbol, _mm_andnot_si128(kept, ranges));
    add(kinds.mark, marks);
    add(kinds.dash, dashes);
    add(kinds.digit, between(c, '0', '9'));
    add(kinds.space,
        _mm_or_si128(is(c, ' '), _mm_or_si128(between(c, 0x09, 0x0D), between(c, 0x1C, 0x1F))));
    add(kinds.lead, _mm_or_si128(is(c, 0xC2), between(c, 0xE1, 0xE3)));
  }
  return kinds;
}

#else

Kinds kinds_of(const char* block) {
  constexpr std::string_view kSymbols = "!\"#$%&()*+/:;<=>?@[\\]^_`{|}~";
  enum : std::uint8_t { kSpace = 1, kDigit = 2, kSymbol = 4, kMark = 8, kDash = 16, kLead = 32 };
  static constexpr auto kTable = [=] {
    std::array<std::uint8_t, 256> table{};
    for (unsigned c = 0x09; c <= 0x20; ++c)
      if (c <= 0x0D || c >= 0x1C) table[c] = kSpace;
    for (unsigned c = '0'; c <= '9'; ++c) table[c] = kDigit;
    for (const char c : kSymbols) table[static_cast<unsigned char>(c)] = kSymbol;
    table['.'] = table[','] = kMark;
    table['-'] = kDash;
    table[0xC2] = table[0xE1] = table[0xE2] = table[0xE3] = kLead;
    return table;
  }();
  Kinds kinds;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const std::uint64_t found = kTable[static_cast<unsigned char>(block[i])];
    kinds.space |= (found & 1) << i;
    kinds.digit |= (found >> 1 & 1) << i;
    kinds.symbol |= (found >> 2 & 1) << i;
    kinds.mark |= (found >> 3 & 1) << i;
    kinds.dash |= (found >> 4 & 1) << i;
    kinds.lead |= (found >> 5 & 1) << i;
  }
  return kinds;
}

#endif

// White space beyond ASCII: its bytes, which may reach into the next block.
void add_wide_spaces(std::string_view text, std::vector<Kinds>& blocks) {
  for (std::size_t b = 0; b + 1 < blocks.size(); ++b)
    for (std::uint64_t leads = blocks[b].lead; leads != 0; leads &= leads - 1) {
      const std::size_t at = b * kBlock + static_cast<std::size_t>(std::countr_zero(leads));
      for (std::size_t bytes = space_at(text, at), i = at; i < at + bytes; ++i)
        blocks[i / kBlock].space |= std::uint64_t{1} << i % kBlock;
    }
}

}  // namespace

bool split_western_blocks(std::string_view text, std::vector<std::string_view>& tokens) {
  thread_local std::vector<Kinds> blocks;
  blocks.clear();
  std::uint64_t leads = 0;
  std::size_t at = 0;
  for (; at + kBlock <= text.size(); at += kBlock) {
    blocks.push_back(kinds_of(text.data() + at));
    leads |= blocks.back().lead;
  }
  // What is behind the text is white space; a block of it ends every word.
  char rest[kBlock];
  std::memset(rest, ' ', kBlock);
  if (at < text.size()) std::memcpy(rest, text.data() + at, text.size() - at);
  blocks.push_back(kinds_of(rest));
  leads |= blocks.back().lead;
  blocks.push_back({.space = ~std::uint64_t{0}});
  if (leads != 0) add_wide_spaces(text, blocks);

  std::uint64_t marks_before = 0;
  for (std::size_t b = 0; b + 1 < blocks.size(); ++b) {
    const Kinds& here = blocks[b];
    const std::uint64_t second = here.mark & (here.mark << 1 | marks_before);
    if ((second & (here.digit >> 1 | blocks[b + 1].digit << 63)) != 0) return false;
    marks_before = here.mark >> 63;
  }

  std::uint64_t digit_before = 0, word_before = 0;
  std::size_t begin = 0;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const Kinds& here = blocks[b];
    const std::uint64_t next_digits = b + 1 < blocks.size() ? blocks[b + 1].digit << 63 : 0;
    const std::uint64_t after_digit = here.digit << 1 | digit_before;
    const std::uint64_t before_digit = here.digit >> 1 | next_digits;
    const std::uint64_t alone =
        here.symbol | (here.dash & after_digit) | (here.mark & ~(after_digit & before_digit));
    const std::uint64_t word = ~(alone | here.space);
    const std::uint64_t after_word = word << 1 | word_before;
    // Each place where a word begins, where one has ended, and each token of one byte, in order.
    for (std::uint64_t turns = (word ^ after_word) | alone; turns != 0; turns &= turns - 1) {
      const std::uint64_t bit = turns & (~turns + 1);
      const std::size_t place = b * kBlock + static_cast<std::size_t>(std::countr_zero(turns));
      if ((word & bit) != 0) {
        begin = place;
        continue;
      }
      if ((after_word & bit) != 0) tokens.push_back(text.substr(begin, place - begin));
      if ((alone & bit) != 0) tokens.push_back(text.substr(place, 1));
    }
    digit_before = here.digit >> 63;
    word_before = word >> 63;
  }
  return true;
}

}  // namespace llmops
