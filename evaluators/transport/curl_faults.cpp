#include "evaluators/transport/curl_faults.h"

namespace llmops {
namespace {

ErrorClass kind_of(CURL* easy, CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return ErrorClass::resolve;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
    case CURLE_PROXY:
      return ErrorClass::connect;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_USE_SSL_FAILED:
      return ErrorClass::tls;
    case CURLE_OPERATION_TIMEDOUT: {
      // Only the connection has a time limit of libcurl's; all others are deadlines of ours.
      curl_off_t resolved = 0;
      curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
      return resolved == 0 ? ErrorClass::resolve : ErrorClass::timeout_connect;
    }
    case CURLE_PARTIAL_FILE:
      return ErrorClass::truncated;
    case CURLE_ABORTED_BY_CALLBACK:  // see on_request in http_client.cpp
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return ErrorClass::reset;
    case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9: bytes that are no HTTP
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return ErrorClass::wrong_content_type;
    default:
      return ErrorClass::other;
  }
}

}  // namespace

CallError curl_fault(CURL* easy, CURLcode code, const char* detail) {
  const ErrorClass kind = kind_of(easy, code);
  std::string message = detail != nullptr && *detail != '\0' ? detail : curl_easy_strerror(code);
  if (code == CURLE_ABORTED_BY_CALLBACK) message = "the connection ended before the answer began";
  if (kind == ErrorClass::wrong_content_type)
    message = "the server does not answer in HTTP: " + message;
  return {kind, std::move(message)};
}

}  // namespace llmops
