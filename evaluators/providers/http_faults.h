#pragma once
// What an HTTP answer that is no success means, from its status, headers and body.

#include <chrono>
#include <optional>
#include <string_view>

#include "evaluators/sample.h"
#include "evaluators/transport/http_client.h"

namespace llmops {

// A status outside 2xx. `body`: an error object in any of the servers' shapes, an array of it, a
// text, HTML.
CallError http_fault(const HttpHead& head, std::string_view body);

// An error object that came with status 200 (in a stream, or as the document).
CallError error_object_fault(const Value& document);

// When the server wants to be asked again: `retry-after-ms`, `retry-after` (seconds or a date),
// else the `retryDelay` in an error body (Gemini), else the reset header of whichever limit stands
// at 0 remaining (`6m0s`, `20ms`, seconds, RFC 3339). `now`: for dates.
std::optional<std::chrono::nanoseconds> retry_after(const HttpHead& head, std::string_view body,
                                                    std::chrono::system_clock::time_point now);

}  // namespace llmops
