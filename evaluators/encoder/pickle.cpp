#include "evaluators/encoder/pickle.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <utility>

namespace llmops {
namespace {

using Kind = PickleNode::Kind;

// Ends the reading; never leaves this file.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Machine {
 public:
  explicit Machine(std::string_view bytes) : bytes_(bytes) {}

  Pickle run() {
    while (!stopped_) step(static_cast<unsigned char>(take(1)[0]));
    pickle_.root = pop();
    pickle_.size = at_;
    return std::move(pickle_);
  }
  std::size_t at() const { return at_; }

 private:
  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size() - at_) throw Broken("it is cut off");
    const std::string_view part = bytes_.substr(at_, count);
    at_ += count;
    return part;
  }
  template <typename T>
  T number() {
    T value = 0;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) throw Broken("it is cut off");
    const std::string_view found = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return found;
  }

  void push(PickleNode node) {
    pickle_.nodes.push_back(std::move(node));
    stack_.push_back(static_cast<std::uint32_t>(pickle_.nodes.size() - 1));
  }
  void push(Kind kind) { push(PickleNode{.kind = kind}); }
  void push_integer(std::int64_t value) {
    push(PickleNode{.kind = Kind::integer, .integer = value});
  }
  void push_boolean(bool value) {
    push(PickleNode{.kind = Kind::boolean, .integer = value ? 1 : 0});
  }
  void push_text(std::string_view text) {
    push(PickleNode{.kind = Kind::text, .text = std::string(text)});
  }
  void push_items(Kind kind, std::vector<std::uint32_t> items) {
    push(PickleNode{.kind = kind, .items = std::move(items)});
  }

  std::uint32_t pop() {
    if (stack_.size() <= floor()) throw Broken("it takes more values than it has");
    const std::uint32_t top = stack_.back();
    stack_.pop_back();
    return top;
  }
  std::uint32_t top() const {
    if (stack_.size() <= floor()) throw Broken("it takes more values than it has");
    return stack_.back();
  }
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  // Everything above the last mark.
  std::vector<std::uint32_t> pop_mark() {
    if (marks_.empty()) throw Broken("it closes a group that it never opened");
    std::vector<std::uint32_t> items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()),
                                     stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }
  std::vector<std::uint32_t> pop_items(std::size_t count) {
    std::vector<std::uint32_t> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    return items;
  }

  void append(const std::vector<std::uint32_t>& items) {
    PickleNode& list = pickle_.nodes[top()];
    list.items.insert(list.items.end(), items.begin(), items.end());
  }
  void set(const std::vector<std::uint32_t>& pairs) {
    if (pairs.size() % 2 != 0) throw Broken("a key has no value");
    PickleNode& dict = pickle_.nodes[top()];
    dict.pairs.insert(dict.pairs.end(), pairs.begin(), pairs.end());
  }
  void global(std::string_view module, std::string_view member) {
    push(PickleNode{.kind = Kind::global, .text = fmt::format("{} {}", module, member)});
  }
  void memoize(std::uint32_t key) { memo_[key] = top(); }
  void recall(std::uint32_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) throw Broken("it recalls what it never stored");
    stack_.push_back(found->second);
  }

  // A little-endian two's complement number; what does not fit 64 bits is refused.
  void push_long(std::string_view digits) {
    if (digits.size() > 8) throw Broken("a number does not fit 64 bits");
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < digits.size(); ++i)
      value |= std::uint64_t{static_cast<unsigned char>(digits[i])} << (8 * i);
    if (!digits.empty() && digits.size() < 8 && (digits.back() & 0x80) != 0)
      value |= ~std::uint64_t{0} << (8 * digits.size());
    push_integer(static_cast<std::int64_t>(value));
  }
  void push_decimal(std::string_view digits) {
    if (digits == "00" || digits == "01") return push_boolean(digits == "01");
    if (!digits.empty() && digits.back() == 'L') digits.remove_suffix(1);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size())
      throw Broken("a number is none");
    push_integer(value);
  }
  std::uint32_t decimal_key() {
    const std::string_view digits = line();
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size())
      throw Broken("a number is none");
    return value;
  }

  void step(unsigned char opcode);
  bool step_scalar(unsigned char opcode);
  bool step_container(unsigned char opcode);

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool stopped_ = false;
  Pickle pickle_;
  std::vector<std::uint32_t> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, std::uint32_t> memo_;
};

bool Machine::step_scalar(unsigned char opcode) {
  switch (opcode) {
    case 'N':
      push(Kind::none);
      return true;
    case 0x88:
    case 0x89:
      push_boolean(opcode == 0x88);
      return true;
    case 'J':
      push_integer(number<std::int32_t>());
      return true;
    case 'K':
      push_integer(number<std::uint8_t>());
      return true;
    case 'M':
      push_integer(number<std::uint16_t>());
      return true;
    case 'I':
    case 'L':
      push_decimal(line());
      return true;
    case 0x8a:
      push_long(take(number<std::uint8_t>()));
      return true;
    case 'G': {
      std::uint64_t bits = number<std::uint64_t>();
      bits = __builtin_bswap64(bits);
      push(PickleNode{.kind = Kind::number, .number = std::bit_cast<double>(bits)});
      return true;
    }
    case 'X':  // text: 4 bytes of length, then UTF-8
    case 'B':
    case 'T':
      push_text(take(number<std::uint32_t>()));
      return true;
    case 'U':
    case 'C':
    case 0x8c:
      push_text(take(number<std::uint8_t>()));
      return true;
    case 0x8d:
    case 0x8e:
      push_text(take(number<std::uint64_t>()));
      return true;
    case 'V':
      push_text(line());
      return true;
    default:
      return false;
  }
}

bool Machine::step_container(unsigned char opcode) {
  switch (opcode) {
    case ')':
      push(Kind::tuple);
      return true;
    case 't':
      push_items(Kind::tuple, pop_mark());
      return true;
    case 0x85:
    case 0x86:
    case 0x87:
      push_items(Kind::tuple, pop_items(opcode - 0x84U));
      return true;
    case ']':
      push(Kind::list);
      return true;
    case 'l':
      push_items(Kind::list, pop_mark());
      return true;
    case 'a': {
      const std::uint32_t item = pop();
      append({item});
      return true;
    }
    case 'e':
      append(pop_mark());
      return true;
    case '}':
      push(Kind::dict);
      return true;
    case 'd': {
      std::vector<std::uint32_t> pairs = pop_mark();
      push(Kind::dict);
      set(pairs);
      return true;
    }
    case 's':
      set(pop_items(2));
      return true;
    case 'u':
      set(pop_mark());
      return true;
    default:
      return false;
  }
}

void Machine::step(unsigned char opcode) {
  if (step_scalar(opcode) || step_container(opcode)) return;
  switch (opcode) {
    case 0x80:  // protocol
      take(1);
      return;
    case 0x95:  // frame
      take(8);
      return;
    case '.':
      stopped_ = true;
      return;
    case '(':
      marks_.push_back(stack_.size());
      return;
    case '0':
      pop();
      return;
    case '1':
      pop_mark();
      return;
    case '2':
      stack_.push_back(top());
      return;
    case 'c': {
      const std::string_view module = line();
      return global(module, line());
    }
    case 0x93: {
      const std::vector<std::uint32_t> names = pop_items(2);
      return global(pickle_[names[0]].text, pickle_[names[1]].text);
    }
    case 'R':
    case 0x81:  // an object made by its class: the same to whoever only looks
      return push_items(Kind::call, pop_items(2));
    case 'b':  // attributes of the object below; a state dict's own are not needed
      pop();
      top();
      return;
    case 'P':
      push_text(line());
      return push_items(Kind::persistent, pop_items(1));
    case 'Q':
      return push_items(Kind::persistent, pop_items(1));
    case 'g':
      return recall(decimal_key());
    case 'h':
      return recall(number<std::uint8_t>());
    case 'j':
      return recall(number<std::uint32_t>());
    case 'p':
      return memoize(decimal_key());
    case 'q':
      return memoize(number<std::uint8_t>());
    case 'r':
      return memoize(number<std::uint32_t>());
    case 0x94:
      return memoize(static_cast<std::uint32_t>(memo_.size()));
    default:
      throw Broken(
          fmt::format("it has the instruction 0x{:02x}, which no state dict needs", opcode));
  }
}

}  // namespace

Result<Pickle> read_pickle(std::string_view bytes, const std::string& file) {
  Machine machine(bytes);
  try {
    return machine.run();
  } catch (const Broken& broken) {
    Diagnostic found =
        problem(fmt::format("the pickle cannot be read: {} (byte {})", broken.what(), machine.at()),
                "", "download the model again, or take its safetensors file");
    found.file = file;
    return found;
  }
}

}  // namespace llmops
