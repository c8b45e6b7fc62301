#include "evaluators/encoder/tokenizer_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "datasets/text/files.h"
#include "datasets/text/json.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

struct Class {
  std::string_view name;
  TokenizerKind kind;
};
constexpr Class kClasses[] = {
    {"BertTokenizer",       TokenizerKind::wordpiece      },
    {"DistilBertTokenizer", TokenizerKind::wordpiece      },
    {"RobertaTokenizer",    TokenizerKind::roberta_bpe    },
    {"GPT2Tokenizer",       TokenizerKind::roberta_bpe    },
    {"DebertaTokenizer",    TokenizerKind::deberta_bpe    },
    {"XLMRobertaTokenizer", TokenizerKind::xlm_roberta    },
    {"DebertaV2Tokenizer",  TokenizerKind::deberta_unigram}
};

TokenizerKind usual(Family family) {
  switch (family) {
    case Family::roberta:
      return TokenizerKind::roberta_bpe;
    case Family::xlm_roberta:
      return TokenizerKind::xlm_roberta;
    case Family::deberta:
      return TokenizerKind::deberta_bpe;
    case Family::deberta_v2:
      return TokenizerKind::deberta_unigram;
    case Family::bert:
    case Family::distilbert:
      break;
  }
  return TokenizerKind::wordpiece;
}

// A JSON file that may be missing (then null).
Result<Value> read_optional(const fs::path& path) {
  if (!fs::exists(path)) return Value();
  const Result<Source> source = read_source(path);
  if (!source) return source.problems();
  return parse_json(*source);
}

// The slow tokenizer's own files; one of each group is needed.
std::vector<std::vector<std::string_view>> slow_files(TokenizerKind kind) {
  switch (kind) {
    case TokenizerKind::wordpiece:
      return {{"vocab.txt"}};
    case TokenizerKind::roberta_bpe:
    case TokenizerKind::deberta_bpe:
      return {{"vocab.json"}, {"merges.txt"}};
    case TokenizerKind::xlm_roberta:
    case TokenizerKind::deberta_unigram:
      break;
  }
  return {
      {"sentencepiece.bpe.model", "spm.model"}
  };
}

bool has_slow_files(const TokenizerFiles& files) {
  const auto stands = [&](std::string_view name) { return fs::exists(files.file(name)); };
  return std::ranges::all_of(slow_files(files.kind),
                             [&](const auto& group) { return std::ranges::any_of(group, stands); });
}

Diagnostic no_tokenizer(const TokenizerFiles& files) {
  std::string wanted;
  for (const auto& group : slow_files(files.kind)) {
    wanted += wanted.empty() ? "" : " and ";
    for (std::size_t i = 0; i < group.size(); ++i)
      wanted += fmt::format("{}`{}`", i > 0 ? " or " : "", group[i]);
  }
  Diagnostic found = problem("the folder has no tokenizer",
                             fmt::format("expected {}, or `tokenizer.json`", wanted));
  found.file = files.folder.string();
  return found;
}

bool is_true(const Value* value) {
  return value != nullptr && value->boolean() != nullptr && *value->boolean();
}

AddedToken read_token(std::string text, const Value& entry) {
  return {.text = std::move(text),
          .id = -1,
          .strips_left = is_true(entry.find("lstrip")),
          .strips_right = is_true(entry.find("rstrip")),
          .single_word = is_true(entry.find("single_word")),
          .special = entry.find("special") == nullptr || is_true(entry.find("special"))};
}

// A token that is written as a text or as {content, lstrip, ...}.
std::optional<AddedToken> token_of(const Value* value) {
  if (value == nullptr) return std::nullopt;
  if (const std::string* text = value->string()) return AddedToken{.text = *text, .id = -1};
  const Value* content = value->find("content");
  if (content == nullptr || content->string() == nullptr) return std::nullopt;
  return read_token(*content->string(), *value);
}

}  // namespace

const Value* TokenizerFiles::setting(std::string_view key) const {
  const Value* found = config.find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

bool TokenizerFiles::flag(std::string_view key, bool otherwise) const {
  const Value* found = setting(key);
  return found == nullptr || found->boolean() == nullptr ? otherwise : *found->boolean();
}

Result<TokenizerFiles> read_tokenizer_files(const fs::path& folder, Family family) {
  TokenizerFiles files;
  files.folder = folder;
  files.kind = usual(family);
  const std::pair<std::string_view, Value*> wanted[] = {
      {"tokenizer_config.json",   &files.config     },
      {"special_tokens_map.json", &files.special_map},
      {"added_tokens.json",       &files.added      }
  };
  for (const auto& [name, value] : wanted) {
    Result<Value> read = read_optional(files.file(name));
    if (!read) return read.problems();
    *value = std::move(*read);
  }
  if (const Value* name = files.setting("tokenizer_class");
      name != nullptr && name->string() != nullptr) {
    std::string_view plain = *name->string();
    if (plain.ends_with("Fast")) plain.remove_suffix(4);
    const Class* known = nullptr;
    for (const Class& candidate : kClasses)
      if (candidate.name == plain) known = &candidate;
    if (known == nullptr && plain != "PreTrainedTokenizer") {
      Diagnostic found = problem(
          fmt::format("tokenizers of class `{}` are not supported", plain),
          "expected those of BERT, DistilBERT, RoBERTa, XLM-RoBERTa, DeBERTa and DeBERTa-v2");
      found.file = files.file("tokenizer_config.json").string();
      return found;
    }
    if (known != nullptr) files.kind = known->kind;
  }
  if (!has_slow_files(files)) {
    Result<Value> fast = read_optional(files.file("tokenizer.json"));
    if (!fast) return fast.problems();
    if (fast->is_null()) return no_tokenizer(files);
    files.fast = std::move(*fast);
  }
  return files;
}

SpecialTokens special_tokens(const TokenizerFiles& files) {
  const bool brackets = files.kind == TokenizerKind::wordpiece ||
                        files.kind == TokenizerKind::deberta_bpe ||
                        files.kind == TokenizerKind::deberta_unigram;
  const bool greedy_mask = files.kind == TokenizerKind::roberta_bpe ||
                           files.kind == TokenizerKind::deberta_bpe ||
                           files.kind == TokenizerKind::xlm_roberta;
  SpecialTokens special;
  struct Role {
    std::string_view key, bracketed, angled;
    std::string* text;
  };
  const Role roles[] = {
      {"bos_token",  "[CLS]",  "<s>",    nullptr         },
      {"eos_token",  "[SEP]",  "</s>",   nullptr         },
      {"unk_token",  "[UNK]",  "<unk>",  &special.unknown},
      {"sep_token",  "[SEP]",  "</s>",   &special.last   },
      {"pad_token",  "[PAD]",  "<pad>",  &special.pad    },
      {"cls_token",  "[CLS]",  "<s>",    &special.first  },
      {"mask_token", "[MASK]", "<mask>", &special.mask   }
  };
  for (const Role& role : roles) {
    const Value* given = files.setting(role.key);
    if (given == nullptr) given = files.special_map.find(role.key);
    std::optional<AddedToken> token = token_of(given);
    const bool plain = !token || given->string() != nullptr;
    if (!token)
      token = AddedToken{.text = std::string(brackets ? role.bracketed : role.angled), .id = -1};
    if (plain && role.key == "mask_token") token->strips_left = greedy_mask;
    if (role.text != nullptr) *role.text = token->text;
    // BERT has no beginning and end of sequence of its own.
    if (role.text != nullptr || given != nullptr || files.kind != TokenizerKind::wordpiece)
      special.all.push_back(std::move(*token));
  }
  const Value* more = files.setting("additional_special_tokens");
  if (more == nullptr) more = files.special_map.find("additional_special_tokens");
  if (more != nullptr && more->list() != nullptr)
    for (const Value& item : *more->list())
      if (std::optional<AddedToken> token = token_of(&item))
        special.all.push_back(std::move(*token));
  return special;
}

std::vector<AddedToken> listed_tokens(const TokenizerFiles& files) {
  std::vector<AddedToken> tokens;
  const auto add = [&](std::optional<AddedToken> token, std::int64_t id) {
    if (!token || id < 0 || id > 1 << 30) return;
    token->id = static_cast<TokenId>(id);
    tokens.push_back(std::move(*token));
  };
  if (const Value* listed = files.setting("added_tokens_decoder");
      listed != nullptr && listed->object() != nullptr)
    for (const Member& member : *listed->object()) {
      std::int64_t id = -1;
      std::from_chars(member.key.data(), member.key.data() + member.key.size(), id);
      add(token_of(&member.value), id);
    }
  if (files.added.object() != nullptr) {
    const SpecialTokens special = special_tokens(files);
    for (const Member& member : *files.added.object()) {
      const std::int64_t* id = member.value.integer();
      AddedToken token{.text = member.key, .id = -1, .special = false};
      for (const AddedToken& known : special.all)
        if (known.text == member.key) token = known;
      add(token, id == nullptr ? -1 : *id);
    }
  }
  const Value* fast = files.fast.find("added_tokens");
  if (fast != nullptr && fast->list() != nullptr)
    for (const Value& entry : *fast->list()) {
      const Value* id = entry.find("id");
      add(token_of(&entry), id == nullptr || id->integer() == nullptr ? -1 : *id->integer());
    }
  return tokens;
}

}  // namespace llmops
