#include "evaluators/transport/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <stdexcept>

#include "evaluators/transport/curl_faults.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {
namespace {

void prepare_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    // A connection is a file descriptor, and shells give a process 1,024 of them.
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
      files.rlim_cur = files.rlim_max;
      ::setrlimit(RLIMIT_NOFILE, &files);
    }
    struct sigaction now {};
    if (::sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL)
      std::signal(SIGPIPE, SIG_IGN);
  });
}

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

// A loopback address is never reached through a proxy.
bool is_loopback(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view rest = url.substr(scheme + 3);
  return rest.starts_with("127.") || rest.starts_with("localhost") || rest.starts_with("[::1]");
}

}  // namespace

HttpHeaders::HttpHeaders(const std::vector<std::string>& lines) {
  curl_slist* list = nullptr;
  for (const std::string& line : lines) list = curl_slist_append(list, line.c_str());
  list_ = list;
}

HttpHeaders::~HttpHeaders() { curl_slist_free_all(static_cast<curl_slist*>(list_)); }

std::optional<std::string_view> HttpHead::header(std::string_view name) const {
  std::string_view rest = lines_;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && same_letters(line.substr(0, colon), name))
      return trimmed(line.substr(colon + 1));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return std::nullopt;
}

std::string HttpHead::content_type() const {
  std::string_view type = header("content-type").value_or("");
  type = trimmed(type.substr(0, type.find(';')));
  std::string lower(type);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return lower;
}

void HttpHead::clear() {
  status = 0;
  lines_.clear();
}

void HttpHead::add(std::string_view line) { lines_ += line; }

struct HttpCall::Transfer {
  CURL* easy = nullptr;
  HttpRequest request;
  std::unique_ptr<HttpHandler> handler;
  std::string pending;  // read, not yet handed over
  Clock::time_point pending_at;
  std::size_t bytes = 0;
  std::size_t index = 0;  // in State::calls
  bool dirty = false;
  bool too_large = false;
  bool ended = false;
  CallError error;
  Clock::time_point due = Clock::time_point::max();
  ErrorClass due_kind = ErrorClass::timeout_total;
  std::string_view due_what;
  std::optional<EventLoop::Timer> timer;
  std::array<char, CURL_ERROR_SIZE> message{};
};

struct HttpClient::State {
  explicit State(EventLoop& event_loop) : loop(event_loop) {}

  EventLoop& loop;
  CURLM* multi = nullptr;
  CURLSH* share = nullptr;
  std::vector<CURL*> idle;
  std::vector<std::unique_ptr<HttpCall>> calls;
  std::vector<HttpCall*> dirty;
  std::vector<HttpCall*> ended;
  std::optional<EventLoop::Timer> timer;
  bool settle_planned = false;
  bool kick_planned = false;
  bool closing = false;
  std::int64_t connections = 0;
  Clock::time_point reading_at;

  CURL* easy();
  void act(curl_socket_t socket, int events);
  void plan_settle();
  void settle();
  void finish(HttpCall& call, const CallError& error);
  void watch_deadline(HttpCall& call);

  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*);
  static int on_timer(CURLM*, long ms, void* self);
  static std::size_t on_write(char* bytes, std::size_t, std::size_t size, void* self);
  static std::size_t on_header(char* bytes, std::size_t, std::size_t size, void* self);
  static int on_request(void* self, char*, char*, int, int);
};

int HttpClient::State::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  State& state = *static_cast<State*>(self);
  if (what == CURL_POLL_REMOVE) {
    state.loop.unwatch(socket);
    return 0;
  }
  const std::uint32_t events =
      ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
  state.loop.watch(socket, events, [&state, socket](std::uint32_t ready) {
    const int flags = ((ready & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                      ((ready & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                      ((ready & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0);
    state.act(socket, flags);
  });
  return 0;
}

int HttpClient::State::on_timer(CURLM*, long ms, void* self) {
  State& state = *static_cast<State*>(self);
  if (state.timer) state.loop.cancel(*state.timer);
  state.timer.reset();
  if (ms < 0) return 0;
  if (ms == 0) {
    if (state.kick_planned) return 0;
    state.kick_planned = true;
    state.loop.defer([&state] {
      state.kick_planned = false;
      state.act(CURL_SOCKET_TIMEOUT, 0);
    });
    return 0;
  }
  state.timer = state.loop.after(std::chrono::milliseconds(ms), [&state] {
    state.timer.reset();
    state.act(CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

std::size_t HttpClient::State::on_write(char* bytes, std::size_t, std::size_t size, void* self) {
  HttpCall& call = *static_cast<HttpCall*>(self);
  HttpCall::Transfer& transfer = *call.transfer_;
  State& state = *call.client_->state_;
  transfer.bytes += size;
  if (transfer.bytes > transfer.request.most_bytes) {
    transfer.too_large = true;
    return 0;  // libcurl ends the transfer with CURLE_WRITE_ERROR
  }
  if (transfer.pending.empty()) transfer.pending_at = state.reading_at;
  transfer.pending.append(bytes, size);
  if (!transfer.dirty) {
    transfer.dirty = true;
    state.dirty.push_back(&call);
  }
  return size;
}

std::size_t HttpClient::State::on_header(char* bytes, std::size_t, std::size_t size, void* self) {
  HttpCall& call = *static_cast<HttpCall*>(self);
  std::string_view line(bytes, size);
  if (line.starts_with("HTTP/")) {
    call.head_.clear();
    const std::size_t blank = line.find(' ');
    if (blank != std::string_view::npos)
      std::from_chars(line.data() + blank + 1, line.data() + line.size(), call.head_.status);
  } else if (line == "\r\n" || line == "\n") {
    call.head_at_ = call.client_->state_->reading_at;
  } else if (!call.head_at_ || call.head_.status < 200) {  // trailers are not kept
    call.head_.add(line);
  }
  return size;
}

// libcurl sends a request again, without a word, when a connection that was used before ends before
// the answer begins. The server may have read it, and be paid for it: whether to ask again is the
// retry policy's business, and it counts.
int HttpClient::State::on_request(void* self, char*, char*, int, int) {
  HttpCall& call = *static_cast<HttpCall*>(self);
  if (call.sent_) return CURL_PREREQFUNC_ABORT;
  call.sent_ = Clock::now();
  return CURL_PREREQFUNC_OK;
}

CURL* HttpClient::State::easy() {
  if (!idle.empty()) {
    CURL* handle = idle.back();
    idle.pop_back();
    return handle;
  }
  CURL* handle = curl_easy_init();
  if (handle == nullptr) throw std::runtime_error("libcurl cannot make a handle");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_SHARE, share);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPIDLE, 30L);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPINTVL, 15L);
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &State::on_write);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &State::on_header);
  curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, &State::on_request);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 1L);
  // As OpenSSL's own programs: certificates of a company, beside or instead of the system's.
  if (const char* file = std::getenv("SSL_CERT_FILE"); file != nullptr && *file != '\0')
    curl_easy_setopt(handle, CURLOPT_CAINFO, file);
  // A name server that does not answer must not hold the end of the program: its thread is left.
  curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  return handle;
}

void HttpClient::State::act(curl_socket_t socket, int events) {
  reading_at = Clock::now();
  int running = 0;
  curl_multi_socket_action(multi, socket, events, &running);
  plan_settle();
}

void HttpClient::State::plan_settle() {
  if (settle_planned) return;
  settle_planned = true;
  loop.defer([this] {
    settle_planned = false;
    settle();
  });
}

// Hands over what was read in this turn, then what has ended.
void HttpClient::State::settle() {
  std::vector<HttpCall*> calls_with_data;
  calls_with_data.swap(dirty);
  std::string bytes;
  for (HttpCall* call : calls_with_data) {
    HttpCall::Transfer& transfer = *call->transfer_;
    transfer.dirty = false;
    if (transfer.ended) continue;
    bytes.swap(transfer.pending);
    transfer.pending.clear();
    transfer.handler->on_data(*call, bytes, transfer.pending_at);
    bytes.clear();
    bytes.swap(transfer.pending);  // the buffer goes back to its call
  }

  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    HttpCall* call = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
    if (call->transfer_->ended) continue;
    const CURLcode code = message->data.result;
    CallError error;
    if (call->transfer_->too_large)
      error = {ErrorClass::too_large, fmt::format("the answer is longer than {} bytes",
                                                  call->transfer_->request.most_bytes)};
    else if (code != CURLE_OK)
      error = curl_fault(call->transfer_->easy, code, call->transfer_->message.data());
    finish(*call, error);
  }
  std::vector<HttpCall*> ending;
  ending.swap(ended);
  for (HttpCall* call : ending) finish(*call, call->transfer_->error);
}

void HttpClient::State::finish(HttpCall& call, const CallError& error) {
  HttpCall::Transfer& transfer = *call.transfer_;
  transfer.ended = true;
  if (transfer.timer) loop.cancel(*transfer.timer);
  long fresh = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_NUM_CONNECTS, &fresh);
  connections += fresh;
  curl_multi_remove_handle(multi, transfer.easy);
  idle.push_back(transfer.easy);
  transfer.easy = nullptr;

  const std::size_t index = transfer.index;
  const std::unique_ptr<HttpCall> owned = std::move(calls[index]);
  if (index + 1 != calls.size()) {
    calls[index] = std::move(calls.back());
    calls[index]->transfer_->index = index;
  }
  calls.pop_back();
  if (transfer.dirty) std::erase(dirty, &call);
  transfer.handler->on_end(call, error);
}

void HttpClient::State::watch_deadline(HttpCall& call) {
  HttpCall::Transfer& transfer = *call.transfer_;
  if (transfer.timer && transfer.timer->first <= transfer.due)
    return;  // fires earlier and looks again
  if (transfer.timer) loop.cancel(*transfer.timer);
  transfer.timer = loop.at(transfer.due, [this, &call] {
    HttpCall::Transfer& late = *call.transfer_;
    late.timer.reset();
    if (late.ended) return;
    if (Clock::now() < late.due) return watch_deadline(call);
    call.end({late.due_kind, std::string(late.due_what)});
  });
}

void HttpCall::deadline(Clock::time_point when, ErrorClass kind, std::string_view what) {
  transfer_->due = when;
  transfer_->due_kind = kind;
  transfer_->due_what = what;
  client_->state_->watch_deadline(*this);
}

void HttpCall::end(CallError error) {
  if (transfer_->ended) return;
  transfer_->ended = true;
  transfer_->error = std::move(error);
  client_->state_->ended.push_back(this);
  client_->state_->plan_settle();
}

HttpClient::HttpClient(EventLoop& loop) : state_(std::make_unique<State>(loop)) {
  prepare_library();
  state_->multi = curl_multi_init();
  state_->share = curl_share_init();
  if (state_->multi == nullptr || state_->share == nullptr)
    throw std::runtime_error("libcurl cannot start");
  curl_share_setopt(state_->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  curl_share_setopt(state_->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  curl_multi_setopt(state_->multi, CURLMOPT_SOCKETFUNCTION, &State::on_socket);
  curl_multi_setopt(state_->multi, CURLMOPT_SOCKETDATA, state_.get());
  curl_multi_setopt(state_->multi, CURLMOPT_TIMERFUNCTION, &State::on_timer);
  curl_multi_setopt(state_->multi, CURLMOPT_TIMERDATA, state_.get());
  curl_multi_setopt(state_->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
}

HttpClient::~HttpClient() {
  state_->closing = true;
  while (!state_->calls.empty())
    state_->finish(*state_->calls.back(), {ErrorClass::cancelled, "the program ends"});
  curl_multi_cleanup(state_->multi);
  for (CURL* handle : state_->idle) curl_easy_cleanup(handle);
  curl_share_cleanup(state_->share);
}

HttpCall& HttpClient::start(HttpRequest request, std::unique_ptr<HttpHandler> handler) {
  if (state_->closing) throw std::logic_error("a call was started while its client closes");
  auto owned = std::make_unique<HttpCall>();
  HttpCall& call = *owned;
  call.client_ = this;
  call.transfer_ = std::make_unique<HttpCall::Transfer>();
  HttpCall::Transfer& transfer = *call.transfer_;
  transfer.request = std::move(request);
  transfer.handler = std::move(handler);
  transfer.easy = state_->easy();
  transfer.index = state_->calls.size();
  state_->calls.push_back(std::move(owned));

  CURL* easy = transfer.easy;
  const HttpRequest& asked = transfer.request;
  curl_easy_setopt(easy, CURLOPT_URL, asked.url.c_str());
  // The first calls wait for the first connection to say whether HTTP/2 carries them all: with TLS
  // its handshake does. Without, only an answer would, for which nobody may wait.
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, asked.url.starts_with("https:") ? 1L : 0L);
  if (asked.method == "GET") {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(asked.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, asked.body.data());
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, asked.headers ? asked.headers->list() : nullptr);
  curl_easy_setopt(easy, CURLOPT_PROXY, is_loopback(asked.url) ? "" : nullptr);
  const auto connect = std::chrono::ceil<std::chrono::milliseconds>(asked.connect_timeout).count();
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, std::max<long>(connect, 1));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.message.data());
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &call);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &call);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, &call);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &call);
  curl_multi_add_handle(state_->multi, easy);
  return call;
}

std::size_t HttpClient::active() const { return state_->calls.size(); }
std::int64_t HttpClient::connections_made() const { return state_->connections; }

}  // namespace llmops
