#include "evaluators/store/call_times.h"

#include "evaluators/store/database.h"

namespace llmops {

std::vector<double> call_latencies(const std::filesystem::path& store, const std::string& run_id,
                                   std::size_t most) {
  const Database database(store);
  Statement rows = database.scan(
      "SELECT latency_ms FROM calls WHERE run = (SELECT number FROM runs WHERE id = ?) "
      "AND cached = 0 AND error IS NULL AND latency_ms IS NOT NULL ORDER BY number LIMIT ?");
  rows.bind(1, run_id).bind(2, static_cast<std::int64_t>(most));
  std::vector<double> times;
  while (rows.step()) times.push_back(rows.number(0));
  return times;
}

}  // namespace llmops
