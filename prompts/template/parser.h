#pragma once
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "prompts/template.h"
#include "prompts/template/program.h"

namespace llmops::jinja {

struct Parsed {
  Body body;
  std::vector<Origin> origins;
  std::vector<VariableUse> uses;  // of free variables, in order of appearance
  std::string resolved;
  int slots = 0;
};

// Where a place stands in its file, and how many code points it spans.
Diagnostic problem_at(const std::vector<Origin>& origins, Place place, std::string what,
                      std::string expected, std::string help);

// All syntax errors of the template and its includes at once.
Parsed parse(std::string_view text, const Source& source, Mark start, const IncludeLoader& include,
             Diagnostics& problems);

}  // namespace llmops::jinja
