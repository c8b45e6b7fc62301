#include "evaluators/metrics/text/chrf.h"

#include <unicode/utf8.h>

#include <array>
#include <cstdint>

#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/ngrams.h"
#include "evaluators/metrics/text/sorted_grams.h"
#include "evaluators/metrics/text/vocabulary.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

bool ascii_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

// Words with one punctuation character split off: the last one, else the first one.
void split_chrf_words(std::string_view text, std::vector<std::string_view>& scratch,
                      std::vector<std::string_view>& words) {
  scratch.clear();
  words.clear();
  split_words(text, scratch);
  for (const std::string_view word : scratch) {
    if (word.size() > 1 && ascii_punctuation(word.back())) {
      words.push_back(word.substr(0, word.size() - 1));
      words.push_back(word.substr(word.size() - 1));
    } else if (word.size() > 1 && ascii_punctuation(word.front())) {
      words.push_back(word.substr(0, 1));
      words.push_back(word.substr(1));
    } else {
      words.push_back(word);
    }
  }
}

// Numbers of characters: 1, 2, 3 ... in order of appearance in the hypothesis, 0 for others.
class Alphabet {
 public:
  void clear(std::size_t size) {
    ascii_.fill(0);
    used_ = 0;
    wide_used_ = false;
    size_ = size;
  }
  std::size_t used() const { return used_; }
  template <bool kAdd>
  void ids(std::string_view text, bool whitespace, TokenIds& ids) {
    ids.clear();
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t space = whitespace ? 0 : space_at(text, at);
      if (space > 0) {
        at += space;
        continue;
      }
      const auto first = static_cast<unsigned char>(text[at]);
      if (first < 0x80) {
        std::uint32_t& id = ascii_[first];
        if (kAdd && id == 0) id = ++used_;
        ids.push_back(id);
        ++at;
        continue;
      }
      ids.push_back(wide<kAdd>(text, at));
    }
  }

 private:
  template <bool kAdd>
  std::uint32_t wide(std::string_view text, std::size_t& at) {
    UChar32 c = 0;
    auto i = static_cast<std::int64_t>(at);
    const auto n = static_cast<std::int64_t>(text.size());
    const auto* data = reinterpret_cast<const std::uint8_t*>(text.data());
    U8_NEXT(data, i, n, c);
    at = static_cast<std::size_t>(i);
    const std::uint32_t point = c < 0 ? 0xFFFDU : static_cast<std::uint32_t>(c);
    if (!wide_used_) {
      if (!kAdd) return 0;
      wide_.clear(size_);
      wide_ids_.assign(1, 0);
      wide_used_ = true;
    }
    if (!kAdd) return wide_ids_[wide_.find(1, point)];
    const std::uint32_t number = wide_.id(1, point);
    if (number == wide_ids_.size()) wide_ids_.push_back(++used_);
    return wide_ids_[number];
  }

  std::array<std::uint32_t, 128> ascii_{};
  PairVocabulary wide_;
  std::vector<std::uint32_t> wide_ids_;
  std::size_t size_ = 0;
  std::uint32_t used_ = 0;
  bool wide_used_ = false;
};

struct Workspace {
  Alphabet alphabet;
  Vocabulary vocabulary;
  NgramMatcher matcher;
  SortedGrams sorted;
  std::vector<std::string_view> pieces, words;
  std::string hypothesis_lower, reference_lower;
  TokenIds hypothesis_characters, hypothesis_words, reference_characters, reference_words;
};

void add_orders(std::span<const std::int64_t> matches, const TokenIds& hypothesis,
                const TokenIds& reference, std::size_t orders, double* counts) {
  for (std::size_t n = 0; n < orders; ++n) {
    const auto grams = [&](const TokenIds& ids) {
      return ids.size() > n ? static_cast<double>(ids.size() - n) : 0.0;
    };
    counts[3 * n + 1] = grams(reference);
    counts[3 * n] = counts[3 * n + 1] > 0 ? grams(hypothesis) : 0.0;
    counts[3 * n + 2] = static_cast<double>(matches[n]);
  }
}

std::span<const std::int64_t> match_characters(Workspace& work, std::size_t orders) {
  const TokenIds& hypothesis = work.hypothesis_characters;
  const TokenIds& reference = work.reference_characters;
  const std::size_t alphabet = work.alphabet.used();
  if (SortedGrams::takes(hypothesis.size() + reference.size(), alphabet, orders))
    return work.sorted.match(hypothesis, reference, alphabet, orders);
  return work.matcher.match(hypothesis, {&reference, 1}, orders);
}

}  // namespace

std::vector<double> chrf_counts(std::string_view hypothesis,
                                std::span<const std::string> references,
                                const ChrfOptions& options) {
  thread_local Workspace work;
  if (options.lowercase) {
    work.hypothesis_lower = lowercase(hypothesis);
    hypothesis = work.hypothesis_lower;
  }
  work.alphabet.clear(hypothesis.size());
  work.alphabet.ids<true>(hypothesis, options.whitespace, work.hypothesis_characters);
  if (options.word_order > 0) {
    split_chrf_words(hypothesis, work.pieces, work.words);
    work.vocabulary.clear();
    work.vocabulary.add(work.words, work.hypothesis_words);
  }

  std::vector<double> best, counts(3 * (options.char_order + options.word_order));
  double best_score = -1.0;
  for (const std::string& each : references) {
    std::string_view reference = each;
    if (options.lowercase) {
      work.reference_lower = lowercase(reference);
      reference = work.reference_lower;
    }
    work.alphabet.ids<false>(reference, options.whitespace, work.reference_characters);
    add_orders(match_characters(work, options.char_order), work.hypothesis_characters,
               work.reference_characters, options.char_order, counts.data());
    if (options.word_order > 0) {
      split_chrf_words(reference, work.pieces, work.words);
      work.vocabulary.find(work.words, work.reference_words);
      add_orders(
          work.matcher.match(work.hypothesis_words, {&work.reference_words, 1}, options.word_order),
          work.hypothesis_words, work.reference_words, options.word_order,
          counts.data() + 3 * options.char_order);
    }
    if (references.size() == 1) return counts;
    const double score = chrf_score(counts, options);
    if (score > best_score) {
      best_score = score;
      best = counts;
    }
  }
  return best.empty() ? counts : best;
}

double chrf_score(std::span<const double> counts, const ChrfOptions& options, bool single) {
  constexpr double kEps = 1e-16;  // the reference's stand-in for a missing precision or recall
  const std::size_t orders = options.char_order + options.word_order;
  const double factor = options.beta * options.beta;
  const auto quotient = [single](double above, double below) {
    return single ? static_cast<double>(static_cast<float>(above) / static_cast<float>(below))
                  : above / below;
  };
  double sum = 0.0, precisions = 0.0, recalls = 0.0;
  std::size_t effective = 0;
  for (std::size_t n = 0; n < orders; ++n) {
    const double hypothesis = counts[3 * n];
    const double reference = counts[3 * n + 1];
    const double shared = counts[3 * n + 2];
    const double precision = hypothesis > 0 ? quotient(shared, hypothesis) : kEps;
    const double recall = reference > 0 ? quotient(shared, reference) : kEps;
    const double below = factor * precision + recall;
    sum += below > 0 ? (1 + factor) * precision * recall / below : kEps;
    if (hypothesis > 0 && reference > 0) {
      precisions += precision;
      recalls += recall;
      ++effective;
    }
  }
  if (options.eps_smoothing) return 100.0 * sum / static_cast<double>(orders);
  if (effective == 0) return 0.0;
  const double precision = precisions / static_cast<double>(effective);
  const double recall = recalls / static_cast<double>(effective);
  if (precision + recall == 0) return 0.0;
  return 100.0 * ((1 + factor) * precision * recall / (factor * precision + recall));
}

}  // namespace llmops
