// Any bytes as the prompts of a load: requests with something to ask, turn by turn, or problems.
#include <cstdlib>

#include "evaluators/load/workload.h"
#include "tests/fuzz/input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmops;
  const InputFile file(data, size, ".jsonl");
  for (const int turns : {1, 3}) {
    const auto made = make_workload(
        {.output = {.mean = 0}, .turns = turns, .dataset = DatasetSpec{.path = file.path()}}, 1, 7);
    static_cast<void>(render(made.problems()));
    if (!made) {
      if (!has_errors(made.problems())) std::abort();
      continue;
    }
    for (int i = 0; i < 4; ++i) {
      std::optional<Work> work = (*made)->next();
      for (int turn = 0; work; ++turn) {
        if (work->request->messages.empty() || work->wanted_output < 0) std::abort();
        if (turn >= turns) std::abort();
        work = (*made)->follow(*work, "so");
      }
    }
  }
  return 0;
}
