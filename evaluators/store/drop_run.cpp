#include "evaluators/store/drop_run.h"

#include "evaluators/store/database.h"

namespace llmops {

std::int64_t drop_run(const std::filesystem::path& folder, const std::string& run_id) {
  Database database(folder);
  Transaction transaction(database);
  constexpr const char* kRun = "(SELECT number FROM runs WHERE id = ?)";
  Statement count = database.prepare(std::string("SELECT count(*) FROM calls WHERE run = ") + kRun);
  count.bind(1, run_id).step();
  const std::int64_t calls = count.integer(0);
  count.reset();
  for (const char* of_calls : {"cache", "scores"})
    database
        .prepare(std::string("DELETE FROM ") + of_calls +
                 " WHERE call IN (SELECT number FROM calls WHERE run = " + kRun + ")")
        .bind(1, run_id)
        .run();
  for (const char* table : {"calls", "dropped_calls", "side_calls"})
    database.prepare(std::string("DELETE FROM ") + table + " WHERE run = " + kRun)
        .bind(1, run_id)
        .run();
  database.prepare("DELETE FROM runs WHERE id = ?").bind(1, run_id).run();
  transaction.commit();
  return calls;
}

std::int64_t compact(const std::filesystem::path& folder) {
  if (is_server_store(folder)) return 0;  // a server tidies up by itself
  const std::filesystem::path file = folder / "store.db";
  Database database(folder);
  const auto before = static_cast<std::int64_t>(std::filesystem::file_size(file));
  database.execute("VACUUM");
  Statement checkpoint = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)");
  checkpoint.run();
  return before - static_cast<std::int64_t>(std::filesystem::file_size(file));
}

}  // namespace llmops
