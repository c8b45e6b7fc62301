#include "evaluators/store/drop_run.h"

#include "evaluators/store/sqlite.h"

namespace llmops {

std::int64_t drop_run(const std::filesystem::path& folder, const std::string& run_id) {
  Database database(folder / "store.db");
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
  const std::filesystem::path file = folder / "store.db";
  Database database(file);
  const auto before = static_cast<std::int64_t>(std::filesystem::file_size(file));
  database.execute("VACUUM");
  Statement checkpoint = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)");
  checkpoint.run();
  return before - static_cast<std::int64_t>(std::filesystem::file_size(file));
}

}  // namespace llmops
