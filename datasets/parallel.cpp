#include "datasets/parallel.h"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#if defined(__SANITIZE_THREAD__)
#define LLMOPS_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LLMOPS_TSAN 1
#endif
#endif
#ifdef LLMOPS_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace llmops {
namespace {

using Body = std::function<void(std::size_t, std::size_t)>;

// What TBB orders: the caller's work so far, before every part; every part, before what the caller
// does next.
class HandOver {
 public:
#ifdef LLMOPS_TSAN
  void give() { __tsan_release(&given_); }
  void take() { __tsan_acquire(&given_); }
  void give_back() { __tsan_release(&done_); }
  void take_back() { __tsan_acquire(&done_); }

 private:
  char given_ = 0, done_ = 0;
#else
  void give() {}
  void take() {}
  void give_back() {}
  void take_back() {}
#endif
};

// Copied through TBB's tasks, which ThreadSanitizer would take for a race: it looks away until
// `take`.
struct Part {
  HandOver* over;
  const Body* body;
#ifdef LLMOPS_TSAN
  __attribute__((no_sanitize("thread")))
#endif
  void
  operator()(const tbb::blocked_range<std::size_t>& range) const {
    over->take();
    (*body)(range.begin(), range.end());
    over->give_back();
  }
};

}  // namespace

void parallel_ranges(std::size_t count, std::size_t grain, const Body& body) {
  HandOver over;
  const Part part{&over, &body};
  over.give();
  if (grain == 0)
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, count), part);
  else
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, count, grain), part,
                      tbb::simple_partitioner());
  over.take_back();
}

}  // namespace llmops
