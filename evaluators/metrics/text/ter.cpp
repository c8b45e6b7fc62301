// The reference's search, with its limits: blocks of up to 10 words move by up to 50 places, an
// edit distance inside a band of 25, at most 1,000 candidates a segment. Distances of candidates
// come, up to 64 reference words, from a bit-parallel column that starts at the first word the move
// touches. A path of cost D between lengths that differ by d leaves the band's diagonal by at most
// (D + d) / 2, so the band changes only larger distances; those, longer references, and the one
// path that gives the alignment are computed inside it. A candidate's rows begin where the move
// begins and end where, behind the move, a row differs from the row before the move by the same
// number everywhere: so do all rows after it.
#include "evaluators/metrics/text/ter.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>
#include <utility>

#include "evaluators/metrics/text/edit_distance.h"
#include "evaluators/metrics/text/vocabulary.h"

namespace llmops {
namespace {

constexpr std::size_t kMaxShiftSize = 10;
constexpr std::size_t kMaxShiftDistance = 50;
constexpr std::int64_t kBeamWidth = 25;
constexpr std::size_t kMaxCandidates = 1000;
constexpr std::int32_t kInfinity = 1 << 29;

using Words = std::span<const std::uint32_t>;

enum class Edit : std::uint8_t { match, substitute, remove, insert };

// Edit distance from hypothesis to reference inside the band. Memory: the band only.
class BandedDistance {
 public:
  std::int64_t fill(Words hypothesis, Words reference) {
    const std::size_t width = reference.size() + 1;
    above_.assign(width, kInfinity);
    row_.assign(width, kInfinity);
    for (std::size_t j = 0; j < width; ++j) row_[j] = static_cast<std::int32_t>(j);
    rows_.assign(1, {0, width, 0});
    edits_.assign(width, Edit::insert);
    values_.assign(row_.begin(), row_.end());
    const double ratio = hypothesis.empty() ? 1.0
                                            : static_cast<double>(reference.size()) /
                                                  static_cast<double>(hypothesis.size());
    const std::int64_t beam =
        ratio / 2 > static_cast<double>(kBeamWidth)
            ? static_cast<std::int64_t>(std::ceil(ratio / 2 + static_cast<double>(kBeamWidth)))
            : kBeamWidth;
    Row old{};
    for (std::size_t i = 1; i <= hypothesis.size(); ++i) {
      const auto diagonal = static_cast<std::int64_t>(std::floor(static_cast<double>(i) * ratio));
      const auto from = static_cast<std::size_t>(std::max<std::int64_t>(0, diagonal - beam));
      const auto in_band =
          static_cast<std::size_t>(std::min(static_cast<std::int64_t>(width), diagonal + beam));
      const std::size_t to = i == hypothesis.size() ? width : in_band;
      rows_.push_back({from, to, edits_.size()});
      edits_.resize(edits_.size() + (to - from));
      next_row(old, hypothesis[i - 1], reference, edits_.data() + rows_.back().start);
      old = rows_[i - 1];
      values_.insert(values_.end(), row_.begin() + static_cast<std::ptrdiff_t>(from),
                     row_.begin() + static_cast<std::ptrdiff_t>(to));
    }
    return row_.back();
  }

  // The distance of other words of the same number that differ from those of `before` at places
  // from `begin` up to `end` alone.
  std::int64_t fill_changed(const BandedDistance& before, Words hypothesis, Words reference,
                            std::size_t begin, std::size_t end) {
    const std::size_t width = reference.size() + 1;
    above_.assign(width, kInfinity);
    row_.assign(width, kInfinity);
    const Row& first = before.rows_[begin];
    std::copy_n(before.values_.begin() + static_cast<std::ptrdiff_t>(first.start),
                first.to - first.from, row_.begin() + static_cast<std::ptrdiff_t>(first.from));
    Row old{};
    for (std::size_t i = begin + 1; i <= hypothesis.size(); ++i) {
      rows_.assign(1, before.rows_[i]);
      edits_.resize(std::max(edits_.size(), rows_[0].to - rows_[0].from));
      next_row(old, hypothesis[i - 1], reference, edits_.data());
      old = before.rows_[i - 1];
      if (i < end) continue;
      if (const auto difference = even_difference(before, before.rows_[i]))
        return before.values_.back() + *difference;
    }
    return row_.back();
  }

  Edit edit(std::size_t i, std::size_t j) const {
    return edits_[rows_[i].start + (j - rows_[i].from)];
  }

 private:
  struct Row {
    std::size_t from = 0, to = 0;  // columns
    std::size_t start = 0;         // where its edits and values lie
  };

  // The row whose columns are in `rows_.back()`; `old` is what stands in the memory that it takes.
  void next_row(const Row& old, std::uint32_t word, Words reference, Edit* edits) {
    const Row& row = rows_.back();
    above_.swap(row_);
    std::fill(row_.begin() + static_cast<std::ptrdiff_t>(old.from),
              row_.begin() + static_cast<std::ptrdiff_t>(old.to), kInfinity);
    fill_row(row.from, row.to, word, reference, edits);
  }
  std::optional<std::int64_t> even_difference(const BandedDistance& before, const Row& row) const {
    const std::int32_t* values = before.values_.data() + row.start;
    const std::int64_t difference = std::int64_t{row_[row.from]} - values[0];
    for (std::size_t j = row.from + 1; j < row.to; ++j)
      if (std::int64_t{row_[j]} - values[j - row.from] != difference) return std::nullopt;
    return difference;
  }
  void fill_row(std::size_t from, std::size_t to, std::uint32_t word, Words reference,
                Edit* edits) {
    for (std::size_t j = from; j < to; ++j) {
      if (j == 0) {
        row_[0] = above_[0] + 1;
        *edits++ = Edit::remove;
        continue;
      }
      const bool equal = word == reference[j - 1];
      std::int32_t best = above_[j - 1] + (equal ? 0 : 1);
      Edit edit = equal ? Edit::match : Edit::substitute;
      if (above_[j] + 1 < best) {
        best = above_[j] + 1;
        edit = Edit::remove;
      }
      if (row_[j - 1] + 1 < best) {
        best = row_[j - 1] + 1;
        edit = Edit::insert;
      }
      row_[j] = std::min(best, kInfinity);
      *edits++ = edit;
    }
  }
  std::vector<std::int32_t> above_, row_;
  std::vector<Row> rows_;
  std::vector<Edit> edits_;
  std::vector<std::int32_t> values_;
};

// Where each reference word stands in the hypothesis, and which words are wrong.
struct Alignment {
  std::vector<std::int64_t> position;  // of reference words; -1: before the first word
  std::vector<std::uint32_t> hypothesis_errors,
      reference_errors;  // running sums, one longer than the words

  void read(const BandedDistance& distance, std::size_t i, std::size_t j) {
    position.assign(j, 0);
    hypothesis_errors.assign(i + 1, 0);
    reference_errors.assign(j + 1, 0);
    while (i > 0 || j > 0) {
      switch (distance.edit(i, j)) {
        case Edit::match:
        case Edit::substitute: {
          const bool wrong = distance.edit(i, j) == Edit::substitute;
          hypothesis_errors[i--] = wrong;
          reference_errors[j--] = wrong;
          position[j] = static_cast<std::int64_t>(i);
          break;
        }
        case Edit::remove:
          hypothesis_errors[i--] = 1;
          break;
        case Edit::insert:
          reference_errors[j--] = 1;
          position[j] = static_cast<std::int64_t>(i) - 1;
          break;
      }
    }
    for (std::size_t k = 1; k < hypothesis_errors.size(); ++k)
      hypothesis_errors[k] += hypothesis_errors[k - 1];
    for (std::size_t k = 1; k < reference_errors.size(); ++k)
      reference_errors[k] += reference_errors[k - 1];
  }
};

// Returns the place behind the last word that moved.
std::size_t shifted(Words words, std::size_t start, std::size_t length, std::size_t target,
                    std::vector<std::uint32_t>& out) {
  out.assign(words.begin(), words.end());
  const auto at = [&](std::size_t i) { return out.begin() + static_cast<std::ptrdiff_t>(i); };
  if (target < start) {
    std::rotate(at(target), at(start), at(start + length));
    return start + length;
  }
  // Behind its old place, or inside it: then the block moves on by as many words as it overlaps.
  const std::size_t end = target > start + length ? target : std::min(length + target, out.size());
  std::rotate(at(start), at(start + length), at(end));
  return end;
}

class Search {
 public:
  Search(Words hypothesis, Words reference)
      : words_(hypothesis.begin(), hypothesis.end()), reference_(reference), masks_(reference) {}

  std::size_t edits() {
    std::size_t shifts = 0;
    for (;;) {
      const std::int64_t gain = find_shift();
      if (checked_ >= kMaxCandidates || gain <= 0) break;
      ++shifts;
      words_ = best_words_;
    }
    return shifts + static_cast<std::size_t>(distance_);
  }

 private:
  // The best move's gain, its words in `best_words_`; 0 where there is none.
  std::int64_t find_shift() {
    distance_ = banded_.fill(words_, reference_);
    alignment_.read(banded_, words_.size(), reference_.size());
    fill_columns();
    best_ = {0, 0, 0, 0};
    found_ = false;
    for (std::size_t start_h = 0; start_h < words_.size(); ++start_h) {
      const std::size_t from = start_h > kMaxShiftDistance ? start_h - kMaxShiftDistance : 0;
      const std::size_t to = std::min(reference_.size(), start_h + kMaxShiftDistance + 1);
      for (std::size_t start_r = from; start_r < to; ++start_r) {
        for (std::size_t length = 1; length <= kMaxShiftSize; ++length) {
          const std::size_t h = start_h + length - 1;
          const std::size_t r = start_r + length - 1;
          if (h >= words_.size() || r >= reference_.size() || words_[h] != reference_[r]) break;
          if (try_targets(start_h, start_r, length) && checked_ >= kMaxCandidates)
            return std::get<0>(best_);
        }
      }
    }
    return found_ ? std::get<0>(best_) : 0;
  }

  bool try_targets(std::size_t start_h, std::size_t start_r, std::size_t length) {
    const auto errors = [&](const std::vector<std::uint32_t>& sums, std::size_t start) {
      return sums[start + length] - sums[start];
    };
    if (errors(alignment_.hypothesis_errors, start_h) == 0 ||
        errors(alignment_.reference_errors, start_r) == 0)
      return false;
    const std::int64_t aligned = alignment_.position[start_r];
    if (aligned >= static_cast<std::int64_t>(start_h) &&
        aligned < static_cast<std::int64_t>(start_h + length))
      return false;
    std::int64_t before = -1;
    for (std::size_t k = 0; k <= length; ++k) {
      // Behind the word that the reference word start_r - 1 + k is aligned to.
      if (start_r + k > reference_.size()) break;
      const std::int64_t target = start_r + k == 0 ? 0 : alignment_.position[start_r + k - 1] + 1;
      if (target == before) continue;
      before = target;
      check(start_h, length, static_cast<std::size_t>(target));
    }
    return true;
  }

  void check(std::size_t start, std::size_t length, std::size_t target) {
    const std::size_t end = shifted(words_, start, length, target, candidate_);
    const std::int64_t gain = distance_ - distance_of_candidate(std::min(start, target), end);
    ++checked_;
    const Rank rank{gain, static_cast<std::int64_t>(length), -static_cast<std::int64_t>(start),
                    -static_cast<std::int64_t>(target)};
    if (found_ && rank <= best_) return;
    found_ = true;
    best_ = rank;
    best_words_.swap(candidate_);
  }

  // The words before `begin` and from `end` on are those of the words before the move.
  std::int64_t distance_of_candidate(std::size_t begin, std::size_t end) {
    if (masks_.words() == 1) {
      EditColumn& column = scratch_;
      column.plus.assign(1, plus_[begin]);
      column.minus.assign(1, minus_[begin]);
      column.distance = distances_[begin];
      for (std::size_t i = begin; i < candidate_.size(); ++i) column.step(masks_, candidate_[i]);
      const std::size_t longer = std::max(candidate_.size(), reference_.size());
      const std::size_t shorter = std::min(candidate_.size(), reference_.size());
      // One place of the band goes to the rounding of its diagonal.
      if (static_cast<std::int64_t>(column.distance + longer - shorter) <= 2 * (kBeamWidth - 2))
        return static_cast<std::int64_t>(column.distance);
    }
    return other_.fill_changed(banded_, candidate_, reference_, begin, end);
  }

  // Columns of the current words, so that candidates can start in the middle.
  void fill_columns() {
    if (masks_.words() != 1) return;
    plus_.clear();
    minus_.clear();
    distances_.clear();
    scratch_.start(masks_);
    for (std::size_t i = 0;; ++i) {
      plus_.push_back(scratch_.plus[0]);
      minus_.push_back(scratch_.minus[0]);
      distances_.push_back(scratch_.distance);
      if (i == words_.size()) break;
      scratch_.step(masks_, words_[i]);
    }
  }

  using Rank = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
  std::vector<std::uint32_t> words_, candidate_, best_words_;
  Words reference_;
  TokenMasks masks_;
  BandedDistance banded_, other_;
  Alignment alignment_;
  EditColumn scratch_;
  std::vector<std::uint64_t> plus_, minus_;
  std::vector<std::size_t> distances_;
  Rank best_;
  bool found_ = false;
  std::int64_t distance_ = 0;
  std::size_t checked_ = 0;
};

}  // namespace

std::size_t ter_edits(std::span<const std::uint32_t> hypothesis,
                      std::span<const std::uint32_t> reference) {
  return Search(hypothesis, reference).edits();
}

std::vector<double> ter_counts(std::string_view hypothesis, std::span<const std::string> references,
                               const TerOptions& options) {
  thread_local Vocabulary vocabulary;
  vocabulary.clear();
  const auto ids_of = [&](const std::vector<std::string_view>& words) {
    std::vector<std::uint32_t> ids;
    vocabulary.add(words, ids);
    return ids;
  };
  std::string hypothesis_buffer;
  const std::vector<std::uint32_t> output =
      ids_of(ter_words(hypothesis, options, hypothesis_buffer));
  // The vocabulary points into the buffers, which therefore all live to the end.
  std::vector<std::string> buffers(references.size());
  std::size_t fewest = 0;
  double length = 0;
  for (std::size_t r = 0; r < references.size(); ++r) {
    // The reference program's figures are those of references that were prepared twice ("father's,"
    // becomes "father 's ,"), but not where punctuation is deleted.
    std::string once = references[r];
    if (!options.no_punct) ter_words(references[r], options, once);
    const std::vector<std::uint32_t> reference = ids_of(ter_words(once, options, buffers[r]));
    const std::size_t edits = reference.empty() ? output.size() : ter_edits(output, reference);
    if (r == 0 || edits < fewest) fewest = edits;
    length += static_cast<double>(reference.size());
  }
  return {static_cast<double>(fewest), length / static_cast<double>(references.size())};
}

double ter_score(std::span<const double> counts, bool single) {
  if (single && counts[1] > 0)
    return 100.0 *
           static_cast<double>(static_cast<float>(counts[0]) / static_cast<float>(counts[1]));
  if (counts[1] > 0) return 100.0 * (counts[0] / counts[1]);
  return counts[0] > 0 ? 100.0 : 0.0;
}

}  // namespace llmops
