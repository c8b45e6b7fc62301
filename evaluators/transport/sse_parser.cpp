#include "evaluators/transport/sse_parser.h"

#include <cstring>

namespace llmops {
namespace {

// First LF or CR, or npos. Two memchr passes beat a byte loop: a CR is rare, and each line is
// short.
std::size_t line_end(std::string_view text) {
  const void* feed = std::memchr(text.data(), '\n', text.size());
  const std::size_t most =
      feed == nullptr ? text.size()
                      : static_cast<std::size_t>(static_cast<const char*>(feed) - text.data());
  const void* carriage = std::memchr(text.data(), '\r', most);
  if (carriage != nullptr)
    return static_cast<std::size_t>(static_cast<const char*>(carriage) - text.data());
  return feed == nullptr ? std::string_view::npos : most;
}

}  // namespace

bool SseParser::feed(std::string_view bytes, SseSink& sink) {
  if (overflow_) return false;
  while (!bytes.empty()) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes.front() == '\n') {
        bytes.remove_prefix(1);
        continue;
      }
    }
    const std::size_t end = line_end(bytes);
    if (end == std::string_view::npos) {
      partial_ += bytes;
      break;
    }
    after_cr_ = bytes[end] == '\r';
    if (partial_.empty()) {
      line(bytes.substr(0, end), sink);
    } else {
      partial_ += bytes.substr(0, end);
      std::string whole;
      whole.swap(partial_);
      line(whole, sink);
    }
    bytes.remove_prefix(end + 1);
    if (overflow_) return false;
  }
  if (partial_.size() + data_.size() > most_) overflow_ = true;
  return !overflow_;
}

void SseParser::finish(SseSink& sink) {
  if (overflow_) return;
  if (!partial_.empty()) {
    std::string whole;
    whole.swap(partial_);
    line(whole, sink);
  }
  dispatch(sink);
}

void SseParser::line(std::string_view text, SseSink& sink) {
  if (at_start_) {
    at_start_ = false;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  }
  if (text.empty()) return dispatch(sink);
  const std::size_t colon = text.find(':');
  if (colon == 0) return;  // a comment
  const std::string_view field = text.substr(0, colon);
  std::string_view value =
      colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    if (has_data_) data_ += '\n';
    has_data_ = true;
    data_ += value;
    if (data_.size() > most_) overflow_ = true;
  } else if (field == "event") {
    name_ = value;
  }
}

void SseParser::dispatch(SseSink& sink) {
  if (has_data_) sink.on_event(name_, data_);
  has_data_ = false;
  data_.clear();
  name_.clear();
}

}  // namespace llmops
