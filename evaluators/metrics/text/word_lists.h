#pragma once
// Toxic words and generalisations about groups of people, by lists of our own. A list finds words,
// not meanings: a quotation counts, and what is put politely does not.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

struct WordFind {
  std::string_view category;
  std::string word;  // as the text has it
};

// Categories of `find_toxic`: profanity, insult, slur, threat, sexual.
std::vector<std::string_view> toxic_categories();

// Words of the lists in any of their usual endings, also where letters are replaced (sh1t, a$$) or
// repeated (fuuuck), and phrases that threaten. English. Linear in the text; at most 1,000 finds.
std::vector<WordFind> find_toxic(std::string_view text);

// What is said of all of a group ("women can't ...", "all Poles are ..."), and set phrases that
// exclude one. Categories: gender, origin, religion, age, disability, orientation, class. English.
std::vector<std::string_view> bias_categories();
std::vector<WordFind> find_biased(std::string_view text);

}  // namespace llmops
