#pragma once
#include <curl/curl.h>

#include "evaluators/sample.h"

namespace llmops {

// What went wrong below HTTP. `detail`: libcurl's own words, may be empty.
CallError curl_fault(CURL* easy, CURLcode code, const char* detail);

}  // namespace llmops
