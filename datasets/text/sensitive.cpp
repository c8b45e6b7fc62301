// One pass over the text tells which shapes occur at all; only those are looked for, and what
// matches a shape must then pass its own check (checksum, range, randomness).
#include "datasets/text/sensitive.h"

#include <fmt/format.h>
#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "datasets/text/utf8.h"

namespace llmops {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string digits_of(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (digit(c)) digits += c;
  return digits;
}

// Shannon entropy in bits a character. Words stay below 3, random base64 of 20 characters lies
// near 4.
double entropy(std::string_view text) {
  std::array<double, 256> counts{};
  for (const char c : text) counts[static_cast<unsigned char>(c)] += 1;
  double bits = 0;
  for (const double count : counts)
    if (count > 0)
      bits -= count / static_cast<double>(text.size()) *
              std::log2(count / static_cast<double>(text.size()));
  return bits;
}

bool always(std::string_view) { return true; }

// A placeholder such as sk-XXXXXXXXXXXXXXXXXXXX, sk-your-key-here or AKIA…EXAMPLE is no secret.
bool random_looking(std::string_view text) {
  if (text.find("EXAMPLE") != std::string_view::npos ||
      text.find("example") != std::string_view::npos)
    return false;
  const std::string_view tail = text.substr(text.size() > 16 ? text.size() - 16 : 0);
  return entropy(tail) >= 2.9 && std::ranges::any_of(tail, digit);
}

// `user:password@` of a URL, unless a variable stands there.
bool real_password(std::string_view url) {
  const std::size_t start = url.find(':', url.find("//") + 2) + 1;
  const std::string_view password = url.substr(start, url.size() - start - 1);
  if (password.find_first_of("{<$[*") != std::string_view::npos) return false;
  return password != "password" && password != "pass" && password != "secret" && password != "xxx";
}

bool random_assignment(std::string_view text) {
  const std::size_t end = text.find_last_not_of("\"'");
  const std::size_t start = text.find_last_of("\"' :=", end) + 1;
  const std::string_view value = text.substr(start, end + 1 - start);
  return value.size() >= 16 && entropy(value) >= 3.3 && std::ranges::any_of(value, digit) &&
         std::ranges::any_of(value, letter) && value.find("example") == std::string_view::npos;
}

// Domains of RFC 2606 and RFC 6761.
bool real_mailbox(std::string_view address) {
  std::string domain(address.substr(address.find('@') + 1));
  std::ranges::transform(domain, domain.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  for (const std::string_view reserved : {"example.com", "example.org", "example.net"})
    if (domain == reserved || domain.ends_with("." + std::string(reserved))) return false;
  for (const std::string_view top :
       {".example", ".test", ".invalid", ".localhost", ".png", ".jpg", ".svg"})
    if (domain.ends_with(top)) return false;
  return true;
}

// Issuer ranges with the lengths they use. What the issuers publish for tests is left out.
bool real_card(std::string_view text) {
  const std::string card = digits_of(text);
  if (!luhn_valid(card) || card.find_first_not_of(card[0]) == std::string::npos) return false;
  constexpr std::string_view kTestCards[] = {
      "4111111111111111", "4242424242424242", "4000056655665556", "4012888888881881",
      "5555555555554444", "5105105105105100", "2223003122003222", "378282246310005",
      "371449635398431",  "6011111111111117", "6011000990139424", "30569309025904",
      "38520000023237",   "3530111333300000", "3566002020360505"};
  if (std::ranges::find(kTestCards, card) != std::end(kTestCards)) return false;
  const int six = std::stoi(card.substr(0, 6));
  const std::size_t length = card.size();
  const auto within = [&](int low, int high) { return six >= low && six <= high; };
  if (within(400000, 499999)) return length == 13 || length == 16 || length == 19;
  if (within(510000, 559999) || within(222100, 272099)) return length == 16;
  if (within(340000, 349999) || within(370000, 379999)) return length == 15;
  if (within(300000, 305999) || within(360000, 369999) || within(380000, 399999))
    return length >= 14;
  if (within(352800, 358999) || within(601100, 601199) || within(620000, 629999) ||
      within(644000, 659999))
    return length >= 16;
  return false;
}

bool real_iban(std::string_view text) {
  std::string iban;
  for (const char c : text)
    if (c != ' ') iban += c;
  return iban_valid(iban);
}

// Social Security Administration: no area 000, 666 or 9xx, no group 00, no serial 0000; two numbers
// that were printed in advertisements, and the block for them.
bool real_ssn(std::string_view text) {
  const std::string_view area = text.substr(0, 3);
  if (area == "000" || area == "666" || area[0] == '9') return false;
  if (text.substr(4, 2) == "00" || text.substr(7) == "0000") return false;
  return text != "078-05-1120" && text != "219-09-9999" && text != "123-45-6789";
}

// E.164 allows 15 digits; shorter than 8 is no international number.
bool real_international(std::string_view text) {
  const std::string digits = digits_of(text);
  return digits.size() >= 8 && digits.size() <= 15 && digits[0] != '0' &&
         digits.find("55501") == std::string::npos && entropy(digits) > 1.0;
}

// North American Numbering Plan: area and exchange begin with 2 to 9; 555-01xx is fictional.
bool real_american(std::string_view text) {
  std::string digits = digits_of(text);
  if (digits.size() == 11 && digits[0] == '1') digits.erase(0, 1);
  return digits.size() == 10 && digits[0] >= '2' && digits[3] >= '2' &&
         digits.substr(3, 5) != "55501" && digits.substr(1, 2) != "11" &&
         digits.substr(4, 2) != "11";
}

struct Shape {
  const char* pattern;
  bool (*check)(std::string_view match);
  std::size_t shown;  // leading characters that may be shown
};

// Secrets in front: where two shapes meet, the earlier one names it.
constexpr SensitiveRule kRules[] = {
    {"secret/private-key",     "a private key",               SensitiveKind::secret  },
    {"secret/aws-access-key",  "an AWS access key",           SensitiveKind::secret  },
    {"secret/anthropic",       "an Anthropic API key",        SensitiveKind::secret  },
    {"secret/openai",          "an OpenAI API key",           SensitiveKind::secret  },
    {"secret/github",          "a GitHub token",              SensitiveKind::secret  },
    {"secret/gitlab",          "a GitLab token",              SensitiveKind::secret  },
    {"secret/google",          "a Google API key",            SensitiveKind::secret  },
    {"secret/huggingface",     "a Hugging Face token",        SensitiveKind::secret  },
    {"secret/npm",             "an npm token",                SensitiveKind::secret  },
    {"secret/pypi",            "a PyPI token",                SensitiveKind::secret  },
    {"secret/slack",           "a Slack token",               SensitiveKind::secret  },
    {"secret/slack-webhook",   "a Slack webhook",             SensitiveKind::secret  },
    {"secret/stripe",          "a Stripe key",                SensitiveKind::secret  },
    {"secret/json-web-token",  "a JSON web token",            SensitiveKind::secret  },
    {"secret/password-in-url", "a password in a URL",         SensitiveKind::secret  },
    {"secret/assignment",      "a secret that is assigned",   SensitiveKind::secret  },
    {"pii/iban",               "an IBAN",                     SensitiveKind::personal},
    {"pii/card",               "a payment card number",       SensitiveKind::personal},
    {"pii/ssn",                "a US social security number", SensitiveKind::personal},
    {"pii/email",              "an e-mail address",           SensitiveKind::personal},
    {"pii/phone",              "a telephone number",          SensitiveKind::personal},
    {"pii/phone",              "a telephone number",          SensitiveKind::personal},
};

constexpr Shape kShapes[] = {
    {R"(-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY-----)",                                                             &always,             10},
    {R"((?:AKIA|ASIA)[A-Z2-7]{16})",                                                                                  &random_looking,     4 },
    {R"(sk-ant-[A-Za-z0-9]{2,10}-[A-Za-z0-9_-]{20,})",                                                                &random_looking,     7 },
    {R"(sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,})",                                                            &random_looking,     3 },
    {R"(gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})",                                   &random_looking,
     4                                                                                                                                       },
    {R"(glpat-[A-Za-z0-9_-]{20,})",                                                                                   &random_looking,     6 },
    {R"(AIza[0-9A-Za-z_-]{35})",                                                                                      &random_looking,     4 },
    {R"(hf_[A-Za-z0-9]{34,})",                                                                                        &always,             3 },
    {R"(npm_[A-Za-z0-9]{36})",                                                                                        &random_looking,     4 },
    {R"(pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,})",                                                                     &always,             5 },
    {R"(xox[abeoprs]-[0-9A-Za-z-]{10,})",                                                                             &random_looking,     5 },
    {R"(https://hooks\.slack\.com/services/T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/[A-Za-z0-9]{20,})",                            &always,
     23                                                                                                                                      },
    {R"((?:sk|rk)_(?:live|test)_[0-9A-Za-z]{16,})",                                                                   &random_looking,     8 },
    {R"(eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})",                                           &always,             3 },
    {R"([a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s/:@"'<>]{1,100}:[^\s/:@"'<>]{3,100}@)",                                    &real_password,
     8                                                                                                                                       },
    {R"((?i)(?:api[_-]?key|secret|token|passwd|password)["']?\s{0,3}[:=]\s{0,3}["']?[A-Za-z0-9/+_.=-]{16,200}["']?)",
     &random_assignment,                                                                                                                   3 },
    {R"([A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)",                                                 &real_iban,          4 },
    {R"([0-9](?:[ -]?[0-9]){12,18})",                                                                                 &real_card,          0 },
    {R"([0-9]{3}-[0-9]{2}-[0-9]{4})",                                                                                 &real_ssn,           0 },
    {R"([A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24})",
     &real_mailbox,                                                                                                                        1 },
    {R"(\+[0-9](?:[ ().-]{0,2}[0-9]){7,14})",                                                                         &real_international, 2 },
    {R"((?:1[ .-])?(?:\([0-9]{3}\) ?|[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4})",                                           &real_american,      0 },
};
static_assert(std::size(kRules) == std::size(kShapes));

struct Compiled {
  std::unique_ptr<RE2::Set> set;
  std::vector<std::unique_ptr<RE2>> each;
};

const Compiled& compiled() {
  static const Compiled kCompiled = [] {
    RE2::Options options;
    options.set_encoding(RE2::Options::EncodingLatin1);  // bytes: the text may be broken UTF-8
    options.set_log_errors(false);
    Compiled all;
    all.set = std::make_unique<RE2::Set>(options, RE2::UNANCHORED);
    for (const Shape& shape : kShapes) {
      all.set->Add(shape.pattern, nullptr);
      all.each.push_back(std::make_unique<RE2>(shape.pattern, options));
    }
    all.set->Compile();
    return all;
  }();
  return kCompiled;
}

bool word_byte(char c) { return digit(c) || letter(c) || c == '_'; }

// The match is no part of a longer word or number.
bool stands_alone(std::string_view text, std::size_t offset, std::size_t length) {
  if (offset > 0 && word_byte(text[offset]) && word_byte(text[offset - 1])) return false;
  const std::size_t end = offset + length;
  if (end == text.size() || !word_byte(text[end - 1])) return true;
  if (word_byte(text[end])) return false;
  // 1234-5678 inside 1234-5678-9012, 1.234 inside 1.234.567
  return !(digit(text[end - 1]) && (text[end] == '-' || text[end] == '.') &&
           end + 1 < text.size() && digit(text[end + 1]));
}

}  // namespace

std::span<const SensitiveRule> sensitive_rules() {
  return std::span(kRules).first(std::size(kRules) - 1);
}

std::vector<SensitiveFind> find_sensitive(std::string_view text) {
  std::vector<SensitiveFind> found;
  std::vector<int> occurring;
  if (!compiled().set->Match(text, &occurring)) return found;
  std::ranges::sort(occurring);
  for (const int index : occurring) {
    const auto i = static_cast<std::size_t>(index);
    std::string_view match;
    re2::StringPiece piece;
    for (std::size_t at = 0; at < text.size();) {
      if (!compiled().each[i]->Match(text, at, text.size(), RE2::UNANCHORED, &piece, 1) ||
          piece.empty())
        break;
      const auto offset = static_cast<std::size_t>(piece.data() - text.data());
      match = text.substr(offset, piece.size());
      const bool taken = std::ranges::any_of(found, [&](const SensitiveFind& other) {
        return offset < other.offset + other.length && other.offset < offset + match.size();
      });
      if (taken || !stands_alone(text, offset, match.size()) || !kShapes[i].check(match)) {
        at = offset + 1;
        // Not from the middle of the same word or number: that would only find its tail.
        while (at < offset + match.size() && word_byte(text[at]) && word_byte(text[at - 1])) ++at;
        continue;
      }
      const std::size_t rule = i == std::size(kRules) - 1 ? i - 1 : i;
      found.push_back({.rule = &kRules[rule],
                       .offset = offset,
                       .length = match.size(),
                       .shown = std::string(match.substr(0, kShapes[i].shown)) + "…"});
      at = offset + match.size();
    }
  }
  std::ranges::sort(found, {}, &SensitiveFind::offset);
  return found;
}

std::string redact_sensitive(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  for (const SensitiveFind& find : find_sensitive(text)) {
    out += text.substr(at, find.offset - at);
    out += fmt::format("[{}]", find.rule->id);
    at = find.offset + find.length;
  }
  out += text.substr(at);
  return out;
}

}  // namespace llmops
