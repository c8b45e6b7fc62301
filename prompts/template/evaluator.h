#pragma once
#include <string>
#include <vector>

#include "datasets/text/value.h"
#include "prompts/template/program.h"

namespace llmops::jinja {

// What went wrong while rendering; thrown by `run`.
struct Failure {
  Place place;
  std::string what, expected, help;
};

// Renders a compiled template and appends to `out`. Variables that are bound by no tag are looked
// up in `scopes` from the first to the last. Throws Failure.
void run(const Body& body, int slots, const std::vector<const Object*>& scopes, std::string& out);

}  // namespace llmops::jinja
