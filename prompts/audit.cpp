#include "prompts/audit.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "datasets/text/files.h"
#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "prompts/canonical.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

class LockedFile {
 public:
  explicit LockedFile(const fs::path& path)
      : path_(path.string()),
        descriptor_(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0 || ::flock(descriptor_, LOCK_EX) != 0) fail();
  }
  ~LockedFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;

  void append(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail();
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(descriptor_) != 0) fail();
  }

 private:
  [[noreturn]] void fail() const {
    throw std::runtime_error(fmt::format("{}: {}", path_, std::strerror(errno)));
  }
  std::string path_;
  int descriptor_;
};

std::string hash_of(const Value& entry) {
  Object rest = *entry.object();
  rest.erase("hash");
  return sha256(canonical_json(rest));
}

}  // namespace

Result<AuditHead> verify_audit(const fs::path& file, const AuditHead& expected) {
  AuditHead head;
  std::error_code ignored;
  const auto broken = [&](std::size_t line, std::string what, std::string help) {
    Diagnostic found = problem(std::move(what), "", std::move(help));
    found.file = file.string();
    found.line = line;
    return found;
  };
  if (fs::exists(file, ignored)) {
    Result<LineReader> lines = LineReader::open(file);
    if (!lines) return lines.problems();
    std::string_view line;
    while (lines->next(line)) {
      const std::size_t number = lines->line_number();
      const Result<Value> entry = parse_json(line, file.string(), number);
      if (!entry) return entry.problems();
      const Value* position = entry->find("number");
      const Value* previous = entry->find("previous");
      const Value* hash = entry->find("hash");
      if (position == nullptr || !position->is_integer() || previous == nullptr ||
          !previous->is_string() || hash == nullptr || !hash->is_string())
        return broken(number, "this line is no entry of an audit log", "");
      if (*position->integer() != head.entries + 1)
        return broken(number,
                      fmt::format("entry {} stands where {} is expected", *position->integer(),
                                  head.entries + 1),
                      "a line was taken out or put in");
      if (*previous->string() != head.hash)
        return broken(number, "the entry does not follow from the one before it",
                      "a line before this one was changed");
      if (hash_of(*entry) != *hash->string())
        return broken(number, "the entry is not what was written", "this line was changed");
      head = {head.entries + 1, *hash->string()};
      if (head.entries == expected.entries && head.hash != expected.hash)
        return broken(number, "the entry is not the one that the labels file knows",
                      "lines were written anew, or labels.json was put back");
    }
  }
  if (head.entries < expected.entries)
    return broken(
        0, fmt::format("the log ends after {} of {} entries", head.entries, expected.entries),
        "lines were cut off at its end");
  return head;
}

Result<AuditHead> append_audit(const fs::path& file, const Object& entry) {
  if (file.has_parent_path()) fs::create_directories(file.parent_path());
  LockedFile log(file);
  const Result<AuditHead> head = verify_audit(file);
  if (!head) return head.problems();
  Object line;
  line.add("number", head->entries + 1);
  for (const Member& member : entry) line.add(member.key, member.value);
  line.add("previous", head->hash);
  const std::string hash = hash_of(line);
  line.add("hash", hash);
  log.append(dump_json(line) + "\n");
  return AuditHead{head->entries + 1, hash};
}

}  // namespace llmops
