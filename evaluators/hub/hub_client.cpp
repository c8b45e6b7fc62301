// Routes of huggingface_hub: GET /api/models/NAME/revision/REVISION?blobs=true and
// GET /NAME/resolve/COMMIT/FILE, which may redirect to a storage server; the token does not go
// there.
#include "evaluators/hub/hub_client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "datasets/text/json.h"
#include "datasets/text/utf8.h"
#include "evaluators/providers/http_faults.h"
#include "evaluators/runner/retry.h"
#include "evaluators/transport/event_loop.h"
#include "evaluators/transport/http_client.h"

namespace llmops {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostListing = std::size_t{32} << 20;
constexpr std::size_t kMostFile = std::size_t{1} << 42;
constexpr int kMostRedirects = 5;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// "https://host:port" of a URL.
std::string origin(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return "";
  return std::string(url.substr(0, url.find('/', scheme + 3)));
}

std::string escaped(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-_.~/").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// Where the body of one answer goes.
struct Sink {
  std::function<bool(const HttpHead&, std::string_view)> take;  // false: enough
};

struct Got {
  HttpHead head;
  CallError error;   // of the transfer
  std::string body;  // of an answer that is no success
  bool stopped = false;
};

class Handler final : public HttpHandler {
 public:
  Handler(Got& got, const Sink& sink, std::chrono::nanoseconds silence, bool& done)
      : got_(got), sink_(sink), silence_(silence), done_(done) {}
  void on_data(HttpCall& call, std::string_view bytes, Clock::time_point at) override {
    call.deadline(at + silence_, ErrorClass::timeout_total, "the server said nothing for a minute");
    const int status = call.head().status;
    if (status != 200 && status != 206) {
      if (got_.body.size() < 65536) got_.body += bytes.substr(0, 65536);
    } else if (!sink_.take(call.head(), bytes)) {
      got_.stopped = true;
      call.end({ErrorClass::cancelled, "stopped"});
    }
  }
  void on_end(HttpCall& call, const CallError& error) override {
    got_.head = call.head();
    got_.error = error;
    done_ = true;
  }

 private:
  Got& got_;
  const Sink& sink_;
  std::chrono::nanoseconds silence_;
  bool& done_;
};

}  // namespace

HubOptions HubOptions::from_environment() {
  HubOptions options;
  if (std::string given = environment("HF_ENDPOINT"); !given.empty()) {
    while (given.ends_with('/')) given.pop_back();
    options.endpoint = std::move(given);
  }
  options.token = environment("HF_TOKEN");
  return options;
}

struct HubClient::State {
  HubOptions options;
  EventLoop loop;
  Random random{1, 0x48B};

  Got get_once(const std::string& url, std::uint64_t from, const Sink& sink) {
    std::vector<std::string> lines{"User-Agent: llmops"};
    if (!options.token.empty() && origin(url) == origin(options.endpoint))
      lines.push_back("Authorization: Bearer " + options.token);
    if (from > 0) lines.push_back(fmt::format("Range: bytes={}-", from));
    HttpRequest request;
    request.method = "GET";
    request.url = url;
    request.headers = std::make_shared<const HttpHeaders>(lines);
    request.connect_timeout = std::chrono::seconds(10);
    request.most_bytes = kMostFile;
    Got got;
    bool done = false;
    HttpCall& call = loop.http().start(std::move(request),
                                       std::make_unique<Handler>(got, sink, options.silence, done));
    call.deadline(Clock::now() + options.silence, ErrorClass::timeout_total,
                  "the server said nothing for a minute");
    loop.run_until([&] { return done; });
    return got;
  }

  // Follows redirects.
  Got get(std::string url, std::uint64_t from, const Sink& sink) {
    for (int i = 0;; ++i) {
      Got got = get_once(url, from, sink);
      const int status = got.head.status;
      const auto to = got.head.header("location");
      if (got.error || status < 300 || status >= 400 || status == 304 || !to || i == kMostRedirects)
        return got;
      std::string next = to->starts_with('/') ? origin(url) + std::string(*to) : std::string(*to);
      if (url.starts_with("https://") && !next.starts_with("https://")) return got;
      if (!next.starts_with("http://") && !next.starts_with("https://")) return got;
      url = std::move(next);
    }
  }

  std::string hide(std::string text) const {
    if (options.token.size() < 8) return text;
    for (std::size_t at = text.find(options.token); at != std::string::npos;
         at = text.find(options.token))
      text.replace(at, options.token.size(), "[key]");
    return text;
  }

  // What ended it, as one problem; nothing where it went well.
  Diagnostics fault(const Got& got, const std::string& what) const {
    const int status = got.head.status;
    if (!got.error && (status == 200 || status == 206)) return {};
    const CallError error = got.error ? got.error : http_fault(got.head, got.body);
    const std::string said = hide(visible(error.message));
    if (error.kind == ErrorClass::auth)
      return {problem(
          fmt::format("the hub {} does not give {} ({})", options.endpoint, what, said), "",
          options.token.empty() ? "check the name; for a model that is not public set HF_TOKEN"
                                : "check the name, and that the token in HF_TOKEN may read it")};
    if (error.kind == ErrorClass::not_found)
      return {problem(fmt::format("the hub {} has no {} ({})", options.endpoint, what, said), "",
                      "check the name and --revision")};
    return {problem(fmt::format("{} did not come from {}: {}", what, options.endpoint, said), "",
                    "try again: what is there already is kept; HF_ENDPOINT names another hub")};
  }

  // Calls `attempt` until it succeeds or cannot.
  Got with_retries(const std::function<Got()>& attempt) {
    for (int tries = 1;; ++tries) {
      Got got = attempt();
      const int status = got.head.status;
      if (got.stopped || (!got.error && (status == 200 || status == 206 || status == 416)))
        return got;
      const ErrorClass kind = got.error ? got.error.kind : http_fault(got.head, got.body).kind;
      if (!policy_of(kind).retry || tries > options.retries) return got;
      RetryPolicy policy{.max = options.retries, .base = options.backoff};
      std::this_thread::sleep_for(
          backoff(policy, tries, retry_after(got.head, got.body, std::chrono::system_clock::now()),
                  random));
    }
  }
};

HubClient::HubClient(HubOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
}
HubClient::~HubClient() = default;
const std::string& HubClient::endpoint() const { return state_->options.endpoint; }

Result<HubListing> HubClient::listing(const std::string& model, const std::string& revision) {
  // A branch may hold slashes, which are part of its name here.
  std::string name = escaped(revision);
  for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/'))
    name.replace(at, 1, "%2F");
  const std::string url =
      fmt::format("{}/api/models/{}/revision/{}?blobs=true", endpoint(), escaped(model), name);
  std::string body;
  const Got got = state_->with_retries([&] {
    body.clear();
    return state_->get(url, 0, {[&](const HttpHead&, std::string_view bytes) {
                         body += bytes;
                         return body.size() <= kMostListing;
                       }});
  });
  const std::string what = fmt::format("`{}` at revision `{}`", visible(model), visible(revision));
  if (body.size() > kMostListing)
    return problem(fmt::format("the hub's list of files of {} has no end", what));
  if (Diagnostics wrong = state_->fault(got, what); !wrong.empty()) return wrong;
  const Result<Value> document = parse_json(body, endpoint());
  if (!document)
    return problem(fmt::format("{} does not answer as a hub does: {}", endpoint(),
                               document.problems()[0].what),
                   "", "HF_ENDPOINT names the hub");
  return read_listing(*document);
}

Diagnostics HubClient::download(const std::string& model, const std::string& commit,
                                const HubFile& file, const fs::path& part,
                                const Progress& progress) {
  const std::string url =
      fmt::format("{}/{}/resolve/{}/{}", endpoint(), escaped(model), commit, escaped(file.name));
  const int out = ::open(part.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (out < 0) return {problem(fmt::format("{}: {}", part.string(), std::strerror(errno)))};
  std::string failed;  // of the disk
  std::uint64_t there = 0;
  bool too_long = false;
  const Got got = state_->with_retries([&] {
    const off_t end = ::lseek(out, 0, SEEK_END);
    there = end < 0 ? 0 : static_cast<std::uint64_t>(end);
    if (file.size && there == *file.size) {
      Got whole;
      whole.head.status = 200;
      return whole;
    }
    if (file.size && there > *file.size) there = 0;
    bool first = true;
    return state_->get(url, there, {[&](const HttpHead& head, std::string_view bytes) {
                         // 200: the whole file, whatever was asked for.
                         if (first && head.status == 200) there = 0;
                         if (first && (::ftruncate(out, static_cast<off_t>(there)) != 0 ||
                                       ::lseek(out, static_cast<off_t>(there), SEEK_SET) < 0))
                           failed = std::strerror(errno);
                         first = false;
                         while (!bytes.empty() && failed.empty()) {
                           const ssize_t written = ::write(out, bytes.data(), bytes.size());
                           if (written < 0 && errno == EINTR) continue;
                           if (written < 0) {
                             failed = std::strerror(errno);
                             break;
                           }
                           bytes.remove_prefix(static_cast<std::size_t>(written));
                           there += static_cast<std::uint64_t>(written);
                         }
                         too_long = file.size && there > *file.size;
                         return failed.empty() && !too_long && progress(there);
                       }});
  });
  if (failed.empty() && ::fsync(out) != 0) failed = std::strerror(errno);
  ::close(out);
  if (!failed.empty()) return {problem(fmt::format("{}: {}", part.string(), failed))};
  std::error_code ignored;
  if (too_long) {
    fs::remove(part, ignored);
    return {problem(fmt::format("`{}` is longer than the {} bytes that the hub told",
                                visible(file.name), *file.size))};
  }
  if (got.stopped) return {problem("the download was stopped", "", "what is there is kept")};
  if (got.head.status == 416) {
    fs::remove(part, ignored);  // another file than the one that was begun
    return {problem(
        fmt::format("`{}` on the hub is shorter than what is there of it", visible(file.name)), "",
        "try again: it is fetched from its start")};
  }
  if (Diagnostics wrong =
          state_->fault(got, fmt::format("`{}` of `{}`", visible(file.name), model));
      !wrong.empty())
    return wrong;
  if (file.size && there != *file.size)
    return {problem(
        fmt::format("`{}` ended after {} of {} bytes", visible(file.name), there, *file.size), "",
        "try again: it goes on there")};
  return {};
}

}  // namespace llmops
