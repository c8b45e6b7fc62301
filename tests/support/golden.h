#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace llmops::test {

// Compares with the file below tests/golden. LLMOPS_UPDATE=1 writes it instead. "" where both are
// equal, else the first line that differs, both versions, and how to accept the new one.
std::string differs_from_golden(const std::filesystem::path& name, std::string_view actual);

bool update_wanted();

}  // namespace llmops::test

// CHECK_GOLDEN("reports/pass.txt", text)
#define CHECK_GOLDEN(name, actual)                                                      \
  do {                                                                                  \
    const std::string golden_problem = llmops::test::differs_from_golden(name, actual); \
    CHECK_MESSAGE(golden_problem.empty(), golden_problem);                              \
  } while (false)
