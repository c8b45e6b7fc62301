// Each script knows the tree of commands as plain lists: nothing of the program runs while a person
// types. Values come from the closed lists of the flags; everywhere else the shell completes files.
#include "cli/completion.h"

#include <fmt/format.h>

#include <functional>

namespace llmops {
namespace {

// Every command with its path below the program's name: "", "runs", "runs list".
void walk(const Manual& manual, const std::string& path,
          const std::function<void(const Manual&, const std::string&)>& visit) {
  visit(manual, path);
  for (const Manual& below : manual.commands)
    walk(below, path.empty() ? below.name : path + " " + below.name, visit);
}

std::vector<std::string> words_of(const Manual& manual) {
  std::vector<std::string> words;
  for (const Manual& below : manual.commands) words.push_back(below.name);
  for (const ManualOption& option : manual.options) {
    if (option.positional)
      words.insert(words.end(), option.choices.begin(), option.choices.end());
    else
      words.insert(words.end(), option.names.begin(), option.names.end());
  }
  return words;
}

// `text` within single quotes of a shell; fish and the others agree on all but the quote itself.
std::string quoted(std::string_view text, bool fish) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += fish ? "\\'" : "'\\''";
    else if (c == '\\' && fish)
      out += "\\\\";
    else
      out += c;
  }
  return out + "'";
}

std::string bash(const Manual& program) {
  std::string commands;
  std::string words;
  std::string values;
  walk(program, "", [&](const Manual& manual, const std::string& path) {
    if (!path.empty()) commands += fmt::format("      \"{}\") ;;\n", path);
    words += fmt::format("    \"{}\") words=\"{}\" ;;\n", path, fmt::join(words_of(manual), " "));
    for (const ManualOption& option : manual.options) {
      if (option.positional || option.value.empty()) continue;
      for (const std::string& name : option.names) {
        if (option.choices.empty())
          values += fmt::format("    \"{} {}\") return ;;\n", path, name);
        else
          values += fmt::format(
              "    \"{} {}\") COMPREPLY=($(compgen -W \"{}\" -- \"$current\")); return ;;\n", path,
              name, fmt::join(option.choices, " "));
      }
    }
  });
  return fmt::format(R"(# bash completion for llmops
_llmops() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before= path= words= at candidate
  COMPREPLY=()
  ((COMP_CWORD > 0)) && before=${{COMP_WORDS[COMP_CWORD - 1]}}
  for ((at = 1; at < COMP_CWORD; at++)); do
    candidate="${{path:+$path }}${{COMP_WORDS[at]}}"
    case "$candidate" in
{}      *) continue ;;
    esac
    path=$candidate
  done
  # The value of a flag: from its list, else a file (complete -o default).
  case "$path $before" in
{}  esac
  case "$path" in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _llmops llmops
)",
                     commands, values, words);
}

// Within `[...]` of _arguments and before `:` of _describe.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_function(const std::string& path) {
  std::string name = "_llmops";
  for (const char c : path.empty() ? path : " " + path) name += c == ' ' || c == '-' ? '_' : c;
  return name;
}

std::string zsh(const Manual& program) {
  std::string functions;
  walk(program, "", [&](const Manual& manual, const std::string& path) {
    std::string body;
    for (const ManualOption& option : manual.options) {
      if (option.positional) {
        if (manual.commands.empty())
          body += fmt::format(
              " \\\n    {}",
              quoted(fmt::format("*:{}:{}", zsh_text(option.names.front()),
                                 option.choices.empty()
                                     ? "_files"
                                     : fmt::format("({})", fmt::join(option.choices, " "))),
                     false));
        continue;
      }
      for (const std::string& name : option.names) {
        std::string spec = fmt::format("{}[{}]", name, zsh_text(option.help));
        if (!option.choices.empty())
          spec += fmt::format(":{}:({})", zsh_text(option.value), fmt::join(option.choices, " "));
        else if (!option.value.empty())
          spec += fmt::format(":{}:_files", zsh_text(option.value));
        body += fmt::format(" \\\n    {}", quoted(spec, false));
      }
    }
    if (manual.commands.empty()) {
      functions += fmt::format("{}() {{\n  _arguments -s{}\n}}\n\n", zsh_function(path), body);
      return;
    }
    std::string names;
    std::string cases;
    for (const Manual& below : manual.commands) {
      names += fmt::format("    {}\n", quoted(below.name + ":" + zsh_text(below.summary), false));
      cases += fmt::format("        {}) {} ;;\n", below.name,
                           zsh_function(path.empty() ? below.name : path + " " + below.name));
    }
    functions += fmt::format(R"({}() {{
  local line state
  local -a commands=(
{}  )
  _arguments -C{} \
    '1: :->command' '*:: :->rest'
  case $state in
    command) _describe -t commands command commands ;;
    rest)
      case $words[1] in
{}      esac ;;
  esac
}}

)",
                             zsh_function(path), names, body, cases);
  });
  return "#compdef llmops\n# zsh completion for llmops\n\n" + functions +
         "if [ \"$funcstack[1]\" = _llmops ]; then _llmops \"$@\"; else compdef _llmops llmops; "
         "fi\n";
}

std::string fish(const Manual& program) {
  // Fish asks each line's condition: the path typed so far equals the line's.
  std::string out = R"(# fish completion for llmops
function __llmops_path
  set -l path
  for word in (commandline -opc)[2..-1]
    switch (string join -- ' ' $path $word)
      case )";
  std::string paths;
  walk(program, "", [&](const Manual&, const std::string& path) {
    if (!path.empty()) paths += quoted(path, true) + " ";
  });
  paths.pop_back();
  out += paths + R"(
        set path $path $word
    end
  end
  string join -- ' ' $path
end
function __llmops_at
  set -l path (__llmops_path)
  test "$path" = "$argv"
end

)";
  walk(program, "", [&](const Manual& manual, const std::string& path) {
    const std::string condition =
        fmt::format("complete -c llmops -n {}", quoted(fmt::format("__llmops_at {}", path), true));
    for (const Manual& below : manual.commands)
      out += fmt::format("{} -f -a {} -d {}\n", condition, below.name, quoted(below.summary, true));
    for (const ManualOption& option : manual.options) {
      if (option.positional) {
        if (!option.choices.empty())
          out += fmt::format("{} -f -a {}\n", condition,
                             quoted(fmt::format("{}", fmt::join(option.choices, " ")), true));
        continue;
      }
      out += condition;
      for (const std::string& name : option.names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!option.choices.empty())
        out += fmt::format(" -x -a {}",
                           quoted(fmt::format("{}", fmt::join(option.choices, " ")), true));
      else if (!option.value.empty())
        out += " -r";
      out += fmt::format(" -d {}\n", quoted(option.help, true));
    }
  });
  return out;
}

}  // namespace

std::string completion_script(const Manual& program, std::string_view shell) {
  if (shell == "bash") return bash(program);
  if (shell == "zsh") return zsh(program);
  return fish(program);
}

}  // namespace llmops
