// Any bytes as recorded arrivals: times that never go back, or problems.
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "evaluators/load/trace_file.h"
#include "tests/fuzz/input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmops;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto date = date_seconds(text.substr(0, text.find('\n'))))
    if (!std::isfinite(*date)) std::abort();
  const InputFile file(data, size, ".csv");
  const Result<Trace> trace = read_trace(file.path(), {.unit_s = 0.001, .speed = 2});
  static_cast<void>(render(trace.problems()));
  if (!trace) {
    if (!has_errors(trace.problems())) std::abort();
    return 0;
  }
  double before = 0;
  for (const double time : trace->times_s) {
    if (!std::isfinite(time) || time < before) std::abort();
    before = time;
  }
  if (!trace->lengths.empty() && trace->lengths.size() != trace->times_s.size()) std::abort();
  return 0;
}
