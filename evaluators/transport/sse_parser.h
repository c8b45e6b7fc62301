#pragma once
// Server-sent events as the WHATWG HTML standard defines them (section 9.2.6): LF, CRLF or CR,
// comments, one blank after the colon or none, `data:` over several lines, any cut between two
// reads.

#include <cstddef>
#include <string>
#include <string_view>

namespace llmops {

class SseSink {
 public:
  virtual ~SseSink() = default;
  // `name`: of the `event:` field, empty where there is none. Both views live until the call
  // returns.
  virtual void on_event(std::string_view name, std::string_view data) = 0;
};

class SseParser {
 public:
  // `most`: bytes that one event may have.
  explicit SseParser(std::size_t most = std::size_t{16} << 20) : most_(most) {}

  // False once an event is too long: nothing is read from then on.
  bool feed(std::string_view bytes, SseSink& sink);

  // The stream has ended. The standard drops an event that no blank line ends; servers that forget
  // the last line break are common, so it is handed over.
  void finish(SseSink& sink);

 private:
  void line(std::string_view text, SseSink& sink);
  void dispatch(SseSink& sink);

  std::size_t most_;
  std::string partial_;  // start of a line whose end has not come
  std::string data_;
  std::string name_;
  bool has_data_ = false;
  bool at_start_ = true;   // a byte order mark may come
  bool after_cr_ = false;  // an LF that comes next belongs to the line break before
  bool overflow_ = false;
};

}  // namespace llmops
