#pragma once
#include <memory>
#include <string>

#include "evaluators/providers/provider.h"
#include "evaluators/transport/http_client.h"

namespace llmops {

// How a key is sent: `Authorization: Bearer KEY`, `x-api-key: KEY`, ...
struct KeyHeader {
  std::string_view name = "Authorization";
  std::string_view prefix = "Bearer ";
};

// Where an HTTP provider asks, and with which headers.
struct Endpoint {
  std::string url;  // base_url + path + query
  std::string base_url;
  std::string query;  // "?a=b", or empty
  std::shared_ptr<const HttpHeaders> headers;
  std::vector<std::string> own_headers;  // the suite's and the key's, without the fixed ones
  bool has_key = false;
  std::string key_variable;  // as api_key_env names it
  std::string secret;        // the key itself: for hiding it in what servers send back
};

// Reads base_url, api_key_env, api_key_header, headers, query and notes every problem: a named
// environment variable that is not set, a base_url that is no http(s) URL. Adds `base_url` (without
// user and password) to the identity.
Endpoint read_endpoint(ModelSpec& model, Fields& fields, std::string_view default_base_url,
                       std::string_view path, KeyHeader key,
                       const std::vector<std::string>& fixed_headers);

}  // namespace llmops
