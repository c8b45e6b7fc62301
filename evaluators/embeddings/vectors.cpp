#include "evaluators/embeddings/vectors.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <cstring>

namespace llmops {
namespace {

Diagnostic wrong(std::string what) { return problem(std::move(what)); }

bool add_numbers(const List& numbers, std::vector<float>& values) {
  if (numbers.empty()) return false;
  for (const Value& number : numbers) {
    const auto value = static_cast<float>(number.number());
    if (!number.is_number() || !std::isfinite(value)) return false;
    values.push_back(value);
  }
  return true;
}

int sextet(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

// Base64 of float32, little-endian as every machine here is.
bool add_base64(std::string_view text, std::vector<float>& values) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int six = sextet(c);
    if (six < 0) return false;
    bits = (bits << 6) | static_cast<std::uint32_t>(six);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>((bits >> count) & 0xFF);
  }
  if (bytes.empty() || bytes.size() % sizeof(float) != 0) return false;
  values.resize(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  for (const float value : values)
    if (!std::isfinite(value)) return false;
  return true;
}

bool read_one(const Value& from, TextVectors& into) {
  if (const std::string* text = from.string()) {
    into.rows = 1;
    return add_base64(*text, into.values);
  }
  const List* items = from.list();
  if (items == nullptr || items->empty()) return false;
  if (!items->front().is_list()) {
    into.rows = 1;
    return add_numbers(*items, into.values);
  }
  std::size_t width = 0;
  for (const Value& row : *items) {
    const std::size_t before = into.values.size();
    if (row.list() == nullptr || !add_numbers(*row.list(), into.values)) return false;
    if (width == 0) width = into.values.size();
    if (into.values.size() - before != width) return false;
  }
  into.rows = items->size();
  return true;
}

// The vectors of an element, and its place where it names one.
const Value* content(const Value& element) {
  if (const Value* found = element.find("embedding")) return found;
  if (const Value* found = element.find("data")) return found;
  return element.is_object() ? nullptr : &element;
}

}  // namespace

Result<std::vector<TextVectors>> read_vectors(const Value& document, std::size_t texts) {
  const Value* data = document.find("data");
  const List* elements = data != nullptr ? data->list() : document.list();
  if (elements == nullptr) return wrong("the answer holds no list of embeddings");
  if (elements->size() != texts)
    return wrong(fmt::format("{} embeddings came for {} texts", elements->size(), texts));
  std::vector<TextVectors> vectors(texts);
  std::size_t width = 0;
  for (std::size_t i = 0; i < texts; ++i) {
    const Value& element = (*elements)[i];
    std::size_t place = i;
    if (const Value* index = element.find("index"); index != nullptr && index->integer() != nullptr)
      place = static_cast<std::size_t>(*index->integer());
    if (place >= texts || vectors[place].rows != 0)
      return wrong("the embeddings' indices are not those of the texts");
    const Value* from = content(element);
    if (from == nullptr || !read_one(*from, vectors[place]))
      return wrong(fmt::format("embedding {} is no list of finite numbers", place));
    if (width == 0) width = vectors[place].width();
    if (vectors[place].width() != width)
      return wrong(fmt::format("embedding {} has {} numbers, the others {}", place,
                               vectors[place].width(), width));
  }
  return vectors;
}

std::string pack(const std::vector<TextVectors>& vectors) {
  std::string bytes;
  for (const TextVectors& each : vectors) {
    const std::uint64_t shape[] = {each.rows, each.values.size()};
    bytes.append(reinterpret_cast<const char*>(shape), sizeof shape);
    bytes.append(reinterpret_cast<const char*>(each.values.data()),
                 each.values.size() * sizeof(float));
  }
  return bytes;
}

std::vector<TextVectors> unpack(std::string_view bytes) {
  std::vector<TextVectors> vectors;
  while (!bytes.empty()) {
    std::uint64_t shape[2] = {};
    if (bytes.size() < sizeof shape) return {};
    std::memcpy(shape, bytes.data(), sizeof shape);
    bytes.remove_prefix(sizeof shape);
    if (shape[0] == 0 || shape[1] % shape[0] != 0 || shape[1] > bytes.size() / sizeof(float))
      return {};
    TextVectors& each = vectors.emplace_back();
    each.rows = shape[0];
    each.values.resize(shape[1]);
    std::memcpy(each.values.data(), bytes.data(), shape[1] * sizeof(float));
    bytes.remove_prefix(shape[1] * sizeof(float));
  }
  return vectors;
}

}  // namespace llmops
