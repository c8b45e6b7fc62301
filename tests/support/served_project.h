#pragma once
// A project whose model says hostile things, with a baseline and a later run; and `llmops view`
// beside it.

#include <string>
#include <thread>

#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

namespace llmops::test {

// What a hostile model could say; `url` is where a page that believes it would go.
std::string hostile_text(const std::string& url);

// 40 cases `case-00` ...; the last two have hostile ids, questions, tags and answers; one call
// failed. The later run lost some answers. `page.html` is its report.
class HostileProject {
 public:
  explicit HostileProject(const std::string& url);
  std::filesystem::path folder() const { return folder_.path(); }
  CliRun run(const std::vector<std::string>& arguments) const;

 private:
  TemporaryFolder folder_;
};

// `llmops view` until the end of its life.
class Viewer {
 public:
  explicit Viewer(const std::filesystem::path& folder);
  ~Viewer();
  const std::string& url() const { return url_; }  // "" where it did not start
  int port() const;
  std::string token() const;
  // Sends Ctrl-C and waits. The program's exit code.
  int stop();
  // Status line and body of a request's answer, as they came.
  std::string ask(const std::string& request) const;
  std::string get(const std::string& path) const;  // with the right host

 private:
  std::filesystem::path folder_;
  std::string url_;
  int code_ = -1;
  std::thread thread_;
};

}  // namespace llmops::test
