#include "evaluators/transport/program_pool.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <stdexcept>

#include "datasets/text/fields.h"
#include "evaluators/transport/child_process.h"

namespace llmops {
namespace {

constexpr std::size_t kLongestLine = std::size_t{64} << 20;

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

struct ProgramPool::Worker {
  std::unique_ptr<ChildProcess> process;  // none: to be started
  std::uint64_t question = 0;             // 0: idle
  Done done;
  std::optional<EventLoop::Timer> timer;
};

ProgramPool::ProgramPool(EventLoop& loop, std::vector<std::string> command,
                         std::filesystem::path folder)
    : loop_(loop), command_(std::move(command)), folder_(std::move(folder)) {}

ProgramPool::~ProgramPool() {
  *alive_ = false;
  for (const auto& worker : workers_)
    if (worker->timer) loop_.cancel(*worker->timer);
}

std::uint64_t ProgramPool::ask(std::string_view line, std::chrono::nanoseconds timeout, Done done) {
  CallError error;
  Worker* worker = idle_worker(error);
  if (worker == nullptr) {
    done({}, std::move(error));
    return 0;
  }
  worker->question = next_++;
  worker->done = std::move(done);
  worker->timer = loop_.after(timeout, [this, worker, timeout] {
    worker->timer.reset();
    const double seconds = std::chrono::duration<double>(timeout).count();
    end(*worker, {ErrorClass::timeout_total,
                  fmt::format("the program did not answer within {:g} s (`timeout`)", seconds)});
  });
  worker->process->write(fmt::format("{}\n", line));
  return worker->question;
}

void ProgramPool::cancel(std::uint64_t question) {
  loop_.defer([this, question, alive = alive_] {
    if (!*alive) return;
    for (const auto& worker : workers_)
      if (worker->question == question)
        return end(*worker, {ErrorClass::cancelled, "the call was cancelled"});
  });
}

void ProgramPool::cancel_all() {
  for (const auto& worker : workers_)
    if (worker->question != 0) cancel(worker->question);
}

ProgramPool::Worker* ProgramPool::idle_worker(CallError& error) {
  Worker* idle = nullptr;
  for (const auto& worker : workers_) {
    if (worker->question != 0) continue;
    idle = worker.get();
    if (idle->process) return idle;
  }
  if (idle == nullptr) idle = workers_.emplace_back(std::make_unique<Worker>()).get();
  try {
    idle->process = std::make_unique<ChildProcess>(
        loop_, command_, folder_, kLongestLine,
        ChildProcess::Events{
            .on_line = [this, idle](std::string_view line) { on_line(*idle, line); },
            .on_end =
                [this, idle](std::string why) {
                  end(*idle, {ErrorClass::program_failed, "the program failed: " + why});
                }});
  } catch (const std::runtime_error& failure) {
    error = {ErrorClass::other, failure.what()};
    return nullptr;
  }
  return idle;
}

void ProgramPool::on_line(Worker& worker, std::string_view line) {
  if (worker.question == 0) return;  // nobody asked
  if (line.find_first_not_of(" \t") == std::string_view::npos) return;
  finish(worker, line, {});
}

void ProgramPool::finish(Worker& worker, std::string_view line, CallError error) {
  if (worker.timer) loop_.cancel(*worker.timer);
  worker.timer.reset();
  worker.question = 0;
  const Done done = std::move(worker.done);
  worker.done = nullptr;
  done(line, std::move(error));
}

// The process goes; it may be the one whose event is being handled, so it is let go later.
void ProgramPool::end(Worker& worker, CallError error) {
  if (worker.process) {
    worker.process->kill();
    const std::shared_ptr<ChildProcess> gone = std::move(worker.process);
    loop_.defer([gone] {});
  }
  if (worker.question != 0) finish(worker, {}, std::move(error));
}

}  // namespace llmops
