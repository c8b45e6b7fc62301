// index.noun: "dog n 7 5 @ ~ #m #p %p 7 1 02084071 10114209 ...": lemma, part of speech, synsets,
// pointer kinds (count, then each), senses, tagged senses, then the synsets' places in data.noun.
// data.noun: "02084071 05 n 03 dog 0 domestic_dog 0 ...": place, file, kind, words (hexadecimal),
// then each word with its number. Both are sorted; lines that begin with a blank are the licence.
#include "evaluators/metrics/text/wordnet.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>

#include "evaluators/encoder/mapped_file.h"

namespace llmops {
namespace {

constexpr std::string_view kNames[] = {"noun", "verb", "adj", "adv"};

using Ending = std::pair<std::string_view, std::string_view>;
constexpr Ending kNounEndings[] = {
    {"s",    ""   },
    {"ses",  "s"  },
    {"ves",  "f"  },
    {"xes",  "x"  },
    {"zes",  "z"  },
    {"ches", "ch" },
    {"shes", "sh" },
    {"men",  "man"},
    {"ies",  "y"  }
};
constexpr Ending kVerbEndings[] = {
    {"s",   "" },
    {"ies", "y"},
    {"es",  "e"},
    {"es",  "" },
    {"ed",  "e"},
    {"ed",  "" },
    {"ing", "e"},
    {"ing", "" }
};
constexpr Ending kAdjectiveEndings[] = {
    {"er",  "" },
    {"est", "" },
    {"er",  "e"},
    {"est", "e"}
};

std::span<const Ending> endings(std::size_t part) {
  switch (part) {
    case 0:
      return kNounEndings;
    case 1:
      return kVerbEndings;
    case 2:
      return kAdjectiveEndings;
    default:
      return {};
  }
}

std::string_view line_at(std::string_view file, std::size_t at) {
  return file.substr(at, std::min(file.find('\n', at), file.size()) - at);
}

// The line of a sorted file whose first field is `word`; empty where there is none.
std::string_view find_line(std::string_view file, std::string_view word) {
  std::size_t low = 0, high = file.size();  // starts of lines
  while (low < high) {
    std::size_t middle = low + (high - low) / 2;
    if (middle > low) {
      const std::size_t before = file.rfind('\n', middle - 1);
      middle = before == std::string_view::npos || before < low ? low : before + 1;
    }
    const std::string_view line = line_at(file, middle);
    const std::string_view key = line.substr(0, line.find(' '));
    if (key == word && !key.empty()) return line;
    if (key < word)
      low = middle + line.size() + 1;
    else
      high = middle;
  }
  return {};
}

// Fields of a line, one after another; empty past its end.
class Words {
 public:
  explicit Words(std::string_view line) : left_(line) {}
  std::string_view next() {
    left_.remove_prefix(std::min(left_.find_first_not_of(' '), left_.size()));
    const std::string_view word = left_.substr(0, left_.find(' '));
    left_.remove_prefix(word.size());
    return word;
  }
  std::size_t next_number(int base = 10) {
    const std::string_view word = next();
    std::size_t number = 0;
    std::from_chars(word.data(), word.data() + word.size(), number, base);
    return number;
  }

 private:
  std::string_view left_;
};

void add_lemmas(std::string_view data, std::size_t place, std::vector<std::string>& lemmas) {
  if (place >= data.size()) return;
  Words words(line_at(data, place));
  words.next();  // place
  words.next();  // file
  words.next();  // kind
  const std::size_t count = words.next_number(16);
  for (std::size_t i = 0; i < count; ++i) {
    std::string_view word = words.next();
    words.next();  // its number
    // "ready(p)": where an adjective may stand.
    if (word.ends_with(')')) word = word.substr(0, word.find('('));
    if (!word.empty() && word.find('_') == std::string_view::npos) lemmas.emplace_back(word);
  }
}

}  // namespace

Result<std::shared_ptr<const WordNet>> WordNet::open(const std::filesystem::path& folder) {
  auto wordnet = std::make_shared<WordNet>();
  Diagnostics problems;
  const auto map = [&](const std::string& name, std::shared_ptr<const MappedFile>& file) {
    auto opened = MappedFile::open(folder / name);
    if (opened)
      file = *std::move(opened);
    else
      append(problems, opened.problems());
  };
  for (const std::string_view name : kNames) {
    Part part;
    map("index." + std::string(name), part.index);
    map("data." + std::string(name), part.data);
    map(std::string(name) + ".exc", part.exceptions);
    wordnet->parts_.push_back(std::move(part));
  }
  if (!problems.empty()) return problems;
  return std::shared_ptr<const WordNet>(std::move(wordnet));
}

std::vector<std::string> WordNet::base_forms(std::string_view word, std::size_t part) const {
  const std::string_view index = parts_[part].index->bytes();
  const auto known = [&](std::vector<std::string> forms) {
    std::vector<std::string> kept;
    for (std::string& form : forms)
      if (std::ranges::find(kept, form) == kept.end() && !find_line(index, form).empty())
        kept.push_back(std::move(form));
    return kept;
  };
  const std::string_view exception = find_line(parts_[part].exceptions->bytes(), word);
  if (!exception.empty()) {
    std::vector<std::string> forms = {std::string(word)};
    Words words(exception);
    words.next();
    for (std::string_view base = words.next(); !base.empty(); base = words.next())
      forms.emplace_back(base);
    return known(std::move(forms));
  }
  // Every ending once; where that finds nothing, again. A form gets no longer but by "men", so this
  // ends.
  std::vector<std::string> forms = {std::string(word)};
  for (bool first = true; !forms.empty(); first = false) {
    std::vector<std::string> shorter;
    for (const std::string& form : forms)
      for (const auto& [old_ending, new_ending] : endings(part)) {
        if (!form.ends_with(old_ending)) continue;
        std::string made =
            form.substr(0, form.size() - old_ending.size()) + std::string(new_ending);
        // Two ways to one form, or "eseses" would have a form for every path.
        if (std::ranges::find(shorter, made) == shorter.end()) shorter.push_back(std::move(made));
      }
    std::vector<std::string> tried = shorter;
    if (first) tried.insert(tried.begin(), std::string(word));
    std::vector<std::string> found = known(std::move(tried));
    if (!found.empty()) return found;
    forms = std::move(shorter);
  }
  return {};
}

std::vector<std::string> WordNet::synonyms(std::string_view word) const {
  constexpr std::size_t kLongestWord = 80;  // the database's longest has 71
  std::vector<std::string> lemmas;
  if (word.empty() || word.size() > kLongestWord) return lemmas;
  for (std::size_t part = 0; part < parts_.size(); ++part)
    for (const std::string& form : base_forms(word, part)) {
      Words words(find_line(parts_[part].index->bytes(), form));
      words.next();  // lemma
      words.next();  // part of speech
      const std::size_t synsets = words.next_number();
      for (std::size_t kinds = words.next_number(); kinds > 0; --kinds) words.next();
      words.next();  // senses
      words.next();  // tagged ones
      for (std::size_t i = 0; i < synsets; ++i)
        add_lemmas(parts_[part].data->bytes(), words.next_number(), lemmas);
    }
  std::ranges::sort(lemmas);
  lemmas.erase(std::unique(lemmas.begin(), lemmas.end()), lemmas.end());
  return lemmas;
}

}  // namespace llmops
