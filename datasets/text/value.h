#pragma once
// One tree for everything that is read: YAML, JSON, CSV rows, template variables. Each node knows
// the line and column it came from, so that whoever finds it wrong can say where it stands.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace llmops {

class Value;
struct Member;

using List = std::vector<Value>;

// Place of a node in its source, 1-based; line 0 means unknown.
struct Mark {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// Members in the order in which they were written.
class Object {
 public:
  Object();
  Object(std::initializer_list<Member> members);
  Object(const Object&);
  Object(Object&&) noexcept;
  Object& operator=(const Object&);
  Object& operator=(Object&&) noexcept;
  ~Object();

  // The last member of that name (as JSON parsers do), or nullptr. Linear in the number of members.
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  // Appends without looking for an earlier member of that name.
  Value& add(std::string key, Value value);
  // Replaces the member of that name or appends it.
  Value& set(std::string_view key, Value value);
  bool erase(std::string_view key);

  void reserve(std::size_t members);
  std::size_t size() const;
  bool empty() const { return size() == 0; }
  std::vector<Member>::const_iterator begin() const;
  std::vector<Member>::const_iterator end() const;
  std::vector<Member>::iterator begin();
  std::vector<Member>::iterator end();
  bool operator==(const Object& other) const;  // order of members does not matter

 private:
  std::vector<Member> members_;
};

class Value {
 public:
  Value() = default;
  Value(std::nullptr_t) {}
  Value(bool value) : data_(value) {}
  Value(int value) : data_(std::int64_t{value}) {}
  Value(std::int64_t value) : data_(value) {}
  Value(std::uint64_t value);  // above the range of int64_t it becomes a double
  Value(double value) : data_(value) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(std::string_view value) : data_(std::string(value)) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(List value) : data_(std::move(value)) {}
  Value(Object value) : data_(std::move(value)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(data_); }
  bool is_number() const { return is_integer() || std::holds_alternative<double>(data_); }
  bool is_string() const { return std::holds_alternative<std::string>(data_); }
  bool is_list() const { return std::holds_alternative<List>(data_); }
  bool is_object() const { return std::holds_alternative<Object>(data_); }

  // The content, or nullptr where the value is of another kind.
  const bool* boolean() const { return std::get_if<bool>(&data_); }
  const std::int64_t* integer() const { return std::get_if<std::int64_t>(&data_); }
  const std::string* string() const { return std::get_if<std::string>(&data_); }
  const List* list() const { return std::get_if<List>(&data_); }
  const Object* object() const { return std::get_if<Object>(&data_); }
  std::string* string() { return std::get_if<std::string>(&data_); }
  List* list() { return std::get_if<List>(&data_); }
  Object* object() { return std::get_if<Object>(&data_); }
  // A number as double; 0 where the value is none.
  double number() const;

  // Member of an object, nullptr where this is no object or has none of that name.
  const Value* find(std::string_view key) const;

  // "null", "boolean", "number", "text", "list" or "mapping": the words of the messages.
  std::string_view kind() const;

  Mark mark() const { return mark_; }
  Value& at(Mark mark) {
    mark_ = mark;
    return *this;
  }

  // Marks do not count; 1 and 1.0 are equal.
  bool operator==(const Value& other) const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Object> data_;
  Mark mark_;
};

struct Member {
  std::string key;
  Value value;
  Mark key_mark = {};
};

// Looks a value up by JSON pointer ("/a/0/b") or by a dotted path ("a.0.b"; a member whose whole
// name is the path comes first). nullptr where nothing stands there.
const Value* find_path(const Object& root, std::string_view path);
const Value* find_path(const Value& root, std::string_view path);

// What the value looks like inside a text: strings as they are, numbers and lists as JSON.
std::string to_text(const Value& value);

}  // namespace llmops
