#include "evaluators/store/stored_answer.h"

#include <chrono>

#include "evaluators/store/case_json.h"
#include "evaluators/store/database.h"

namespace llmops {

Sample stored_answer(const Statement& row) {
  Sample sample;
  read_answer(row.view(0), sample);
  sample.usage = {whole_number(row, 1), whole_number(row, 2), whole_number(row, 3),
                  whole_number(row, 4)};
  sample.cost_usd = row.optional_number(5);
  sample.cached = true;
  sample.attempts = 0;
  return sample;
}

std::optional<std::int64_t> whole_number(const Statement& row, int column) {
  if (row.null(column)) return std::nullopt;
  return row.integer(column);
}

std::int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace llmops
