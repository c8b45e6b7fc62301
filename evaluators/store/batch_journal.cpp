#include "evaluators/store/batch_journal.h"

#include "evaluators/store/database.h"

namespace llmops {

BatchJournal::BatchJournal(const std::filesystem::path& folder, std::string run_id)
    : database_(std::make_unique<Database>(folder)), run_id_(std::move(run_id)) {
  if (database_->on_server()) return;  // among its tables from the first
  database_->execute(
      "PRAGMA synchronous=FULL;"
      "CREATE TABLE IF NOT EXISTS batches(number INTEGER PRIMARY KEY AUTOINCREMENT, "
      "run TEXT NOT NULL, remote TEXT);"
      "CREATE TABLE IF NOT EXISTS batch_calls(batch INTEGER NOT NULL, custom_id TEXT NOT NULL, "
      "PRIMARY KEY(batch, custom_id)) WITHOUT ROWID;");
}

BatchJournal::~BatchJournal() = default;

std::int64_t BatchJournal::begin(std::span<const std::string> custom_ids) {
  Transaction transaction(*database_);
  Statement last = database_->prepare("INSERT INTO batches(run) VALUES(?) RETURNING number");
  last.bind(1, run_id_);
  last.step();
  const std::int64_t number = last.integer(0);
  last.reset();
  Statement add = database_->prepare("INSERT INTO batch_calls(batch, custom_id) VALUES(?, ?)");
  for (const std::string& id : custom_ids) add.bind(1, number).bind(2, id).run();
  transaction.commit();
  return number;
}

void BatchJournal::made(std::int64_t number, const std::string& remote_id) {
  database_->prepare("UPDATE batches SET remote = ? WHERE number = ?")
      .bind(1, remote_id)
      .bind(2, number)
      .run();
}

void BatchJournal::forget(std::int64_t number) {
  Transaction transaction(*database_);
  database_->prepare("DELETE FROM batch_calls WHERE batch = ?").bind(1, number).run();
  database_->prepare("DELETE FROM batches WHERE number = ?").bind(1, number).run();
  transaction.commit();
}

std::vector<OpenBatch> BatchJournal::open() const {
  std::vector<OpenBatch> found;
  Statement batches = database_->prepare(
      "SELECT number, coalesce(remote, '') FROM batches WHERE run = ? ORDER BY number");
  batches.bind(1, run_id_);
  while (batches.step()) found.push_back({batches.integer(0), batches.text(1), {}});
  Statement calls = database_->prepare("SELECT custom_id FROM batch_calls WHERE batch = ?");
  for (OpenBatch& batch : found) {
    calls.bind(1, batch.number);
    while (calls.step()) batch.custom_ids.push_back(calls.text(0));
    calls.reset();
  }
  return found;
}

}  // namespace llmops
