#include "cli/judge_steps.h"

#include <fmt/format.h>

#include "cli/evaluation.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "evaluators/judge/rubric.h"
#include "evaluators/runner/side_run.h"

namespace llmops {
namespace {

std::filesystem::path lock_file(const Suite& suite) {
  return suite.folder / (suite.file.stem().string() + ".lock");
}

WantsSteps* wants_steps(const Evaluator& evaluator) {
  return dynamic_cast<WantsSteps*>(evaluator.metric.get());
}

}  // namespace

void take_pinned_steps(Suite& suite, Diagnostics& problems) {
  const std::filesystem::path file = lock_file(suite);
  if (!std::filesystem::exists(file)) return;
  bool wanted = false;
  for (const Evaluator& evaluator : suite.evaluators)
    if (const WantsSteps* wants = wants_steps(evaluator)) wanted |= !wants->steps_key().empty();
  if (!wanted) return;
  const Result<Source> source = read_source(file, 16U << 20);
  const Result<Value> lock = source ? parse_json(*source) : Result<Value>(source.problems());
  if (!lock) return append(problems, lock.problems());
  const Value* pinned = lock->find("judge_steps");
  for (Evaluator& evaluator : suite.evaluators) {
    WantsSteps* wants = wants_steps(evaluator);
    if (wants == nullptr || pinned == nullptr || wants->steps_key().empty()) continue;
    const Value* entry = pinned->find(wants->steps_key());
    const Value* steps = entry == nullptr ? nullptr : entry->find("steps");
    if (steps == nullptr || !steps->is_list()) continue;
    std::vector<std::string> texts;
    for (const Value& step : *steps->list()) texts.push_back(to_text(step));
    if (!texts.empty()) wants->pin(std::move(texts));
    renew_signatures(evaluator);
  }
}

Diagnostics write_missing_steps(Suite& suite, SideModels& models, Console& console) {
  Diagnostics problems;
  std::unique_ptr<SideRun> run;
  Object added;
  for (std::size_t i = 0; i < models.asking().size(); ++i) {
    for (Evaluator& evaluator : suite.evaluators) {
      WantsSteps* wants = wants_steps(evaluator);
      if (wants == nullptr || asks_models(evaluator.metric.get()) != models.asking()[i].asks)
        continue;
      const std::string key = wants->steps_key();
      if (key.empty()) continue;
      if (run == nullptr)
        run =
            std::make_unique<SideRun>(models, "", "", SideRunOptions{.interrupts = &interrupts()});
      const Question question[] = {wants->ask_for_steps()};
      const Sample answer = run->asker(i).ask(question)[0];
      std::vector<std::string> steps = WantsSteps::read_steps(answer);
      if (steps.empty()) {
        problems.push_back(problem(
            fmt::format("judge `{}` wrote no evaluation steps: {}", evaluator.name,
                        answer.error ? answer.error.message : "its answer holds no list of them"),
            "", "write `steps: [...]` or `steps: none` into its options"));
        continue;
      }
      added.add(key, Object{
                         {"criteria",    wants->criteria()},
                         {       "model", answer.model                 },
                         { "steps", List(steps.begin(),                  steps.end())}
      });
      wants->pin(std::move(steps));
      renew_signatures(evaluator);
    }
  }
  if (added.empty()) return problems;
  const std::filesystem::path file = lock_file(suite);
  Value lock{Object{}};
  if (std::filesystem::exists(file)) {
    const Result<Source> source = read_source(file, 16U << 20);
    if (Result<Value> read = source ? parse_json(*source) : Result<Value>(source.problems());
        read && read->is_object())
      lock = *std::move(read);
  }
  Value steps = lock.find("judge_steps") != nullptr ? *lock.find("judge_steps") : Value(Object{});
  if (!steps.is_object()) steps = Value(Object{});
  for (const Member& member : added) steps.object()->set(member.key, member.value);
  lock.object()->set("judge_steps", std::move(steps));
  write_atomically(file, dump_json_pretty(lock) + "\n");
  console.note(fmt::format("pinned the evaluation steps of {} judge{} in {}: commit it",
                           added.size(), added.size() == 1 ? "" : "s", file.string()));
  return problems;
}

}  // namespace llmops
