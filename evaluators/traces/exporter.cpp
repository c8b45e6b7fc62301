#include "evaluators/traces/exporter.h"

#include <fmt/format.h>

#include <charconv>

#include "datasets/text/json.h"
#include "evaluators/providers/redact.h"
#include "evaluators/runner/fetch.h"
#include "evaluators/traces/otlp.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {
namespace {

constexpr std::size_t kMostWaiting = 50'000;
constexpr std::size_t kSpansOfAPost = 512;  // the default of OpenTelemetry's own batch processor
constexpr auto kBetweenPosts = std::chrono::seconds(1);
constexpr auto kLastWords = std::chrono::seconds(5);

std::string traces_url(std::string url) {
  const std::size_t scheme = url.find("://");
  while (url.ends_with('/')) url.pop_back();
  const bool bare =
      url.find('/', scheme == std::string::npos ? 0 : scheme + 3) == std::string::npos;
  return bare ? url + "/v1/traces" : url;
}

// For messages: user and password of a URL are nobody's business.
std::string without_login(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t at = url.substr(0, url.find_first_of("/?#", host)).rfind('@');
  return at == std::string::npos ? url : url.substr(0, host) + url.substr(at + 1);
}

// What a collector repeats of the headers it was sent: a whole value, or the key in it without its
// scheme ("Bearer KEY").
void redact_headers(std::string& message, const std::vector<std::string>& headers) {
  for (const std::string& line : headers) {
    std::string_view value = std::string_view(line).substr(line.find(": ") + 2);
    redact(message, value);
    while (!value.empty()) {
      const std::size_t blank = std::min(value.find(' '), value.size());
      redact(message, value.substr(0, blank));
      value.remove_prefix(std::min(blank + 1, value.size()));
    }
  }
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    const char* digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, code, 16).ptr == digits + 2) {
      out += static_cast<char>(code);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> otlp_headers(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view pair = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    const std::size_t name = pair.find_first_not_of(' ');
    std::string line = fmt::format("{}: {}", pair.substr(name, equals - name),
                                   percent_decoded(pair.substr(equals + 1)));
    if (line.find_first_of("\r\n") == std::string::npos) lines.push_back(std::move(line));
  }
  return lines;
}

TraceExporter::TraceExporter(const TraceOptions& options) : options_(options) {
  if (!options_.file.empty()) {
    file_.emplace(options_.file);
    file_->open();
  }
  if (options_.otlp_url.empty()) return;
  options_.otlp_url = traces_url(options_.otlp_url);
  sender_ = std::thread([this] { send_all(); });
}

TraceExporter::~TraceExporter() { finish(); }

void TraceExporter::queue(Object span) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= kMostWaiting) {
    ++lost_;
    if (why_lost_.empty()) why_lost_ = "the collector is too slow";
    return;
  }
  waiting_.emplace_back(std::move(span));
  if (waiting_.size() == kSpansOfAPost) wake_.notify_one();
}

void TraceExporter::add(const TracedRun& run, const ModelSpec& model, const Request& request,
                        const Sample& sample, std::string_view purpose) {
  const CallTrace call = trace_of(run, model, request, sample, purpose);
  if (file_) {
    const std::string line = dump_json(trace_line(call)) + "\n";
    const std::lock_guard lock(mutex_);
    file_->write(line);
  }
  if (sender_.joinable()) queue(otlp_span(call));
}

void TraceExporter::add_run(const TracedRun& run, std::chrono::system_clock::time_point start,
                            const std::string& problem) {
  if (sender_.joinable())
    queue(otlp_run_span(run, start, std::chrono::system_clock::now(), problem));
}

std::string TraceExporter::finish() {
  if (sender_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      give_up_ = std::chrono::steady_clock::now() + kLastWords;
    }
    wake_.notify_one();
    sender_.join();
  }
  const std::lock_guard lock(mutex_);
  if (lost_ == 0) return "";
  return fmt::format("{} spans did not reach {}: {}", std::exchange(lost_, 0),
                     without_login(options_.otlp_url), why_lost_);
}

void TraceExporter::send_all() {
  EventLoop loop;
  std::vector<std::string> lines = options_.headers;
  lines.emplace_back("Content-Type: application/json");
  lines.emplace_back("Expect:");
  HttpRequest request;
  request.url = options_.otlp_url;
  request.headers = std::make_shared<const HttpHeaders>(lines);
  Random random(1, 0x07E1);
  for (;;) {
    List spans;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kBetweenPosts,
                     [&] { return closed_ || waiting_.size() >= kSpansOfAPost; });
      if (waiting_.empty() && closed_) return;
      const std::size_t take = std::min(waiting_.size(), kSpansOfAPost);
      const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(take);
      spans.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
      waiting_.erase(waiting_.begin(), end);
    }
    if (spans.empty()) continue;
    const auto count = static_cast<std::int64_t>(spans.size());
    request.body = otlp_document(std::move(spans));
    const FetchOptions options{
        .retries = {.max = 5,
                    .base = std::chrono::milliseconds(200),
                    .cap = std::chrono::seconds(5)},
        .timeout = std::chrono::seconds(10),
        .stop =
            [this] {
              const std::lock_guard lock(mutex_);
              return give_up_ && std::chrono::steady_clock::now() > *give_up_;
                    },
        .secret = "",
    };
    Fetched answer = fetch(loop, request, options, random);
    if (!answer.error) continue;
    redact_headers(answer.error.message, options_.headers);
    const std::lock_guard lock(mutex_);
    lost_ += count;
    why_lost_ = answer.error.message;
  }
}

}  // namespace llmops
