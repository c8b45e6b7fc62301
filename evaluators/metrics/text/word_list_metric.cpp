#include "evaluators/metrics/text/word_list_metric.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include <algorithm>
#include <set>

#include "datasets/text/hash.h"
#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/patterns.h"

namespace llmops {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kShown = 5;  // finds in a note

class WordList final : public Metric {
 public:
  using Find = std::vector<WordFind> (*)(std::string_view);
  WordList(std::string_view metric, Find find) : metric_(metric), find_(find) {}

  std::set<std::string> categories;  // empty: all
  std::set<std::string> allow;       // lower case
  std::vector<std::string> words;
  Pattern own;  // of `words`; nullptr: none

  const std::vector<Column>& columns() const override {
    static const std::vector<Column> kColumns = {
        column(ScoreKind::binary, {                      },
         Better::lower),
        { .detail = "count",
                                   .headline = "count",
                                   .kind = ScoreKind::positive,
                                   .range = {0, kInfinity},
                                   .better = Better::lower}
    };
    return kColumns;
  }
  std::string signature() const override {
    const auto shown = [](const auto& list, std::string_view none) {
      return list.empty() ? std::string(none) : fmt::format("{}", fmt::join(list, "+"));
    };
    return fmt::format("{}|categories:{}|words:{}|allow:{}|version:1", metric_,
                       shown(categories, "all"), shown(words, "none"), shown(allow, "none"));
  }
  Measurement score(const Case&, const Sample& sample) const override {
    std::vector<WordFind> finds = find_(sample.text);
    if (own != nullptr) {
      re2::StringPiece rest(sample.text.data(), sample.text.size()), found;
      while (re2::RE2::FindAndConsume(&rest, *own, &found))
        finds.push_back({"own", std::string(found.data(), found.size())});
    }
    std::erase_if(finds, [&](const WordFind& find) {
      const bool wanted = categories.empty() || find.category == "own" ||
                          categories.contains(std::string(find.category));
      return !wanted || allow.contains(lowercase(find.word));
    });
    Measurement result;
    result.values = {finds.empty() ? 0.0 : 1.0, static_cast<double>(finds.size())};
    for (std::size_t i = 0; i < std::min(finds.size(), kShown); ++i)
      result.note +=
          fmt::format("{}`{}` ({})", i == 0 ? "" : ", ", finds[i].word, finds[i].category);
    if (finds.size() > kShown) result.note += fmt::format(" and {} more", finds.size() - kShown);
    return result;
  }

 private:
  std::string metric_;
  Find find_;
};

}  // namespace

std::unique_ptr<Metric> make_word_list_metric(std::string_view metric,
                                              std::vector<WordFind> (*find)(std::string_view),
                                              const std::vector<std::string_view>& categories,
                                              Fields& fields) {
  auto made = std::make_unique<WordList>(metric, find);
  for (const std::string& category : fields.texts("categories")) {
    if (std::ranges::find(categories, category) == categories.end())
      fields.error(fields.mark("categories"), fmt::format("unknown category `{}`", category),
                   expected_one_of(categories), did_you_mean(category, categories));
    made->categories.insert(category);
  }
  for (const std::string& word : fields.texts("allow")) made->allow.insert(lowercase(word));
  made->words = fields.texts("words");
  std::string pattern;
  for (const std::string& word : made->words) {
    if (word.empty()) {
      fields.error(fields.mark("words"), "an empty word");
      return nullptr;
    }
    pattern += (pattern.empty() ? "" : "|") + re2::RE2::QuoteMeta(word);
  }
  if (!pattern.empty()) {
    made->own = compile_pattern(fields, "words", "(?:^|\\b)(" + pattern + ")(?:\\b|$)", true);
    if (made->own == nullptr) return nullptr;
  }
  return made;
}

}  // namespace llmops
