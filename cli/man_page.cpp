#include "cli/man_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <sstream>

namespace llmops {
namespace {

// Text that roff prints as it stands: no escapes, no requests, dashes that can be copied.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    line_start = c == '\n';
  }
  return out;
}

std::string dashed(std::string path) {
  std::ranges::replace(path, ' ', '-');
  return path;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string synopsis(const Manual& manual) {
  std::string line = fmt::format(".B {}\n", roff(manual.path));
  if (std::ranges::any_of(manual.options, [](const auto& option) { return !option.positional; }))
    line += "[\\fIOPTIONS\\fR]\n";
  for (const ManualOption& option : manual.options) {
    if (!option.positional) continue;
    const std::string name = fmt::format("\\fI{}\\fR", roff(option.names.front()));
    line += option.required ? name + "\n" : fmt::format("[{}]\n", name);
  }
  if (!manual.commands.empty()) line += "\\fICOMMAND\\fR\n";
  return line;
}

std::string option_entry(const ManualOption& option) {
  std::string names;
  for (const std::string& name : option.names)
    names += fmt::format("{}\\f{}{}\\fR", names.empty() ? "" : ", ", option.positional ? "I" : "B",
                         roff(name));
  if (!option.positional && !option.value.empty())
    names +=
        fmt::format(" \\fI{}\\fR", roff(option.choices.empty()
                                            ? option.value
                                            : fmt::format("{}", fmt::join(option.choices, "|"))));
  std::string text = fmt::format(".TP\n{}\n{}", names, roff(option.help));
  if (!option.fallback.empty()) text += roff(fmt::format(" (default: {})", option.fallback));
  return text + "\n";
}

std::string options_of(const Manual& manual) {
  std::string text;
  for (const ManualOption& option : manual.options) text += option_entry(option);
  return text;
}

// "Examples:\n  llmops ...\n" of the help becomes a section with lines as they are.
std::string footer_sections(const std::string& footer) {
  std::istringstream lines(footer);
  std::string out;
  bool open = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    if (line.front() != ' ') {
      if (open) out += ".fi\n";
      line.pop_back();
      out += fmt::format(".SH {}\n.nf\n", roff(upper(line)));
      open = true;
    } else {
      out += roff(line) + "\n";
    }
  }
  return open ? out + ".fi\n" : out;
}

}  // namespace

std::string man_page_name(const Manual& manual) { return dashed(manual.path) + ".1"; }

std::string man_page(const Manual& manual, std::string_view version) {
  const std::string title = dashed(manual.path);
  std::string page = fmt::format(".TH {} 1 \"\" \"llmops {}\" \"User Commands\"\n",
                                 roff(upper(title)), roff(version));
  page += fmt::format(".SH NAME\n{} \\- {}\n", roff(title), roff(manual.summary));
  page += ".SH SYNOPSIS\n" + synopsis(manual);
  if (const std::string options = options_of(manual); !options.empty())
    page += ".SH OPTIONS\n" + options;
  if (!manual.commands.empty()) page += ".SH COMMANDS\n";
  for (const Manual& below : manual.commands) {
    const bool own_page = manual.path == manual.name;  // the program's: each command has its page
    if (own_page) {
      page += fmt::format(".TP\n.BR {} (1)\n{}\n", roff(dashed(below.path)), roff(below.summary));
      continue;
    }
    page +=
        fmt::format(".SS {}\n{}\n.PP\n{}", roff(below.path), roff(below.summary), synopsis(below));
    page += options_of(below);
  }
  return page + footer_sections(manual.footer);
}

}  // namespace llmops
