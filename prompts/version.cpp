#include "prompts/version.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace llmops {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::uint64_t> number(std::string_view text) {
  if (!all_digits(text) || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

bool identifiers(std::string_view text, bool leading_zeros) {
  constexpr std::string_view kAllowed =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";
  return std::ranges::all_of(split(text, '.'), [&](std::string_view part) {
    if (part.empty() || part.find_first_not_of(kAllowed) != std::string_view::npos) return false;
    return leading_zeros || !all_digits(part) || part == "0" || part.front() != '0';
  });
}

std::weak_ordering order(std::string_view a, std::string_view b) {
  const bool digits = all_digits(a);
  if (digits != all_digits(b))
    return digits ? std::weak_ordering::less : std::weak_ordering::greater;
  if (digits && a.size() != b.size())
    return a.size() <=> b.size();  // no leading zeros: the longer is greater
  return a <=> b;
}

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
  Version version;
  if (const std::size_t plus = text.find('+'); plus != std::string_view::npos) {
    version.build = text.substr(plus + 1);
    if (!identifiers(version.build, true)) return std::nullopt;
    text = text.substr(0, plus);
  }
  if (const std::size_t dash = text.find('-'); dash != std::string_view::npos) {
    const std::string_view pre_release = text.substr(dash + 1);
    if (!identifiers(pre_release, false)) return std::nullopt;
    for (const std::string_view part : split(pre_release, '.'))
      version.pre_release.emplace_back(part);
    text = text.substr(0, dash);
  }
  const std::vector<std::string_view> parts = split(text, '.');
  if (parts.size() != 3) return std::nullopt;
  const auto major = number(parts[0]);
  const auto minor = number(parts[1]);
  const auto patch = number(parts[2]);
  if (!major || !minor || !patch) return std::nullopt;
  version.major = *major;
  version.minor = *minor;
  version.patch = *patch;
  return version;
}

std::weak_ordering operator<=>(const Version& a, const Version& b) {
  if (const auto by = a.major <=> b.major; by != 0) return by;
  if (const auto by = a.minor <=> b.minor; by != 0) return by;
  if (const auto by = a.patch <=> b.patch; by != 0) return by;
  if (a.pre_release.empty() || b.pre_release.empty())
    return a.pre_release.empty() <=> b.pre_release.empty();
  for (std::size_t i = 0; i < std::min(a.pre_release.size(), b.pre_release.size()); ++i)
    if (const auto by = order(a.pre_release[i], b.pre_release[i]); by != 0) return by;
  return a.pre_release.size() <=> b.pre_release.size();
}

bool operator==(const Version& a, const Version& b) { return (a <=> b) == 0; }

std::string version_help(std::string_view text) {
  if (parse_version(text)) return "";
  if (text.size() > 1 && (text.front() == 'v' || text.front() == 'V') &&
      parse_version(text.substr(1)))
    return fmt::format("write it without the letter: `{}`", text.substr(1));
  const std::vector<std::string_view> parts = split(text, '.');
  if (parts.size() < 3 && std::ranges::all_of(parts, all_digits))
    return fmt::format("a version has three numbers: `{}{}`", text,
                       parts.size() == 1 ? ".0.0" : ".0");
  if (parts.size() >= 3 && std::ranges::all_of(parts, all_digits) && parts.size() == 3)
    return "numbers have no leading zeros";
  return "a version has three numbers: `1.0.0`, perhaps with a pre-release behind them: "
         "`1.0.0-rc.1`";
}

}  // namespace llmops
