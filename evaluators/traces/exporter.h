#pragma once
// Tells of every call while a run goes on: lines into a file (--traces), spans to a collector
// (--otlp).

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "datasets/text/append_file.h"
#include "evaluators/traces/call_trace.h"

namespace llmops {

struct TraceOptions {
  std::filesystem::path file;  // empty: none; it grows by a line a call
  std::string otlp_url;        // empty: none; `/v1/traces` is added to an address without a path
  std::vector<std::string>
      headers;  // "Name: value", for the collector: may hold a key, never shown
};

// "a=b,c=d" as in OTEL_EXPORTER_OTLP_HEADERS (percent-encoded values) -> header lines.
std::vector<std::string> otlp_headers(std::string_view text);

class TraceExporter {
 public:
  // Opens the file: throws std::runtime_error where it cannot be written.
  explicit TraceExporter(const TraceOptions& options);
  // Sends what is left, at most for a few seconds.
  ~TraceExporter();
  TraceExporter(const TraceExporter&) = delete;
  TraceExporter& operator=(const TraceExporter&) = delete;

  // From any thread. A collector that is slow or gone never holds a run: beyond 50,000 waiting
  // spans further ones are dropped and counted.
  void add(const TracedRun& run, const ModelSpec& model, const Request& request,
           const Sample& sample, std::string_view purpose);
  void add_run(const TracedRun& run, std::chrono::system_clock::time_point start,
               const std::string& problem);
  // Sends what is left and says what did not arrive; "" where all did.
  std::string finish();

 private:
  void send_all();
  void queue(Object span);

  TraceOptions options_;
  std::optional<AppendFile> file_;
  std::mutex mutex_;  // of what follows
  std::condition_variable wake_;
  List waiting_;
  bool closed_ = false;
  std::int64_t lost_ = 0;
  std::string why_lost_;
  std::optional<std::chrono::steady_clock::time_point> give_up_;
  std::thread sender_;
};

}  // namespace llmops
