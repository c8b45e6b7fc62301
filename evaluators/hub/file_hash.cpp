#include "evaluators/hub/file_hash.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

namespace llmops {
namespace fs = std::filesystem;
namespace {

struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

std::string digest(const fs::path& file, const EVP_MD* kind, std::string_view before) {
  const std::unique_ptr<std::FILE, Closer> in(std::fopen(file.c_str(), "rb"));
  if (!in) throw std::runtime_error(fmt::format("{} cannot be read", file.string()));
  const std::unique_ptr<EVP_MD_CTX, Closer> context(EVP_MD_CTX_new());
  EVP_DigestInit_ex(context.get(), kind, nullptr);
  EVP_DigestUpdate(context.get(), before.data(), before.size());
  std::vector<char> buffer(1U << 20);
  for (std::size_t read = 0; (read = std::fread(buffer.data(), 1, buffer.size(), in.get())) > 0;)
    EVP_DigestUpdate(context.get(), buffer.data(), read);
  if (std::ferror(in.get()) != 0)
    throw std::runtime_error(fmt::format("{} cannot be read", file.string()));
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_DigestFinal_ex(context.get(), bytes, &length);
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) hex += fmt::format("{:02x}", bytes[i]);
  return hex;
}

}  // namespace

std::string file_sha256(const fs::path& file) { return digest(file, EVP_sha256(), ""); }

std::string file_git_sha1(const fs::path& file) {
  std::string before = fmt::format("blob {}", fs::file_size(file));
  before += '\0';
  return digest(file, EVP_sha1(), before);
}

bool has_hash(const fs::path& file, std::string_view hash) {
  return hash == (hash.size() == 64 ? file_sha256(file) : file_git_sha1(file));
}

}  // namespace llmops
