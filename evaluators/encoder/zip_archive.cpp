#include "evaluators/encoder/zip_archive.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kCentralHeader = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::uint32_t kEnd64Locator = 0x07064b50;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kLongestComment = 65535;
constexpr std::uint64_t kBestDeflateRatio = 1032;  // no deflate stream unpacks to more per byte

Diagnostic wrong(const std::string& file, std::string what) {
  Diagnostic found = problem(std::move(what), "", "download the model again");
  found.file = file;
  return found;
}

// Little-endian numbers; nothing where the bytes end before them.
template <typename T>
std::optional<T> number_at(std::string_view bytes, std::uint64_t at) {
  if (at > bytes.size() || bytes.size() - at < sizeof(T)) return std::nullopt;
  T value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::optional<std::string_view> part(std::string_view bytes, std::uint64_t at, std::uint64_t size) {
  if (at > bytes.size() || bytes.size() - at < size) return std::nullopt;
  return bytes.substr(at, size);
}

struct Directory {
  std::uint64_t at = 0;
  std::uint64_t entries = 0;
};

std::optional<Directory> find_directory(std::string_view bytes) {
  if (bytes.size() < kEndSize) return std::nullopt;
  const std::size_t last = bytes.size() - kEndSize;
  const std::size_t first = last > kLongestComment ? last - kLongestComment : 0;
  for (std::size_t at = last + 1; at-- > first;) {
    if (number_at<std::uint32_t>(bytes, at) != kEnd) continue;
    Directory found{*number_at<std::uint32_t>(bytes, at + 16),
                    *number_at<std::uint16_t>(bytes, at + 10)};
    if (at >= 20 && number_at<std::uint32_t>(bytes, at - 20) == kEnd64Locator) {
      const std::uint64_t end64 = *number_at<std::uint64_t>(bytes, at - 12);
      const auto entries =
          number_at<std::uint64_t>(bytes, end64 <= bytes.size() ? end64 + 32 : end64);
      const auto start =
          number_at<std::uint64_t>(bytes, end64 <= bytes.size() ? end64 + 48 : end64);
      if (number_at<std::uint32_t>(bytes, end64) == kEnd64 && entries && start)
        found = {*start, *entries};
    }
    return found;
  }
  return std::nullopt;
}

struct Sizes {
  std::uint64_t size, packed, header;
};

// Replaces the fields that a zip64 extra field holds instead, in the format's fixed order.
bool widen(Sizes& sizes, std::string_view extra) {
  constexpr std::uint64_t kInExtra = std::numeric_limits<std::uint32_t>::max();
  std::uint64_t* const wanted[] = {&sizes.size, &sizes.packed, &sizes.header};
  std::uint64_t at = 0;
  while (extra.size() - at >= 4) {
    const std::uint16_t id = *number_at<std::uint16_t>(extra, at);
    const std::uint16_t length = *number_at<std::uint16_t>(extra, at + 2);
    const auto content = part(extra, at + 4, length);
    if (!content) return false;
    if (id == 1) {
      std::uint64_t within = 0;
      for (std::uint64_t* field : wanted) {
        if (*field != kInExtra) continue;
        const auto wide = number_at<std::uint64_t>(*content, within);
        if (!wide) return false;
        *field = *wide;
        within += 8;
      }
    }
    at += 4 + std::uint64_t{length};
  }
  return true;
}

// Where the data lies is known from the local header alone: its extra field may be longer.
std::optional<std::string_view> packed_data(std::string_view bytes, const Sizes& sizes) {
  if (number_at<std::uint32_t>(bytes, sizes.header) != kLocalHeader) return std::nullopt;
  const auto name_length = number_at<std::uint16_t>(bytes, sizes.header + 26);
  const auto extra_length = number_at<std::uint16_t>(bytes, sizes.header + 28);
  if (!name_length || !extra_length) return std::nullopt;
  return part(bytes, sizes.header + 30 + *name_length + *extra_length, sizes.packed);
}

}  // namespace

Result<ZipDirectory> read_zip(std::string_view bytes, const std::string& file) {
  const std::optional<Directory> directory = find_directory(bytes);
  if (!directory) return wrong(file, "not a zip archive, or cut off: it has no end record");
  ZipDirectory entries;
  std::uint64_t at = directory->at;
  for (std::uint64_t i = 0; i < directory->entries; ++i) {
    if (number_at<std::uint32_t>(bytes, at) != kCentralHeader || bytes.size() - at < 46)
      return wrong(file, fmt::format("entry {} of the archive's directory is broken", i));
    const std::uint16_t flags = *number_at<std::uint16_t>(bytes, at + 8);
    const std::uint16_t name_length = *number_at<std::uint16_t>(bytes, at + 28);
    const std::uint16_t extra_length = *number_at<std::uint16_t>(bytes, at + 30);
    const std::uint16_t comment_length = *number_at<std::uint16_t>(bytes, at + 32);
    const auto entry_name = part(bytes, at + 46, name_length);
    const auto extra = part(bytes, at + 46 + name_length, extra_length);
    Sizes sizes{*number_at<std::uint32_t>(bytes, at + 24),
                *number_at<std::uint32_t>(bytes, at + 20),
                *number_at<std::uint32_t>(bytes, at + 42)};
    if (!entry_name || !extra || !widen(sizes, *extra))
      return wrong(file, fmt::format("entry {} of the archive's directory is broken", i));
    const auto packed = packed_data(bytes, sizes);
    if (!packed || (flags & 1) != 0)
      return wrong(file, fmt::format("entry `{}` of the archive is {}", visible(*entry_name),
                                     (flags & 1) != 0 ? "encrypted" : "cut off"));
    ZipEntry entry{*number_at<std::uint16_t>(bytes, at + 10),
                   *number_at<std::uint32_t>(bytes, at + 16), sizes.size, *packed};
    entries.emplace(std::string(*entry_name), entry);
    at += 46 + std::uint64_t{name_length} + extra_length + comment_length;
  }
  return entries;
}

Result<std::string_view> unpack(const ZipEntry& entry, std::string_view name,
                                const std::string& file, std::string& buffer, bool check) {
  const auto broken = [&](std::string_view why) {
    return wrong(file, fmt::format("entry `{}` of the archive {}", visible(name), why));
  };
  std::string_view content = entry.packed;
  if (entry.method == 8) {
    if (entry.size / kBestDeflateRatio > entry.packed.size())
      return broken("names an impossible size");
    buffer.resize(entry.size);
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return broken("cannot be unpacked");
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(entry.packed.data()));
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    std::uint64_t in = entry.packed.size(), out = buffer.size();
    int state = Z_OK;
    while (state == Z_OK) {
      constexpr std::uint64_t kStep = 1U << 30;  // zlib counts in 32 bits
      const auto step_in = static_cast<uInt>(std::min(in, kStep));
      const auto step_out = static_cast<uInt>(std::min(out, kStep));
      stream.avail_in = step_in;
      stream.avail_out = step_out;
      state = inflate(&stream, Z_NO_FLUSH);
      in -= step_in - stream.avail_in;
      out -= step_out - stream.avail_out;
      if (state == Z_OK && stream.avail_in == step_in && stream.avail_out == step_out) break;
    }
    inflateEnd(&stream);
    if (state != Z_STREAM_END || out != 0) return broken("does not unpack to its size");
    content = buffer;
  } else if (entry.method != 0) {
    return broken(fmt::format("is packed by method {}, neither stored nor deflated", entry.method));
  } else if (entry.size != entry.packed.size()) {
    return broken("names two sizes");
  }
  if (check || entry.method == 8) {
    const auto sum = ::crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
    if (sum != entry.crc32) return broken("has a wrong checksum");
  }
  return content;
}

}  // namespace llmops
