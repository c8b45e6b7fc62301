#pragma once
// A judge's prompt in the user's own words. What is judged still stands between marks that its
// writers cannot know: the variables of the template are fenced before they are filled in.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/fields.h"
#include "evaluators/judge/exhibit.h"
#include "prompts/template.h"

namespace llmops {

class OwnPrompt {
 public:
  // Names of what a judge shows: all of `must` has to stand in the template (or `texts`, which is
  // everything), `may` as it likes; `words` are the judge's own: criteria, labels, those of `asks`
  // have to stand there.
  struct Names {
    std::vector<std::string_view> must, may, words, asks = {};
  };
  // `prompt`: a file (its text; of .yaml and .yml {system, user, reply}), the text itself, or that
  // mapping. Empty where it is missing or has problems, which are noted.
  static OwnPrompt read(Fields& fields, const Names& names);

  bool given() const { return user_.has_value(); }
  std::string system(std::string_view otherwise) const {
    return system_ ? *system_ : std::string(otherwise);
  }
  // The user's message. `words`: a text for each of the names. `reply`, how the answer is to be
  // given, stands at the end unless the template places it or does without (`reply: false`).
  // The problem: a filter of the template fails.
  Result<std::string> user(const Exhibit& exhibit, std::uint64_t seed, Object words,
                           std::string_view reply) const;
  // All of it, for the digest in a signature; "" where none is given.
  std::string fixed() const;

 private:
  std::optional<Template> user_;
  std::optional<std::string> system_;
  std::vector<std::string> texts_;  // all names that may be shown
  bool places_texts_ = false, places_reply_ = false, wants_reply_ = true;
};

}  // namespace llmops
