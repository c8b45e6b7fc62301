// Exact and normalised repeats are equal hashes of equal texts. Near ones are candidates that share
// a band of their MinHash signature, then compared word for word; only what passes counts.
#include "datasets/dedup.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <unordered_map>

#include "datasets/random.h"
#include "datasets/text/external_sort.h"
#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::size_t kBands = 16;
constexpr std::size_t kBandRows = 8;
constexpr std::size_t kPermutations = kBands * kBandRows;
constexpr std::size_t kWordsOfPiece = 3;

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

// Hashes of all runs of three words, each once, sorted.
std::vector<std::uint64_t> pieces_of(std::string_view normalised) {
  const std::vector<std::string_view> words = words_of(normalised);
  std::vector<std::uint64_t> pieces;
  if (words.empty()) return pieces;
  const std::size_t length = std::min(kWordsOfPiece, words.size());
  for (std::size_t i = 0; i + length <= words.size(); ++i) {
    const char* begin = words[i].data();
    const char* end = words[i + length - 1].data() + words[i + length - 1].size();
    pieces.push_back(hash64({begin, static_cast<std::size_t>(end - begin)}));
  }
  std::ranges::sort(pieces);
  pieces.erase(std::unique(pieces.begin(), pieces.end()), pieces.end());
  return pieces;
}

double jaccard_of(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b) {
  if (a.empty() && b.empty()) return 1.0;
  std::size_t common = 0;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (*i == *j) {
      ++common;
      ++i;
      ++j;
    } else if (*i < *j) {
      ++i;
    } else {
      ++j;
    }
  }
  return static_cast<double>(common) / static_cast<double>(a.size() + b.size() - common);
}

// The smallest value of each permutation, a permutation being multiply, add and mix of the piece's
// hash.
std::array<std::uint64_t, kPermutations> signature_of(const std::vector<std::uint64_t>& pieces) {
  static const auto kKeys = [] {
    std::array<std::uint64_t, kPermutations> keys{};
    Random random(0);
    for (std::uint64_t& key : keys) key = random.next();
    return keys;
  }();
  std::array<std::uint64_t, kPermutations> smallest;
  smallest.fill(std::numeric_limits<std::uint64_t>::max());
  for (const std::uint64_t piece : pieces) {
    for (std::size_t i = 0; i < kPermutations; ++i) {
      std::uint64_t value = (piece ^ kKeys[i]) * 0x9E3779B97F4A7C15ULL;
      value ^= value >> 32;
      value *= 0xD6E8FEB86659FD93ULL;
      value ^= value >> 32;
      smallest[i] = std::min(smallest[i], value);
    }
  }
  return smallest;
}

// The text of a case under the options.
std::string compared_text(const Case& row, const DedupOptions& options) {
  std::string text;
  for (const std::string& path : options.columns) {
    const Value* found = find_path(row.variables, path);
    if (options.sameness == Sameness::exact)
      dump_json_sorted(found == nullptr ? Value() : *found, text);
    else if (found != nullptr)
      text += normalised_text(to_text(*found));
    text += options.sameness == Sameness::near ? ' ' : '\x1f';
  }
  return text;
}

struct Candidates {
  SortedPairs pairs;                   // again -> first, for every meeting
  std::vector<std::uint64_t> offsets;  // of each text in `texts`
  TemporaryFile texts;
  SortedPairs lines;  // row -> line

  std::string text(std::uint64_t row) const {
    std::string bytes(offsets[row + 1] - offsets[row], '\0');
    texts.read(offsets[row], bytes.data(), bytes.size());
    return bytes;
  }
  std::size_t line(std::uint64_t row) const { return lines.at(row).value; }
};

// Pairs of rows that share a key. Of a large crowd each row meets the first and its neighbour
// before, which keeps the pairs few and still reaches the first of equal texts.
SortedPairs meetings(PairSorter& keys) {
  const SortedPairs sorted = keys.finish();
  PairSorter met;
  PairCursor cursor(sorted);
  Pair first, before, pair;
  for (bool started = false; cursor.next(pair); started = true) {
    if (!started || pair.key != first.key) {
      first = before = pair;
      continue;
    }
    if (pair.value == before.value) continue;
    met.add({pair.value, first.value});
    if (before.value != first.value) met.add({pair.value, before.value});
    before = pair;
  }
  return met.finish();
}

void collect(const Dataset& dataset, const DedupOptions& options, Candidates& found) {
  PairSorter keys, lines;
  Case row;
  std::uint64_t number = 0;
  found.offsets.push_back(0);
  for (const auto stream = dataset.cases(); stream->next(row); ++number) {
    const std::string text = compared_text(row, options);
    lines.add({number, row.line});
    found.texts.append(text);
    found.offsets.push_back(found.texts.size());
    const std::vector<std::uint64_t> pieces =
        options.sameness == Sameness::near ? pieces_of(text) : std::vector<std::uint64_t>{};
    if (options.sameness != Sameness::near || pieces.empty()) {
      keys.add({hash64(text), number});
      continue;
    }
    const auto signature = signature_of(pieces);
    for (std::size_t band = 0; band < kBands; ++band) {
      const auto* bytes = reinterpret_cast<const char*>(signature.data() + band * kBandRows);
      keys.add({hash64({bytes, kBandRows * sizeof(std::uint64_t)}, band + 1), number});
    }
  }
  found.texts.flush();
  found.lines = lines.finish();
  found.pairs = meetings(keys);
}

}  // namespace

std::vector<std::string> content_columns(const Dataset& dataset) {
  std::vector<std::string> ids;
  for (const auto& [word, column] : dataset.spec().fields)
    if (word == "id") ids.push_back(column);
  if (ids.empty()) ids.emplace_back("id");
  std::vector<std::string> columns = dataset.info().columns;
  std::erase_if(columns, [&](const std::string& column) {
    return std::ranges::find(ids, column) != ids.end();
  });
  return columns;
}

std::string normalised_text(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* folding = icu::Normalizer2::getNFKCCasefoldInstance(status);
  if (U_FAILURE(status)) throw std::runtime_error("ICU offers no NFKC_Casefold");
  const icu::UnicodeString given =
      icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())});
  const icu::UnicodeString folded = folding->normalize(given, status);
  icu::UnicodeString plain;
  bool gap = false;
  for (std::int32_t at = 0; at < folded.length(); at = folded.moveIndex32(at, 1)) {
    const UChar32 c = folded.char32At(at);
    if (u_isUWhiteSpace(c) || u_ispunct(c)) {
      gap = true;
      continue;
    }
    if (gap && !plain.isEmpty()) plain.append(u' ');
    gap = false;
    plain.append(c);
  }
  std::string out;
  plain.toUTF8String(out);
  return out;
}

double jaccard(std::string_view a, std::string_view b) {
  return jaccard_of(pieces_of(a), pieces_of(b));
}

std::vector<Duplicate> find_duplicates(const Dataset& dataset, const DedupOptions& given) {
  DedupOptions options = given;
  if (options.columns.empty()) options.columns = content_columns(dataset);
  if (!(options.threshold > 0 && options.threshold <= 1))
    throw std::logic_error("a similarity threshold outside (0, 1]");
  Candidates candidates;
  collect(dataset, options, candidates);
  std::vector<Duplicate> found;
  std::unordered_map<std::uint64_t, std::uint64_t>
      kept_for;  // repeat -> the case that is kept for it
  PairCursor cursor(candidates.pairs);
  Pair pair;
  for (Pair last; cursor.next(pair); last = pair) {
    if (pair == last || kept_for.contains(pair.key)) continue;  // another band met it as well
    const auto before = kept_for.find(pair.value);
    const std::uint64_t first = before == kept_for.end() ? pair.value : before->second;
    const std::string a = candidates.text(first);
    const std::string b = candidates.text(pair.key);
    const double similarity = options.sameness == Sameness::near ? jaccard(a, b)
                              : a == b                           ? 1.0
                                                                 : 0.0;
    if (similarity < (options.sameness == Sameness::near ? options.threshold : 1.0)) continue;
    kept_for.emplace(pair.key, first);
    found.push_back({.first = first,
                     .again = pair.key,
                     .first_line = candidates.line(first),
                     .again_line = candidates.line(pair.key),
                     .similarity = similarity});
  }
  return found;
}

}  // namespace llmops
