#pragma once
// An embeddings endpoint for tests: each text becomes three numbers that depend on nothing else.

#include <string>
#include <vector>

#include "tests/support/loopback_server.h"

namespace llmops::test {

// The texts of a request's `input` or `inputs`.
std::vector<std::string> embedded_texts(const Received& request);

// Length, number of vowels, number of blanks.
std::vector<double> toy_embedding(const std::string& text);

// The answer of /v1/embeddings with `usage` of one token a text.
Reply embeddings_answer(const Received& request);

}  // namespace llmops::test
