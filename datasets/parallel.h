#pragma once
// Work on all cores, by TBB. Its headers stay out of sight, and what it orders between threads is
// told to ThreadSanitizer, which cannot see into a library that was built without it.

#include <cstddef>
#include <functional>

namespace llmops {

// body(first, last) over parts of [0, count), each once, in any order, on any thread. `grain`: the
// most that a part holds; 0: chosen by how busy the threads are. Returns when all are done; an
// exception of a body comes out of here.
void parallel_ranges(std::size_t count, std::size_t grain,
                     const std::function<void(std::size_t first, std::size_t last)>& body);

// body(i) for each i in [0, count).
template <class Body>
void parallel_for(std::size_t count, const Body& body, std::size_t grain = 0) {
  parallel_ranges(count, grain, [&body](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) body(i);
  });
}

}  // namespace llmops
