#include <fmt/format.h>

#include <algorithm>

#include "datasets/text/utf8.h"
#include "evaluators/encoder/tokenizer.h"
#include "evaluators/encoder/tokenizer_files.h"

namespace llmops {
namespace {

// `model_max_length`, and never more than the position table holds. Old folders without the key are
// cut at the table; a model without one (DeBERTa) takes texts of any length, as in the reference.
std::size_t longest_text(const TokenizerFiles& files, const ModelConfig& config) {
  constexpr double kNoLimit = 1e9;  // the files say 1e30 for "any"
  std::size_t longest = config.longest_text();
  const Value* given = files.setting("model_max_length");
  if (given == nullptr || !given->is_number() || given->number() < 2 || given->number() > kNoLimit)
    return longest;
  const auto asked = static_cast<std::size_t>(given->number());
  return longest == 0 ? asked : std::min(longest, asked);
}

// Tokens that the files list have their ids; others have the vocabulary's, or new ones behind it.
AddedTokens place(const TokenizerFiles& files, const SpecialTokens& special,
                  const TextModel& model) {
  AddedTokens added;
  auto next = static_cast<TokenId>(model.size());
  for (AddedToken& token : listed_tokens(files)) {
    if (!model.find(token.text)) next = std::max(next, token.id + 1);
    added.add(std::move(token));
  }
  for (AddedToken token : special.all) {
    if (added.find(token.text) != nullptr) continue;
    const std::optional<TokenId> known = model.find(token.text);
    token.id = known ? *known : next++;
    added.add(std::move(token));
  }
  return added;
}

}  // namespace

Result<std::unique_ptr<const Tokenizer>> Tokenizer::open(const std::filesystem::path& folder,
                                                         const ModelConfig& config,
                                                         const TokenizerOptions& options) {
  const Result<TokenizerFiles> files = read_tokenizer_files(folder, config.family);
  if (!files) return files.problems();
  const SpecialTokens special = special_tokens(*files);
  Result<std::unique_ptr<TextModel>> model = read_text_model(*files, special);
  if (!model) return model.problems();

  Parts parts;
  parts.added = place(*files, special, **model);
  const auto id = [&](const std::string& token) {
    const AddedToken* found = parts.added.find(token);
    return found == nullptr ? TokenId{0} : found->id;
  };
  parts.special = {id(special.first), id(special.last), id(special.pad), id(special.unknown),
                   id(special.mask)};

  Diagnostics problems;
  for (const AddedToken& token : parts.added.all()) {
    if (static_cast<std::size_t>(token.id) < config.vocabulary) continue;
    problems.push_back(
        problem(fmt::format("token `{}` has id {}, but the model has vectors for {} tokens only",
                            visible(token.text), token.id, config.vocabulary)));
    problems.back().file = folder.string();
  }
  if (const auto highest = static_cast<std::size_t>((*model)->highest_id());
      highest >= config.vocabulary) {
    problems.push_back(
        problem(fmt::format("the vocabulary has ids up to {}, the model vectors for {} tokens only",
                            highest, config.vocabulary)));
    problems.back().file = folder.string();
  }
  if (!problems.empty()) return problems;

  parts.model = std::move(*model);
  parts.prefix_space = files->kind == TokenizerKind::roberta_bpe;
  if (files->kind == TokenizerKind::deberta_bpe)
    parts.prefix_space = files->flag("add_prefix_space", false);
  const bool bytes =
      files->kind == TokenizerKind::roberta_bpe || files->kind == TokenizerKind::deberta_bpe;
  if (options.prefix_space && bytes) parts.prefix_space = *options.prefix_space;
  parts.lower =
      (files->kind == TokenizerKind::wordpiece && files->flag("do_lower_case", true)) ||
      (files->kind == TokenizerKind::deberta_unigram && files->flag("do_lower_case", false));
  const Value* side = files->setting("truncation_side");
  parts.cut_left = side != nullptr && side->string() != nullptr && *side->string() == "left";
  parts.longest = longest_text(*files, config);
  return std::make_unique<const Tokenizer>(std::move(parts));
}

}  // namespace llmops
