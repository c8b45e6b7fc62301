#include "prompts/template/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "datasets/text/utf8.h"
#include "prompts/template/expression_parser.h"
#include "prompts/template/lexer.h"
#include "prompts/template/place.h"

namespace llmops::jinja {
namespace {

constexpr std::array<std::string_view, 10> kTags = {"if",     "elif", "else", "endif",  "for",
                                                    "endfor", "set",  "raw",  "endraw", "include"};
// Tags of Jinja2 that prompts do without; those with a block also have an end.
constexpr std::array<std::string_view, 13> kForeignTags = {
    "macro", "call",       "filter", "block", "extends", "import",  "from",
    "with",  "autoescape", "do",     "trans", "break",   "continue"};

class Parser {
 public:
  Parser(const IncludeLoader& include, Diagnostics& problems)
      : include_(include), problems_(problems) {}

  Parsed run(std::string_view text, const Source& source, Mark start) {
    names_.scopes.emplace_back();
    parse_origin(std::string(text), std::make_shared<Source>(source), start, parsed_.body);
    parsed_.slots = names_.slots;
    parsed_.uses = std::move(names_.uses);
    return std::move(parsed_);
  }

 private:
  struct Block {
    std::string_view tag;  // if | for
    Place opened;
  };

  void parse_origin(std::string text, std::shared_ptr<const Source> source, Mark start,
                    Body& body) {
    total_ += text.size();
    const auto origin = static_cast<std::uint32_t>(parsed_.origins.size());
    parsed_.origins.push_back({std::move(source), start, std::move(text)});
    if (total_ > kLongestTemplate) {
      report({origin, 0, 1}, {0, 1, "the template is longer than 16 MiB", "", ""});
      return;
    }
    // What was being read waits on the stack while an include is read.
    const auto outer_origin = std::exchange(origin_, origin);
    auto outer_segments = std::exchange(segments_, {});
    const auto outer_next = std::exchange(next_, 0);
    auto outer_blocks = std::exchange(blocks_, {});
    std::vector<LexError> errors;
    segments_ = cut(this->text(), errors);
    for (const LexError& error : errors) report(error);
    cut_short_ = cut_short_ || !errors.empty();
    parse_body(body);
    origin_ = outer_origin;
    segments_ = std::move(outer_segments);
    next_ = outer_next;
    blocks_ = std::move(outer_blocks);
  }

  // Good until the next origin is added.
  std::string_view text() const { return parsed_.origins[origin_].text; }

  Place place(std::size_t begin, std::size_t end) const {
    return {origin_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }
  void report(Place where, const LexError& error) {
    problems_.push_back(problem_at(parsed_.origins, where, error.what, error.expected, error.help));
  }
  void report(const LexError& error) {
    report(place(error.begin, error.begin + error.width), error);
  }

  // Statements up to the tag that ends the innermost block, which is left unread; returns its name
  // ("" at the end).
  std::string parse_body(Body& body) {
    while (next_ < segments_.size()) {
      const Segment segment = segments_[next_];
      if (segment.kind == Segment::Kind::text) {
        add_text(segment, body);
        ++next_;
        continue;
      }
      const std::string source(text().substr(segment.begin, segment.end - segment.begin));
      if (segment.kind == Segment::Kind::output) {
        parsed_.resolved += source;
        ++next_;
        Statement output;
        output.kind = Statement::Kind::output;
        output.expression = whole_expression(segment);
        if (output.expression) body.push_back(std::move(output));
        continue;
      }
      const std::string tag = tag_of(segment);
      const bool ends_block = tag == "endif" || tag == "endfor" || tag == "elif" || tag == "else";
      if (ends_block && ends_open_block(segment, tag)) return tag;
      ++next_;
      if (tag != "include") parsed_.resolved += source;
      if (!ends_block) statement(segment, tag, body);
    }
    return "";
  }

  void add_text(const Segment& segment, Body& body) {
    std::string plain(text().substr(segment.begin, segment.end - segment.begin));
    for (std::size_t at = plain.find("\r\n"); at != std::string::npos; at = plain.find("\r\n", at))
      plain.erase(at, 1);
    parsed_.resolved += segment.raw ? "{% raw %}" + plain + "{% endraw %}" : plain;
    if (!body.empty() && body.back().kind == Statement::Kind::text) {
      body.back().text += plain;
      return;
    }
    Statement statement;
    statement.text = std::move(plain);
    body.push_back(std::move(statement));
  }

  std::string tag_of(const Segment& segment) const {
    std::vector<LexError> ignored;
    const std::vector<Token> found = tokens(text(), segment.inside, segment.inside_end, ignored);
    return found.front().kind == Token::Kind::name ? std::string(found.front().source) : "";
  }

  // True where the tag belongs to the innermost block, or to one around it (then the innermost is
  // never closed).
  bool ends_open_block(const Segment& segment, std::string_view tag) {
    const auto fits = [&](const Block& block) {
      return tag == "else" ||
             (block.tag == "if" ? tag == "endif" || tag == "elif" : tag == "endfor");
    };
    if (!blocks_.empty() && fits(blocks_.back())) return true;
    if (std::any_of(blocks_.begin(), blocks_.end(), fits)) return true;
    report({segment.begin, segment.end - segment.begin,
            fmt::format("`{{% {} %}}` has nothing to end", tag), "",
            tag == "else" || tag == "elif"
                ? "open the block with `{% if ... %}`"
                : fmt::format("open the block with `{{% {} ... %}}`", tag.substr(3))});
    return false;
  }

  void statement(const Segment& segment, std::string_view tag, Body& body) {
    if (tag == "if") return branch(segment, body);
    if (tag == "for") return loop(segment, body);
    if (tag == "set") return assign(segment, body);
    if (tag == "include") return include(segment, body);
    const auto [begin, width] = tag_place(segment);
    const std::string_view base = tag.starts_with("end") ? tag.substr(3) : tag;
    if (std::ranges::find(kForeignTags, base) != kForeignTags.end()) {
      if (base == tag)
        report({begin, width,
                fmt::format("the tag `{}` of Jinja2 is not part of the prompt language", tag),
                expected_one_of(kTags), ""});
      return;
    }
    report({begin, width,
            tag.empty() ? "a tag without a name" : fmt::format("unknown tag `{}`", tag),
            expected_one_of(kTags), did_you_mean(tag, kTags)});
  }

  std::pair<std::size_t, std::size_t> tag_place(const Segment& segment) const {
    std::vector<LexError> ignored;
    const Token first = tokens(text(), segment.inside, segment.inside_end, ignored).front();
    if (first.kind != Token::Kind::end) return {first.begin, first.source.size()};
    return {segment.begin, segment.end - segment.begin};
  }

  // Runs `read` over the tokens of a tag, `skip` of them left out, and notes what is wrong; false
  // where something is.
  template <typename Read>
  bool with_tokens(const Segment& segment, std::size_t skip, Read read) {
    std::vector<LexError> errors;
    std::vector<Token> found = tokens(text(), segment.inside, segment.inside_end, errors);
    if (!errors.empty()) {
      report(errors.front());
      return false;
    }
    ExpressionParser expressions(std::move(found), skip, origin_, text(), names_);
    try {
      read(expressions);
      expressions.expect_end();
      return true;
    } catch (const LexError& error) {
      report(error);
      return false;
    }
  }

  ExpressionPtr whole_expression(const Segment& segment, std::size_t skip = 0) {
    ExpressionPtr expression;
    if (!with_tokens(segment, skip,
                     [&](ExpressionParser& from) { expression = from.expression_or_list(); }))
      return nullptr;
    return expression;
  }

  bool open_block(std::string_view tag, const Segment& segment) {
    blocks_.push_back({tag, place(segment.begin, segment.end)});
    if (blocks_.size() + include_depth_ < kDeepestBlock) return true;
    report({segment.begin, segment.end - segment.begin,
            fmt::format("blocks nested deeper than {}", kDeepestBlock), "", ""});
    next_ = segments_.size();  // one message is enough
    cut_short_ = true;
    return false;
  }

  void close_block(std::string_view found) {
    const Block block = blocks_.back();
    blocks_.pop_back();
    if (found == (block.tag == "if" ? "endif" : "endfor")) {
      parsed_.resolved += source_of(segments_[next_]);
      ++next_;
    } else if (next_ < segments_.size() || !cut_short_) {
      problems_.push_back(problem_at(
          parsed_.origins, block.opened, fmt::format("`{{% {} %}}` is never closed", block.tag),
          fmt::format("expected `{{% end{} %}}` further down", block.tag), ""));
    }
  }

  std::string source_of(const Segment& segment) const {
    return std::string(text().substr(segment.begin, segment.end - segment.begin));
  }

  void branch(Segment segment, Body& body) {
    Statement statement;
    statement.kind = Statement::Kind::branch;
    statement.conditions.push_back(whole_expression(segment, 1));
    if (!open_block("if", segment)) return;
    bool otherwise = false;
    for (;;) {
      statement.bodies.emplace_back();
      const std::string tag = parse_body(statement.bodies.back());
      if (tag != "elif" && tag != "else") {
        close_block(tag);
        break;
      }
      segment = segments_[next_++];
      parsed_.resolved += source_of(segment);
      if (otherwise)
        report({segment.begin, segment.end - segment.begin, fmt::format("`{}` behind `else`", tag),
                "expected `{% endif %}`", ""});
      if (tag == "elif") {
        statement.conditions.push_back(whole_expression(segment, 1));
      } else {
        with_tokens(segment, 1, [](ExpressionParser&) {});
        otherwise = true;
      }
    }
    body.push_back(std::move(statement));
  }

  void loop(Segment segment, Body& body) {
    Statement statement;
    statement.kind = Statement::Kind::loop;
    std::vector<std::string> targets;
    // The list is read in the scope outside; the `if` behind it sees the loop's names.
    bool scoped = false;
    const auto open_scope = [&] {
      names_.scopes.emplace_back();
      statement.first_slot = names_.slots;
      for (const std::string& target : targets) statement.targets.push_back(names_.bind(target));
      scoped = true;
    };
    const bool good = with_tokens(segment, 1, [&](ExpressionParser& from) {
      targets = from.targets();
      from.expect_name("in", "expected `{% for name in list %}`");
      statement.expression = from.loop_source();
      open_scope();
      if (from.take_name("if")) statement.condition = from.expression();
    });
    if (!scoped) open_scope();
    statement.level = names_.loops++;
    if (!open_block("for", segment)) return;
    statement.bodies.resize(2);
    std::string tag = parse_body(statement.bodies[0]);
    --names_.loops;
    names_.scopes.pop_back();
    statement.last_slot = names_.slots;
    if (tag == "else") {
      segment = segments_[next_++];
      parsed_.resolved += source_of(segment);
      names_.scopes.emplace_back();
      tag = parse_body(statement.bodies[1]);
      names_.scopes.pop_back();
      if (tag == "else") {
        segment = segments_[next_++];
        report({segment.begin, segment.end - segment.begin, "a second `else`",
                "expected `{% endfor %}`", ""});
        Body dropped;
        tag = parse_body(dropped);
      }
    }
    close_block(tag);
    if (good) body.push_back(std::move(statement));
  }

  void assign(const Segment& segment, Body& body) {
    Statement statement;
    statement.kind = Statement::Kind::assign;
    std::vector<std::string> targets;
    const bool good = with_tokens(segment, 1, [&](ExpressionParser& from) {
      targets = from.targets();
      from.expect_symbol("=", "expected `{% set name = value %}`");
      statement.expression = from.expression_or_list();
    });
    for (const std::string& target : targets) statement.targets.push_back(names_.bind(target));
    if (good) body.push_back(std::move(statement));
  }

  void include(const Segment& segment, Body& body) {
    std::string path;
    Place where;
    if (!with_tokens(segment, 1, [&](ExpressionParser& from) { path = from.include_path(where); }))
      return;
    const auto failed = [&](std::string what, std::string expected) {
      problems_.push_back(
          problem_at(parsed_.origins, where, std::move(what), std::move(expected), ""));
    };
    if (!include_)
      return failed("`include` is not possible here", "expected a template without includes");
    if (std::ranges::find(including_, path) != including_.end())
      return failed(fmt::format("`{}` includes itself", path), "");
    if (++includes_ > kMostIncludes || include_depth_ + blocks_.size() >= kDeepestBlock) {
      next_ = segments_.size();
      cut_short_ = true;
      return failed(fmt::format("more than {} includes, or includes nested deeper than {}",
                                kMostIncludes, kDeepestBlock),
                    "");
    }
    Result<Source> source = include_(path);
    if (!source) {
      for (const Diagnostic& found : source.problems())
        failed(fmt::format("cannot include `{}`: {}", path, found.what), found.expected);
      return;
    }
    including_.push_back(path);
    names_.scopes.emplace_back();
    include_depth_ += blocks_.size() + 1;
    const std::size_t outer = blocks_.size() + 1;
    std::string content = source->text();
    parse_origin(std::move(content), std::make_shared<Source>(std::move(*source)), {1, 1}, body);
    include_depth_ -= outer;
    names_.scopes.pop_back();
    including_.pop_back();
  }

  const IncludeLoader& include_;
  Diagnostics& problems_;
  Parsed parsed_;
  NameTable names_;
  std::uint32_t origin_ = 0;
  std::vector<Segment> segments_;
  std::size_t next_ = 0;
  std::vector<Block> blocks_;
  std::vector<std::string> including_;
  std::size_t include_depth_ = 0;
  std::size_t includes_ = 0;
  std::size_t total_ = 0;
  bool cut_short_ = false;  // the rest was not read, so that blocks may be open
};

}  // namespace

Diagnostic problem_at(const std::vector<Origin>& origins, Place place, std::string what,
                      std::string expected, std::string help) {
  const Origin& origin = origins[place.origin];
  const Mark mark = place_in_source(*origin.source, origin.start, origin.text, place.begin);
  const std::size_t end = std::min<std::size_t>(place.end, origin.text.size());
  std::string_view span =
      std::string_view(origin.text).substr(std::min<std::size_t>(place.begin, end));
  span = span.substr(0, end - std::min<std::size_t>(place.begin, end));
  span = span.substr(0, span.find('\n'));
  return origin.source->problem(mark, std::move(what), std::move(expected), std::move(help),
                                std::max<std::size_t>(1, code_points(span)));
}

Parsed parse(std::string_view text, const Source& source, Mark start, const IncludeLoader& include,
             Diagnostics& problems) {
  return Parser(include, problems).run(text, source, start);
}

}  // namespace llmops::jinja
