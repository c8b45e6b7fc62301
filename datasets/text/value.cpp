#include "datasets/text/value.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>

#include "datasets/text/json.h"

namespace llmops {

Object::Object() = default;
Object::Object(std::initializer_list<Member> members) : members_(members) {}
Object::Object(const Object&) = default;
Object::Object(Object&&) noexcept = default;
Object& Object::operator=(const Object&) = default;
Object& Object::operator=(Object&&) noexcept = default;
Object::~Object() = default;

const Value* Object::find(std::string_view key) const {
  for (auto member = members_.rbegin(); member != members_.rend(); ++member)
    if (member->key == key) return &member->value;
  return nullptr;
}

Value* Object::find(std::string_view key) {
  return const_cast<Value*>(std::as_const(*this).find(key));
}

Value& Object::add(std::string key, Value value) {
  members_.push_back({std::move(key), std::move(value)});
  return members_.back().value;
}

Value& Object::set(std::string_view key, Value value) {
  if (Value* found = find(key)) return *found = std::move(value);
  return add(std::string(key), std::move(value));
}

bool Object::erase(std::string_view key) {
  return std::erase_if(members_, [&](const Member& member) { return member.key == key; }) > 0;
}

void Object::reserve(std::size_t members) { members_.reserve(members); }
std::size_t Object::size() const { return members_.size(); }
std::vector<Member>::const_iterator Object::begin() const { return members_.begin(); }
std::vector<Member>::const_iterator Object::end() const { return members_.end(); }
std::vector<Member>::iterator Object::begin() { return members_.begin(); }
std::vector<Member>::iterator Object::end() { return members_.end(); }

// Of members with one name the last counts, as for `find`.
bool Object::operator==(const Object& other) const {
  constexpr std::size_t kFew = 16;  // up to here looking each member up is quicker than sorting
  if (size() == other.size() && size() <= kFew) {
    return std::all_of(begin(), end(),
                       [&](const Member& member) {
                         const Value* theirs = other.find(member.key);
                         return theirs != nullptr && *theirs == *find(member.key);
                       }) &&
           std::all_of(other.begin(), other.end(),
                       [&](const Member& member) { return find(member.key) != nullptr; });
  }
  const auto last_members = [](const Object& object) {
    std::map<std::string_view, const Value*> members;
    for (const Member& member : object) members[member.key] = &member.value;
    return members;
  };
  const auto ours = last_members(*this);
  const auto theirs = last_members(other);
  return std::equal(
      ours.begin(), ours.end(), theirs.begin(), theirs.end(),
      [](const auto& a, const auto& b) { return a.first == b.first && *a.second == *b.second; });
}

Value::Value(std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    data_ = static_cast<std::int64_t>(value);
  else
    data_ = static_cast<double>(value);
}

double Value::number() const {
  if (const auto* whole = integer()) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&data_)) return *real;
  return 0.0;
}

const Value* Value::find(std::string_view key) const {
  const Object* members = object();
  return members == nullptr ? nullptr : members->find(key);
}

std::string_view Value::kind() const {
  if (is_null()) return "null";
  if (is_bool()) return "boolean";
  if (is_number()) return "number";
  if (is_string()) return "text";
  return is_list() ? "list" : "mapping";
}

bool Value::operator==(const Value& other) const {
  if (is_number() && other.is_number() && data_.index() != other.data_.index())
    return number() == other.number();
  return data_ == other.data_;
}

namespace {

const Value* step(const Value& from, std::string_view part) {
  if (const List* items = from.list()) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
    if (part.size() > 1 && part.front() == '0') return nullptr;  // RFC 6901: no leading zeros
    if (error != std::errc{} || end != part.data() + part.size() || index >= items->size())
      return nullptr;
    return &(*items)[index];
  }
  return from.find(part);
}

// RFC 6901, section 4: ~1 is a slash, ~0 a tilde.
std::string unescape_pointer(std::string_view part) {
  std::string plain;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const bool escape = part[i] == '~' && i + 1 < part.size();
    if (escape && (part[i + 1] == '0' || part[i + 1] == '1'))
      plain += part[++i] == '1' ? '/' : '~';
    else
      plain += part[i];
  }
  return plain;
}

}  // namespace

const Value* find_path(const Object& root, std::string_view path) {
  if (const Value* whole = root.find(path)) return whole;
  const bool pointer = path.starts_with('/');
  const char separator = pointer ? '/' : '.';
  if (pointer) path.remove_prefix(1);
  std::size_t end = path.find(separator);
  const Value* here =
      pointer ? root.find(unescape_pointer(path.substr(0, end))) : root.find(path.substr(0, end));
  while (here != nullptr && end != std::string_view::npos) {
    path.remove_prefix(end + 1);
    end = path.find(separator);
    const std::string_view part = path.substr(0, end);
    here = pointer ? step(*here, unescape_pointer(part)) : step(*here, part);
  }
  return here;
}

const Value* find_path(const Value& root, std::string_view path) {
  if (path.empty()) return &root;
  if (const Object* members = root.object()) return find_path(*members, path);
  // A list: its items are the members "0", "1", ...
  const bool pointer = path.front() == '/';
  if (pointer) path.remove_prefix(1);
  const std::size_t end = path.find(pointer ? '/' : '.');
  const Value* item = step(root, path.substr(0, end));
  if (item == nullptr || end == std::string_view::npos) return item;
  const std::string_view rest = path.substr(pointer ? end : end + 1);
  return item->is_list() || item->is_object() ? find_path(*item, rest) : nullptr;
}

std::string to_text(const Value& value) {
  if (const std::string* text = value.string()) return *text;
  if (value.is_null()) return "";
  return dump_json(value);
}

}  // namespace llmops
