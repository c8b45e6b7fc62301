#include "cli/feature.h"

#include "datasets/text/yaml.h"

namespace llmops {

std::string feature_of(const Suite& suite) {
  const Result<Value> root = parse_yaml(suite.source);
  const Value* feature = root ? root->find("feature") : nullptr;
  return feature != nullptr && feature->is_string() ? *feature->string() : "";
}

}  // namespace llmops
