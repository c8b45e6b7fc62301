#pragma once
// What is judged, shown to the judge as data: each text between two marks that it cannot contain.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmops {

class Exhibit {
 public:
  // `name`: one word, "answer". Texts keep their order; an empty one is shown as empty.
  void add(std::string name, std::string text) {
    parts_.emplace_back(std::move(name), std::move(text));
  }

  // A sentence that says what the marks mean, then the texts. The mark depends on the texts and the
  // seed, so the same exhibit reads the same (a response cache finds it) and no writer of a text
  // can know it; a text that holds it all the same gets another.
  std::string text(std::uint64_t seed) const;

  // The same in pieces: the sentence, and each text between its marks under its name. Texts of one
  // name stand together, where the first of them stands.
  struct Pieces {
    std::string note;
    std::vector<std::pair<std::string, std::string>> fenced;
  };
  Pieces pieces(std::uint64_t seed) const;

 private:
  std::vector<std::pair<std::string, std::string>> parts_;
};

}  // namespace llmops
