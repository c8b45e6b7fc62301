#pragma once
// What SQLite and PostgreSQL each do in their own way.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace llmops {

// As Statement (database.h) has it.
class PreparedStatement {
 public:
  virtual ~PreparedStatement() = default;
  virtual void bind_text(int parameter, std::string_view text) = 0;
  virtual void bind_integer(int parameter, std::int64_t number) = 0;
  virtual void bind_number(int parameter, double number) = 0;
  virtual void bind_null(int parameter) = 0;
  virtual bool step() = 0;
  virtual void reset() = 0;
  virtual bool null(int column) const = 0;
  virtual std::string_view view(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual double number(int column) const = 0;
};

class Connection {
 public:
  virtual ~Connection() = default;
  virtual void execute(const std::string& sql) = 0;
  // `many`: its rows are not held in memory at once.
  virtual std::unique_ptr<PreparedStatement> prepare(std::string_view sql, bool many) = 0;
  // Begins a transaction that no other writer comes between.
  virtual void begin() = 0;
};

std::unique_ptr<Connection> open_sqlite(const std::filesystem::path& file);
// All tables lie in the schema `llmops`, which is made where it is missing.
std::unique_ptr<Connection> open_postgres(const std::string& address);

}  // namespace llmops
