#pragma once
// A compiled template: a tree of statements over a tree of expressions. Names are bound to numbered
// slots while compiling, so that rendering looks up by name only what comes from the data.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "datasets/text/source.h"
#include "datasets/text/value.h"

namespace llmops::jinja {

struct FilterInfo;
struct TestInfo;
struct MethodInfo;

// A stretch of the template text of one origin (the template itself is origin 0, each include
// another).
struct Place {
  std::uint32_t origin = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

struct Origin {
  std::shared_ptr<const Source> source;
  Mark start;
  std::string text;
};

enum class Operator {
  add,
  subtract,
  multiply,
  divide,
  floor_divide,
  modulo,
  power,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
  not_in,
};

enum class LoopField {
  index,
  index0,
  revindex,
  revindex0,
  first,
  last,
  length,
  depth,
  depth0,
  previous,
  next
};

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

struct Expression {
  enum class Kind {
    literal,
    name,
    loop_field,
    loop_cycle,
    attribute,
    item,
    slice,
    filter,
    test,
    method,
    range,
    negate,
    keep_sign,
    logical_not,
    logical_and,
    logical_or,
    binary,
    compare,
    concatenate,
    conditional,
    list,
    mapping,
  };
  Kind kind = Kind::literal;
  Place place;
  std::uint32_t depth = 1;
  Value literal;                     // literal
  std::string name;                  // name, attribute
  std::vector<ExpressionPtr> parts;  // operands; a missing optional argument is null
  std::vector<int> slots;            // name: where it may be bound, innermost first
  std::vector<Operator> operators;   // binary (one), compare (one less than parts)
  LoopField field = LoopField::index;
  int level = 0;         // loop_field, loop_cycle: which loop, 0 the outermost
  bool negated = false;  // test
  const FilterInfo* filter = nullptr;
  const TestInfo* test = nullptr;
  const MethodInfo* method = nullptr;
};

struct Statement;
using Body = std::vector<Statement>;

struct Statement {
  enum class Kind { text, output, branch, loop, assign };
  Kind kind = Kind::text;
  std::string text;
  ExpressionPtr expression;               // output, loop (what is walked over), assign
  ExpressionPtr condition;                // loop: `if` behind it
  std::vector<ExpressionPtr> conditions;  // branch: one for each body but the else body
  std::vector<Body> bodies;               // branch; loop: body, else body; `include` is spliced in
  std::vector<int> targets;               // loop, assign
  int first_slot = 0, last_slot = 0;      // loop: slots that each turn starts without
  int level = 0;                          // loop
};

struct VariableUse {
  std::string name;
  Place place;
  bool guarded = false;  // under `is defined` or `default`
};

// What hostile templates run into; far above any prompt.
constexpr std::uint32_t kDeepestExpression = 200;
constexpr int kDeepestBlock = 50;
constexpr std::size_t kMostIncludes = 1000;
constexpr std::size_t kLongestTemplate = 16U << 20;  // bytes, includes counted each time
constexpr std::size_t kLongestOutput = 64U
                                       << 20;   // bytes, of the output and of any text on the way
constexpr std::size_t kMostSteps = 20'000'000;  // statements and expressions
constexpr std::size_t kMostCopied = 4'000'000;  // nodes of values made on the way

}  // namespace llmops::jinja
