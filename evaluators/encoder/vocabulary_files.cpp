// vocab.txt, vocab.json with merges.txt, sentencepiece models, and tokenizer.json in their place.
#include <fmt/format.h>

#include <cstring>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"
#include "evaluators/encoder/byte_bpe.h"
#include "evaluators/encoder/mapped_file.h"
#include "evaluators/encoder/tokenizer_files.h"
#include "evaluators/encoder/unigram.h"
#include "evaluators/encoder/wordpiece.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kLargestId = 1 << 24;

Diagnostic wrong(const fs::path& file, std::string what, std::string help = "") {
  Diagnostic found = problem(std::move(what), "", std::move(help));
  found.file = file.string();
  return found;
}

// Calls `visit` with each line as Python reads them: LF, CRLF and CR end a line.
template <typename Visit>
void for_each_line(std::string_view text, Visit visit) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    visit(text.substr(at, end - at));
    at = text.substr(end).starts_with("\r\n") ? end + 2 : end + 1;
  }
}

// {token: id}
Result<TokenVocabulary> read_mapping(const Value& tokens, const fs::path& file) {
  if (tokens.object() == nullptr)
    return wrong(file, "the vocabulary is no mapping of tokens to ids");
  TokenVocabulary vocabulary;
  vocabulary.reserve(tokens.object()->size());
  for (const Member& member : *tokens.object()) {
    const std::int64_t* id = member.value.integer();
    if (id == nullptr || *id < 0 || *id > kLargestId)
      return wrong(file, fmt::format("token `{}` has no usable id", visible(member.key)));
    vocabulary.set(member.key, static_cast<TokenId>(*id));
  }
  return vocabulary;
}

Result<TokenVocabulary> read_vocabulary(const TokenizerFiles& files, std::string_view name) {
  const fs::path path = files.file(name);
  const Value* model = files.fast.find("model");
  if (model != nullptr && model->find("vocab") != nullptr)
    return read_mapping(*model->find("vocab"), files.file("tokenizer.json"));
  const Result<Source> source = read_source(path);
  if (!source) return source.problems();
  if (path.extension() == ".json") {
    const Result<Value> json = parse_json(*source);
    if (!json) return json.problems();
    return read_mapping(*json, path);
  }
  TokenVocabulary vocabulary;
  TokenId id = 0;
  for_each_line(source->text(), [&](std::string_view line) { vocabulary.set(line, id++); });
  return vocabulary;
}

// The first line names a version; the last one, after the last line break, is dropped, empty or
// not.
Merges read_merge_lines(std::string_view text) {
  Merges merges;
  bool first = true;
  for (std::size_t at = 0, end = text.find('\n'); end != std::string_view::npos;
       at = end + 1, end = text.find('\n', at)) {
    std::string_view line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t space = line.find(' ');
    // What is no pair keeps its rank and never matches.
    if (!first && space != std::string_view::npos)
      merges.emplace_back(line.substr(0, space), line.substr(space + 1));
    else if (!first)
      merges.emplace_back();
    first = false;
  }
  return merges;
}

Result<Merges> read_merges(const TokenizerFiles& files) {
  const Value* model = files.fast.find("model");
  const Value* listed = model == nullptr ? nullptr : model->find("merges");
  if (listed == nullptr || listed->list() == nullptr) {
    const Result<Source> source = read_source(files.file("merges.txt"));
    if (!source) return source.problems();
    return read_merge_lines(source->text());
  }
  Merges merges;
  for (const Value& item : *listed->list()) {
    std::pair<std::string, std::string> merge;
    if (const std::string* text = item.string()) {
      const std::size_t space = text->find(' ');
      if (space != std::string::npos) merge = {text->substr(0, space), text->substr(space + 1)};
    } else if (item.list() != nullptr && item.list()->size() == 2) {
      const std::string* left = (*item.list())[0].string();
      const std::string* right = (*item.list())[1].string();
      if (left != nullptr && right != nullptr) merge = {*left, *right};
    }
    merges.push_back(std::move(merge));
  }
  return merges;
}

Result<std::unique_ptr<TextModel>> read_wordpiece(const TokenizerFiles& files,
                                                  const SpecialTokens& special) {
  Result<TokenVocabulary> vocabulary = read_vocabulary(files, "vocab.txt");
  if (!vocabulary) return vocabulary.problems();
  if (!vocabulary->find(special.unknown))
    return wrong(files.folder, fmt::format("the vocabulary lacks `{}`", visible(special.unknown)));
  WordPieceOptions options;
  options.lower = files.flag("do_lower_case", true);
  options.strip_accents = files.flag("strip_accents", options.lower);
  options.split_ideographs = files.flag("tokenize_chinese_chars", true);
  options.unknown = special.unknown;
  for (const AddedToken& token : special.all) options.special.push_back(token.text);
  return make_wordpiece(std::move(*vocabulary), std::move(options));
}

Result<std::unique_ptr<TextModel>> read_byte_bpe(const TokenizerFiles& files,
                                                 const SpecialTokens& special) {
  Result<TokenVocabulary> vocabulary = read_vocabulary(files, "vocab.json");
  if (!vocabulary) return vocabulary.problems();
  const std::optional<TokenId> unknown = vocabulary->find(special.unknown);
  if (!unknown)
    return wrong(files.folder, fmt::format("the vocabulary lacks `{}`", visible(special.unknown)));
  const Result<Merges> merges = read_merges(files);
  if (!merges) return merges.problems();
  return make_byte_bpe(std::move(*vocabulary), *merges, *unknown);
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    if (c == '=') break;
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held & 0xFF);
  }
  return out;
}

// The compiled rules of the first normaliser that has some; "" where none has.
std::optional<std::string> charsmap_of(const Value* normalizer) {
  if (normalizer == nullptr) return "";
  if (const Value* rules = normalizer->find("precompiled_charsmap");
      rules != nullptr && rules->string() != nullptr)
    return from_base64(*rules->string());
  const Value* parts = normalizer->find("normalizers");
  if (parts == nullptr || parts->list() == nullptr) return "";
  for (const Value& part : *parts->list())
    if (const Value* rules = part.find("precompiled_charsmap");
        rules != nullptr && rules->string() != nullptr)
      return from_base64(*rules->string());
  return "";
}

Result<UnigramSpec> read_fast_unigram(const TokenizerFiles& files) {
  const fs::path file = files.file("tokenizer.json");
  const Value* model = files.fast.find("model");
  const Value* vocabulary = model == nullptr ? nullptr : model->find("vocab");
  const Value* unknown = model == nullptr ? nullptr : model->find("unk_id");
  if (vocabulary == nullptr || vocabulary->list() == nullptr || unknown == nullptr ||
      unknown->integer() == nullptr)
    return wrong(file, "the file holds no unigram model");
  UnigramSpec spec;
  for (const Value& item : *vocabulary->list()) {
    const List* pair = item.list();
    if (pair == nullptr || pair->size() != 2 || (*pair)[0].string() == nullptr ||
        !(*pair)[1].is_number())
      return wrong(file, fmt::format("piece {} is no pair of text and score", spec.pieces.size()));
    Piece piece{*(*pair)[0].string(), static_cast<float>((*pair)[1].number()), PieceType::normal};
    if (static_cast<std::int64_t>(spec.pieces.size()) == *unknown->integer())
      piece.type = PieceType::unknown;
    spec.pieces.push_back(std::move(piece));
  }
  for (const AddedToken& token : listed_tokens(files)) {
    const auto place = static_cast<std::size_t>(token.id);
    if (place < spec.pieces.size() && spec.pieces[place].text == token.text &&
        spec.pieces[place].type == PieceType::normal)
      spec.pieces[place].type = PieceType::control;
  }
  const std::optional<std::string> charsmap = charsmap_of(files.fast.find("normalizer"));
  if (!charsmap) return wrong(file, "the normalisation rules are not valid base64");
  spec.charsmap = *charsmap;
  if (Diagnostics found = check(spec, file.string()); !found.empty()) return found;
  return spec;
}

Result<std::unique_ptr<TextModel>> read_unigram(const TokenizerFiles& files) {
  if (!files.fast.is_null()) {
    const Result<UnigramSpec> spec = read_fast_unigram(files);
    if (!spec) return spec.problems();
    return make_unigram(*spec, UnigramIds::piece, files.file("tokenizer.json").string());
  }
  fs::path path = files.file("sentencepiece.bpe.model");
  if (!fs::exists(path)) path = files.file("spm.model");
  const auto map = MappedFile::open(path);
  if (!map) return map.problems();
  const Result<UnigramSpec> spec = read_sentencepiece((*map)->bytes(), path.string());
  if (!spec) return spec.problems();
  return make_unigram(
      *spec, files.kind == TokenizerKind::xlm_roberta ? UnigramIds::fairseq : UnigramIds::piece,
      path.string());
}

}  // namespace

Result<std::unique_ptr<TextModel>> read_text_model(const TokenizerFiles& files,
                                                   const SpecialTokens& special) {
  switch (files.kind) {
    case TokenizerKind::wordpiece:
      return read_wordpiece(files, special);
    case TokenizerKind::roberta_bpe:
    case TokenizerKind::deberta_bpe:
      return read_byte_bpe(files, special);
    case TokenizerKind::xlm_roberta:
    case TokenizerKind::deberta_unigram:
      break;
  }
  return read_unigram(files);
}

}  // namespace llmops
