#include "cli/judge_progress.h"

namespace llmops {

void follow_judges(Progress& progress, const ConnectedJudges& judges, std::int64_t most) {
  if (most <= 0) return;
  progress.set_beside({.what = "judge calls",
                       .most = most,
                       .done = [&judges] { return judges.answered(); },
                       .waiting = [&judges] { return judges.waiting(); }});
}

}  // namespace llmops
