#pragma once
// Recursive descent over the tokens of one tag, with Jinja2's precedences.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "prompts/template/lexer.h"
#include "prompts/template/program.h"

namespace llmops::jinja {

// Which names are bound where the parser stands.
struct NameTable {
  struct Binding {
    std::string name;
    int slot = 0;
  };
  std::vector<std::vector<Binding>> scopes;
  std::vector<VariableUse> uses;
  int slots = 0;
  int loops = 0;  // how many loops are open

  // The slot of a name in the innermost scope; a new one where it has none.
  int bind(const std::string& name);
  // All slots that the name may live in, innermost first.
  std::vector<int> find(std::string_view name) const;
};

// Every function throws LexError where the tokens do not fit.
class ExpressionParser {
 public:
  // Starts behind the first `skip` tokens (the name of the tag).
  ExpressionParser(std::vector<Token> tokens, std::size_t skip, std::uint32_t origin,
                   std::string_view text, NameTable& names);

  ExpressionPtr expression();          // with `x if c else y`
  ExpressionPtr expression_or_list();  // `a, b` is a list
  ExpressionPtr loop_source();         // without the ternary, whose `if` is the loop's filter
  std::vector<std::string> targets();  // a, b
  std::string include_path(Place& where);

  bool take_name(std::string_view name);
  void expect_name(std::string_view name, std::string_view expected);
  void expect_symbol(std::string_view symbol, std::string_view expected = {});
  void expect_end();

 private:
  using Kind = Expression::Kind;
  struct Argument {
    std::string name;  // empty: by position
    ExpressionPtr value;
    std::size_t begin = 0;
  };

  const Token& here() const { return tokens_[next_]; }
  bool at_symbol(std::string_view symbol) const {
    return here().kind == Token::Kind::symbol && here().source == symbol;
  }
  bool at_name(std::string_view name) const {
    return here().kind == Token::Kind::name && here().source == name;
  }
  bool take_symbol(std::string_view symbol);
  [[noreturn]] void fail(const Token& token, std::string what, std::string expected = "",
                         std::string help = "") const;
  [[noreturn]] void unexpected(std::string_view expected) const;

  ExpressionPtr make(Kind kind, std::size_t begin, std::vector<ExpressionPtr> parts = {}) const;
  ExpressionPtr binary(Operator op, std::size_t begin, ExpressionPtr left,
                       ExpressionPtr right) const;

  ExpressionPtr logical_or();
  ExpressionPtr logical_and();
  ExpressionPtr logical_not();
  ExpressionPtr compare();
  ExpressionPtr sum();
  ExpressionPtr concatenation();
  ExpressionPtr product();
  ExpressionPtr power();
  ExpressionPtr unary(bool with_filter);
  ExpressionPtr primary();
  ExpressionPtr name();
  ExpressionPtr loop_value(const Token& loop);
  ExpressionPtr list(std::string_view close, std::size_t begin);
  ExpressionPtr mapping(std::size_t begin);
  ExpressionPtr postfix(ExpressionPtr base);
  ExpressionPtr subscript(ExpressionPtr base);
  ExpressionPtr filters(ExpressionPtr base);
  ExpressionPtr filter(ExpressionPtr base);
  ExpressionPtr test(ExpressionPtr base);
  ExpressionPtr method(ExpressionPtr base, const Token& name);
  ExpressionPtr range(const Token& name);

  std::vector<Argument> arguments();
  // Puts the arguments into the order of the parameters behind `parts`.
  void place_arguments(std::vector<Argument> given, std::span<const std::string_view> parameters,
                       std::size_t required, const Token& name, std::string_view what,
                       std::vector<ExpressionPtr>& parts) const;
  void guard(const Expression& expression);

  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  std::uint32_t origin_;
  std::string_view text_;
  NameTable& names_;
  int nested_ = 0;
};

}  // namespace llmops::jinja
