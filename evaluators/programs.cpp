#include "evaluators/programs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "datasets/text/fields.h"
#include "evaluators/transport/program_pool.h"

namespace llmops {
namespace {

// As the shell finds it: a name with a slash counts from `folder`, others are looked up in PATH.
bool is_there(const std::string& program, const std::filesystem::path& folder) {
  const auto runs = [](const std::filesystem::path& file) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0;
  };
  if (program.find('/') != std::string::npos) return runs(folder / program);
  const char* given = std::getenv("PATH");
  std::string_view rest = given != nullptr ? given : "/bin:/usr/bin";
  while (!rest.empty()) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    if (runs(std::filesystem::path(rest.substr(0, colon)) / program)) return true;
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  return false;
}

}  // namespace

std::vector<std::string> read_command(Fields& fields, const std::filesystem::path& folder) {
  std::vector<std::string> command = fields.texts("command");
  const Value* given = fields.value("command");
  if (given == nullptr || command.empty()) {
    fields.missing("command", "the program and its arguments: [python3, app.py]");
    return {};
  }
  if (given->is_string()) return {"/bin/sh", "-c", "exec " + command[0]};
  if (is_there(command[0], folder)) return command;
  fields.error(fields.mark("command"), fmt::format("there is no program `{}`", command[0]),
               "expected an executable file, or one that PATH has",
               "a path counts from the suite's folder; `chmod +x` makes a file executable");
  return {};
}

Programs::Programs(std::vector<std::string> command, std::filesystem::path folder,
                   std::size_t workers, std::chrono::nanoseconds timeout)
    : command_(std::move(command)),
      folder_(std::move(folder)),
      workers_(workers),
      timeout_(timeout) {}

Programs::~Programs() = default;

void Programs::ask(std::size_t count, const Question& question, const Answer& answer) {
  const std::scoped_lock lock(mutex_);
  if (loop_ == nullptr) {
    loop_ = std::make_unique<EventLoop>();
    pool_ = std::make_unique<ProgramPool>(*loop_, command_, folder_);
  }
  std::size_t asked = 0, told = 0;
  while (told < count) {
    while (asked < count && asked - told < workers_) {
      const std::size_t i = asked++;
      pool_->ask(question(i), timeout_,
                 [&answer, &told, i](std::string_view line, const CallError& error) {
                   answer(i, line, error.message);
                   ++told;
                 });
    }
    if (told < count) loop_->turn();
  }
}

}  // namespace llmops
