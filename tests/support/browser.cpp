#include "tests/support/browser.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "datasets/text/json.h"
#include "tests/support/reference.h"

namespace llmops::test {
namespace {

constexpr int kTries = 400;  // of `becomes`, 50 ms apart

std::string program() {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::filesystem::path file = std::filesystem::path(rest.substr(0, end)) / "chromium";
    if (::access(file.c_str(), X_OK) == 0) return file.string();
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return "";
}

const Value* at(const Value& value, const char* path) { return find_path(value, path); }

std::string text_at(const Value& value, const char* path) {
  const Value* found = at(value, path);
  return found == nullptr ? "" : to_text(*found);
}

}  // namespace

struct Browser::State {
  TemporaryFolder profile;
  pid_t child = -1;
  int to = -1, from = -1;  // messages end with a zero byte
  std::string buffer;
  std::int64_t number = 0;
  std::string session;
  std::vector<std::string> requests, troubles;
};

Browser::Browser() : state_(std::make_unique<State>()) {}

std::unique_ptr<Browser> Browser::start() {
  const std::string file = program();
  if (file.empty()) {
    std::printf("[skipped] no chromium on the PATH (Debian: apt-get install chromium)\n");
    return nullptr;
  }
  std::unique_ptr<Browser> browser(new Browser);
  State& state = *browser->state_;
  std::array<int, 2> to{}, from{};
  if (::pipe2(to.data(), O_CLOEXEC) != 0 || ::pipe2(from.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe");
  const std::string profile = "--user-data-dir=" + state.profile.path().string();
  std::vector<std::string> words = {file,
                                    "--headless",
                                    "--no-sandbox",
                                    "--disable-gpu",
                                    "--disable-quic",
                                    "--no-first-run",
                                    "--disable-background-networking",
                                    "--disable-component-update",
                                    "--disable-sync",
                                    profile,
                                    "--remote-debugging-pipe",
                                    "about:blank"};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  state.child = ::fork();
  if (state.child == 0) {
    ::setpgid(0, 0);  // its own children end with it
    // Chromium reads descriptor 3 and writes 4; the pipes' own ends may be those.
    const int reads = ::fcntl(to[0], F_DUPFD, 10);
    const int writes = ::fcntl(from[1], F_DUPFD, 10);
    ::dup2(reads, 3);
    ::dup2(writes, 4);
    const int nowhere = ::open("/dev/null", O_RDWR);
    for (const int descriptor : {0, 1, 2}) ::dup2(nowhere, descriptor);
    ::close(reads);
    ::close(writes);
    ::execv(file.c_str(), arguments.data());
    ::_exit(127);
  }
  ::close(to[0]);
  ::close(from[1]);
  state.to = to[1];
  state.from = from[0];
  ::signal(SIGPIPE, SIG_IGN);
  const Value targets = browser->call("Target.getTargets", {}, false);
  std::string page;
  for (const Value& target : *at(targets, "targetInfos")->list())
    if (text_at(target, "type") == "page") page = text_at(target, "targetId");
  state.session = text_at(browser->call("Target.attachToTarget",
                                        {
                                            {"targetId", page},
                                            {"flatten",  true}
  },
                                        false),
                          "sessionId");
  for (const char* domain : {"Page", "Runtime", "Network", "Log"})
    browser->call(std::string(domain) + ".enable", {});
  return browser;
}

Browser::~Browser() {
  if (state_->child < 0) return;
  ::close(state_->to);
  ::close(state_->from);
  ::kill(-state_->child, SIGKILL);
  int status = 0;
  while (::waitpid(state_->child, &status, 0) < 0 && errno == EINTR) {
  }
}

Value Browser::receive() {
  State& state = *state_;
  for (;;) {
    const std::size_t end = state.buffer.find('\0');
    if (end != std::string::npos) {
      Result<Value> value = parse_json(std::string_view(state.buffer).substr(0, end), "chromium");
      state.buffer.erase(0, end + 1);
      if (value) return *std::move(value);
      continue;
    }
    std::array<char, 65536> block{};
    const ssize_t got = ::read(state.from, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw std::runtime_error("chromium has gone");
    state.buffer.append(block.data(), static_cast<std::size_t>(got));
  }
}

void Browser::note(const Value& event) {
  const std::string method = text_at(event, "method");
  if (method == "Network.requestWillBeSent")
    state_->requests.push_back(text_at(event, "params.request.url"));
  else if (method == "Runtime.exceptionThrown" || method == "Page.javascriptDialogOpening" ||
           (method == "Log.entryAdded" && text_at(event, "params.entry.level") == "error"))
    state_->troubles.push_back(dump_json(event));
}

Value Browser::call(const std::string& method, Object parameters, bool of_page) {
  State& state = *state_;
  const std::int64_t number = ++state.number;
  Object message{
      {"id",     number               },
      {"method", method               },
      {"params", std::move(parameters)}
  };
  if (of_page) message.add("sessionId", state.session);
  const std::string text = dump_json(Value(std::move(message))) + '\0';
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t put = ::write(state.to, text.data() + sent, text.size() - sent);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) throw std::runtime_error("chromium has gone");
    sent += static_cast<std::size_t>(put);
  }
  for (;;) {
    Value answer = receive();
    const Value* id = answer.find("id");
    if (id == nullptr || id->number() != static_cast<double>(number)) {
      note(answer);
      continue;
    }
    if (const Value* error = answer.find("error"))
      throw std::runtime_error(method + ": " + dump_json(*error));
    return *answer.find("result");
  }
}

void Browser::open(const std::string& url) {
  call("Page.navigate", {
                            {"url", url}
  });
  const bool loaded = becomes(
      "document.readyState === 'complete' && location.href !== 'about:blank' && "
      "(!document.getElementById('app') || 'ready' in document.documentElement.dataset)");
  if (!loaded) throw std::runtime_error("the page does not get ready: " + url);
}

Value Browser::evaluate(const std::string& expression) {
  const Value answer =
      call("Runtime.evaluate",
           {
               {"expression",    expression},
               {"returnByValue", true      },
               {"awaitPromise",  true      }
  });
  if (const Value* thrown = answer.find("exceptionDetails"))
    throw std::runtime_error(expression + ": " + dump_json(*thrown));
  const Value* value = at(answer, "result.value");
  return value == nullptr ? Value() : *value;
}

bool Browser::becomes(const std::string& expression) {
  for (int i = 0; i < kTries; ++i) {
    // While a page loads it has no elements yet, and the expression throws.
    const Value value =
        evaluate("(() => { try { return !!(" + expression + "); } catch { return false; } })()");
    if (value.boolean() != nullptr && *value.boolean()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

void Browser::press(const std::string& key) {
  int code = 0;
  if (key == "Enter") code = 13;
  if (key == "Escape") code = 27;
  if (key == "End") code = 35;
  if (key == "ArrowDown") code = 40;
  Object event{
      {"type",                  "keyDown"},
      {"key",                   key      },
      {"windowsVirtualKeyCode", code     }
  };
  if (key.size() == 1) event.add("text", key);
  call("Input.dispatchKeyEvent", event);
  call("Input.dispatchKeyEvent",
       {
           {"type",                  "keyUp"},
           {"key",                   key    },
           {"windowsVirtualKeyCode", code   }
  });
}

void Browser::type(const std::string& text) {
  call("Input.insertText", {
                               {"text", text}
  });
}

std::vector<std::string> Browser::requests() {
  evaluate("0");  // what happened so far has arrived then
  return std::exchange(state_->requests, {});
}

std::vector<std::string> Browser::troubles() {
  evaluate("0");
  return std::exchange(state_->troubles, {});
}

}  // namespace llmops::test
