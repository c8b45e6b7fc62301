#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace llmops {

// SHA-256 of a file's bytes, in hexadecimal. Throws std::runtime_error where it cannot be read.
std::string file_sha256(const std::filesystem::path& file);

// SHA-1 of "blob SIZE\0" and the bytes: what git calls the file.
std::string file_git_sha1(const std::filesystem::path& file);

// Whether the file's content has this hash: SHA-256 where it has 64 digits, git's where it has 40.
bool has_hash(const std::filesystem::path& file, std::string_view hash);

}  // namespace llmops
