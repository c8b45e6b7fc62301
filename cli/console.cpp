#include "cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "datasets/text/json.h"

namespace llmops {
namespace {

bool terminal(std::FILE* file) {
  const char* term = std::getenv("TERM");
  return ::isatty(::fileno(file)) == 1 && (term == nullptr || std::string_view(term) != "dumb");
}

}  // namespace

Console::Console(std::FILE* out, std::FILE* err, ConsoleOptions options)
    : out_(out), err_(err), options_(options) {}

bool Console::color() const {
  const char* no_color = std::getenv("NO_COLOR");
  return !options_.no_color && (no_color == nullptr || *no_color == '\0') && terminal(out_);
}

int Console::width() const {
  int columns = 80;
  winsize size{};
  if (::ioctl(::fileno(out_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    columns = size.ws_col;
  else if (const char* given = std::getenv("COLUMNS"))
    columns = std::atoi(given);
  return std::clamp(columns, 80, 120);
}

bool Console::live() const { return !options_.quiet && terminal(err_); }

void Console::print(std::string_view text) {
  const bool written =
      std::fwrite(text.data(), 1, text.size(), out_) == text.size() && std::fflush(out_) == 0;
  // Whoever reads us may stop reading (| head): that is no failure of ours.
  if (!written && errno != EPIPE)
    throw std::runtime_error(std::string("stdout: cannot write: ") + std::strerror(errno));
}

void Console::print_json(const Value& document) { print(dump_json_pretty(document) + "\n"); }

void Console::note(std::string_view text) {
  if (!options_.quiet) write_error(std::string(text) + "\n");
}

void Console::write_error(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), err_);
  std::fflush(err_);
}

ExitCode Console::reject(const Diagnostics& problems, std::string_view command) {
  write_error(render(problems));
  if (options_.json) {
    List errors;
    for (const Diagnostic& each : problems) errors.push_back(to_value(each));
    print_json(Object{
        {"schema_version", 1                },
        {"command",        command          },
        {"errors",         std::move(errors)}
    });
  }
  return ExitCode::bad_input;
}

}  // namespace llmops
