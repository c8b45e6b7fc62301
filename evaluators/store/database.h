#pragma once
// The little of SQL that the store needs, spoken to SQLite (a folder) or to PostgreSQL (an
// address). Every failure throws std::runtime_error that names the place.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace llmops {

class Connection;
class PreparedStatement;
class Statement;

// Whether a store's place is an address: "postgresql://host/database" or "postgres://...".
bool is_server_store(const std::filesystem::path& store);
// The place as it may be shown: an address without its password.
std::string shown_store(const std::filesystem::path& store);

// One connection; one thread at a time.
class Database {
 public:
  // `store`: a folder, whose file store.db is opened or made, or an address.
  explicit Database(const std::filesystem::path& store);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Statements without parameters.
  void execute(const std::string& sql);
  // Parameters are `?`, one after another, or `?N`. The rows may be held in memory at once; those
  // of `scan` are not, however many they are.
  Statement prepare(std::string_view sql) const;
  Statement scan(std::string_view sql) const;
  bool on_server() const { return on_server_; }

 private:
  friend class Transaction;
  bool on_server_;
  std::unique_ptr<Connection> connection_;
};

// A prepared statement. Parameters count from 1, columns from 0.
class Statement {
 public:
  explicit Statement(std::unique_ptr<PreparedStatement> statement);
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
  std::unique_ptr<PreparedStatement> statement_;
};

// The only writer from now on, until `commit`, else ROLLBACK at the end.
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
