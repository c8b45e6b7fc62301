#pragma once
// JSON Schema (drafts 7 to 2020-12, the validation vocabulary), over the value tree.

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "datasets/text/result.h"
#include "datasets/text/value.h"

namespace re2 {
class RE2;
}

namespace llmops {

// Keywords: type enum const, allOf anyOf oneOf not if then else, properties required
// additionalProperties patternProperties propertyNames minProperties maxProperties
// dependentRequired dependentSchemas dependencies, items prefixItems additionalItems contains
// minContains maxContains minItems maxItems uniqueItems, minimum maximum exclusiveMinimum
// exclusiveMaximum multipleOf, minLength maxLength pattern, $ref inside the document. `format` and
// other words are notes, as the standard has it. Patterns are RE2: linear time, no look-around.
// Lengths count code points.
class Schema {
 public:
  // Problems: broken patterns and references, unknown types, keywords that would change the verdict
  // but are not supported ($dynamicRef, unevaluatedProperties, unevaluatedItems). `what` names the
  // schema in them.
  static Result<Schema> compile(Value schema, const std::string& what);

  // What is wrong with a value: the first thing, with its place ("/items/0/price: is not a
  // number"). Nothing: it is valid.
  std::optional<std::string> problem(const Value& value) const;

 private:
  struct Parts {
    Value root;
    std::unordered_map<std::string, std::unique_ptr<re2::RE2>> patterns;
  };
  friend class SchemaCheck;
  explicit Schema(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

}  // namespace llmops
