#include "evaluators/metrics/text/rouge.h"

#include <algorithm>
#include <unordered_map>

#include "evaluators/metrics/text/lcs.h"
#include "evaluators/metrics/text/ngrams.h"
#include "evaluators/metrics/text/porter_stemmer.h"

namespace llmops {
namespace {

// What lower() makes of a character, as far as a token can hold it; 0 for a separator. Two
// characters beyond ASCII become ASCII: the Kelvin sign (k) and the capital I with a dot (i and a
// combining dot, which separates).
template <typename Emit>
void for_each_token(std::string_view text, Emit emit) {
  thread_local std::string token;
  token.clear();
  const auto flush = [&] {
    if (!token.empty()) emit(token);
    token.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      token += c;
    } else if (c >= 'A' && c <= 'Z') {
      token += static_cast<char>(c + 32);
    } else if (c == '\xE2' && text.substr(i, 3) == "\xE2\x84\xAA") {
      token += 'k';
      i += 2;
    } else if (c == '\xC4' && text.substr(i, 2) == "\xC4\xB0") {
      token += 'i';
      ++i;
      flush();
    } else {
      flush();
    }
  }
  flush();
}

// Ids of tokens, the same for all texts of this thread. The stem of a word is computed once.
class Lexicon {
 public:
  void ids_of(std::string_view text, bool stemmer, TokenIds& ids) {
    ids.clear();
    auto& known = stemmer ? stemmed_ : plain_;
    for_each_token(text, [&](const std::string& token) {
      const auto found = known.find(token);
      if (found != known.end()) {
        ids.push_back(found->second);
      } else {
        const std::uint32_t id = id_of(stemmer && token.size() > 3 ? porter_stem(token) : token);
        known.emplace(token, id);
        ids.push_back(id);
      }
    });
  }
  // Ids stay comparable from one `start` to the next.
  void start() {
    if (stemmed_.size() + plain_.size() < kMost) return;
    stemmed_.clear();
    plain_.clear();
    ids_.clear();
  }

 private:
  static constexpr std::size_t kMost = 1 << 16;
  std::uint32_t id_of(const std::string& token) {
    return ids_.try_emplace(token, static_cast<std::uint32_t>(ids_.size() + 1)).first->second;
  }
  std::unordered_map<std::string, std::uint32_t> stemmed_, plain_, ids_;
};

struct Tokens {
  TokenIds all;
  std::vector<TokenIds> sentences;
};

RougeScore score_of(std::size_t matches, std::size_t hypothesis, std::size_t reference) {
  RougeScore score;
  score.precision =
      static_cast<double>(matches) / static_cast<double>(std::max<std::size_t>(hypothesis, 1));
  score.recall =
      static_cast<double>(matches) / static_cast<double>(std::max<std::size_t>(reference, 1));
  const double sum = score.precision + score.recall;
  score.fmeasure = sum > 0 ? 2 * score.precision * score.recall / sum : 0.0;
  return score;
}

std::vector<TokenIds> sentences_of(std::string_view text, bool stemmer, Lexicon& lexicon) {
  std::vector<TokenIds> sentences;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    if (end > from)
      lexicon.ids_of(text.substr(from, end - from), stemmer, sentences.emplace_back());
    from = end + 1;
  }
  return sentences;
}

std::size_t total(const std::vector<TokenIds>& sentences) {
  std::size_t count = 0;
  for (const TokenIds& sentence : sentences) count += sentence.size();
  return count;
}

// For each reference sentence the union of the positions on one LCS with each sentence of the
// candidate; a token counts while both texts still have one of it.
RougeScore by_sentence(const std::vector<TokenIds>& hypothesis,
                       const std::vector<TokenIds>& reference) {
  const std::size_t hypothesis_size = total(hypothesis);
  const std::size_t reference_size = total(reference);
  if (hypothesis_size == 0 || reference_size == 0) return {};
  std::unordered_map<std::uint32_t, std::pair<std::size_t, std::size_t>> left;
  for (const TokenIds& sentence : hypothesis)
    for (const std::uint32_t token : sentence) ++left[token].first;
  for (const TokenIds& sentence : reference)
    for (const std::uint32_t token : sentence) ++left[token].second;
  std::size_t hits = 0;
  std::vector<bool> in_union;
  for (const TokenIds& sentence : reference) {
    in_union.assign(sentence.size(), false);
    for (const TokenIds& candidate : hypothesis) mark_lcs(sentence, candidate, in_union);
    for (std::size_t i = 0; i < sentence.size(); ++i) {
      if (!in_union[i]) continue;
      auto& counts = left[sentence[i]];
      if (counts.first == 0 || counts.second == 0) continue;
      ++hits;
      --counts.first;
      --counts.second;
    }
  }
  return score_of(hits, hypothesis_size, reference_size);
}

}  // namespace

std::optional<RougeVariant> rouge_variant(std::string_view name) {
  if (name == "rougeL") return RougeVariant{std::string(name), RougeVariant::Kind::lcs, 0};
  if (name == "rougeLsum")
    return RougeVariant{std::string(name), RougeVariant::Kind::lcs_by_sentence, 0};
  if (name.size() == 6 && name.starts_with("rouge") && name[5] >= '1' && name[5] <= '9')
    return RougeVariant{std::string(name), RougeVariant::Kind::ngrams,
                        static_cast<std::size_t>(name[5] - '0')};
  return std::nullopt;
}

std::vector<RougeScore> rouge(std::string_view hypothesis, std::span<const std::string> references,
                              std::span<const RougeVariant> variants, bool stemmer) {
  thread_local Lexicon lexicon;
  thread_local NgramMatcher matcher;
  lexicon.start();
  std::size_t orders = 0;
  bool sentences = false;
  for (const RougeVariant& variant : variants) {
    orders = std::max(orders, variant.order);
    sentences = sentences || variant.kind == RougeVariant::Kind::lcs_by_sentence;
  }
  thread_local Tokens candidate, reference;
  // The matcher counts by id, so the lexicon's ids are made small: 1, 2, 3 ... for those of the
  // output, 0 for others.
  thread_local PairVocabulary local;
  const auto read = [&](std::string_view text, Tokens& tokens) {
    lexicon.ids_of(text, stemmer, tokens.all);
    if (sentences) tokens.sentences = sentences_of(text, stemmer, lexicon);
  };
  read(hypothesis, candidate);
  local.clear(candidate.all.size());
  for (std::uint32_t& id : candidate.all) id = local.id(1, id);
  std::vector<RougeScore> best(variants.size());
  for (std::size_t r = 0; r < references.size(); ++r) {
    read(references[r], reference);
    for (std::uint32_t& id : reference.all) id = local.find(1, id);
    std::span<const std::int64_t> matches;
    if (orders > 0) matches = matcher.match(candidate.all, {&reference.all, 1}, orders);
    for (std::size_t v = 0; v < variants.size(); ++v) {
      const RougeVariant& variant = variants[v];
      RougeScore score;
      switch (variant.kind) {
        case RougeVariant::Kind::ngrams: {
          const std::size_t shorter = variant.order - 1;
          const auto grams = [&](const TokenIds& ids) {
            return ids.size() > shorter ? ids.size() - shorter : 0;
          };
          score = score_of(static_cast<std::size_t>(matches[shorter]), grams(candidate.all),
                           grams(reference.all));
          break;
        }
        case RougeVariant::Kind::lcs:
          score = score_of(lcs_length(reference.all, candidate.all), candidate.all.size(),
                           reference.all.size());
          break;
        case RougeVariant::Kind::lcs_by_sentence:
          score = by_sentence(candidate.sentences, reference.sentences);
          break;
      }
      if (r == 0 || score.fmeasure > best[v].fmeasure) best[v] = score;
    }
  }
  return best;
}

std::vector<std::string> rouge_tokens(std::string_view text, bool stemmer) {
  std::vector<std::string> tokens;
  for_each_token(text, [&](const std::string& token) {
    tokens.push_back(stemmer && token.size() > 3 ? porter_stem(token) : token);
  });
  return tokens;
}

}  // namespace llmops
