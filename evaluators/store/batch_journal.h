#pragma once
// Which batches a run has out, on the disk before the server hears of them: whoever resumes a
// killed run finds them again and asks nothing twice.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace llmops {

class Database;

struct OpenBatch {
  std::int64_t number = 0;  // in the journal
  std::string remote_id;    // the server's; empty: the run was killed before it was told
  std::vector<std::string> custom_ids;
};

// Tables of their own in the store's file. Errors throw std::runtime_error that names it.
class BatchJournal {
 public:
  BatchJournal(const std::filesystem::path& folder, std::string run_id);
  ~BatchJournal();
  BatchJournal(const BatchJournal&) = delete;
  BatchJournal& operator=(const BatchJournal&) = delete;

  // Forced to the disk when it returns: the number of the batch that is about to be made.
  std::int64_t begin(std::span<const std::string> custom_ids);
  void made(std::int64_t number, const std::string& remote_id);
  // Its answers are in the store, or there will never be any.
  void forget(std::int64_t number);
  std::vector<OpenBatch> open() const;
  const std::string& run_id() const { return run_id_; }

 private:
  std::unique_ptr<Database> database_;
  std::string run_id_;
};

}  // namespace llmops
