#pragma once
// What the command line offers, read off the parser itself: the one table behind shell completions
// and manual pages.

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace llmops {

struct ManualOption {
  std::vector<std::string> names;  // "-h", "--help"; of an argument without dashes: its name alone
  std::string value;               // "FILE"; empty: a flag
  std::vector<std::string> choices;  // where only these are taken
  std::string help;
  std::string fallback;  // what holds where it is not given, as shown
  std::string group;     // heading of the help
  bool positional = false;
  bool required = false;
};

struct Manual {
  std::string name;                   // "eval"
  std::string path;                   // "llmops eval"
  std::string summary;                // one line
  std::string footer;                 // examples and exit codes, as the help has them
  std::vector<ManualOption> options;  // positional ones too, in the order of the help
  std::vector<Manual> commands;       // below this one
};

Manual read_manual(const CLI::App& app);

}  // namespace llmops
