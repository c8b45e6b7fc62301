#include "tests/support/transcript.h"

#include <regex>
#include <sstream>
#include <stdexcept>

#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

namespace llmops::test {
namespace fs = std::filesystem;
namespace {

std::string prefixed(const std::string& text, const char* mark) {
  std::istringstream lines(text);
  std::string out;
  for (std::string line; std::getline(lines, line);) out += mark + line + "\n";
  return out;
}

}  // namespace

std::string without_chance(std::string text, const fs::path& folder) {
  const std::string place = folder.string();
  for (std::size_t at = 0; (at = text.find(place, at)) != std::string::npos;)
    text.replace(at, place.size(), "DIR");
  static const std::pair<std::regex, const char*> kRules[] = {
      {std::regex(R"(\b\d{8}T\d{6}-[0-9a-f]{8}\b)"),               "RUN" },
      {std::regex(R"(\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z)"), "TIME"},
      {std::regex(R"( \d+\.\d+ s\b)"),                             " N s"},
  };
  for (const auto& rule : kRules) text = std::regex_replace(text, rule.first, rule.second);
  return text;
}

std::string replay_transcript(std::string_view transcript) {
  const TemporaryFolder folder;
  std::istringstream lines{std::string(transcript)};
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("% copy ")) {
      std::istringstream words(line.substr(7));
      std::string from;
      std::string to;
      words >> from >> to;
      fs::create_directories((folder.path() / to).parent_path());
      fs::copy(repository(from), folder.path() / to, fs::copy_options::recursive);
      fs::remove_all(folder.path() / to / ".llmops");
      out += line + "\n";
    } else if (line.starts_with("$ ")) {
      const CliRun run = run_program({"sh", "-c", line.substr(2)}, {.folder = folder.path()});
      out += line + "\n" +
             without_chance(prefixed(run.out, "") + prefixed(run.err, "! "), folder.path());
      if (run.timed_out) out += "[timed out]\n";
      if (run.code != 0) out += "[exit " + std::to_string(run.code) + "]\n";
      out += "\n";
    } else if (line.starts_with("#")) {
      out += line + "\n";
    } else if (line.starts_with("%")) {
      throw std::runtime_error("transcript: unknown directive " + line);
    }
  }
  return out;
}

}  // namespace llmops::test
