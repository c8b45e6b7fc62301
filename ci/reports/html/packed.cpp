#include "ci/reports/html/packed.h"

#include <zlib.h>

#include <array>
#include <cstdint>
#include <stdexcept>

namespace llmops {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void add_group(std::string& out, std::string_view bytes) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 3; ++i)
    bits = bits << 8U | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
  for (std::size_t i = 0; i < 4; ++i)
    out += i <= bytes.size() ? kDigits[bits >> (18U - 6U * i) & 63U] : '=';
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) add_group(out, bytes.substr(at, 3));
  return out;
}

struct PackedWriter::State {
  Sink sink;
  z_stream stream{};
  std::array<char, 3 * 16384> buffer{};
  std::string rest;  // fewer than three bytes that wait for the next ones
  std::size_t written = 0;
};

PackedWriter::PackedWriter(Sink sink) : state_(std::make_unique<State>()) {
  state_->sink = std::move(sink);
  if (deflateInit(&state_->stream, Z_BEST_COMPRESSION) != Z_OK)
    throw std::runtime_error("deflate: no memory");
}

PackedWriter::~PackedWriter() { deflateEnd(&state_->stream); }

void PackedWriter::add(std::string_view text) {
  // zlib reads through a pointer that is not const and never writes there.
  state_->stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  state_->stream.avail_in = static_cast<uInt>(text.size());
  deflate_all(Z_NO_FLUSH);
}

std::size_t PackedWriter::finish() {
  state_->stream.next_in = nullptr;
  state_->stream.avail_in = 0;
  deflate_all(Z_FINISH);
  encode("", true);
  return state_->written;
}

void PackedWriter::deflate_all(int flush) {
  z_stream& stream = state_->stream;
  do {
    stream.next_out = reinterpret_cast<Bytef*>(state_->buffer.data());
    stream.avail_out = static_cast<uInt>(state_->buffer.size());
    ::deflate(&stream, flush);
    encode({state_->buffer.data(), state_->buffer.size() - stream.avail_out}, false);
  } while (stream.avail_out == 0);
}

void PackedWriter::encode(std::string_view bytes, bool last) {
  state_->rest += bytes;
  const std::size_t whole = last ? state_->rest.size() : state_->rest.size() / 3 * 3;
  if (whole == 0) return;
  const std::string text = encode_base64(std::string_view(state_->rest).substr(0, whole));
  state_->rest.erase(0, whole);
  state_->written += text.size();
  state_->sink(text);
}

}  // namespace llmops
