#pragma once
#include <string>

#include "evaluators/judge/pairwise.h"

namespace llmops {

std::string_view name(Protocol protocol);
std::string_view pairwise_system(Protocol protocol);
// What the judge is asked, and after the texts how it is to answer.
std::string pairwise_question(Protocol protocol, const std::string& criteria, bool reference);
std::string_view pairwise_reply(Protocol protocol);
// Names of the two texts: first, second.
std::array<std::string_view, 2> pairwise_labels(Protocol protocol);

}  // namespace llmops
