#pragma once
#include <atomic>
#include <cstddef>
#include <limits>
#include <string>

namespace llmops {

// How many references the rows that were scored so far have, for signatures: "1", "4", "var".
// Thread-safe.
class ReferenceCount {
 public:
  void saw(std::size_t references) {
    lower(references);
    raise(references);
  }
  // "1" before anything was scored.
  std::string shown() const {
    const std::size_t most = most_.load(std::memory_order_relaxed);
    if (most == 0) return "1";
    return least_.load(std::memory_order_relaxed) == most ? std::to_string(most) : "var";
  }

 private:
  void lower(std::size_t references) {
    std::size_t seen = least_.load(std::memory_order_relaxed);
    while (references < seen &&
           !least_.compare_exchange_weak(seen, references, std::memory_order_relaxed)) {
    }
  }
  void raise(std::size_t references) {
    std::size_t seen = most_.load(std::memory_order_relaxed);
    while (references > seen &&
           !most_.compare_exchange_weak(seen, references, std::memory_order_relaxed)) {
    }
  }
  std::atomic<std::size_t> least_{std::numeric_limits<std::size_t>::max()};
  std::atomic<std::size_t> most_{0};
};

}  // namespace llmops
