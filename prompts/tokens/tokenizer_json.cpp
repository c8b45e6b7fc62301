// The file of Hugging Face's tokenizers: added tokens are cut out of the text, the rest is
// normalized, cut into words, and each word counted by the model.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "datasets/text/utf8.h"
#include "prompts/template/python.h"
#include "prompts/tokens/models.h"
#include "prompts/tokens/readers.h"
#include "prompts/tokens/text_steps.h"

namespace llmops {
namespace {

struct AddedToken {
  std::string text;
  bool takes_left = false;  // the white space before it belongs to it
  bool takes_right = false;
};

class TokenizerJson final : public TokenCounter {
 public:
  struct Parts {
    std::string name;
    std::vector<AddedToken> added;  // longest first
    Normalize normalize;
    PreTokenize pre_tokenize;
    std::unique_ptr<const WordModel> model;
  };
  explicit TokenizerJson(Parts parts) : parts_(std::move(parts)) {}

  std::size_t count(std::string_view text) const override {
    const std::string whole = repair_utf8(text);
    std::size_t tokens = 0;
    std::size_t at = 0;
    std::vector<std::size_t> next(parts_.added.size());  // where each added token stands next
    for (std::size_t i = 0; i < next.size(); ++i) next[i] = whole.find(parts_.added[i].text);
    while (at < whole.size()) {
      // The first of them; the longest of those that start there.
      const auto first = std::ranges::min_element(next);
      const std::size_t stop = first == next.end() ? whole.size() : std::min(*first, whole.size());
      const AddedToken* token = stop < whole.size()
                                    ? &parts_.added[static_cast<std::size_t>(first - next.begin())]
                                    : nullptr;
      std::string_view before = std::string_view(whole).substr(at, stop - at);
      if (token != nullptr && token->takes_left)
        before = python::strip(before, {}, python::Side::right);
      tokens += plain(before);
      if (token == nullptr) break;
      ++tokens;
      at = stop + token->text.size();
      if (token->takes_right)
        at = whole.size() -
             python::strip(std::string_view(whole).substr(at), {}, python::Side::left).size();
      for (std::size_t i = 0; i < next.size(); ++i)
        if (next[i] < at) next[i] = whole.find(parts_.added[i].text, at);
    }
    return tokens;
  }
  std::string name() const override {
    return fmt::format("{}, {} tokens", parts_.name, parts_.model->size());
  }

 private:
  std::size_t plain(std::string_view text) const {
    if (text.empty()) return 0;
    std::size_t tokens = 0;
    for (const std::string& word : parts_.pre_tokenize({parts_.normalize(std::string(text))}))
      tokens += parts_.model->count(word);
    return tokens;
  }

  Parts parts_;
};

}  // namespace

Result<std::unique_ptr<const TokenCounter>> read_tokenizer_json(const Value& value,
                                                                const std::string& name) {
  const Value* model = value.find("model");
  if (model == nullptr || !model->is_object())
    return problem("the file has no `model`", "expected the tokenizer.json of a model");
  const Value* normalizer = value.find("normalizer");
  const Value* pre_tokenizer = value.find("pre_tokenizer");
  const bool byte_level = mentions_step(pre_tokenizer, "ByteLevel") ||
                          mentions_step(normalizer, "ByteLevel") ||
                          mentions_step(value.find("decoder"), "ByteLevel");
  Result<Normalize> normalize = read_normalizer(normalizer);
  if (!normalize) return normalize.problems();
  Result<PreTokenize> pre_tokenize = read_pre_tokenizer(pre_tokenizer);
  if (!pre_tokenize) return pre_tokenize.problems();
  Result<std::unique_ptr<const WordModel>> words = read_word_model(*model, byte_level);
  if (!words) return words.problems();
  TokenizerJson::Parts parts{
      name, {}, std::move(*normalize), std::move(*pre_tokenize), std::move(*words)};
  const auto flag = [](const Value& token, std::string_view key) {
    const Value* found = token.find(key);
    return found != nullptr && found->boolean() != nullptr && *found->boolean();
  };
  if (const Value* added = value.find("added_tokens"); added != nullptr && added->is_list())
    for (const Value& token : *added->list())
      if (const Value* content = token.find("content");
          content != nullptr && content->is_string() && !content->string()->empty())
        parts.added.push_back({*content->string(), flag(token, "lstrip"), flag(token, "rstrip")});
  std::ranges::stable_sort(parts.added, std::greater<>(),
                           [](const AddedToken& token) { return token.text.size(); });
  return std::unique_ptr<const TokenCounter>(std::make_unique<TokenizerJson>(std::move(parts)));
}

}  // namespace llmops
