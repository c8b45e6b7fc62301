#include "evaluators/encoder/sentencepiece_file.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <unordered_set>

#include "datasets/text/utf8.h"

namespace llmops {
namespace {

// Field numbers of sentencepiece_model.proto.
constexpr std::uint32_t kPieces = 1, kTrainer = 2, kNormalizer = 3;
constexpr std::uint32_t kPieceText = 1, kPieceScore = 2, kPieceType = 3;
constexpr std::uint32_t kModelType = 3, kSpaceAsSuffix = 24, kByteFallback = 35;
constexpr std::uint32_t kCharsmap = 2, kDummyPrefix = 3, kCollapseSpaces = 4, kEscapeSpaces = 5;
constexpr std::uint64_t kUnigram = 1;

Diagnostic wrong(const std::string& file, std::string what) {
  Diagnostic found = problem(std::move(what), "", "download the model again");
  found.file = file;
  return found;
}

// One field of a protocol buffer message.
struct Field {
  std::uint32_t number = 0;
  std::uint64_t value = 0;  // varints and fixed widths
  std::string_view bytes;   // length-delimited
};

std::optional<std::uint64_t> varint(std::string_view bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && at < bytes.size(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

// False: the message is broken, or `visit` said so.
bool for_each_field(std::string_view message, const std::function<bool(const Field&)>& visit) {
  for (std::size_t at = 0; at < message.size();) {
    const std::optional<std::uint64_t> tag = varint(message, at);
    if (!tag || *tag >> 3 == 0 || *tag >> 3 > 0x1FFFFFFF) return false;
    Field field{static_cast<std::uint32_t>(*tag >> 3), 0, {}};
    std::uint64_t size = 0;
    switch (*tag & 7) {
      case 0: {
        const std::optional<std::uint64_t> value = varint(message, at);
        if (!value) return false;
        field.value = *value;
        break;
      }
      case 1:
      case 5:
        size = (*tag & 7) == 1 ? 8 : 4;
        if (message.size() - at < size) return false;
        std::memcpy(&field.value, message.data() + at, size);
        break;
      case 2: {
        const std::optional<std::uint64_t> length = varint(message, at);
        if (!length || *length > message.size() - at) return false;
        size = *length;
        field.bytes = message.substr(at, size);
        break;
      }
      default:
        return false;
    }
    at += size;
    if (!visit(field)) return false;
  }
  return true;
}

bool read_piece(std::string_view message, Piece& piece) {
  return for_each_field(message, [&](const Field& field) {
    if (field.number == kPieceText) piece.text = field.bytes;
    if (field.number == kPieceScore) {
      const auto bits = static_cast<std::uint32_t>(field.value);
      std::memcpy(&piece.score, &bits, sizeof bits);
    }
    if (field.number == kPieceType) {
      if (field.value < 1 || field.value > 6) return false;
      piece.type = static_cast<PieceType>(field.value);
    }
    return true;
  });
}

// The rules: 4 bytes with the size of a double-array trie, its units of 4 bytes, then texts that
// end in NUL. The library follows the trie without looking at its bounds, so every step that it
// could take is checked here: a unit leads into the aligned block of 256 units around (index xor
// offset).
bool sound_charsmap(std::string_view rules) {
  std::uint32_t trie_size = 0;
  if (rules.size() <= sizeof trie_size) return false;
  std::memcpy(&trie_size, rules.data(), sizeof trie_size);
  if (trie_size < 1024 || trie_size % 1024 != 0 || trie_size >= rules.size() - sizeof trie_size)
    return false;
  const std::string_view texts = rules.substr(sizeof trie_size + trie_size);
  if (texts.back() != '\0') return false;
  const std::size_t units = trie_size / 4;
  for (std::size_t i = 0; i < units; ++i) {
    std::uint32_t unit = 0;
    std::memcpy(&unit, rules.data() + sizeof trie_size + 4 * i, sizeof unit);
    constexpr std::uint32_t kLeaf = 1U << 31;  // holds a place in `texts`
    if ((unit & kLeaf) != 0) continue;
    const std::size_t offset = (unit >> 10) << ((unit & (1U << 9)) >> 6);
    const std::size_t target = i ^ offset;
    if ((target | 0xFF) >= units) return false;
    constexpr std::uint32_t kHasLeaf = 1U << 8;
    if ((unit & kHasLeaf) == 0) continue;
    std::uint32_t leaf = 0;
    std::memcpy(&leaf, rules.data() + sizeof trie_size + 4 * target, sizeof leaf);
    if ((leaf & ~kLeaf) >= texts.size()) return false;
  }
  return true;
}

void put_varint(std::string& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) to += static_cast<char>(value | 0x80);
  to += static_cast<char>(value);
}
void put(std::string& to, std::uint32_t number, std::uint64_t value) {
  put_varint(to, std::uint64_t{number} << 3);
  put_varint(to, value);
}
void put(std::string& to, std::uint32_t number, std::string_view bytes) {
  put_varint(to, std::uint64_t{number} << 3 | 2);
  put_varint(to, bytes.size());
  to += bytes;
}
void put(std::string& to, std::uint32_t number, float value) {
  put_varint(to, std::uint64_t{number} << 3 | 5);
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  to.append(bytes, sizeof value);
}

}  // namespace

Diagnostics check(const UnigramSpec& spec, const std::string& file) {
  Diagnostics found;
  std::unordered_set<std::string_view> seen;
  std::size_t unknown = 0, bytes = 0;
  for (std::size_t id = 0; id < spec.pieces.size() && found.size() < 10; ++id) {
    const Piece& piece = spec.pieces[id];
    if (piece.text.empty() || piece.text.find('\0') != std::string::npos || !valid_utf8(piece.text))
      found.push_back(wrong(file, fmt::format("piece {} is empty or no text", id)));
    else if (!seen.insert(piece.text).second)
      found.push_back(
          wrong(file, fmt::format("piece {} (`{}`) stands twice", id, visible(piece.text))));
    if (!std::isfinite(piece.score))
      found.push_back(wrong(file, fmt::format("piece {} has no finite score", id)));
    unknown += piece.type == PieceType::unknown ? 1 : 0;
    bytes += piece.type == PieceType::byte ? 1 : 0;
  }
  if (unknown != 1)
    found.push_back(wrong(file, fmt::format("{} unknown pieces where one is needed", unknown)));
  if (spec.byte_fallback || bytes > 0)
    found.push_back(wrong(file, "a model that falls back to bytes is not supported"));
  if (!spec.charsmap.empty() && !sound_charsmap(spec.charsmap))
    found.push_back(wrong(file, "the normalisation rules are broken"));
  return found;
}

Result<UnigramSpec> read_sentencepiece(std::string_view bytes, const std::string& file) {
  UnigramSpec spec;
  std::uint64_t kind = kUnigram;
  const bool read = for_each_field(bytes, [&](const Field& field) {
    if (field.number == kPieces) return read_piece(field.bytes, spec.pieces.emplace_back());
    if (field.number == kTrainer)
      return for_each_field(field.bytes, [&](const Field& inner) {
        if (inner.number == kModelType) kind = inner.value;
        if (inner.number == kSpaceAsSuffix) spec.space_as_suffix = inner.value != 0;
        if (inner.number == kByteFallback) spec.byte_fallback = inner.value != 0;
        return true;
      });
    if (field.number == kNormalizer)
      return for_each_field(field.bytes, [&](const Field& inner) {
        if (inner.number == kCharsmap) spec.charsmap = inner.bytes;
        if (inner.number == kDummyPrefix) spec.dummy_prefix = inner.value != 0;
        if (inner.number == kCollapseSpaces) spec.collapse_spaces = inner.value != 0;
        if (inner.number == kEscapeSpaces) spec.escape_spaces = inner.value != 0;
        return true;
      });
    return true;
  });
  if (!read || spec.pieces.empty()) return wrong(file, "not a sentencepiece model, or cut off");
  if (kind != kUnigram) return wrong(file, "a sentencepiece model of another kind than unigram");
  if (Diagnostics found = check(spec, file); !found.empty()) return found;
  return spec;
}

std::string serialise(const UnigramSpec& spec) {
  std::string out;
  for (const Piece& piece : spec.pieces) {
    std::string message;
    put(message, kPieceText, piece.text);
    put(message, kPieceScore, piece.score);
    put(message, kPieceType, static_cast<std::uint64_t>(piece.type));
    put(out, kPieces, message);
  }
  std::string trainer;
  put(trainer, kModelType, kUnigram);
  put(trainer, kSpaceAsSuffix, std::uint64_t{spec.space_as_suffix});
  put(out, kTrainer, trainer);
  std::string normalizer;
  put(normalizer, kCharsmap, spec.charsmap);
  put(normalizer, kDummyPrefix, std::uint64_t{spec.dummy_prefix});
  put(normalizer, kCollapseSpaces, std::uint64_t{spec.collapse_spaces});
  put(normalizer, kEscapeSpaces, std::uint64_t{spec.escape_spaces});
  put(out, kNormalizer, normalizer);
  return out;
}

}  // namespace llmops
