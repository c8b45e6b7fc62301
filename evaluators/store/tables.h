#pragma once
// The tables of a store, and how those of earlier versions become today's.

#include <filesystem>
#include <memory>

namespace llmops {

class Database;

// Whether a store lies at `place` (a folder or an address); makes nothing.
bool has_tables(const std::filesystem::path& place);

// Opens the store at `place`, with its tables made or brought up to date. One of a later version is
// refused: std::runtime_error.
std::unique_ptr<Database> open_tables(const std::filesystem::path& place);

}  // namespace llmops
