#include "cli/manual.h"

#include <CLI/CLI.hpp>

namespace llmops {
namespace {

// "{bash,fish,zsh}" of "TEXT:{bash,fish,zsh}", as CLI11 describes a closed list.
std::vector<std::string> choices_of(const std::string& type) {
  std::vector<std::string> choices;
  const std::size_t from = type.find('{');
  const std::size_t end = type.find('}', from == std::string::npos ? 0 : from);
  if (from == std::string::npos || end == std::string::npos) return choices;
  std::string word;
  for (std::size_t at = from + 1; at <= end; ++at) {
    if (type[at] != ',' && at != end) {
      word += type[at];
      continue;
    }
    if (!word.empty()) choices.push_back(std::move(word));
    word.clear();
  }
  return choices;
}

ManualOption read_option(const CLI::Option& option) {
  ManualOption out;
  for (const std::string& name : option.get_snames()) out.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
  out.positional = out.names.empty();
  if (out.positional) out.names.push_back(option.get_name(true));
  if (option.get_items_expected_max() > 0) {
    const std::string type = option.get_type_name();
    out.choices = choices_of(type);
    out.value = type.substr(0, type.find_first_of(":{ "));
    if (out.value.empty()) out.value = "VALUE";
  }
  out.help = option.get_description();
  out.fallback = option.get_default_str();
  out.group = option.get_group();
  out.required = option.get_required();
  return out;
}

Manual read(const CLI::App& app, const std::string& above) {
  Manual manual;
  manual.name = app.get_name();
  manual.path = above.empty() ? manual.name : above + " " + manual.name;
  manual.summary = app.get_description();
  manual.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options())
    if (!option->get_group().empty()) manual.options.push_back(read_option(*option));
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!sub->get_group().empty()) manual.commands.push_back(read(*sub, manual.path));
  return manual;
}

}  // namespace

Manual read_manual(const CLI::App& app) { return read(app, ""); }

}  // namespace llmops
