// Text metrics on made-up prose: 62 words a text, a fifth of them changed. Counts of one core; the
// corpus figure is included.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "datasets/random.h"
#include "evaluators/metrics/text/significance.h"
#include "tests/support/metric.h"

namespace {

using llmops::Random;

struct Pair {
  std::string hypothesis;
  std::vector<std::string> references;
};

// A vocabulary whose words come up as in prose: the k-th about as often as 1 / k.
class Prose {
 public:
  explicit Prose(std::uint64_t seed) : random_(seed) {
    constexpr const char* kSyllables[] = {"ta", "re",  "mi",  "lo", "sen", "ing", "tion",
                                          "a",  "der", "por", "es", "un",  "ly",  "ment"};
    for (std::size_t i = 0; i < 8000; ++i) {
      std::string word;
      const std::uint64_t syllables = 1 + random_.below(3);
      for (std::uint64_t s = 0; s < syllables; ++s)
        word += kSyllables[random_.below(std::size(kSyllables))];
      words_.push_back(word);
    }
  }
  std::string word() {
    // Rank with density 1 / rank.
    double rank = 1.0;
    for (double left = random_.uniform() * 9.0; left > 0; left -= 1.0)
      rank *= left >= 1.0 ? 2.718281828 : 1.0 + left;
    return words_[static_cast<std::size_t>(rank) % words_.size()];
  }
  Pair pair(std::size_t length) {
    std::vector<std::string> words;
    for (std::size_t i = 0; i < length; ++i) {
      words.push_back(word());
      if (i % 11 == 10) words.back() += ',';
    }
    words.front()[0] = 'T';
    words.back() += '.';
    Pair made{"", {joined(words)}};
    std::vector<std::string> changed;
    for (const std::string& each : words) {
      const double roll = random_.uniform();
      if (roll < 0.10) {
        changed.push_back(word());
      } else if (roll < 0.15) {
        changed.push_back(each);
        changed.push_back(word());
      } else if (roll >= 0.20) {
        changed.push_back(each);
      }
    }
    if (changed.size() > 20) {
      // A phrase moves.
      const std::size_t from = random_.below(changed.size() - 12);
      std::rotate(changed.begin() + static_cast<std::ptrdiff_t>(from),
                  changed.begin() + static_cast<std::ptrdiff_t>(from + 4),
                  changed.begin() + static_cast<std::ptrdiff_t>(from + 10));
    }
    made.hypothesis = joined(changed);
    return made;
  }

 private:
  static std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& each : words) text += text.empty() ? each : " " + each;
    return text;
  }
  Random random_;
  std::vector<std::string> words_;
};

void score(benchmark::State& state, const char* name, const char* options, std::size_t pairs) {
  Prose prose(1);
  std::vector<llmops::Case> cases(pairs);
  std::vector<llmops::Sample> samples(pairs);
  for (std::size_t i = 0; i < pairs; ++i) {
    Pair pair = prose.pair(62);
    cases[i].references = std::move(pair.references);
    samples[i].text = std::move(pair.hypothesis);
  }
  const std::unique_ptr<llmops::Metric> metric = llmops::test::make_metric(name, options);
  double figure = 0;
  for (auto _ : state) {
    std::vector<double> sums;
    for (std::size_t i = 0; i < pairs; ++i) {
      const llmops::Measurement result = metric->score(cases[i], samples[i]);
      sums.resize(result.counts.size(), 0.0);
      for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += result.counts[k];
      figure += result.values.front().value_or(0.0);
    }
    benchmark::DoNotOptimize(metric->corpus(sums));
    benchmark::DoNotOptimize(figure);
  }
  state.counters["pairs/s"] =
      benchmark::Counter(static_cast<double>(pairs) * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate);
}

// sacrebleu's paired bootstrap of two systems: 1,000 resamples of 10,000 segments, from kept
// counts.
void bootstrap(benchmark::State& state) {
  Prose prose(1);
  const std::unique_ptr<llmops::Metric> metric = llmops::test::make_metric("bleu", "");
  std::vector<llmops::CountTable> systems(2);
  for (std::size_t i = 0; i < 10000; ++i) {
    const Pair pair = prose.pair(62);
    const Pair other = prose.pair(62);
    for (std::size_t s = 0; s < systems.size(); ++s) {
      const auto counts =
          llmops::test::measure(*metric, (s == 0 ? pair : other).hypothesis, pair.references)
              .counts;
      systems[s].width = counts.size();
      systems[s].rows.insert(systems[s].rows.end(), counts.begin(), counts.end());
    }
  }
  for (auto _ : state)
    benchmark::DoNotOptimize(llmops::paired_bootstrap(
        systems,
        [&](std::span<const double> sums, bool) {
          return metric->corpus(sums).front().value_or(0.0);
        },
        1000, 12345));
}
BENCHMARK(bootstrap)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

BENCHMARK_CAPTURE(score, bleu_13a_10000, "bleu", "", 10000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(score, bleu_intl_10000, "bleu", "{tokenize: intl}", 10000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(score, rouge_1_2_L_stem_10000, "rouge",
                  "{variants: [rouge1, rouge2, rougeL], use_stemmer: true}", 10000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(score, rouge_default_10000, "rouge", "", 10000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(score, chrf_10000, "chrf", "", 10000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(score, chrf_plus_plus_10000, "chrf", "{word_order: 2}", 10000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(score, ter_1000, "ter", "", 1000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(score, token_f1_10000, "token_f1", "", 10000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
