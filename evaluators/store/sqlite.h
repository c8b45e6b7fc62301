#pragma once
// The little of SQLite that the store needs. Every failure throws std::runtime_error that names the
// file.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace llmops {

class Statement;

class Database {
 public:
  explicit Database(const std::filesystem::path& file);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void execute(const std::string& sql);
  Statement prepare(std::string_view sql) const;
  const std::filesystem::path& file() const { return file_; }

 private:
  friend class Statement;
  std::filesystem::path file_;
  sqlite3* handle_ = nullptr;
};

// A prepared statement. Parameters count from 1, columns from 0.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  // The text must live until the next `reset` or `run`.
  Statement& bind(int parameter, std::string_view text);
  Statement& bind(int parameter, std::int64_t number);
  Statement& bind(int parameter, double number);
  template <typename Number>
  Statement& bind(int parameter, const std::optional<Number>& number) {
    return number ? bind(parameter, *number) : bind_null(parameter);
  }
  Statement& bind_null(int parameter);

  bool step();  // true: a row is there
  void run();   // steps to the end and resets
  void reset();

  bool null(int column) const;
  std::string text(int column) const;
  std::string_view view(int column) const;  // lives until the next step
  std::int64_t integer(int column) const;
  double number(int column) const;
  std::optional<double> optional_number(int column) const;

 private:
  friend class Database;
  Statement(const Database& database, sqlite3_stmt* handle)
      : database_(&database), handle_(handle) {}
  const Database* database_;
  sqlite3_stmt* handle_;
};

// BEGIN IMMEDIATE now, COMMIT by `commit`, else ROLLBACK at the end.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace llmops
