#pragma once
// Secrets and personal data in a text. What is found is never handed out in full.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

enum class SensitiveKind { secret, personal };

struct SensitiveRule {
  std::string_view id;    // "secret/aws-access-key", "pii/card"
  std::string_view what;  // "an AWS access key"
  SensitiveKind kind;
};

struct SensitiveFind {
  const SensitiveRule* rule = nullptr;
  std::size_t offset = 0;  // bytes
  std::size_t length = 0;
  std::string shown;  // enough to recognise it, too little to use it: "AKIA…"
};

// Everything that is looked for.
std::span<const SensitiveRule> sensitive_rules();

// Finds keys of the large providers by their published shapes, private keys, JSON web tokens,
// passwords in URLs and assignments; e-mail addresses, payment cards (issuer ranges of ISO/IEC 7812
// and the Luhn digit), IBANs (length of the country, ISO 7064 mod 97), US social security numbers
// (areas in use), telephone numbers in international or North American form. Values that are
// reserved for examples (example.com, 555-01xx, AKIA…EXAMPLE, the issuers' test cards) are not
// reported. In the order of the text, none inside another. Linear in the text.
std::vector<SensitiveFind> find_sensitive(std::string_view text);

// The text with every find replaced by "[rule id]".
std::string redact_sensitive(std::string_view text);

// Digits only, 12 to 19 of them, the last one the Luhn digit (ISO/IEC 7812-1, annex B).
bool luhn_valid(std::string_view digits);
// An IBAN without blanks: known country, its length, mod 97 = 1 (ISO 13616, ISO 7064).
bool iban_valid(std::string_view iban);

}  // namespace llmops
