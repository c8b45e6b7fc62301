#include "datasets/text/sensitive.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

using namespace llmops;

namespace {

std::string rules(std::string_view text) {
  std::string found;
  for (const SensitiveFind& find : find_sensitive(text))
    found += (found.empty() ? "" : " ") + std::string(find.rule->id);
  return found;
}

// Key-shaped texts are put together here, so that no scanner takes this file for a leak.
std::string key(std::string_view prefix, std::size_t length) {
  constexpr std::string_view kLetters = "aB3dE6gH9jK2mN5pQ8sT1vW4xY7z";
  std::string text(prefix);
  for (std::size_t i = 0; i < length; ++i) text += kLetters[(i * 11 + i / 28) % kLetters.size()];
  return text;
}

}  // namespace

TEST_CASE("sensitive: checksums") {
  for (const char* good : {"79927398713" /* 11 digits: too short */}) CHECK_FALSE(luhn_valid(good));
  CHECK(luhn_valid("4111111111111111"));
  CHECK(luhn_valid("378282246310005"));
  CHECK_FALSE(luhn_valid("4111111111111112"));
  CHECK_FALSE(luhn_valid("41111111a1111111"));
  // The examples of the IBAN registry.
  for (const char* good :
       {"GB29NWBK60161331926819", "DE89370400440532013000", "FR1420041010050500013M02606",
        "NO9386011117947", "MT84MALT011000012345MTLCAST001S", "CH9300762011623852957"}) {
    CAPTURE(good);
    CHECK(iban_valid(good));
  }
  CHECK_FALSE(iban_valid("DE89370400440532013001"));
  CHECK_FALSE(iban_valid("DE8937040044053201300"));
  CHECK_FALSE(iban_valid("XX89370400440532013000"));
  CHECK_FALSE(iban_valid(""));
}

TEST_CASE("sensitive: what is found") {
  struct Row {
    const char* why;
    std::string text;
    const char* rules;
  };
  const Row rows[] = {
      {"nothing",                                                "Ask for 3 apples, version 1.2.3, 2025-11-14, pi = 3.14159265358979",""                     },
      {"AWS",
       "use AKIA"
       "2E0A8F3B244C9986 now",""                     }, // 0, 1, 8, 9 are not in the alphabet
      {"AWS key",
       "use AKIA"
       "JQ5MTH2ZK3WLXP7R now","secret/aws-access-key"},
      {"the key of the AWS manual",
       "AKIA"
       "IOSFODNN7EXAMPLE",""                     },
      {"OpenAI",                                                 key("sk-",48),                     "secret/openai"},
      {"OpenAI project",                                                        key("sk-proj-",48),"secret/openai"},
      {"Anthropic",                                         key("sk-ant-api03-",80),                                                            "secret/anthropic"},
      {"placeholders",                                                     "sk-xxxxxxxxxxxxxxxxxxxxxxxx sk-your-own-key-goes-here",""},
      {"GitHub",key("ghp_",36),"secret/github"},
      {"GitLab",                                                                                                  key("glpat-",                                                                                                                                               20),                                                                                                                                                                                                                                    "secret/gitlab"},
      {"Google",                                                 key("AIza",35),"secret/google"},
      {"Hugging Face",                                                        key("hf_",34),"secret/huggingface"},
      {"Slack",                                         key("xoxb-",30),                                                                                                                                                                                                                                          "secret/slack"},
      {"Stripe",                                                     key("sk_live_",24),                                                                                         "secret/stripe"},
      {"private key",
       "-----BEGIN RSA "
       "PRIVATE KEY-----","secret/private-key"},
      {"public key",                                                 "-----BEGIN PUBLIC KEY-----",""},
      {"web token",                                                        key("eyJ",20) + key(".eyJ",30) + key(".", 40), "secret/json-web-token"},
      {"URL",
       "postgres://app:"
       "hunter22@db/prod","secret/password-in-url"                                                                                                                                                                },
      {"URL with a variable",                                                        "postgres://app:${PASSWORD}@db/prod and http://host:8080/a@b",""},
      {"assignment",                                           "api_key = \"" + key("",24) + "\"","secret/assignment"},
      {"assignment of a word",                                                    "password = correct-horse-battery-staple",""},
      {"e-mail",                                    "write to jane.doe+x@mail.acme.co.uk.","pii/email"},
      {"example domains",                                             "a@example.com b@x.example.org c@d.test",""},
      {"no e-mail",                                                        "a @ b.com, @handle, x@y",""},
      {"card",                                                        "4539 1488 0343 6467","pii/card"},
      {"card with hyphens",                                                        "card 4539-1488-0343-6467.","pii/card"},
      {"card without its digit",                                                        "4539 1488 0343 6468",""},
      {"a test card",                                                        "4111 1111 1111 1111",""                                },
      {"a long number",                                                        "45391488034364670000000",""},
      {"an order number that passes Luhn",                                                        "9539148803436464",""},
      {"IBAN",                                                        "DE89 3704 0044 0532 0130 00","pii/iban"},
      {"IBAN packed",                                                        "IBAN:GB29NWBK60161331926819,","pii/iban"},
      {"IBAN broken",                                                        "DE89 3704 0044 0532 0130 01",""},
      {"SSN",                                                        "ssn 536-90-4399","pii/ssn"},
      {"SSN out of use",                                                        "000-12-3456 666-12-3456 900-12-3456 123-00-4567 123-45-0000 078-05-1120",
       ""},
      {"phone",                                                        "+49 30 901820","pii/phone"                              },
      {"American phone",                                                        "(415) 867-5309 or 415-867-5309","pii/phone pii/phone"     },
      {"fictional phones",                                                        "415-555-0123, +1 415 555 0123",""},
      {"a date range is no phone",                                                        "2024-10-11 2024-10-12",""},
      {"an address is no phone",                                                        "192.168.100.1234",""},
      {"two finds in order",                                                        "a@acme.io 536-90-4399","pii/email pii/ssn"},
      {"broken UTF-8 around",
       "\xFF"
       "a@acme.io\xFF","pii/email"                                       },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(rules(row.text) == row.rules);
  }
}

TEST_CASE("sensitive: what is shown does not give it away") {
  for (const std::string& text :
       {std::string("4539148803436467"), std::string("jane.doe@acme.io"), key("sk-", 48),
        std::string("536-90-4399"), std::string("DE89370400440532013000")}) {
    CAPTURE(text);
    const auto found = find_sensitive(text);
    REQUIRE(found.size() == 1);
    CHECK(found[0].offset == 0);
    CHECK(found[0].length == text.size());
    CHECK(found[0].shown.size() <= 7 + 3);
    CHECK(found[0].shown.find(text.substr(text.size() / 2)) == std::string::npos);
  }
}

TEST_CASE("sensitive: redacted") {
  CHECK(redact_sensitive("mail a@acme.io or b@acme.io!") == "mail [pii/email] or [pii/email]!");
  CHECK(redact_sensitive("nothing here") == "nothing here");
}

TEST_CASE("sensitive: rules have ids of their own") {
  std::set<std::string_view> ids;
  for (const SensitiveRule& rule : sensitive_rules()) CHECK(ids.insert(rule.id).second);
}

TEST_CASE("sensitive: a long hostile text takes linear time") {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "1 2-";
  CHECK(rules(text) == "");
  CHECK(rules(std::string(300000, 'a')) == "");
  CHECK(rules(std::string(100000, '1')) == "");
}
