#include "prompts/template/expression_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "datasets/text/diagnostic.h"
#include "prompts/template/library.h"

namespace llmops::jinja {
namespace {

struct Field {
  std::string_view name;
  LoopField field;
};
constexpr std::array<Field, 11> kLoopFields = {
    {
     {"index", LoopField::index},
     {"index0", LoopField::index0},
     {"revindex", LoopField::revindex},
     {"revindex0", LoopField::revindex0},
     {"first", LoopField::first},
     {"last", LoopField::last},
     {"length", LoopField::length},
     {"depth", LoopField::depth},
     {"depth0", LoopField::depth0},
     {"previtem", LoopField::previous},
     {"nextitem", LoopField::next},
     }
};

// Words that end an operand, so that they are never the argument of a test: `x is odd and y`.
bool is_word_operator(std::string_view name) {
  constexpr std::array<std::string_view, 6> kWords = {"else", "or", "and", "is", "if", "in"};
  return std::ranges::find(kWords, name) != kWords.end() || name == "not";
}

}  // namespace

int NameTable::bind(const std::string& name) {
  for (const Binding& binding : scopes.back())
    if (binding.name == name) return binding.slot;
  scopes.back().push_back({name, slots});
  return slots++;
}

std::vector<int> NameTable::find(std::string_view name) const {
  std::vector<int> found;
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope)
    for (const Binding& binding : *scope)
      if (binding.name == name) found.push_back(binding.slot);
  return found;
}

ExpressionParser::ExpressionParser(std::vector<Token> tokens, std::size_t skip,
                                   std::uint32_t origin, std::string_view text, NameTable& names)
    : tokens_(std::move(tokens)), next_(skip), origin_(origin), text_(text), names_(names) {}

void ExpressionParser::fail(const Token& token, std::string what, std::string expected,
                            std::string help) const {
  throw LexError{token.begin, std::max<std::size_t>(1, token.source.size()), std::move(what),
                 std::move(expected), std::move(help)};
}

void ExpressionParser::unexpected(std::string_view expected) const {
  const Token& token = here();
  fail(token,
       token.kind == Token::Kind::end ? "the tag ends too early"
                                      : fmt::format("`{}` stands where it cannot", token.source),
       std::string(expected));
}

bool ExpressionParser::take_symbol(std::string_view symbol) {
  if (!at_symbol(symbol)) return false;
  ++next_;
  return true;
}

bool ExpressionParser::take_name(std::string_view name) {
  if (!at_name(name)) return false;
  ++next_;
  return true;
}

void ExpressionParser::expect_name(std::string_view name, std::string_view expected) {
  if (!take_name(name)) unexpected(expected);
}

void ExpressionParser::expect_symbol(std::string_view symbol, std::string_view expected) {
  if (take_symbol(symbol)) return;
  if (expected.empty()) unexpected(fmt::format("expected `{}`", symbol));
  unexpected(expected);
}

void ExpressionParser::expect_end() {
  if (here().kind != Token::Kind::end) unexpected("expected the end of the tag or an operator");
}

ExpressionPtr ExpressionParser::make(Kind kind, std::size_t begin,
                                     std::vector<ExpressionPtr> parts) const {
  auto made = std::make_unique<Expression>();
  made->kind = kind;
  const Token& last = tokens_[next_ > 0 ? next_ - 1 : 0];
  made->place = {origin_, static_cast<std::uint32_t>(begin),
                 static_cast<std::uint32_t>(last.begin + last.source.size())};
  for (const ExpressionPtr& part : parts)
    if (part) made->depth = std::max(made->depth, part->depth + 1);
  made->parts = std::move(parts);
  if (made->depth > kDeepestExpression)
    fail(last, fmt::format("an expression of more than {} levels", kDeepestExpression), "",
         "split it with `{% set %}`");
  return made;
}

ExpressionPtr ExpressionParser::binary(Operator op, std::size_t begin, ExpressionPtr left,
                                       ExpressionPtr right) const {
  std::vector<ExpressionPtr> parts;
  parts.push_back(std::move(left));
  parts.push_back(std::move(right));
  ExpressionPtr made = make(Kind::binary, begin, std::move(parts));
  made->operators = {op};
  return made;
}

ExpressionPtr ExpressionParser::expression() {
  if (++nested_ > static_cast<int>(kDeepestExpression))
    fail(here(), fmt::format("an expression of more than {} levels", kDeepestExpression));
  const std::size_t begin = here().begin;
  ExpressionPtr value = logical_or();
  while (take_name("if")) {
    std::vector<ExpressionPtr> parts;
    parts.push_back(logical_or());
    parts.push_back(std::move(value));
    parts.push_back(take_name("else") ? expression() : nullptr);
    value = make(Kind::conditional, begin, std::move(parts));
  }
  --nested_;
  return value;
}

ExpressionPtr ExpressionParser::loop_source() { return logical_or(); }

ExpressionPtr ExpressionParser::expression_or_list() {
  const std::size_t begin = here().begin;
  ExpressionPtr first = expression();
  if (!at_symbol(",")) return first;
  std::vector<ExpressionPtr> parts;
  parts.push_back(std::move(first));
  while (take_symbol(",")) {
    if (here().kind == Token::Kind::end) break;
    parts.push_back(expression());
  }
  return make(Kind::list, begin, std::move(parts));
}

std::vector<std::string> ExpressionParser::targets() {
  std::vector<std::string> names;
  const bool bracket = take_symbol("(");
  do {
    if (here().kind != Token::Kind::name || is_word_operator(here().source))
      unexpected("expected a name");
    if (here().source == "loop")
      fail(here(), "`loop` belongs to the loop itself", "expected another name");
    names.emplace_back(here().source);
    ++next_;
  } while (take_symbol(","));
  if (bracket) expect_symbol(")");
  return names;
}

std::string ExpressionParser::include_path(Place& where) {
  const Token& token = here();
  if (token.kind != Token::Kind::text)
    unexpected("expected the file's name in quotes: `{% include \"name.txt\" %}`");
  where = {origin_, static_cast<std::uint32_t>(token.begin),
           static_cast<std::uint32_t>(token.begin + token.source.size())};
  ++next_;
  return *token.value.string();
}

ExpressionPtr ExpressionParser::logical_or() {
  const std::size_t begin = here().begin;
  ExpressionPtr first = logical_and();
  if (!at_name("or")) return first;
  std::vector<ExpressionPtr> parts;
  parts.push_back(std::move(first));
  while (take_name("or")) parts.push_back(logical_and());
  return make(Kind::logical_or, begin, std::move(parts));
}

ExpressionPtr ExpressionParser::logical_and() {
  const std::size_t begin = here().begin;
  ExpressionPtr first = logical_not();
  if (!at_name("and")) return first;
  std::vector<ExpressionPtr> parts;
  parts.push_back(std::move(first));
  while (take_name("and")) parts.push_back(logical_not());
  return make(Kind::logical_and, begin, std::move(parts));
}

ExpressionPtr ExpressionParser::logical_not() {
  const std::size_t begin = here().begin;
  std::size_t count = 0;
  while (take_name("not")) ++count;
  ExpressionPtr value = compare();
  for (; count > 0; --count) {
    std::vector<ExpressionPtr> parts;
    parts.push_back(std::move(value));
    value = make(Kind::logical_not, begin, std::move(parts));
  }
  return value;
}

ExpressionPtr ExpressionParser::compare() {
  constexpr std::pair<std::string_view, Operator> kSymbols[] = {
      {"==", Operator::equal        },
      {"!=", Operator::not_equal    },
      {"<",  Operator::less         },
      {"<=", Operator::less_equal   },
      {">",  Operator::greater      },
      {">=", Operator::greater_equal}
  };
  const std::size_t begin = here().begin;
  std::vector<ExpressionPtr> parts;
  std::vector<Operator> operators;
  parts.push_back(sum());
  for (;;) {
    const auto symbol =
        std::ranges::find_if(kSymbols, [&](const auto& each) { return at_symbol(each.first); });
    if (symbol != std::end(kSymbols)) {
      ++next_;
      operators.push_back(symbol->second);
    } else if (take_name("in")) {
      operators.push_back(Operator::in);
    } else if (at_name("not") && tokens_[next_ + 1].kind == Token::Kind::name &&
               tokens_[next_ + 1].source == "in") {
      next_ += 2;
      operators.push_back(Operator::not_in);
    } else {
      break;
    }
    parts.push_back(sum());
  }
  if (operators.empty()) return std::move(parts.front());
  ExpressionPtr made = make(Kind::compare, begin, std::move(parts));
  made->operators = std::move(operators);
  return made;
}

ExpressionPtr ExpressionParser::sum() {
  const std::size_t begin = here().begin;
  ExpressionPtr left = concatenation();
  for (;;) {
    if (take_symbol("+"))
      left = binary(Operator::add, begin, std::move(left), concatenation());
    else if (take_symbol("-"))
      left = binary(Operator::subtract, begin, std::move(left), concatenation());
    else
      return left;
  }
}

ExpressionPtr ExpressionParser::concatenation() {
  const std::size_t begin = here().begin;
  ExpressionPtr first = product();
  if (!at_symbol("~")) return first;
  std::vector<ExpressionPtr> parts;
  parts.push_back(std::move(first));
  while (take_symbol("~")) parts.push_back(product());
  return make(Kind::concatenate, begin, std::move(parts));
}

ExpressionPtr ExpressionParser::product() {
  const std::size_t begin = here().begin;
  ExpressionPtr left = power();
  for (;;) {
    if (take_symbol("*"))
      left = binary(Operator::multiply, begin, std::move(left), power());
    else if (take_symbol("/"))
      left = binary(Operator::divide, begin, std::move(left), power());
    else if (take_symbol("//"))
      left = binary(Operator::floor_divide, begin, std::move(left), power());
    else if (take_symbol("%"))
      left = binary(Operator::modulo, begin, std::move(left), power());
    else
      return left;
  }
}

ExpressionPtr ExpressionParser::power() {
  const std::size_t begin = here().begin;
  ExpressionPtr left = unary(true);
  while (take_symbol("**")) left = binary(Operator::power, begin, std::move(left), unary(true));
  return left;
}

ExpressionPtr ExpressionParser::unary(bool with_filter) {
  const std::size_t begin = here().begin;
  ExpressionPtr value;
  if (at_symbol("-") || at_symbol("+")) {
    const Kind kind = at_symbol("-") ? Kind::negate : Kind::keep_sign;
    ++next_;
    if (++nested_ > static_cast<int>(kDeepestExpression))
      fail(here(), fmt::format("an expression of more than {} levels", kDeepestExpression));
    std::vector<ExpressionPtr> parts;
    parts.push_back(unary(false));
    --nested_;
    value = make(kind, begin, std::move(parts));
  } else {
    value = postfix(primary());
  }
  return with_filter ? filters(std::move(value)) : std::move(value);
}

ExpressionPtr ExpressionParser::primary() {
  const Token token = here();
  switch (token.kind) {
    case Token::Kind::name:
      return name();
    case Token::Kind::integer:
    case Token::Kind::real: {
      ++next_;
      ExpressionPtr made = make(Kind::literal, token.begin);
      made->literal = token.value;
      return made;
    }
    case Token::Kind::text: {
      std::string whole;
      while (here().kind == Token::Kind::text)
        whole += *tokens_[next_++].value.string();  // 'a' 'b' is 'ab'
      ExpressionPtr made = make(Kind::literal, token.begin);
      made->literal = std::move(whole);
      return made;
    }
    case Token::Kind::symbol:
      if (take_symbol("[")) return list("]", token.begin);
      if (take_symbol("{")) return mapping(token.begin);
      if (take_symbol("(")) {
        if (take_symbol(")")) return make(Kind::list, token.begin);
        ExpressionPtr first = expression();
        if (!at_symbol(",")) {
          expect_symbol(")");
          return first;
        }
        ++next_;
        ExpressionPtr rest = list(")", token.begin);
        rest->parts.insert(rest->parts.begin(), std::move(first));
        return make(Kind::list, token.begin, std::move(rest->parts));
      }
      break;
    case Token::Kind::end:
      break;
  }
  unexpected("expected a value");
}

ExpressionPtr ExpressionParser::name() {
  const Token token = here();
  if (is_word_operator(token.source)) unexpected("expected a value");
  ++next_;
  const std::string_view word = token.source;
  if (word == "true" || word == "True" || word == "false" || word == "False" || word == "none" ||
      word == "None") {
    ExpressionPtr made = make(Kind::literal, token.begin);
    if (word.front() == 't' || word.front() == 'T') made->literal = true;
    if (word.front() == 'f' || word.front() == 'F') made->literal = false;
    return made;
  }
  std::vector<int> slots = names_.find(word);
  if (word == "loop" && names_.loops > 0) return loop_value(token);
  if (word == "range" && at_symbol("(") && slots.empty()) return range(token);
  if (at_symbol("("))
    fail(token, fmt::format("unknown function `{}`", word), "expected one of: range",
         fmt::format("a filter is written `value | {}`", word));
  ExpressionPtr made = make(Kind::name, token.begin);
  made->name = word;
  made->slots = std::move(slots);
  if (made->slots.empty()) names_.uses.push_back({made->name, made->place, false});
  return made;
}

ExpressionPtr ExpressionParser::loop_value(const Token& loop) {
  std::vector<std::string_view> known;
  for (const Field& field : kLoopFields) known.push_back(field.name);
  known.push_back("cycle");
  if (!take_symbol("."))
    fail(loop, "`loop` has no value of its own", "expected `loop.index`, `loop.first`, ...");
  const Token field = here();
  const auto found = std::ranges::find(kLoopFields, field.source, &Field::name);
  if (field.source == "cycle" || found != kLoopFields.end()) {
    ++next_;
    ExpressionPtr made;
    if (field.source == "cycle") {
      std::vector<ExpressionPtr> parts;
      for (Argument& argument : arguments()) parts.push_back(std::move(argument.value));
      if (parts.empty())
        fail(field, "`loop.cycle` needs values to go through",
             "expected `loop.cycle('odd', 'even')`");
      made = make(Kind::loop_cycle, loop.begin, std::move(parts));
    } else {
      made = make(Kind::loop_field, loop.begin);
      made->field = found->field;
    }
    made->level = names_.loops - 1;
    return made;
  }
  fail(field, fmt::format("`loop` has no `{}`", field.source), expected_one_of(known),
       did_you_mean(field.source, known));
}

ExpressionPtr ExpressionParser::range(const Token& token) {
  constexpr std::array<std::string_view, 3> kParameters = {"start", "stop", "step"};
  std::vector<ExpressionPtr> parts;
  place_arguments(arguments(), kParameters, 1, token, "function", parts);
  return make(Kind::range, token.begin, std::move(parts));
}

// Elements up to `close`; the opening bracket is read already.
ExpressionPtr ExpressionParser::list(std::string_view close, std::size_t begin) {
  std::vector<ExpressionPtr> parts;
  while (!take_symbol(close)) {
    if (!parts.empty()) {
      expect_symbol(",", fmt::format("expected `,` or `{}`", close));
      if (take_symbol(close)) break;
    }
    parts.push_back(expression());
  }
  return make(Kind::list, begin, std::move(parts));
}

ExpressionPtr ExpressionParser::mapping(std::size_t begin) {
  std::vector<ExpressionPtr> parts;
  while (!take_symbol("}")) {
    if (!parts.empty()) {
      expect_symbol(",", "expected `,` or `}`");
      if (take_symbol("}")) break;
    }
    parts.push_back(expression());
    expect_symbol(":");
    parts.push_back(expression());
  }
  return make(Kind::mapping, begin, std::move(parts));
}

ExpressionPtr ExpressionParser::postfix(ExpressionPtr base) {
  for (;;) {
    const std::size_t begin = base->place.begin;
    if (take_symbol(".")) {
      const Token name = here();
      if (name.kind != Token::Kind::name && name.kind != Token::Kind::integer)
        unexpected("expected a name behind the point");
      ++next_;
      if (name.kind == Token::Kind::name && at_symbol("(")) {
        base = method(std::move(base), name);
        continue;
      }
      std::vector<ExpressionPtr> parts;
      parts.push_back(std::move(base));
      const bool numbered = name.kind == Token::Kind::integer;
      if (numbered) {
        parts.push_back(make(Kind::literal, name.begin));
        parts.back()->literal = name.value;
      }
      base = make(numbered ? Kind::item : Kind::attribute, begin, std::move(parts));
      base->name = name.source;
    } else if (take_symbol("[")) {
      base = subscript(std::move(base));
    } else {
      return base;
    }
  }
}

ExpressionPtr ExpressionParser::subscript(ExpressionPtr base) {
  const std::size_t begin = base->place.begin;
  std::vector<ExpressionPtr> parts;
  parts.push_back(std::move(base));
  parts.push_back(at_symbol(":") ? nullptr : expression());
  bool slice = false;
  while (parts.size() < 4 && take_symbol(":")) {
    slice = true;
    parts.push_back(at_symbol(":") || at_symbol("]") ? nullptr : expression());
  }
  expect_symbol("]");
  if (!slice) return make(Kind::item, begin, std::move(parts));
  parts.resize(4);
  return make(Kind::slice, begin, std::move(parts));
}

ExpressionPtr ExpressionParser::filters(ExpressionPtr base) {
  for (;;) {
    if (take_symbol("|"))
      base = filter(std::move(base));
    else if (take_name("is"))
      base = test(std::move(base));
    else
      return base;
  }
}

// Marks the use of a name that may be undefined.
void ExpressionParser::guard(const Expression& expression) {
  if (expression.kind != Kind::name) return;
  for (VariableUse& use : names_.uses)
    if (use.place.origin == expression.place.origin && use.place.begin == expression.place.begin)
      use.guarded = true;
}

ExpressionPtr ExpressionParser::filter(ExpressionPtr base) {
  const Token token = here();
  if (token.kind != Token::Kind::name) unexpected("expected a filter");
  const FilterInfo* info = find_filter(token.source);
  if (info == nullptr) {
    const std::vector<std::string_view> known = filter_names();
    fail(token, fmt::format("unknown filter `{}`", token.source), expected_one_of(known),
         did_you_mean(token.source, known));
  }
  ++next_;
  const std::size_t begin = base->place.begin;
  if (info->name == "default") guard(*base);
  std::vector<ExpressionPtr> parts;
  parts.push_back(std::move(base));
  std::vector<Argument> given;
  if (at_symbol("(")) given = arguments();
  place_arguments(std::move(given), info->parameters, info->required, token, "filter", parts);
  ExpressionPtr made = make(Kind::filter, begin, std::move(parts));
  made->filter = info;
  return made;
}

ExpressionPtr ExpressionParser::test(ExpressionPtr base) {
  const bool negated = take_name("not");
  const Token token = here();
  const TestInfo* info = find_test(token.source);
  if (info == nullptr) {
    const std::vector<std::string_view> known = test_names();
    fail(token, fmt::format("unknown test `{}`", token.source), expected_one_of(known),
         did_you_mean(token.source, known));
  }
  ++next_;
  const std::size_t begin = base->place.begin;
  if (info->name == "defined" || info->name == "undefined") guard(*base);
  std::vector<ExpressionPtr> parts;
  parts.push_back(std::move(base));
  const Token::Kind kind = here().kind;
  if (at_symbol("(")) {
    for (Argument& argument : arguments()) parts.push_back(std::move(argument.value));
  } else if (info->arguments > 0 &&
             (kind == Token::Kind::text || kind == Token::Kind::integer ||
              kind == Token::Kind::real || at_symbol("[") ||
              (kind == Token::Kind::name && !is_word_operator(here().source)))) {
    parts.push_back(postfix(primary()));
  }
  if (parts.size() != 1 + info->arguments)
    fail(token, fmt::format("the test `{}` takes {}", info->name,
                            info->arguments == 0 ? "no argument" : "one argument"));
  ExpressionPtr made = make(Kind::test, begin, std::move(parts));
  made->test = info;
  made->negated = negated;
  return made;
}

ExpressionPtr ExpressionParser::method(ExpressionPtr base, const Token& token) {
  const MethodInfo* info = find_method(token.source);
  if (info == nullptr) {
    const std::vector<std::string_view> known = method_names();
    fail(token, fmt::format("unknown method `{}`", token.source), expected_one_of(known),
         did_you_mean(token.source, known));
  }
  const std::size_t begin = base->place.begin;
  std::vector<ExpressionPtr> parts;
  parts.push_back(std::move(base));
  place_arguments(arguments(), info->parameters, info->required, token, "method", parts);
  ExpressionPtr made = make(Kind::method, begin, std::move(parts));
  made->method = info;
  return made;
}

std::vector<ExpressionParser::Argument> ExpressionParser::arguments() {
  expect_symbol("(");
  std::vector<Argument> given;
  while (!take_symbol(")")) {
    if (!given.empty()) {
      expect_symbol(",", "expected `,` or `)`");
      if (take_symbol(")")) break;
    }
    Argument argument;
    argument.begin = here().begin;
    const Token& after = tokens_[std::min(next_ + 1, tokens_.size() - 1)];
    if (here().kind == Token::Kind::name && after.kind == Token::Kind::symbol &&
        after.source == "=") {
      argument.name = here().source;
      next_ += 2;
    }
    argument.value = expression();
    given.push_back(std::move(argument));
  }
  return given;
}

void ExpressionParser::place_arguments(std::vector<Argument> given,
                                       std::span<const std::string_view> parameters,
                                       std::size_t required, const Token& token,
                                       std::string_view what,
                                       std::vector<ExpressionPtr>& parts) const {
  const std::size_t first = parts.size();
  parts.resize(first + parameters.size());
  const auto named = fmt::format("the {} `{}`", what, token.source);
  for (std::size_t i = 0; i < given.size(); ++i) {
    std::size_t at = i;
    if (!given[i].name.empty()) {
      const auto found = std::ranges::find(parameters, given[i].name);
      if (found == parameters.end())
        fail(token, fmt::format("{} has no argument `{}`", named, given[i].name),
             parameters.empty() ? "expected no arguments" : expected_one_of(parameters),
             did_you_mean(given[i].name, parameters));
      at = static_cast<std::size_t>(found - parameters.begin());
    }
    if (at >= parameters.size())
      fail(token, parameters.empty()
                      ? fmt::format("{} takes no arguments", named)
                      : fmt::format("{} takes at most {} argument{}", named, parameters.size(),
                                    parameters.size() == 1 ? "" : "s"));
    if (parts[first + at])
      fail(token, fmt::format("{} is given `{}` twice", named, parameters[at]));
    parts[first + at] = std::move(given[i].value);
  }
  for (std::size_t i = 0; i < required; ++i)
    if (!parts[first + i])
      fail(token, fmt::format("{} needs the argument `{}`", named, parameters[i]));
}

}  // namespace llmops::jinja
