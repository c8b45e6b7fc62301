#pragma once
// An append-only log whose entries chain by hash: a line that is changed, taken out or put in
// breaks the chain.

#include <cstdint>
#include <filesystem>
#include <string>

#include "datasets/text/result.h"
#include "datasets/text/value.h"

namespace llmops {

// State of the chain: how many entries, and the hash of the last ("" for none).
struct AuditHead {
  std::int64_t entries = 0;
  std::string hash;
};

// One JSON line: {number, <entry's members>, previous, hash}; `hash` is sha256 of the canonical
// JSON of the rest. Locks the file while it writes, and syncs it. A log that is broken is not
// continued. Throws std::runtime_error where the disk fails.
Result<AuditHead> append_audit(const std::filesystem::path& file, const Object& entry);

// Walks the whole chain. Problems: a line that is no entry, a hash or a number that does not
// follow, fewer entries than `expected` knows of (the end was cut off). An absent file is an empty
// log.
Result<AuditHead> verify_audit(const std::filesystem::path& file, const AuditHead& expected = {});

}  // namespace llmops
