#include "tests/support/golden.h"

#include <algorithm>
#include <cstdlib>

#include "datasets/text/files.h"
#include "tests/support/reference.h"

namespace llmops::test {

bool update_wanted() {
  const char* wanted = std::getenv("LLMOPS_UPDATE");
  return wanted != nullptr && std::string_view(wanted) == "1";
}

std::string differs_from_golden(const std::filesystem::path& name, std::string_view actual) {
  const std::filesystem::path file = repository("tests/golden" / name);
  if (update_wanted()) {
    write_atomically(file, actual);
    return "";
  }
  const Result<Source> source = read_source(file);
  if (!source) return render(source.problems()) + "LLMOPS_UPDATE=1 writes it";
  const std::string_view wanted = source->text();
  if (wanted == actual) return "";
  const auto apart = std::mismatch(wanted.begin(), wanted.end(), actual.begin(), actual.end());
  const auto at = static_cast<std::size_t>(apart.first - wanted.begin());
  const auto line_of = [at](std::string_view text) {
    const std::size_t before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
    const std::size_t from = before == std::string_view::npos ? 0 : before + 1;
    return std::string(text.substr(from, text.find('\n', from) - from));
  };
  const auto line_number = 1 + std::count(wanted.begin(), apart.first, '\n');
  return file.string() + ":" + std::to_string(line_number) + "\n  expected: " + line_of(wanted) +
         "\n  actual:   " + line_of(actual) + "\nLLMOPS_UPDATE=1 accepts the new one";
}

}  // namespace llmops::test
