#pragma once
// stdout holds the answer, stderr everything else.

#include <cstdio>
#include <string>
#include <string_view>

#include "cli/exit_code.h"
#include "datasets/text/diagnostic.h"

namespace llmops {

struct ConsoleOptions {
  bool json = false;   // one JSON document on stdout, nothing else there
  bool quiet = false;  // no progress, no notes
  bool no_color = false;
};

class Console {
 public:
  Console(std::FILE* out, std::FILE* err, ConsoleOptions options = {});

  void configure(const ConsoleOptions& options) { options_ = options; }
  bool json() const { return options_.json; }
  bool quiet() const { return options_.quiet; }
  // For stdout: a terminal, no NO_COLOR, no TERM=dumb, no --no-color.
  bool color() const;
  int width() const;  // columns of the terminal, 80..120; COLUMNS where stdout is none
  // Whether stderr is a terminal that can rewrite a line.
  bool live() const;

  void print(std::string_view text);  // the answer
  void print_json(const Value& document);
  void note(std::string_view text);  // a line on stderr, unless --quiet
  void write_error(std::string_view text);

  // Tells what is wrong with the input; with --json also as a document.
  ExitCode reject(const Diagnostics& problems, std::string_view command);

 private:
  std::FILE* out_;
  std::FILE* err_;
  ConsoleOptions options_;
};

}  // namespace llmops
