#pragma once
#include <string>

namespace llmops::test {

// A page with its packed data unpacked, its style and script left out and the hashes of its policy
// shortened: what a golden file holds.
std::string unpacked_page(std::string html);

}  // namespace llmops::test
