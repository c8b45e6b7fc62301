#include "evaluators/providers/stream_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "evaluators/providers/http_faults.h"
#include "evaluators/providers/redact.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {
namespace {

// Error bodies beyond this are of no use to anybody.
constexpr std::size_t kMostErrorBody = std::size_t{64} << 10;
constexpr std::size_t kMostLine = std::size_t{16} << 20;
// How long a server that has said all may keep the body open.
constexpr auto kLinger = std::chrono::milliseconds(250);

// TGI tells how long a request waited, in ms, with answers that do not stream.
std::optional<double> queue_header(const HttpHead& head) {
  const auto text = head.header("x-queue-time");
  double value = 0;
  if (!text ||
      std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc() ||
      !(value >= 0))
    return std::nullopt;
  return value;
}

enum class BodyKind { unknown, events, lines, document, error, wrong };

}  // namespace

class StreamCalls::Call final : public HttpHandler, public SseSink {
 public:
  Call(StreamCalls& owner, std::uint64_t number, std::unique_ptr<AnswerReader> reader,
       Sample sample, Clock::time_point scheduled, Provider::Done done)
      : owner_(&owner),
        number_(number),
        stream_(owner.model_.stream),
        keep_events_(owner.model_.keep_events),
        timeouts_(owner.model_.timeout),
        reader_(std::move(reader)),
        sample_(std::move(sample)),
        done_(std::move(done)) {
    timeline_.scheduled = scheduled;
  }

  void begin(HttpCall& call) {
    call_ = &call;
    begun_ = Clock::now();
    set_deadline(call);
  }

  void on_data(HttpCall& call, std::string_view bytes, Clock::time_point at) override {
    at_ = at;
    last_data_ = at;
    if (kind_ == BodyKind::unknown) kind_ = kind_of(call.head(), bytes);
    switch (kind_) {
      case BodyKind::events:
        if (!parser_.feed(bytes, *this))
          return call.end({ErrorClass::too_large, "one event of the stream is too long"});
        break;
      case BodyKind::lines:
        if (!feed_lines(bytes))
          return call.end({ErrorClass::too_large, "one line of the answer is too long"});
        break;
      case BodyKind::error:
        body_ += bytes.substr(0, kMostErrorBody - std::min(kMostErrorBody, body_.size()));
        break;
      case BodyKind::document:
        body_ += bytes;
        break;
      case BodyKind::wrong:
      case BodyKind::unknown:
        return call.end({ErrorClass::wrong_content_type,
                         fmt::format("the answer is `{}`, not JSON or an event stream",
                                     call.head().content_type())});
    }
    if (reader_->fault()) return call.end(reader_->fault());
    set_deadline(call);
  }

  void on_event(std::string_view name, std::string_view data) override {
    if (reader_->fault()) return;  // nothing counts behind an error
    const EventGain gain = reader_->on_event(name, data);
    if (!timeline_.first_event) timeline_.first_event = at_;
    if (!gain.payload) return;
    if (!gain.thinking && !timeline_.first_answer) timeline_.first_answer = at_;
    if (!timeline_.first_token) {
      timeline_.first_token = at_;
      timeline_.first_tokens = gain.tokens;
    }
    if (keep_events_) timeline_.events.push_back({at_, gain.tokens});
    if (timeline_.last_token) {
      const double gap =
          std::chrono::duration<double, std::milli>(at_ - *timeline_.last_token).count();
      timeline_.longest_gap_ms = std::max(timeline_.longest_gap_ms, gap);
    }
    timeline_.last_token = at_;
    ++timeline_.payload_events;
  }

  void on_end(HttpCall& call, const CallError& error) override {
    if (owner_ == nullptr) return;
    owner_->under_way_.erase(number_);
    timeline_.sent = call.sent();
    timeline_.headers = call.head_at();
    Answer answer;
    sample_.error = verdict(call, error);
    if (call.head().status < 200 || call.head().status >= 300)
      answer.retry_after = retry_after(call.head(), body_, std::chrono::system_clock::now());
    timeline_.end = sample_.error ? Clock::now() : last_data_.value_or(Clock::now());
    reader_->move_into(sample_);
    if (!sample_.server.queue_ms) sample_.server.queue_ms = queue_header(call.head());
    redact(sample_, owner_->secret_);
    if (!sample_.error) answer.more = reader_->move_more();
    for (Sample& each : answer.more) redact(each, owner_->secret_);
    if (answer.more.empty()) {  // the stamps of several answers are nobody's
      sample_.timeline = timeline_;
      sample_.timing = timing_of(timeline_, sample_.usage.output);
    }
    answer.sample = std::move(sample_);
    const Provider::Done done = std::move(done_);
    done(std::move(answer));
  }

  void abandon() { owner_ = nullptr; }
  HttpCall& call() { return *call_; }

 private:
  BodyKind kind_of(const HttpHead& head, std::string_view bytes) const {
    if (head.status < 200 || head.status >= 300) return BodyKind::error;
    const std::string type = head.content_type();
    if (type == "text/event-stream") return BodyKind::events;
    if (type == "application/x-ndjson" || type == "application/jsonl") return BodyKind::lines;
    if (type.ends_with("json")) return BodyKind::document;  // also a server that knows no streaming
    if (type == "text/html") return BodyKind::wrong;
    // Servers that forget the type, or call it text/plain: the first byte tells.
    const std::size_t first = bytes.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return BodyKind::unknown;
    if (bytes[first] == '{' || bytes[first] == '[') return BodyKind::document;
    const std::string_view start = bytes.substr(first);
    const bool events =
        start.starts_with("data:") || start.starts_with("event:") || start.starts_with(":");
    return events ? BodyKind::events : BodyKind::wrong;
  }

  // A document a line: each is an event. What ends no line waits for the rest.
  bool feed_lines(std::string_view bytes) {
    for (std::size_t end = 0; (end = bytes.find('\n')) != std::string_view::npos;) {
      body_ += bytes.substr(0, end);
      if (body_.find_first_not_of(" \t\r") != std::string::npos) on_event("", body_);
      body_.clear();
      bytes.remove_prefix(end + 1);
    }
    body_ += bytes;
    return body_.size() <= kMostLine;
  }

  void set_deadline(HttpCall& call) {
    const Clock::time_point total = begun_ + timeouts_.total;
    Clock::time_point due = total;
    ErrorClass kind = ErrorClass::timeout_total;
    std::string_view what = "the answer was not complete within `timeout.total`";
    if (reader_->complete()) {
      due = at_ + kLinger;
    } else if (timeline_.last_token || (!stream_ && last_data_)) {
      const Clock::time_point last = timeline_.last_token ? *timeline_.last_token : *last_data_;
      if (last + timeouts_.between_tokens < total) {
        due = last + timeouts_.between_tokens;
        kind = ErrorClass::timeout_between_tokens;
        what = "the next token did not come within `timeout.between_tokens`";
      }
    } else if (stream_ && begun_ + timeouts_.first_token < total) {
      due = begun_ + timeouts_.first_token;
      kind = ErrorClass::timeout_first_token;
      what = "the first token did not come within `timeout.first_token`";
    }
    call.deadline(due, kind, what);
  }

  CallError verdict(HttpCall& call, const CallError& error) {
    if (reader_->fault()) return reader_->fault();
    if (error && !reader_->complete()) return error;
    if (kind_ == BodyKind::error ||
        (call.head().status != 0 && (call.head().status < 200 || call.head().status >= 300)))
      return http_fault(call.head(), body_);
    if (kind_ == BodyKind::events) parser_.finish(*this);
    if (kind_ == BodyKind::lines) feed_lines("\n");
    if (kind_ == BodyKind::document) reader_->on_document(body_);
    if (kind_ == BodyKind::wrong)
      return {ErrorClass::wrong_content_type, "the answer is neither JSON nor an event stream"};
    if (kind_ == BodyKind::unknown) return {ErrorClass::empty_choices, "the answer has no body"};
    if (reader_->fault()) return reader_->fault();
    if ((kind_ == BodyKind::events || kind_ == BodyKind::lines) && !reader_->finished())
      return {ErrorClass::truncated, "the stream ended without a finish reason"};
    if (!reader_->has_answer()) return {ErrorClass::empty_choices, "the answer is empty"};
    return {};
  }

  StreamCalls* owner_;
  HttpCall* call_ = nullptr;
  std::uint64_t number_;
  bool stream_;
  bool keep_events_;
  Timeouts timeouts_;
  std::unique_ptr<AnswerReader> reader_;
  Sample sample_;
  Provider::Done done_;
  SseParser parser_;
  Timeline timeline_;
  BodyKind kind_ = BodyKind::unknown;
  std::string body_;
  Clock::time_point begun_, at_;
  std::optional<Clock::time_point> last_data_;
};

StreamCalls::StreamCalls(EventLoop& loop, const ModelSpec& model) : loop_(loop), model_(model) {}

StreamCalls::~StreamCalls() {
  for (const auto& entry : under_way_) {
    entry.second->abandon();
    entry.second->call().end({ErrorClass::cancelled, "the model is gone"});
  }
}

std::uint64_t StreamCalls::start(HttpRequest request, std::unique_ptr<AnswerReader> reader,
                                 Sample sample, Clock::time_point scheduled, Provider::Done done) {
  const std::uint64_t number = next_++;
  auto owned = std::make_unique<Call>(*this, number, std::move(reader), std::move(sample),
                                      scheduled, std::move(done));
  Call& call = *owned;
  under_way_.emplace(number, &call);
  call.begin(loop_.http().start(std::move(request), std::move(owned)));
  return number;
}

void StreamCalls::cancel(std::uint64_t attempt) {
  const auto found = under_way_.find(attempt);
  if (found != under_way_.end())
    found->second->call().end({ErrorClass::cancelled, "the call was cancelled"});
}

void StreamCalls::cancel_all() {
  for (const auto& entry : under_way_)
    entry.second->call().end({ErrorClass::cancelled, "the call was cancelled"});
}

}  // namespace llmops
