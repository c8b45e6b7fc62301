#include "evaluators/metrics/text/bleu.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <string>

#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/ngrams.h"
#include "evaluators/metrics/text/vocabulary.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

constexpr std::string_view kNames[] = {"none", "floor", "add-k", "exp"};

// A text and its tokens, which point into it or into one of the buffers.
struct TokenizedText {
  std::string lower, buffer;
  std::vector<std::string_view> tokens;

  void read(std::string_view text, const BleuOptions& options) {
    tokens.clear();
    if (options.lowercase) {
      lower = lowercase(text);
      text = lower;
    }
    tokenize(options.tokenizer, strip_right(text), buffer, tokens);
  }
};

// References of one segment after another. Several outputs for one of them (systems, samples)
// mostly come in a row: its tokens are kept until another one takes the place.
class References {
 public:
  const std::vector<std::string_view>& tokens(std::size_t place, std::string_view text,
                                              const BleuOptions& options) {
    if (places_.size() <= place) places_.resize(place + 1);
    Known& known = places_[place];
    if (!known.read || known.text != text || known.tokenizer != options.tokenizer ||
        known.lowercase != options.lowercase) {
      known.text = text;
      known.tokenizer = options.tokenizer;
      known.lowercase = options.lowercase;
      known.read = true;
      known.tokenized.read(known.text, options);
    }
    return known.tokenized.tokens;
  }

 private:
  struct Known {
    std::string text;
    TokenizedText tokenized;
    BleuTokenizer tokenizer = BleuTokenizer::v13a;
    bool lowercase = false, read = false;
  };
  std::deque<Known> places_;  // the tokens point into their places
};

// Memory that a thread keeps from segment to segment.
struct Workspace {
  Vocabulary vocabulary;
  NgramMatcher matcher;
  TokenizedText output;  // the vocabulary points into it
  TokenIds hypothesis;
  References known;
  std::vector<TokenIds> references;
};

// log with the reference's stand-in for log 0.
double safe_log(double value) { return value == 0.0 ? -9999999999.0 : std::log(value); }

}  // namespace

std::string_view name(BleuSmoothing smoothing) {
  return kNames[static_cast<std::size_t>(smoothing)];
}

BleuCounts bleu_counts(std::string_view hypothesis, std::span<const std::string> references,
                       const BleuOptions& options) {
  thread_local Workspace work;
  const std::size_t orders = options.max_ngram_order;
  BleuCounts counts(2 + 2 * orders, 0.0);

  work.output.read(hypothesis, options);
  work.vocabulary.clear();
  work.vocabulary.add(work.output.tokens, work.hypothesis);
  const auto length = static_cast<std::int64_t>(work.output.tokens.size());

  if (work.references.size() < references.size()) work.references.resize(references.size());
  std::int64_t closest = -1;
  for (std::size_t r = 0; r < references.size(); ++r) {
    TokenIds& ids = work.references[r];
    work.vocabulary.find(work.known.tokens(r, references[r], options), ids);
    const auto candidate = static_cast<std::int64_t>(ids.size());
    const std::int64_t gap = std::abs(candidate - length) - std::abs(closest - length);
    if (closest < 0 || gap < 0 || (gap == 0 && candidate < closest)) closest = candidate;
  }
  counts[0] = static_cast<double>(length);
  counts[1] = static_cast<double>(closest < 0 ? 0 : closest);
  const auto matches =
      work.matcher.match(work.hypothesis, {work.references.data(), references.size()}, orders);
  for (std::size_t n = 0; n < orders; ++n) {
    counts[2 + n] = static_cast<double>(matches[n]);
    counts[2 + orders + n] =
        static_cast<double>(std::max<std::int64_t>(0, length - static_cast<std::int64_t>(n)));
  }
  return counts;
}

BleuScore bleu_score(std::span<const double> counts, const BleuOptions& options,
                     bool effective_order) {
  const std::size_t orders = options.max_ngram_order;
  BleuScore result;
  result.hypothesis_length = counts[0];
  result.reference_length = counts[1];
  result.precisions.assign(orders, 0.0);
  result.counts.assign(counts.begin() + 2,
                       counts.begin() + 2 + static_cast<std::ptrdiff_t>(orders));
  result.totals.assign(counts.begin() + 2 + static_cast<std::ptrdiff_t>(orders), counts.end());
  result.brevity_penalty = 1.0;
  if (result.hypothesis_length < result.reference_length)
    result.brevity_penalty =
        result.hypothesis_length > 0
            ? std::exp(1.0 - result.reference_length / result.hypothesis_length)
            : 0.0;

  bool any = false;
  for (const double correct : result.counts) any = any || correct > 0;
  if (!any) return result;

  double exponential = 1.0;
  std::size_t effective = orders;
  for (std::size_t n = 0; n < orders; ++n) {
    double& correct = result.counts[n];
    double& total = result.totals[n];
    if (options.smoothing == BleuSmoothing::add_k && n > 0) {
      correct += options.smooth_value;
      total += options.smooth_value;
    }
    if (total == 0.0) break;
    if (effective_order) effective = n + 1;
    if (correct != 0.0) {
      result.precisions[n] = 100.0 * correct / total;
    } else if (options.smoothing == BleuSmoothing::exp) {
      exponential *= 2.0;
      result.precisions[n] = 100.0 / (exponential * total);
    } else if (options.smoothing == BleuSmoothing::floor) {
      result.precisions[n] = 100.0 * options.smooth_value / total;
    }
  }
  double logs = 0.0;
  for (std::size_t n = 0; n < effective; ++n) logs += safe_log(result.precisions[n]);
  result.score = result.brevity_penalty * std::exp(logs / static_cast<double>(effective));
  return result;
}

}  // namespace llmops
