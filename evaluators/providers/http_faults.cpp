#include "evaluators/providers/http_faults.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "datasets/text/fields.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

using std::chrono::nanoseconds;

struct ErrorText {
  std::string message;
  std::string marks;                       // type and code in lower case, with blanks around each
  std::optional<nanoseconds> retry_delay;  // as Google's RetryInfo says it
  bool daily = false;  // Google's QuotaFailure names a quota of a day: no retry helps in time
  bool of_anthropic = false;  // Anthropic's own shape, with its request's number
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

void add_marks(ErrorText& text, const Value& from) {
  for (const std::string_view key : {"type", "code", "status", "error_type"})
    if (const Value* mark = from.find(key)) text.marks += " " + lower(to_text(*mark)) + " ";
}

std::optional<nanoseconds> go_duration(std::string_view text);

// Google's `details`: [{"@type": ".../RetryInfo", "retryDelay": "32s"}, {"@type":
// ".../QuotaFailure", "violations": [{"quotaId":
// "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}].
void add_details(ErrorText& text, const Value& error) {
  const Value* details = error.find("details");
  if (details == nullptr || details->list() == nullptr) return;
  for (const Value& each : *details->list()) {
    if (const Value* delay = each.find("retryDelay"))
      text.retry_delay = go_duration(to_text(*delay));
    const Value* violations = each.find("violations");
    if (violations == nullptr || violations->list() == nullptr) continue;
    for (const Value& violation : *violations->list())
      if (const Value* id = violation.find("quotaId"))
        text.daily = text.daily || to_text(*id).find("PerDay") != std::string::npos;
  }
}

// The shapes: {"error":{"message","type","code"}}, {"error":"text","error_type"},
// {"object":"error","message"},
// [{"error":{...}}], {"detail":...}, {"message":...}.
ErrorText error_text(const Value& document) {
  ErrorText text;
  const Value* root = &document;
  if (const List* items = root->list(); items != nullptr && !items->empty()) root = &items->front();
  add_marks(text, *root);
  text.of_anthropic = root->find("request_id") != nullptr && root->find("type") != nullptr;
  for (const std::string_view key : {"error", "message", "detail"}) {
    const Value* found = root->find(key);
    if (found == nullptr || found->is_null()) continue;
    if (found->is_object()) {
      add_marks(text, *found);
      add_details(text, *found);
      const Value* message = found->find("message");
      text.message = to_text(message != nullptr ? *message : *found);
    } else {
      text.message = to_text(*found);
    }
    break;
  }
  return text;
}

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

// What the words of the error say, where they say more than the status; `none` otherwise.
ErrorClass kind_by_words(const ErrorText& text) {
  const std::string message = lower(text.message);
  // Google says "exceeded your current quota" of the quota of a minute as well.
  if (has_any(text.marks, {" resource_exhausted "}))
    return text.daily ? ErrorClass::quota : ErrorClass::rate_limited;
  if (has_any(text.marks, {"insufficient_quota", "billing", "credit", "budget_exceeded"}) ||
      has_any(message,
              {"exceeded your current quota", "insufficient quota", "credit balance", "spend limit",
               "insufficient credits", "billing hard limit", "specified api usage limits"}))
    return ErrorClass::quota;
  if (has_any(text.marks,
              {"context_length_exceeded", "exceed_context_size", "string_above_max_length"}) ||
      has_any(message, {"maximum context length", "context window", "prompt is too long",
                        "context size", "too many tokens", "longer than the maximum model length"}))
    return ErrorClass::too_long;
  if (has_any(text.marks, {"content_filter", "content_policy"}) ||
      has_any(message, {"content management policy", "content filter"}))
    return ErrorClass::content_filter;
  if (has_any(text.marks,
              {"authentication_error", "invalid_api_key", "permission_error", "permission_denied"}))
    return ErrorClass::auth;
  return ErrorClass::none;
}

ErrorClass kind_by_status(int status) {
  switch (status) {
    case 400:
    case 405:
    case 406:
    case 415:
    case 422:
      return ErrorClass::bad_request;
    case 401:
    case 403:
    case 407:
      return ErrorClass::auth;
    case 402:
      return ErrorClass::quota;
    case 404:
    case 410:
    case 501:
      return ErrorClass::not_found;
    case 408:
    case 424:
      return ErrorClass::server_error;
    case 409:
    case 425:
      return ErrorClass::conflict;
    case 413:
      return ErrorClass::too_long;
    case 429:
      return ErrorClass::rate_limited;
    case 503:
    case 529:
      return ErrorClass::overloaded;
    default:
      break;
  }
  if (status >= 500) return ErrorClass::server_error;
  return status >= 400 ? ErrorClass::bad_request : ErrorClass::other;
}

std::string shortened(std::string_view text) {
  constexpr std::size_t kLongest = 300;  // code points: two lines of a terminal
  std::string clean = repair_utf8(text.substr(0, 4 * kLongest));
  if (code_points(clean) > kLongest) clean = code_point_slice(clean, 0, kLongest) + "…";
  return clean;
}

// "6m0s", "1h2m", "20ms", "1.5s": Go's form, several parts. A bare number counts seconds.
std::optional<nanoseconds> go_duration(std::string_view text) {
  nanoseconds sum{0};
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const std::size_t unit = text.find_first_not_of("0123456789.");
    std::size_t end = unit == std::string_view::npos ? text.size() : unit;
    while (end < text.size() && text[end] >= 'a' && text[end] <= 'z') ++end;
    const auto part = parse_duration(text.substr(0, end));
    if (!part) return std::nullopt;
    sum += *part;
    text.remove_prefix(end);
  }
  return sum;
}

constexpr std::time_t kLongestWait_s = 366L * 24 * 3600;

std::optional<nanoseconds> until_date(std::string_view text,
                                      std::chrono::system_clock::time_point now) {
  std::tm parts{};
  std::time_t when = -1;
  // RFC 3339, as Anthropic writes its resets; a fraction or an offset other than Z is rare enough
  // to round.
  if (std::sscanf(std::string(text).c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &parts.tm_year,
                  &parts.tm_mon, &parts.tm_mday, &parts.tm_hour, &parts.tm_min,
                  &parts.tm_sec) == 6) {
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    when = ::timegm(&parts);
  } else {
    when = curl_getdate(std::string(text).c_str(), nullptr);
  }
  if (when < 0) return std::nullopt;
  // A year far ahead would not fit into nanoseconds.
  when = std::min(when, std::chrono::system_clock::to_time_t(now) + kLongestWait_s);
  return std::max<nanoseconds>(nanoseconds(0), std::chrono::system_clock::from_time_t(when) - now);
}

std::optional<nanoseconds> wait_of(std::string_view text,
                                   std::chrono::system_clock::time_point now) {
  if (const auto duration = go_duration(text)) return duration;
  return until_date(text, now);
}

}  // namespace

CallError http_fault(const HttpHead& head, std::string_view body) {
  if (head.status >= 300 && head.status < 400)
    return {ErrorClass::other,
            fmt::format("HTTP {}: the server redirects to {}; set `base_url` to where it answers",
                        head.status, head.header("location").value_or("another place"))};
  ErrorText text;
  if (const Result<Value> document = parse_json(body, "answer")) text = error_text(*document);
  ErrorClass kind = kind_by_status(head.status);
  const ErrorClass told = kind_by_words(text);
  // The words refine "bad request" and "too many requests"; a 5xx stays a 5xx whatever it says.
  if (told != ErrorClass::none &&
      (kind == ErrorClass::bad_request || kind == ErrorClass::rate_limited))
    kind = told;
  // Anthropic names a time to come back with every limit but the cap on what may be spent.
  if (kind == ErrorClass::rate_limited && text.of_anthropic &&
      !retry_after(head, body, std::chrono::system_clock::now()))
    kind = ErrorClass::quota;
  const std::string_view fallback =
      head.content_type() == "text/html" ? std::string_view("an HTML page") : body;
  std::string message = fmt::format("HTTP {}", head.status);
  const std::string said =
      shortened(text.message.empty() ? fallback : std::string_view(text.message));
  if (!said.empty()) message += ": " + said;
  return {kind, std::move(message)};
}

CallError error_object_fault(const Value& document) {
  const ErrorText text = error_text(document);
  ErrorClass kind = kind_by_words(text);
  if (kind == ErrorClass::none && has_any(text.marks, {"overloaded"}))
    kind = ErrorClass::overloaded;
  if (kind == ErrorClass::none && has_any(text.marks, {"rate_limit", "429"}))
    kind = ErrorClass::rate_limited;
  if (kind == ErrorClass::none) kind = ErrorClass::error_in_stream;
  return {kind, "error in the answer: " + shortened(text.message)};
}

std::optional<nanoseconds> retry_after(const HttpHead& head, std::string_view body,
                                       std::chrono::system_clock::time_point now) {
  if (const auto ms = head.header("retry-after-ms")) {
    double amount = 0;
    if (std::from_chars(ms->data(), ms->data() + ms->size(), amount).ec == std::errc{} &&
        amount >= 0 && amount < 1e9)
      return nanoseconds(std::llround(amount * 1e6));
  }
  if (const auto seconds = head.header("retry-after"))
    if (const auto wait = wait_of(*seconds, now)) return wait;
  if (body.find("retryDelay") != std::string_view::npos)
    if (const Result<Value> document = parse_json(body, "answer"))
      if (const auto delay = error_text(*document).retry_delay) return delay;
  std::optional<nanoseconds> longest;
  for (const std::string_view what : {"requests", "tokens", "input-tokens", "output-tokens"}) {
    for (const auto& [remaining, reset] : {
             std::pair{fmt::format("x-ratelimit-remaining-{}",         what),
                       fmt::format("x-ratelimit-reset-{}",         what)},
             std::pair{fmt::format("anthropic-ratelimit-{}-remaining", what),
                       fmt::format("anthropic-ratelimit-{}-reset", what)}
    }) {
      const auto left = head.header(remaining);
      const auto until = head.header(reset);
      if (!left || *left != "0" || !until) continue;
      if (const auto wait = wait_of(*until, now))
        longest = std::max(longest.value_or(nanoseconds(0)), *wait);
    }
  }
  return longest;
}

}  // namespace llmops
