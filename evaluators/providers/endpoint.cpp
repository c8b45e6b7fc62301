#include "evaluators/providers/endpoint.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cstdlib>

namespace llmops {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

bool is_http_url(const std::string& url) {
  CURLU* parsed = curl_url();
  const bool good = curl_url_set(parsed, CURLUPART_URL, url.c_str(), 0) == CURLUE_OK &&
                    (url.starts_with("http://") || url.starts_with("https://"));
  curl_url_cleanup(parsed);
  return good;
}

// The URL without user and password.
std::string shown_url(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const std::size_t host_end = url.find_first_of("/?#", scheme + 3);
  const std::size_t at = url.rfind('@', host_end);
  if (at == std::string::npos || at < scheme + 3) return url;
  return url.substr(0, scheme + 3) + url.substr(at + 1);
}

// A line break in a header would smuggle in another one.
bool single_line(std::string_view text) {
  return text.find_first_of("\r\n") == std::string_view::npos;
}

}  // namespace

Endpoint read_endpoint(ModelSpec& model, Fields& fields, std::string_view default_base_url,
                       std::string_view path, KeyHeader key,
                       const std::vector<std::string>& fixed_headers) {
  Endpoint endpoint;
  endpoint.base_url = fields.text("base_url").value_or(std::string(default_base_url));
  while (endpoint.base_url.ends_with('/')) endpoint.base_url.pop_back();
  if (endpoint.base_url.empty())
    fields.missing("base_url", "the address of the server, such as http://127.0.0.1:8000/v1");
  else if (!is_http_url(endpoint.base_url))
    fields.error(fields.mark("base_url"),
                 fmt::format("`base_url` is `{}`", shown_url(endpoint.base_url)),
                 "expected an http:// or https:// URL");
  endpoint.url = endpoint.base_url + std::string(path);
  model.identity.set("base_url", shown_url(endpoint.base_url));

  if (const Value* query = fields.mapping("query")) {
    char separator = '?';
    for (const Member& member : *query->object()) {
      endpoint.query +=
          fmt::format("{}{}={}", separator, escaped(member.key), escaped(to_text(member.value)));
      separator = '&';
    }
    model.identity.set("query", *query);
    endpoint.url += endpoint.query;
  }

  std::vector<std::string>& lines = endpoint.own_headers;
  if (const Value* headers = fields.mapping("headers")) {
    for (const Member& member : *headers->object()) {
      const std::string text = to_text(member.value);
      if (!single_line(member.key) || !single_line(text) || member.key.empty())
        fields.error(member.value.mark(),
                     fmt::format("header `{}` has a line break or no name", member.key),
                     "expected one line");
      else
        lines.push_back(member.key + ": " + text);
    }
  }
  const std::string header = fields.text("api_key_header").value_or("");
  if (const auto variable = fields.text("api_key_env")) {
    endpoint.key_variable = *variable;
    const char* secret = std::getenv(variable->c_str());
    if (secret == nullptr || *secret == '\0')
      fields.error(
          fields.mark("api_key_env"),
          fmt::format("the environment variable `{}` is not set", *variable),
          "expected the API key in it",
          fmt::format("export {0}=..., or leave `api_key_env` out for a server that wants no key",
                      *variable),
          variable->size());
    else if (!single_line(secret))
      fields.error(fields.mark("api_key_env"),
                   fmt::format("the key in `{}` has a line break", *variable), "expected one line");
    else
      lines.push_back(header.empty() ? fmt::format("{}: {}{}", key.name, key.prefix, secret)
                                     : fmt::format("{}: {}", header, secret));
    endpoint.has_key = true;
    endpoint.secret = secret == nullptr ? "" : secret;
    model.key_variable = *variable;
  }
  model.account = endpoint.base_url + '|' + model.key_variable;
  std::vector<std::string> all = fixed_headers;
  all.emplace_back("Expect:");  // no waiting for "100 Continue" before a long body
  all.insert(all.end(), lines.begin(), lines.end());
  endpoint.headers = std::make_shared<const HttpHeaders>(all);
  return endpoint;
}

}  // namespace llmops
