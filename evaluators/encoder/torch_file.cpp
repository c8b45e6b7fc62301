#include "evaluators/encoder/torch_file.h"

#include <fmt/format.h>

#include <cstring>
#include <functional>
#include <map>
#include <utility>

#include "datasets/text/utf8.h"
#include "evaluators/encoder/pickle.h"
#include "evaluators/encoder/zip_archive.h"

namespace llmops {
namespace {

using Kind = PickleNode::Kind;
// The magic number 0x1950a86a20f9469cfc6c as a pickle of protocol 2: how files before 1.6 begin.
constexpr std::string_view kOldMagic{"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.",
                                     15};

std::optional<ElementType> storage_type(std::string_view global) {
  static constexpr std::pair<std::string_view, ElementType> kTypes[] = {
      {"torch FloatStorage",    ElementType::f32    },
      {"torch HalfStorage",     ElementType::f16    },
      {"torch BFloat16Storage", ElementType::bf16   },
      {"torch DoubleStorage",   ElementType::f64    },
      {"torch LongStorage",     ElementType::i64    },
      {"torch IntStorage",      ElementType::i32    },
      {"torch ShortStorage",    ElementType::i16    },
      {"torch CharStorage",     ElementType::i8     },
      {"torch ByteStorage",     ElementType::u8     },
      {"torch BoolStorage",     ElementType::boolean}
  };
  for (const auto& [known, type] : kTypes)
    if (known == global) return type;
  return std::nullopt;
}

// Bytes of a storage by its key, or why they are missing.
using FindStorage = std::function<Result<std::string_view>(const std::string& key)>;

class StateDict {
 public:
  StateDict(const Pickle& pickle, const std::string& file, FindStorage find)
      : pickle_(pickle), file_(file), find_(std::move(find)) {}

  Result<TorchFile> read(TorchFile out) {
    if (Diagnostics found = foreign_calls(); !found.empty()) return found;
    const PickleNode& root = pickle_[pickle_.root];
    if (root.kind != Kind::dict && root.kind != Kind::call)
      return wrong("it holds no mapping of tensors");
    for (std::size_t i = 0; i + 1 < root.pairs.size(); i += 2) {
      const PickleNode& key = pickle_[root.pairs[i]];
      const PickleNode* value = tensor_call(pickle_[root.pairs[i + 1]]);
      if (key.kind != Kind::text || value == nullptr) continue;  // a counter, a version
      Result<Tensor> tensor = rebuild(*value, key.text, out);
      if (!tensor) return tensor.problems();
      out.tensors.insert_or_assign(key.text, std::move(*tensor));
    }
    return out;
  }

 private:
  Diagnostic wrong(std::string what) const {
    Diagnostic found = problem(std::move(what));
    found.file = file_;
    return found;
  }

  static bool harmless(std::string_view global) {
    return global == "collections OrderedDict" || global == "torch._utils _rebuild_tensor_v2" ||
           global == "torch._utils _rebuild_parameter" || global == "torch Size" ||
           storage_type(global).has_value();
  }

  Diagnostics foreign_calls() const {
    Diagnostics found;
    for (const PickleNode& node : pickle_.nodes) {
      if (node.kind != Kind::global || harmless(node.text) || found.size() >= 5) continue;
      found.push_back(wrong(
          fmt::format("the file asks for `{}`, which is no part of a state dict; nothing was run",
                      visible(node.text))));
      found.back().help = "do not open this file with Python; take the model's safetensors file";
    }
    return found;
  }

  const PickleNode* arguments(const PickleNode& call, std::string_view callee) const {
    if (call.kind != Kind::call) return nullptr;
    const PickleNode& what = pickle_[call.items[0]];
    const PickleNode& given = pickle_[call.items[1]];
    return what.kind == Kind::global && what.text == callee && given.kind == Kind::tuple ? &given
                                                                                         : nullptr;
  }

  // The call that makes a tensor, a parameter's wrapper taken off; nullptr for anything else.
  const PickleNode* tensor_call(const PickleNode& value) const {
    if (const PickleNode* wrapped = arguments(value, "torch._utils _rebuild_parameter"))
      return wrapped->items.empty()
                 ? nullptr
                 : arguments(pickle_[wrapped->items[0]], "torch._utils _rebuild_tensor_v2");
    return arguments(value, "torch._utils _rebuild_tensor_v2");
  }

  bool naturals(const PickleNode& node, std::vector<std::uint64_t>& out) const {
    for (const std::uint32_t item : node.items) {
      const PickleNode& extent = pickle_[item];
      if (extent.kind != Kind::integer || extent.integer < 0) return false;
      out.push_back(static_cast<std::uint64_t>(extent.integer));
    }
    return node.kind == Kind::tuple || node.kind == Kind::list;
  }

  // _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)
  Result<Tensor> rebuild(const PickleNode& given, const std::string& key, TorchFile& out) const {
    const auto broken = [&](std::string_view why) {
      return wrong(fmt::format("tensor `{}` {}", visible(key), why));
    };
    if (given.items.size() < 4) return broken("lacks its shape");
    const PickleNode& persistent = pickle_[given.items[0]];
    if (persistent.kind != Kind::persistent) return broken("has no storage");
    const PickleNode& id = pickle_[persistent.items[0]];  // ('storage', type, key, place, elements)
    if (id.kind != Kind::tuple || id.items.size() < 5) return broken("has no storage");
    const std::optional<ElementType> type = storage_type(pickle_[id.items[1]].text);
    if (!type) return broken("has a storage of an unknown type");
    const PickleNode& start = pickle_[given.items[1]];
    Tensor tensor{*type, {}, {}};
    std::vector<std::uint64_t> strides;
    if (start.kind != Kind::integer || start.integer < 0 ||
        !naturals(pickle_[given.items[2]], tensor.shape) ||
        !naturals(pickle_[given.items[3]], strides) || strides.size() != tensor.shape.size())
      return broken("has a broken shape");

    const Result<std::string_view> storage = find_(pickle_[id.items[2]].text);
    if (!storage) return storage.problems();
    const std::uint64_t available = storage->size() / size_of(*type);
    const auto first = static_cast<std::uint64_t>(start.integer);
    const std::optional<std::uint64_t> count = elements(tensor.shape);
    if (!count || first > available || *count > available - first)
      return broken(fmt::format("is {} and needs more than the {} elements of its storage",
                                to_text(tensor.shape), available));
    if (*count == 0) return tensor;
    if (in_order(tensor.shape, strides)) {
      tensor.bytes = storage->substr(first * size_of(*type), *count * size_of(*type));
      return tensor;
    }
    if (!gather(*storage, first, strides, *count, tensor, out.buffers.emplace_back()))
      return broken("reaches beyond its storage");
    return tensor;
  }

  static bool in_order(const Shape& shape, const std::vector<std::uint64_t>& strides) {
    std::uint64_t expected = 1;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      if (shape[axis] != 1 && strides[axis] != expected) return false;
      expected *= shape[axis];
    }
    return true;
  }

  // A transposed or otherwise strided tensor, brought into row-major order.
  static bool gather(std::string_view storage, std::uint64_t first,
                     const std::vector<std::uint64_t>& strides, std::uint64_t count, Tensor& tensor,
                     std::string& buffer) {
    const std::size_t size = size_of(tensor.type);
    std::uint64_t last = first;
    for (std::size_t axis = 0; axis < strides.size(); ++axis) {
      std::uint64_t reach = 0;
      if (__builtin_mul_overflow(tensor.shape[axis] - 1, strides[axis], &reach) ||
          __builtin_add_overflow(last, reach, &last))
        return false;
    }
    if (last >= storage.size() / size) return false;
    buffer.resize(count * size);
    std::vector<std::uint64_t> at(strides.size());
    for (std::uint64_t i = 0; i < count; ++i) {
      std::uint64_t from = first;
      for (std::size_t axis = 0; axis < at.size(); ++axis) from += at[axis] * strides[axis];
      std::memcpy(buffer.data() + i * size, storage.data() + from * size, size);
      for (std::size_t axis = at.size(); axis-- > 0;) {
        if (++at[axis] < tensor.shape[axis]) break;
        at[axis] = 0;
      }
    }
    tensor.bytes = buffer;
    return true;
  }

  const Pickle& pickle_;
  const std::string& file_;
  FindStorage find_;
};

Diagnostic wrong(const std::string& file, std::string what) {
  Diagnostic found = problem(std::move(what), "", "download the model again");
  found.file = file;
  return found;
}

Result<TorchFile> read_zip_form(std::string_view bytes, const std::string& file) {
  const Result<ZipDirectory> directory = read_zip(bytes, file);
  if (!directory) return directory.problems();
  constexpr std::string_view kPickle = "/data.pkl";
  std::string folder;
  const ZipEntry* entry = nullptr;
  for (const auto& [name, candidate] : *directory) {
    if (!name.ends_with(kPickle)) continue;
    folder = name.substr(0, name.size() - kPickle.size());
    entry = &candidate;
  }
  if (entry == nullptr) return wrong(file, "the archive has no `data.pkl`: not a PyTorch file");
  std::string buffer;
  const Result<std::string_view> code =
      unpack(*entry, folder + std::string(kPickle), file, buffer, true);
  if (!code) return code.problems();
  if (const auto order = directory->find(folder + "/byteorder");
      order != directory->end() && order->second.packed != "little")
    return wrong(file, "the file was written on a big-endian machine");
  const Result<Pickle> pickle = read_pickle(*code, file);
  if (!pickle) return pickle.problems();

  std::map<std::string, std::string_view> known;
  std::deque<std::string> unpacked;
  StateDict state(*pickle, file, [&](const std::string& key) -> Result<std::string_view> {
    if (const auto found = known.find(key); found != known.end()) return found->second;
    const std::string name = folder + "/data/" + key;
    const auto found = directory->find(name);
    if (found == directory->end())
      return wrong(file, fmt::format("the archive lacks `{}`", visible(name)));
    Result<std::string_view> data =
        unpack(found->second, name, file, unpacked.emplace_back(), false);
    if (data) known.emplace(key, *data);
    return data;
  });
  Result<TorchFile> read = state.read({});
  if (read) read->unpacked = std::move(unpacked);  // the strings stay where they are
  return read;
}

// Magic number, protocol, machine, state dict, storage keys: five pickles; then, for each key, the
// number of elements in 8 bytes and the elements.
Result<TorchFile> read_old_form(std::string_view bytes, const std::string& file) {
  std::size_t at = kOldMagic.size();
  std::vector<Pickle> pickles;
  for (int i = 0; i < 4; ++i) {  // protocol, machine, state dict, keys
    Result<Pickle> pickle = read_pickle(bytes.substr(at), file);
    if (!pickle) return pickle.problems();
    at += pickle->size;
    pickles.push_back(std::move(*pickle));
  }
  const PickleNode& keys = pickles[3][pickles[3].root];
  // The width of a storage's elements is told by the tensors that use it.
  std::map<std::string, ElementType> types;
  const Pickle& pickle = pickles[2];
  for (const PickleNode& node : pickle.nodes) {
    if (node.kind != Kind::persistent) continue;
    const PickleNode& id = pickle[node.items[0]];
    if (id.items.size() < 5) continue;
    if (const auto type = storage_type(pickle[id.items[1]].text))
      types.emplace(pickle[id.items[2]].text, *type);
  }
  std::map<std::string, std::string_view> data;
  for (const std::uint32_t item : keys.items) {
    const std::string& key = pickles[3][item].text;
    std::uint64_t count = 0, size = 0;
    const auto type = types.find(key);
    if (type == types.end() || bytes.size() - at < sizeof count)
      return wrong(file, "the file is cut off");
    std::memcpy(&count, bytes.data() + at, sizeof count);
    at += sizeof count;
    if (__builtin_mul_overflow(count, size_of(type->second), &size) || size > bytes.size() - at)
      return wrong(file, "the file is cut off");
    data[key] = bytes.substr(at, size);
    at += size;
  }
  return StateDict(pickle, file,
                   [&](const std::string& key) -> Result<std::string_view> {
                     const auto found = data.find(key);
                     if (found == data.end())
                       return wrong(file, fmt::format("the file lacks storage `{}`", visible(key)));
                     return found->second;
                   })
      .read({});
}

}  // namespace

Result<TorchFile> read_torch_file(std::string_view bytes, const std::string& file) {
  if (bytes.starts_with(kOldMagic)) return read_old_form(bytes, file);
  return read_zip_form(bytes, file);
}

}  // namespace llmops
