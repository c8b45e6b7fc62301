#pragma once
// A PostgreSQL server of the test's own, on a socket in a temporary folder.

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

namespace llmops::test {

class PostgresServer {
 public:
  // nullptr where Debian's package `postgresql` is not there, or where the server does not start;
  // `why` says which.
  static std::unique_ptr<PostgresServer> start(std::string& why);
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // "postgresql://llmops:PASSWORD@/postgres?host=..."; the server takes any password.
  std::string address(const std::string& password) const;

 private:
  PostgresServer(std::filesystem::path folder, pid_t server)
      : folder_(std::move(folder)), server_(server) {}
  std::filesystem::path folder_;
  pid_t server_;
};

}  // namespace llmops::test
