#pragma once
#include <memory>
#include <string>
#include <vector>

#include "datasets/text/value.h"

namespace llmops {

struct Tag {
  std::string key;  // "lang"; a bare word is a key whose value is "true"
  std::string value;
};

// One row of a dataset.
struct Case {
  std::string id;                       // given, or a stable hash of the row's content
  Object variables;                     // every column under its own name, for templates
  std::vector<std::string> references;  // wanted texts; none where the row has none
  std::vector<std::string> context;     // passages for retrieval metrics
  std::vector<Tag> tags;                // slices
  std::string group;                    // cluster; empty: the case stands alone
  double weight = 1.0;
  Object metadata;                          // carried along for the user, never interpreted
  std::shared_ptr<const std::string> file;  // origin, for messages
  std::size_t line = 0;
};

}  // namespace llmops
