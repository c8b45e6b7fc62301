#pragma once
// Semantic versions: https://semver.org, 2.0.0.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

struct Version {
  std::uint64_t major = 0, minor = 0, patch = 0;
  std::vector<std::string> pre_release;  // identifiers of "-rc.1"
  std::string build;                     // behind "+"; plays no part in the order
};

// nullopt: not a semantic version ("1.0", "v1.0.0", "01.0.0").
std::optional<Version> parse_version(std::string_view text);

// Precedence (section 11): numbers by value, a pre-release before its release.
std::weak_ordering operator<=>(const Version& a, const Version& b);
bool operator==(const Version& a, const Version& b);

// Why a text is no semantic version and what to write: "a version has three numbers: `1.10.0`"; ""
// where it is one.
std::string version_help(std::string_view text);

}  // namespace llmops
