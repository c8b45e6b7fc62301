#pragma once
// Headless Chromium, driven over its DevTools protocol through a pipe.

#include <memory>
#include <string>
#include <vector>

#include "datasets/text/value.h"

namespace llmops::test {

class Browser {
 public:
  // Prints "[skipped] ..." and gives nothing where no Chromium is installed.
  static std::unique_ptr<Browser> start();
  ~Browser();
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  // Opens a page and waits until it is loaded, and where it has cases until its script is ready.
  void open(const std::string& url);
  // The value of an expression (a promise is waited for). Throws where it throws.
  Value evaluate(const std::string& expression);
  // Whether an expression becomes true; it is asked again and again for a bounded time.
  bool becomes(const std::string& expression);
  // Presses a key: "Enter", "Escape", "ArrowDown", "/" ...
  void press(const std::string& key);
  // Types a text into what has the focus.
  void type(const std::string& text);

  // Addresses that were asked for since the last call, and what went wrong there: exceptions,
  // dialogs, refusals of the content security policy.
  std::vector<std::string> requests();
  std::vector<std::string> troubles();

 private:
  Browser();
  Value call(const std::string& method, Object parameters, bool of_page = true);
  Value receive();
  void note(const Value& event);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace llmops::test
