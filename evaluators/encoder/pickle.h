#pragma once
// Python pickles as inert data. Nothing is imported, called or built: a global is a name, a call is
// a node that says what would have been called with what. Source: Python 3.11, Lib/pickletools.py.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/result.h"

namespace llmops {

struct PickleNode {
  enum class Kind {
    none,
    boolean,
    integer,
    number,
    text,  // str or bytes
    tuple,
    list,
    dict,
    global,      // text: "module name"
    persistent,  // items: the id
    call,        // items: what, arguments
  };
  Kind kind = Kind::none;
  std::int64_t integer = 0;  // booleans too
  double number = 0.0;
  std::string text;
  std::vector<std::uint32_t> items;  // indices into Pickle::nodes
  std::vector<std::uint32_t>
      pairs;  // key, value, key, value: what was set on a dict or on a call's result
};

struct Pickle {
  std::vector<PickleNode> nodes;
  std::uint32_t root = 0;
  std::size_t size = 0;  // bytes that the pickle takes
  const PickleNode& operator[](std::uint32_t index) const { return nodes[index]; }
};

// The pickle at the start of `bytes` (protocols 0 to 5). Memory is at most a fixed multiple of the
// bytes. Cycles are possible: whoever walks the nodes bounds the depth.
Result<Pickle> read_pickle(std::string_view bytes, const std::string& file);

}  // namespace llmops
