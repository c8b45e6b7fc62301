#pragma once
// Reading zip archives (PKWARE APPNOTE 6.3): stored and deflated entries, zip64, no encryption.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "datasets/text/result.h"

namespace llmops {

struct ZipEntry {
  std::uint16_t method = 0;  // 0 stored, 8 deflated
  std::uint32_t crc32 = 0;
  std::uint64_t size = 0;   // unpacked
  std::string_view packed;  // inside the archive's bytes
};

using ZipDirectory = std::map<std::string, ZipEntry, std::less<>>;

// The entries of an archive whose bytes outlive them.
Result<ZipDirectory> read_zip(std::string_view bytes, const std::string& file);

// An entry's content: a view of the archive where it is stored, else unpacked into `buffer`.
// The checksum of an unpacked entry is checked; that of a stored one when `check` asks for it.
Result<std::string_view> unpack(const ZipEntry& entry, std::string_view name,
                                const std::string& file, std::string& buffer, bool check);

}  // namespace llmops
