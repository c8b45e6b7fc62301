#pragma once
#include "cli/judges.h"
#include "cli/progress.h"

namespace llmops {

// Has the progress line tell how many of at most `most` questions to judges are answered; nothing
// where there are none. Both outlive `progress.stop()`.
void follow_judges(Progress& progress, const ConnectedJudges& judges, std::int64_t most);

}  // namespace llmops
