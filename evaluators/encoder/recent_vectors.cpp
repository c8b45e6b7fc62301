#include "evaluators/encoder/recent_vectors.h"

namespace llmops {

RecentVectors::Vectors RecentVectors::get(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = places_.find(key);
  if (found == places_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->vectors;
}

void RecentVectors::put(const std::string& key, const Vectors& vectors) {
  const std::size_t size = vectors->size() * sizeof(float);
  const std::lock_guard lock(mutex_);
  if (size > most_bytes_ || places_.contains(key)) return;
  entries_.push_front({key, vectors});
  places_.emplace(key, entries_.begin());
  bytes_ += size;
  while (bytes_ > most_bytes_) {
    bytes_ -= entries_.back().vectors->size() * sizeof(float);
    places_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

}  // namespace llmops
