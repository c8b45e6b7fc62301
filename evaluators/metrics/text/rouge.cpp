#include "evaluators/metrics/text/rouge.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <string>
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
  // Ids stay comparable until `start` says true: then all are forgotten.
  bool start() {
    if (stemmed_.size() + plain_.size() < kMost) return false;
    stemmed_.clear();
    plain_.clear();
    ids_.clear();
    return true;
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

// A reference as it was read last: several outputs for one of them mostly come in a row.
struct KnownReference {
  std::string text;
  bool read = false, stemmer = false, sentences = false;
  Tokens tokens;
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

// Positions of a reference line that are on one longest common subsequence with some line of the
// output. Only a line that holds a token can put that token's position on its path, so lines are
// asked for positions that are still open, and equal lines once.
class LineUnion {
 public:
  explicit LineUnion(const std::vector<TokenIds>& lines) {
    std::set<std::span<const std::uint32_t>, Less> seen;
    for (const TokenIds& line : lines) {
      if (line.empty() || !seen.insert(line).second) continue;
      for (const std::uint32_t token : line) {
        std::vector<std::size_t>& holders = holders_[token];
        if (holders.empty() || holders.back() != lines_.size()) holders.push_back(lines_.size());
      }
      lines_.push_back(&line);
    }
    asked_.assign(lines_.size(), 0);
  }

  // The result lives as long as this object; nullptr: too much work.
  const std::vector<bool>* of(const TokenIds& line) {
    const auto [place, is_new] = known_.try_emplace(line, line.size(), false);
    std::vector<bool>& in_union = place->second;
    if (!is_new) return &in_union;
    ++round_;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const auto holders = holders_.find(line[i]);
      if (holders == holders_.end()) continue;
      for (const std::size_t holder : holders->second) {
        if (in_union[i]) break;
        if (asked_[holder] == round_) continue;
        asked_[holder] = round_;
        const TokenIds& other = *lines_[holder];
        work_ += kCall + line.size() * other.size() / kCellsATick;
        if (work_ > kMostWork) return nullptr;
        mark_lcs(line, other, in_union);
      }
    }
    return &in_union;
  }

 private:
  struct Less {
    bool operator()(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) const {
      return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
    }
  };
  // About a nanosecond each.
  static constexpr std::size_t kCall = 100, kCellsATick = 2, kMostWork = 800'000'000;
  std::vector<const TokenIds*> lines_;  // each once
  std::unordered_map<std::uint32_t, std::vector<std::size_t>> holders_;
  std::vector<std::size_t> asked_;  // by line: in which round
  std::map<TokenIds, std::vector<bool>> known_;
  std::size_t round_ = 0, work_ = 0;
};

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
  LineUnion lines(hypothesis);
  for (const TokenIds& sentence : reference) {
    const std::vector<bool>* in_union = lines.of(sentence);
    if (in_union == nullptr) return {.given_up = true};
    for (std::size_t i = 0; i < sentence.size(); ++i) {
      if (!(*in_union)[i]) continue;
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
  thread_local std::vector<KnownReference> known;
  if (lexicon.start()) known.clear();
  std::size_t orders = 0;
  bool sentences = false;
  for (const RougeVariant& variant : variants) {
    orders = std::max(orders, variant.order);
    sentences = sentences || variant.kind == RougeVariant::Kind::lcs_by_sentence;
  }
  thread_local Tokens candidate;
  thread_local TokenIds reference_ids;
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
  if (known.size() < references.size()) known.resize(references.size());
  for (std::size_t r = 0; r < references.size(); ++r) {
    KnownReference& last = known[r];
    if (!last.read || last.text != references[r] || last.stemmer != stemmer ||
        last.sentences < sentences) {
      last.read = true;
      last.text = references[r];
      last.stemmer = stemmer;
      last.sentences = sentences;
      read(last.text, last.tokens);
    }
    const Tokens& reference = last.tokens;
    reference_ids.resize(reference.all.size());
    for (std::size_t i = 0; i < reference.all.size(); ++i)
      reference_ids[i] = local.find(1, reference.all[i]);
    std::span<const std::int64_t> matches;
    if (orders > 0) matches = matcher.match(candidate.all, {&reference_ids, 1}, orders);
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
                           grams(reference_ids));
          break;
        }
        case RougeVariant::Kind::lcs:
          score = score_of(lcs_length(reference_ids, candidate.all), candidate.all.size(),
                           reference_ids.size());
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
