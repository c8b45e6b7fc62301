// Ranks as tiktoken keeps them: a token in base64, a blank, its rank, on each line. The patterns
// that cut a text into words are no part of the file; those of OpenAI's vocabularies
// (tiktoken_ext/openai_public.py) are chosen by the number of ranks.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "datasets/text/utf8.h"
#include "prompts/tokens/base64.h"
#include "prompts/tokens/byte_pairs.h"
#include "prompts/tokens/readers.h"
#include "prompts/tokens/splitter.h"

namespace llmops {
namespace {

constexpr std::string_view kGpt2 =
    R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kCl100k =
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)";
constexpr std::string_view kO200k =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

struct Encoding {
  std::string_view name;
  std::size_t most;  // ranks
  std::string_view pattern;
};
constexpr Encoding kEncodings[] = {
    {"r50k",   60'000,    kGpt2  },
    {"cl100k", 130'000,   kCl100k},
    {"o200k",  1'000'000, kO200k }
};

class Ranks final : public TokenCounter {
 public:
  Ranks(BytePairs pairs, Splitter splitter, std::string_view encoding)
      : pairs_(std::move(pairs)), splitter_(std::move(splitter)), encoding_(encoding) {}

  std::size_t count(std::string_view text) const override {
    std::size_t tokens = 0;
    for (const std::string& word : splitter_.split(repair_utf8(text)))
      tokens += pairs_.count_bytes(word);
    return tokens;
  }
  std::string name() const override {
    return fmt::format("{}, ranks of {} tokens", encoding_, pairs_.size());
  }

 private:
  BytePairs pairs_;
  Splitter splitter_;
  std::string encoding_;
};

}  // namespace

Result<std::unique_ptr<const TokenCounter>> read_tiktoken(const Source& source) {
  TokenIds tokens;
  std::string_view rest = source.text();
  for (std::size_t number = 1; !rest.empty(); ++number) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::size_t blank = line.find(' ');
    const std::string_view digits =
        blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
    const std::optional<std::string> token = decode_base64(line.substr(0, blank));
    std::int32_t rank = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), rank);
    if (!token || token->empty() || error != std::errc{} || end != digits.data() + digits.size() ||
        rank < 0)
      return source.problem({static_cast<std::uint32_t>(number), 1}, "this line is no rank",
                            "expected a token in base64, a blank and a number");
    tokens.emplace(*token, rank);
  }
  if (tokens.empty()) return source.problem({1, 1}, "the file holds no ranks");
  for (const Encoding& encoding : kEncodings) {
    if (tokens.size() > encoding.most) continue;
    Result<Splitter> splitter = Splitter::make(encoding.pattern, Splitter::Behavior::isolated);
    if (!splitter) return splitter.problems();
    return std::unique_ptr<const TokenCounter>(std::make_unique<Ranks>(
        BytePairs::by_token(std::move(tokens)), std::move(*splitter), encoding.name));
  }
  return problem("more than a million ranks");
}

}  // namespace llmops
