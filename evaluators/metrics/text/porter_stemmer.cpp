#include "evaluators/metrics/text/porter_stemmer.h"

#include <algorithm>
#include <span>
#include <vector>

#include "datasets/text/utf8.h"
#include "evaluators/metrics/text/lowercase.h"

namespace llmops {
namespace {

struct Irregular {
  std::string_view word, stem;
};

constexpr Irregular kIrregular[] = {
    {"skies",    "sky"    },
    {"dying",    "die"    },
    {"lying",    "lie"    },
    {"tying",    "tie"    },
    {"innings",  "inning" },
    {"outings",  "outing" },
    {"cannings", "canning"},
    {"inning",   "inning" },
    {"outing",   "outing" },
    {"canning",  "canning"},
    {"news",     "news"   },
    {"sky",      "sky"    },
    {"howe",     "howe"   },
    {"proceed",  "proceed"},
    {"exceed",   "exceed" },
    {"succeed",  "succeed"},
};

bool consonant(std::string_view word, std::size_t i) {
  switch (word[i]) {
    case 'a':
    case 'e':
    case 'i':
    case 'o':
    case 'u':
      return false;
    case 'y': {
      // A run of y alternates, starting from what stands before it.
      std::size_t start = i;
      while (start > 0 && word[start - 1] == 'y') --start;
      const bool first = start == 0 || !consonant(word, start - 1);
      return first == ((i - start) % 2 == 0);
    }
    default:
      return true;
  }
}

// Porter's m: how often a consonant follows a vowel.
int measure(std::string_view stem) {
  int changes = 0;
  bool vowel_before = false;
  for (std::size_t i = 0; i < stem.size(); ++i) {
    bool is_consonant = true;
    switch (stem[i]) {
      case 'a':
      case 'e':
      case 'i':
      case 'o':
      case 'u':
        is_consonant = false;
        break;
      case 'y':
        is_consonant = i == 0 || vowel_before;
        break;
      default:
        break;
    }
    changes += is_consonant && vowel_before;
    vowel_before = !is_consonant;
  }
  return changes;
}

bool has_vowel(std::string_view stem) {
  for (std::size_t i = 0; i < stem.size(); ++i)
    if (!consonant(stem, i)) return true;
  return false;
}

bool ends_double_consonant(std::string_view word) {
  return word.size() >= 2 && word.back() == word[word.size() - 2] &&
         consonant(word, word.size() - 1);
}

// Porter's *o, extended to two letters.
bool ends_cvc(std::string_view word) {
  const std::size_t n = word.size();
  if (n >= 3)
    return consonant(word, n - 3) && !consonant(word, n - 2) && consonant(word, n - 1) &&
           word.back() != 'w' && word.back() != 'x' && word.back() != 'y';
  return n == 2 && !consonant(word, 0) && consonant(word, 1);
}

struct Rule {
  std::string_view suffix, replacement;
};

// The first rule whose suffix fits decides, whether its stem is long enough or not.
void apply(std::string& word, std::span<const Rule> rules, int least_measure) {
  for (const Rule& rule : rules) {
    if (!word.ends_with(rule.suffix)) continue;
    const std::string_view stem =
        std::string_view(word).substr(0, word.size() - rule.suffix.size());
    if (least_measure > 0 && measure(stem) < least_measure) return;
    word.resize(stem.size());
    word += rule.replacement;
    return;
  }
}

void step_1a(std::string& word) {
  if (word.size() == 4 && word.ends_with("ies")) {
    word.pop_back();
    return;
  }
  constexpr Rule kRules[] = {
      {"sses", "ss"},
      {"ies",  "i" },
      {"ss",   "ss"},
      {"s",    ""  }
  };
  apply(word, kRules, 0);
}

void step_1b(std::string& word) {
  if (word.ends_with("ied")) {
    word.resize(word.size() - (word.size() == 4 ? 1 : 2));
    return;
  }
  if (word.ends_with("eed")) {
    if (measure(std::string_view(word).substr(0, word.size() - 3)) > 0) word.pop_back();
    return;
  }
  std::size_t keep = 0;
  if (word.ends_with("ed") && has_vowel(std::string_view(word).substr(0, word.size() - 2)))
    keep = word.size() - 2;
  else if (word.ends_with("ing") && has_vowel(std::string_view(word).substr(0, word.size() - 3)))
    keep = word.size() - 3;
  if (keep == 0) return;
  word.resize(keep);
  if (word.ends_with("at") || word.ends_with("bl") || word.ends_with("iz")) {
    word += 'e';
  } else if (ends_double_consonant(word)) {
    if (word.back() != 'l' && word.back() != 's' && word.back() != 'z') word.pop_back();
  } else if (measure(word) == 1 && ends_cvc(word)) {
    word += 'e';
  }
}

void step_1c(std::string& word) {
  const std::size_t n = word.size();
  if (n > 2 && word.back() == 'y' && consonant(word, n - 2)) word.back() = 'i';
}

void step_2(std::string& word) {
  while (word.ends_with("alli") && measure(std::string_view(word).substr(0, word.size() - 4)) > 0)
    word.resize(word.size() - 2);
  if (word.size() > 4 && word.ends_with("logi")) {
    if (measure(std::string_view(word).substr(0, word.size() - 3)) > 0) word.pop_back();
    return;
  }
  constexpr Rule kRules[] = {
      {"ational", "ate" },
      {"tional",  "tion"},
      {"enci",    "ence"},
      {"anci",    "ance"},
      {"izer",    "ize" },
      {"bli",     "ble" },
      {"alli",    "al"  },
      {"entli",   "ent" },
      {"eli",     "e"   },
      {"ousli",   "ous" },
      {"ization", "ize" },
      {"ation",   "ate" },
      {"ator",    "ate" },
      {"alism",   "al"  },
      {"iveness", "ive" },
      {"fulness", "ful" },
      {"ousness", "ous" },
      {"aliti",   "al"  },
      {"iviti",   "ive" },
      {"biliti",  "ble" },
      {"fulli",   "ful" },
  };
  apply(word, kRules, 1);
}

void step_3(std::string& word) {
  constexpr Rule kRules[] = {
      {"icate", "ic"},
      {"ative", ""  },
      {"alize", "al"},
      {"iciti", "ic"},
      {"ical",  "ic"},
      {"ful",   ""  },
      {"ness",  ""  }
  };
  apply(word, kRules, 1);
}

void step_4(std::string& word) {
  if (word.ends_with("ion") && !word.ends_with("sion") && !word.ends_with("tion")) return;
  constexpr Rule kRules[] = {
      {"al",    ""},
      {"ance",  ""},
      {"ence",  ""},
      {"er",    ""},
      {"ic",    ""},
      {"able",  ""},
      {"ible",  ""},
      {"ant",   ""},
      {"ement", ""},
      {"ment",  ""},
      {"ent",   ""},
      {"ion",   ""},
      {"ou",    ""},
      {"ism",   ""},
      {"ate",   ""},
      {"iti",   ""},
      {"ous",   ""},
      {"ive",   ""},
      {"ize",   ""}
  };
  apply(word, kRules, 2);
}

void step_5(std::string& word) {
  if (word.ends_with('e')) {
    const std::string_view stem = std::string_view(word).substr(0, word.size() - 1);
    const int m = measure(stem);
    if (m > 1 || (m == 1 && !ends_cvc(stem))) word.pop_back();
  }
  if (word.ends_with("ll") && measure(std::string_view(word).substr(0, word.size() - 1)) > 1)
    word.pop_back();
}

// Stems a word of one-byte characters.
std::string stem_bytes(std::string word) {
  if (word.size() <= 2) return word;
  for (const Irregular& irregular : kIrregular)
    if (irregular.word == word) return std::string(irregular.stem);
  step_1a(word);
  step_1b(word);
  step_1c(word);
  step_2(word);
  step_3(word);
  step_4(word);
  step_5(word);
  return word;
}

}  // namespace

std::string porter_stem(std::string_view given) {
  if (is_ascii(given)) return stem_bytes(std::string(given));
  // The rules count characters: each one beyond ASCII gets a byte from 0x80 on in place of its own,
  // as long as there are some.
  std::string bytes;
  std::vector<char32_t> wide;
  for (const char32_t c : decode_utf8(given)) {
    if (c < 0x80) {
      bytes += static_cast<char>(c);
      continue;
    }
    auto place = static_cast<std::size_t>(std::ranges::find(wide, c) - wide.begin());
    if (place == wide.size() && place < 128) wide.push_back(c);
    if (place == 128) return std::string(given);  // no word
    bytes += static_cast<char>(0x80 + place);
  }
  std::string stem;
  for (const char byte : stem_bytes(bytes)) {
    const auto value = static_cast<unsigned char>(byte);
    append_utf8(stem, value < 0x80 ? static_cast<char32_t>(value) : wide[value - 0x80U]);
  }
  return stem;
}

}  // namespace llmops
