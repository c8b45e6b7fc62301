#pragma once
// The Jinja2 subset of prompts. A template is compiled once and rendered for every case; values are
// inserted as data and never looked at as template text.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "datasets/text/result.h"
#include "datasets/text/source.h"
#include "datasets/text/value.h"

namespace llmops {

namespace jinja {
struct Parsed;  // prompts/template/parser.h
}

// Hands out the text of an included file; an include outside the prompt folder is a problem.
using IncludeLoader = std::function<Result<Source>(const std::string& path)>;

// A free variable of a template, with its first place.
struct TemplateVariable {
  std::string name;
  Diagnostic place;       // file, line, column, width and line text; what is wrong there is for the
                          // reader to say
  bool optional = false;  // some use stands under `is defined` or `default`
};

// Cheap to copy: copies share the compiled program. Rendering is thread-safe.
class Template {
 public:
  // `text` stands in `source` from `start` on (a YAML value); marks of problems point there.
  static Result<Template> compile(std::string_view text, const Source& source, Mark start,
                                  const IncludeLoader& include = {});
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  Template(const Template&);
  Template& operator=(const Template&);
  ~Template();

  // Variables are looked up in `scopes` from the first to the last. An undefined variable is a
  // problem with its place in the prompt file.
  Result<std::string> render(const std::vector<const Object*>& scopes) const;

  // Names of the free variables, each once, in order of appearance; and the same with their places.
  const std::vector<std::string>& variables() const;
  std::vector<TemplateVariable> uses() const;
  // The text with its includes resolved: what the content hash is made of.
  const std::string& resolved() const;
  // The tree itself, for whoever looks inside (lint).
  const jinja::Parsed& parsed() const;

 private:
  struct Program;
  explicit Template(std::shared_ptr<const Program> program);
  std::shared_ptr<const Program> program_;
};

}  // namespace llmops
