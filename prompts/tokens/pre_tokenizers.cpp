#include <fmt/format.h>
#include <unicode/uchar.h>

#include <memory>

#include "datasets/text/utf8.h"
#include "prompts/template/python.h"
#include "prompts/tokens/splitter.h"
#include "prompts/tokens/text_steps.h"

namespace llmops {
namespace {

bool flag(const Value& value, std::string_view key, bool otherwise) {
  const Value* found = value.find(key);
  return found != nullptr && found->boolean() != nullptr ? *found->boolean() : otherwise;
}

std::string text_of(const Value& value, std::string_view key) {
  const Value* found = value.find(key);
  return found != nullptr && found->string() != nullptr ? *found->string() : "";
}

PreTokenize by_splitter(Splitter splitter) {
  const auto shared = std::make_shared<Splitter>(std::move(splitter));
  return [shared](const Words& words) {
    Words out;
    for (const std::string& word : words)
      for (std::string& piece : shared->split(word)) out.push_back(std::move(piece));
    return out;
  };
}

Result<PreTokenize> by_pattern(std::string_view pattern, Splitter::Behavior behavior,
                               bool invert = false) {
  Result<Splitter> splitter = Splitter::make(pattern, behavior, invert);
  if (!splitter) return splitter.problems();
  return by_splitter(std::move(*splitter));
}

Result<PreTokenize> split(const Value& value) {
  const std::string behavior = text_of(value, "behavior");
  constexpr std::pair<std::string_view, Splitter::Behavior> kBehaviors[] = {
      {"Isolated",           Splitter::Behavior::isolated            },
      {"Removed",            Splitter::Behavior::removed             },
      {"MergedWithPrevious", Splitter::Behavior::merged_with_previous},
      {"MergedWithNext",     Splitter::Behavior::merged_with_next    },
      {"Contiguous",         Splitter::Behavior::contiguous          }
  };
  const Value* pattern = value.find("pattern");
  if (pattern == nullptr) return problem("`Split` without a pattern");
  std::string regex = text_of(*pattern, "Regex");
  if (regex.empty())
    for (const char c : text_of(*pattern, "String")) {
      if (c > 0 && std::isalnum(static_cast<unsigned char>(c)) == 0) regex += '\\';
      regex += c;
    }
  for (const auto& [name, kind] : kBehaviors)
    if (name == behavior) return by_pattern(regex, kind, flag(value, "invert", false));
  return problem(fmt::format("the behavior `{}` of `Split` is not known", behavior));
}

Result<PreTokenize> byte_level(const Value& value) {
  const bool prefix = flag(value, "add_prefix_space", true);
  std::shared_ptr<Splitter> splitter;
  if (flag(value, "use_regex", true)) {
    Result<Splitter> made = Splitter::make(
        R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
        Splitter::Behavior::isolated);
    if (!made) return made.problems();
    splitter = std::make_shared<Splitter>(std::move(*made));
  }
  return PreTokenize([=](const Words& words) {
    Words out;
    for (const std::string& word : words) {
      const std::string whole = prefix && !word.starts_with(' ') ? " " + word : word;
      if (splitter == nullptr)
        out.push_back(whole);
      else
        for (std::string& piece : splitter->split(whole)) out.push_back(std::move(piece));
    }
    return out;
  });
}

// Blanks become a mark; a mark opens each word.
PreTokenize metaspace(const Value& value) {
  const std::string mark =
      text_of(value, "replacement").empty() ? "\xE2\x96\x81" : text_of(value, "replacement");
  const std::string scheme = text_of(value, "prepend_scheme");
  const bool prepend = scheme.empty() ? flag(value, "add_prefix_space", true) : scheme != "never";
  const bool splits = flag(value, "split", true);
  return [=](const Words& words) {
    Words out;
    for (const std::string& word : words) {
      std::string marked;
      for (const char c : word) c == ' ' ? marked += mark : marked += c;
      if (prepend && !marked.starts_with(mark) && !marked.empty()) marked = mark + marked;
      if (!splits) {
        out.push_back(std::move(marked));
        continue;
      }
      std::size_t start = 0;
      for (std::size_t at = marked.find(mark, 1); at != std::string::npos;
           at = marked.find(mark, at + 1)) {
        out.push_back(marked.substr(start, at - start));
        start = at;
      }
      if (start < marked.size()) out.push_back(marked.substr(start));
    }
    return out;
  };
}

bool is_punctuation(char32_t c) {
  return (c < 0x80 && std::ispunct(static_cast<int>(c)) != 0) ||
         (U_MASK(u_charType(static_cast<UChar32>(c))) & U_GC_P_MASK) != 0;
}

// Words between blanks, with every punctuation mark on its own.
Words bert_words(const Words& words) {
  Words out;
  for (const std::string& word : words) {
    std::string open;
    const auto close = [&] {
      if (!open.empty()) out.push_back(std::move(open));
      open.clear();
    };
    for (const char32_t c : decode_utf8(word)) {
      if (python::is_space(c)) {
        close();
      } else if (is_punctuation(c)) {
        close();
        append_utf8(open, c);
        close();
      } else {
        append_utf8(open, c);
      }
    }
    close();
  }
  return out;
}

}  // namespace

Result<PreTokenize> read_pre_tokenizer(const Value* value) {
  if (value == nullptr || value->is_null()) return PreTokenize([](Words words) { return words; });
  const std::string type = text_of(*value, "type");
  if (type == "ByteLevel") return byte_level(*value);
  if (type == "Split") return split(*value);
  if (type == "Metaspace") return metaspace(*value);
  if (type == "BertPreTokenizer") return PreTokenize(&bert_words);
  if (type == "Whitespace") return by_pattern(R"(\w+|[^\w\s]+)", Splitter::Behavior::removed, true);
  if (type == "WhitespaceSplit") return by_pattern(R"(\s+)", Splitter::Behavior::removed);
  if (type == "Digits")
    return by_pattern(flag(*value, "individual_digits", false) ? R"(\p{N})" : R"(\p{N}+)",
                      Splitter::Behavior::isolated);
  if (type == "Punctuation") return by_pattern(R"([\p{P}$+<=>^`|~])", Splitter::Behavior::isolated);
  if (const Value* steps = value->find("pretokenizers");
      type == "Sequence" && steps != nullptr && steps->is_list()) {
    std::vector<PreTokenize> all;
    for (const Value& step : *steps->list()) {
      Result<PreTokenize> made = read_pre_tokenizer(&step);
      if (!made) return made.problems();
      all.push_back(std::move(*made));
    }
    return PreTokenize([all](Words words) {
      for (const PreTokenize& each : all) words = each(std::move(words));
      return words;
    });
  }
  return problem(fmt::format("the pre-tokenizer `{}` is not known", type));
}

}  // namespace llmops
