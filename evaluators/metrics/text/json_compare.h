#pragma once
#include <cstddef>
#include <string>

#include "datasets/text/value.h"

namespace llmops {

struct JsonTolerance {
  double absolute = 0;
  double relative = 0;        // to the wanted number
  bool ignore_order = false;  // of lists
  bool ignore_extra = false;  // members that are not wanted do not matter
};

// How much of the wanted document is there. Leaves are everything but lists and mappings that hold
// something.
struct JsonAgreement {
  bool equal = false;
  std::size_t leaves = 0, same = 0;  // of the wanted document
  std::string first;                 // place and kind of the first difference
};

bool numbers_agree(double found, double wanted, const JsonTolerance& tolerance);
JsonAgreement compare_json(const Value& found, const Value& wanted, const JsonTolerance& tolerance);

}  // namespace llmops
