#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace llmops {

// SHA-256 in hexadecimal (OpenSSL).
std::string sha256(std::string_view bytes);

// The same over parts that arrive one after another.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(std::string_view bytes);
  std::string hex();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// FNV-1a with a final mix (splitmix64): quick, stable across versions and machines, no defence
// against an enemy.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

}  // namespace llmops
