#pragma once
// Small weights files made by hand.

#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmops::test {

template <typename T>
std::string little_endian(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

inline std::string floats(const std::vector<float>& values) {
  std::string bytes;
  for (const float value : values) bytes += little_endian(value);
  return bytes;
}

inline std::string safetensors(std::string_view header, std::string_view data) {
  return little_endian(std::uint64_t{header.size()}) + std::string(header) + std::string(data);
}

struct ZipFile {
  std::string name;
  std::string content;
  bool deflated = false;
};

inline std::string deflated(const std::string& content) {
  std::string packed(::compressBound(content.size()) + 16, '\0');
  z_stream stream{};
  ::deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ::deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  return packed;
}

inline std::string zip(const std::vector<ZipFile>& files) {
  std::string archive, directory;
  for (const ZipFile& file : files) {
    const std::string packed = file.deflated ? deflated(file.content) : file.content;
    const auto crc = static_cast<std::uint32_t>(
        ::crc32_z(0, reinterpret_cast<const Bytef*>(file.content.data()), file.content.size()));
    const std::string facts = little_endian(std::uint16_t{20}) + little_endian(std::uint16_t{0}) +
                              little_endian(static_cast<std::uint16_t>(file.deflated ? 8 : 0)) +
                              little_endian(std::uint32_t{0}) + little_endian(crc) +
                              little_endian(static_cast<std::uint32_t>(packed.size())) +
                              little_endian(static_cast<std::uint32_t>(file.content.size())) +
                              little_endian(static_cast<std::uint16_t>(file.name.size())) +
                              little_endian(std::uint16_t{0});
    directory += "PK\x01\x02" + little_endian(std::uint16_t{20}) + facts + std::string(10, '\0') +
                 little_endian(static_cast<std::uint32_t>(archive.size())) + file.name;
    archive += "PK\x03\x04" + facts + file.name + packed;
  }
  const auto at = static_cast<std::uint32_t>(archive.size());
  const auto count = static_cast<std::uint16_t>(files.size());
  return archive + directory + "PK\x05\x06" + std::string(4, '\0') + little_endian(count) +
         little_endian(count) + little_endian(static_cast<std::uint32_t>(directory.size())) +
         little_endian(at) + std::string(2, '\0');
}

}  // namespace llmops::test
