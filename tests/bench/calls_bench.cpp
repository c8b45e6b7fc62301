// What a model call costs this program: calls a second, CPU a call and CPU a streamed token, beside
// the bare libcurl loop that it is built on, against one loopback server in a thread of its own
// whose CPU time is not counted.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <vector>

#include "cli/evaluation.h"
#include "cli/outputs.h"
#include "tests/support/asking.h"
#include "tests/support/loopback_server.h"
#include "tests/support/reference.h"

using namespace llmops;
using namespace llmops::test;
using namespace std::chrono_literals;

namespace {

using std::chrono::nanoseconds;

nanoseconds process_cpu() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& time) {
    return nanoseconds(time.tv_sec * 1'000'000'000L + time.tv_usec * 1000L);
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

// CPU of everything but the server, and wall time, since it was made.
class Meter {
 public:
  explicit Meter(const LoopbackServer& server)
      : server_(server), cpu_(process_cpu()), server_cpu_(server.cpu_time()), at_(Clock::now()) {}
  double cpu_us() const {
    return std::chrono::duration<double, std::micro>(process_cpu() - cpu_ -
                                                     (server_.cpu_time() - server_cpu_))
        .count();
  }
  double wall_s() const { return std::chrono::duration<double>(Clock::now() - at_).count(); }

 private:
  const LoopbackServer& server_;
  nanoseconds cpu_, server_cpu_;
  Clock::time_point at_;
};

void report(benchmark::State& state, const Meter& meter, double calls, double tokens = 0) {
  state.SetIterationTime(meter.wall_s());
  state.counters["calls/s"] = calls / meter.wall_s();
  state.counters["cpu_us/call"] = meter.cpu_us() / calls;
  if (tokens > 0) {
    state.counters["tokens/s"] = tokens / meter.wall_s();
    state.counters["cpu_us/token"] = meter.cpu_us() / tokens;
  }
}

// libcurl's multi socket interface with epoll and nothing else: the floor.
class BareLoop {
 public:
  BareLoop(std::string url, std::string body) : url_(std::move(url)), body_(std::move(body)) {
    multi_ = curl_multi_init();
    epoll_ = ::epoll_create1(0);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    headers_ = curl_slist_append(headers_, "Content-Type: application/json");
    headers_ = curl_slist_append(headers_, "Expect:");
  }
  ~BareLoop() {
    for (CURL* easy : all_) {
      curl_multi_remove_handle(multi_, easy);
      curl_easy_cleanup(easy);
    }
    curl_multi_cleanup(multi_);
    curl_slist_free_all(headers_);
    ::close(epoll_);
  }
  BareLoop(const BareLoop&) = delete;
  BareLoop& operator=(const BareLoop&) = delete;

  void run(std::int64_t calls, int at_once) {
    left_ = calls;
    open_ = 0;
    for (int i = 0; i < at_once && left_ > 0; ++i)
      start(i < std::ssize(all_) ? all_[static_cast<std::size_t>(i)] : make());
    int running = 0;
    while (open_ > 0) {
      epoll_event events[256];
      const int count =
          ::epoll_wait(epoll_, events, 256, timeout_ < 0 ? 1000 : static_cast<int>(timeout_));
      if (count == 0) {
        timeout_ = -1;
        curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
      }
      for (int i = 0; i < count; ++i)
        curl_multi_socket_action(
            multi_, events[i].data.fd,
            ((events[i].events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                ((events[i].events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0),
            &running);
      int rest = 0;
      while (CURLMsg* message = curl_multi_info_read(multi_, &rest)) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL* easy = message->easy_handle;
        --open_;
        curl_multi_remove_handle(multi_, easy);
        if (left_ > 0) start(easy);
      }
    }
  }

 private:
  CURL* make() {
    CURL* easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(body_.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body_.data());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_write);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    all_.push_back(easy);
    return easy;
  }
  void start(CURL* easy) {
    --left_;
    ++open_;
    curl_multi_add_handle(multi_, easy);
  }
  static std::size_t on_write(char*, std::size_t size, std::size_t count, void*) {
    return size * count;
  }
  static int on_timer(CURLM*, long ms, void* self) {
    static_cast<BareLoop*>(self)->timeout_ = ms;
    return 0;
  }
  static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
    BareLoop& loop = *static_cast<BareLoop*>(self);
    epoll_event event{};
    event.data.fd = fd;
    event.events =
        ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
    if (what == CURL_POLL_REMOVE)
      ::epoll_ctl(loop.epoll_, EPOLL_CTL_DEL, fd, nullptr);
    else if (::epoll_ctl(loop.epoll_, EPOLL_CTL_MOD, fd, &event) != 0)
      ::epoll_ctl(loop.epoll_, EPOLL_CTL_ADD, fd, &event);
    return 0;
  }

  std::string url_, body_;
  CURLM* multi_ = nullptr;
  curl_slist* headers_ = nullptr;
  int epoll_ = -1;
  long timeout_ = -1;
  std::int64_t left_ = 0;
  std::int64_t open_ = 0;
  std::vector<CURL*> all_;
};

std::int64_t calls_for(std::int64_t at_once) { return at_once == 1 ? 4000 : 20000; }

const Reply& small_answer() {
  static const Reply reply = chat_answer("1", 12, 1);
  return reply;
}

std::string body_of(bool stream) {
  return fmt::format(
      R"({{"model":"m","messages":[{{"role":"user","content":"What is 1 plus 1?"}}],"stream":{}}})",
      stream);
}

void bare_loop(benchmark::State& state) {
  const LoopbackServer server([](const Received&) { return small_answer(); }, {.keep_log = false});
  BareLoop loop(server.url() + "/v1/chat/completions", body_of(false));
  const auto at_once = static_cast<int>(state.range(0));
  loop.run(at_once, at_once);  // connections
  for (auto _ : state) {
    const Meter meter(server);
    loop.run(calls_for(at_once), at_once);
    report(state, meter, static_cast<double>(calls_for(at_once)));
  }
}

std::function<std::shared_ptr<const Request>()> questions(std::int64_t count) {
  auto request = question("c", "What is 1 plus 1?");
  auto left = std::make_shared<std::int64_t>(count);
  return [request, left]() -> std::shared_ptr<const Request> {
    return (*left)-- > 0 ? request : nullptr;
  };
}

std::unique_ptr<Model> model_at(const LoopbackServer& server, EventLoop& loop, std::int64_t at_once,
                                bool stream) {
  return model_from(fmt::format("provider: openai\nbase_url: {}/v1\nname: m\nstream: {}\n"
                                "limits: {{concurrency: {}}}\n",
                                server.url(), stream, at_once),
                    loop);
}

// Requests, answers, samples; no store.
void engine(benchmark::State& state) {
  const LoopbackServer server([](const Received&) { return small_answer(); }, {.keep_log = false});
  EventLoop loop;
  const auto model = model_at(server, loop, state.range(0), false);
  fan_out(questions(state.range(0)), *model, loop, {}, [](const Request&, Sample) {});
  for (auto _ : state) {
    const Meter meter(server);
    fan_out(questions(calls_for(state.range(0))), *model, loop, {}, [](const Request&, Sample) {});
    report(state, meter, static_cast<double>(calls_for(state.range(0))));
  }
}

// Everything that `eval` does: cases from a file, requests, answers, the cache's keys, the durable
// store, exact_match, the record and its summary.
void whole_case(benchmark::State& state) {
  const LoopbackServer server([](const Received&) { return small_answer(); }, {.keep_log = false});
  const std::int64_t cases = calls_for(state.range(0));
  std::FILE* nowhere = std::fopen("/dev/null", "w");
  Console console(nowhere, nowhere, {.quiet = true});
  const TemporaryFolder folder;
  std::string rows;
  for (std::int64_t i = 0; i < cases; ++i)
    rows += fmt::format(
        "{{\"id\":\"c{0}\",\"question\":\"What is {0} plus 1?\",\"answer\":\"1\"}}\n", i);
  folder.write("cases.jsonl", rows);
  folder.write("llmops.yaml",
               fmt::format("prompt: {{name: q, version: \"1.0.0\", user: \"{{{{ question }}}}\"}}\n"
                           "dataset: {{path: cases.jsonl, fields: {{reference: answer}}}}\n"
                           "model: {{provider: openai, base_url: {}/v1, name: m, stream: false, "
                           "limits: {{concurrency: {}}}}}\nevaluators: [exact_match]\n",
                           server.url(), state.range(0)));
  for (auto _ : state) {
    const Meter meter(server);
    const Result<Suite> suite = load_suite(folder.path() / "llmops.yaml", {});
    if (!suite) return state.SkipWithError(render(suite.problems()).c_str());
    const Result<Dataset> dataset = Dataset::open(suite->dataset, {});
    if (!dataset) return state.SkipWithError(render(dataset.problems()).c_str());
    EventLoop loop;
    Diagnostics problems;
    const auto model = make_model(suite->models[0], suite->source, suite->folder, loop, problems);
    Store store(folder.path() / "store");
    EvaluationOptions options;
    options.read_cache = false;
    const Result<RunHeader> header = run_cell(
        *suite, *dataset, {suite->prompts[0], model.get(), ""}, store, loop, options, console);
    const Decided decided = decide_run(store, *header, nullptr, nullptr);
    if (decided.summary.find("exact_match")->n != cases) state.SkipWithError("cases are missing");
    report(state, meter, static_cast<double>(cases));
  }
  std::fclose(nowhere);
}

constexpr int kTokens = 100;

// The streams are out of step with one another, as those of real users are.
class TokenStreams {
 public:
  explicit TokenStreams(nanoseconds gap) {
    constexpr int kSteps = 100;
    for (int i = 0; i < kSteps; ++i) {
      ChatStream chat;
      for (int token = 0; token < kTokens; ++token) chat.tokens.emplace_back(" token");
      chat.gap = gap;
      chat.before_first = gap + 10 * gap * i / kSteps;
      replies_.push_back(chat_stream(chat));
    }
  }
  // In the server's thread.
  Reply next() { return replies_[next_++ * 37 % replies_.size()]; }

 private:
  std::vector<Reply> replies_;
  std::size_t next_ = 0;
};

// Streams of 100 tokens, one event each, every 20 ms (50 tokens/s); at one stream every 1 ms.
nanoseconds gap_for(std::int64_t at_once) {
  return at_once == 1 ? nanoseconds(1ms) : nanoseconds(20ms);
}

// The kernel's part alone: sockets, epoll, one recv an event, no library and nothing understood.
class RawStreams {
 public:
  RawStreams(int port, int at_once) {
    epoll_ = ::epoll_create1(0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < at_once; ++i) {
      const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
      if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("the loopback server is not there");
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.fd = fd;
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
      sockets_.push_back(fd);
    }
  }
  ~RawStreams() {
    for (const int fd : sockets_) ::close(fd);
    ::close(epoll_);
  }
  RawStreams(const RawStreams&) = delete;
  RawStreams& operator=(const RawStreams&) = delete;

  // One stream on each connection.
  void run(const std::string& body) {
    const std::string request = fmt::format(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Length: {}\r\n\r\n{}",
        body.size(), body);
    for (const int fd : sockets_) ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    std::size_t open = sockets_.size();
    std::array<char, 16384> buffer;
    std::array<epoll_event, 1024> events;
    while (open > 0) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 1000);
      for (int i = 0; i < count; ++i) {
        const ssize_t got =
            ::recv(events[static_cast<std::size_t>(i)].data.fd, buffer.data(), buffer.size(), 0);
        if (got <= 0) throw std::runtime_error("the loopback server has closed a connection");
        const std::string_view read(buffer.data(), static_cast<std::size_t>(got));
        if (read.ends_with(kLastChunk)) --open;
      }
    }
  }

 private:
  int epoll_ = -1;
  std::vector<int> sockets_;
};

void raw_streams(benchmark::State& state) {
  TokenStreams streams(gap_for(state.range(0)));
  const LoopbackServer server([&](const Received&) { return streams.next(); }, {.keep_log = false});
  RawStreams raw(server.port(), static_cast<int>(state.range(0)));
  for (auto _ : state) {
    const Meter meter(server);
    raw.run(body_of(true));
    raw.run(body_of(true));
    const auto calls = static_cast<double>(2 * state.range(0));
    report(state, meter, calls, calls * kTokens);
  }
}

void bare_streams(benchmark::State& state) {
  TokenStreams streams(gap_for(state.range(0)));
  const LoopbackServer server([&](const Received&) { return streams.next(); }, {.keep_log = false});
  BareLoop loop(server.url() + "/v1/chat/completions", body_of(true));
  const auto at_once = static_cast<int>(state.range(0));
  for (auto _ : state) {
    const Meter meter(server);
    loop.run(at_once * 2, at_once);
    report(state, meter, 2.0 * at_once, 2.0 * at_once * kTokens);
  }
}

void engine_streams(benchmark::State& state) {
  TokenStreams streams(gap_for(state.range(0)));
  const LoopbackServer server([&](const Received&) { return streams.next(); },
                              {.keep_log = false, .stamp_sends = true});
  EventLoop loop;
  const auto model = model_at(server, loop, state.range(0), true);
  for (auto _ : state) {
    const std::int64_t before = server.requests();
    std::vector<Clock::time_point> arrived;
    const Meter meter(server);
    fan_out(questions(2 * state.range(0)), *model, loop, {}, [&](const Request&, Sample sample) {
      if (sample.timeline.first_token) arrived.push_back(*sample.timeline.first_token);
    });
    const auto calls = static_cast<double>(2 * state.range(0));
    report(state, meter, calls, calls * kTokens);
    // Requests of one run are alike: sorted, the first tokens are sent and seen in the same order.
    std::vector<Clock::time_point> sent;
    for (std::int64_t request = before; request < server.requests(); ++request)
      if (const auto at = server.sent(request, 2)) sent.push_back(*at);  // head, role, token
    std::sort(arrived.begin(), arrived.end());
    std::sort(sent.begin(), sent.end());
    std::vector<double> late_ms;
    for (std::size_t i = 0; i < std::min(arrived.size(), sent.size()); ++i)
      late_ms.push_back(std::chrono::duration<double, std::milli>(arrived[i] - sent[i]).count());
    std::sort(late_ms.begin(), late_ms.end());
    if (!late_ms.empty()) {
      state.counters["ttft_error_p50_ms"] = late_ms[late_ms.size() / 2];
      state.counters["ttft_error_p99_ms"] = late_ms[late_ms.size() * 99 / 100];
    }
    state.counters["loop_lag_p99_ms"] =
        std::chrono::duration<double, std::milli>(loop.lag().quantile(0.99)).count();
  }
}

BENCHMARK(bare_loop)->Arg(1)->Arg(64)->Arg(1000)->UseManualTime()->Iterations(1)->Unit(
    benchmark::kMillisecond);
BENCHMARK(engine)->Arg(1)->Arg(64)->Arg(1000)->UseManualTime()->Iterations(1)->Unit(
    benchmark::kMillisecond);
BENCHMARK(whole_case)
    ->Arg(1)
    ->Arg(64)
    ->Arg(1000)
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(raw_streams)
    ->Arg(1)
    ->Arg(64)
    ->Arg(1000)
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(bare_streams)
    ->Arg(1)
    ->Arg(64)
    ->Arg(1000)
    ->Arg(2000)
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(engine_streams)
    ->Arg(1)
    ->Arg(64)
    ->Arg(1000)
    ->Arg(2000)
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
