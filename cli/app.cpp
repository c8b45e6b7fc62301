#include "cli/app.h"

#include <cstdio>

#include "cli/exit_code.h"

namespace llmops {

int run_app(int, char**) {
  std::puts("llmops " LLMOPS_VERSION);
  return static_cast<int>(ExitCode::passed);
}

}  // namespace llmops
