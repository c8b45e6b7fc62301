#include "evaluators/metrics/text/meteor.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/porter_stemmer.h"
#include "evaluators/metrics/text/wordnet.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

struct Word {
  std::size_t place;
  std::string text;
};

std::vector<Word> words_of(std::string_view text) {
  const std::string lower = lowercase(text);
  std::vector<Word> words;
  for (const std::string_view word : split_words(lower))
    words.push_back({words.size(), std::string(word)});
  return words;
}

using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

// From the last word of the hypothesis to its first: each takes the last equal word of the
// reference that is still free. Both lists keep what has no partner.
void match_equal(std::vector<Word>& hypothesis, std::vector<Word>& reference, Pairs& pairs) {
  std::unordered_map<std::string_view, std::vector<std::size_t>> free;
  for (std::size_t j = 0; j < reference.size(); ++j) free[reference[j].text].push_back(j);
  std::vector<bool> hypothesis_taken(hypothesis.size()), reference_taken(reference.size());
  for (std::size_t i = hypothesis.size(); i-- > 0;) {
    const auto found = free.find(hypothesis[i].text);
    if (found == free.end() || found->second.empty()) continue;
    const std::size_t j = found->second.back();
    found->second.pop_back();
    pairs.emplace_back(hypothesis[i].place, reference[j].place);
    hypothesis_taken[i] = true;
    reference_taken[j] = true;
  }
  const auto keep = [](std::vector<Word>& words, const std::vector<bool>& taken) {
    std::vector<Word> kept;
    for (std::size_t k = 0; k < words.size(); ++k)
      if (!taken[k]) kept.push_back(std::move(words[k]));
    words = std::move(kept);
  };
  free.clear();  // its keys point into the words
  keep(hypothesis, hypothesis_taken);
  keep(reference, reference_taken);
}

// Stems come up again and again, and finding synonyms is slow beside all else here.
const std::vector<std::string>& synonyms_of(const WordNet& wordnet, const std::string& stem) {
  constexpr std::size_t kMost = 1 << 14;
  thread_local std::unordered_map<std::string, std::vector<std::string>> known;
  thread_local const WordNet* whose = nullptr;
  if (whose != &wordnet || known.size() >= kMost) known.clear();
  whose = &wordnet;
  const auto found = known.find(stem);
  return found != known.end() ? found->second
                              : known.emplace(stem, wordnet.synonyms(stem)).first->second;
}

// As above, but a partner is any word that shares a synset: the last one that is free.
void match_synonyms(const std::vector<Word>& hypothesis, const std::vector<Word>& reference,
                    const WordNet& wordnet, Pairs& pairs) {
  std::unordered_map<std::string_view, std::vector<std::size_t>> free;
  for (std::size_t j = 0; j < reference.size(); ++j) free[reference[j].text].push_back(j);
  for (std::size_t i = hypothesis.size(); i-- > 0;) {
    std::vector<std::size_t>* last = nullptr;
    const auto offer = [&](const std::string& word) {
      const auto found = free.find(word);
      if (found == free.end() || found->second.empty()) return;
      if (last == nullptr || found->second.back() > last->back()) last = &found->second;
    };
    offer(hypothesis[i].text);
    for (const std::string& synonym : synonyms_of(wordnet, hypothesis[i].text)) offer(synonym);
    if (last == nullptr) continue;
    pairs.emplace_back(hypothesis[i].place, reference[last->back()].place);
    last->pop_back();
  }
}

}  // namespace

MeteorMatch meteor_match(std::string_view hypothesis_text, std::string_view reference_text,
                         const WordNet* wordnet) {
  std::vector<Word> hypothesis = words_of(hypothesis_text);
  std::vector<Word> reference = words_of(reference_text);
  Pairs pairs;
  match_equal(hypothesis, reference, pairs);
  for (auto* words : {&hypothesis, &reference})
    for (Word& word : *words) word.text = porter_stem(word.text);
  match_equal(hypothesis, reference, pairs);
  if (wordnet != nullptr) match_synonyms(hypothesis, reference, *wordnet, pairs);
  std::ranges::sort(pairs);
  MeteorMatch match{pairs.size(), pairs.empty() ? 0U : 1U};
  for (std::size_t k = 1; k < pairs.size(); ++k)
    match.chunks +=
        pairs[k].first != pairs[k - 1].first + 1 || pairs[k].second != pairs[k - 1].second + 1;
  return match;
}

double meteor(std::string_view hypothesis, std::span<const std::string> references,
              const MeteorOptions& options) {
  double best = 0.0;
  const auto length = static_cast<double>(split_words(hypothesis).size());
  for (const std::string& reference : references) {
    const MeteorMatch match = meteor_match(hypothesis, reference, options.wordnet.get());
    if (match.matches == 0) continue;
    const auto matches = static_cast<double>(match.matches);
    const double precision = matches / length;
    const double recall = matches / static_cast<double>(split_words(reference).size());
    const double below = options.alpha * precision + (1 - options.alpha) * recall;
    if (below == 0) continue;
    const double mean = precision * recall / below;
    const double penalty =
        options.gamma * std::pow(static_cast<double>(match.chunks) / matches, options.beta);
    best = std::max(best, (1 - penalty) * mean);
  }
  return best;
}

}  // namespace llmops
