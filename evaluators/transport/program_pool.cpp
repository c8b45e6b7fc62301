#include "evaluators/transport/program_pool.h"

#include <fmt/format.h>

#include <optional>
#include <stdexcept>

#include "evaluators/transport/child_process.h"

namespace llmops {
namespace {

constexpr std::size_t kLongestLine = std::size_t{64} << 20;

}  // namespace

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
