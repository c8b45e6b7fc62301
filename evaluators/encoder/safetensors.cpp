#include "evaluators/encoder/safetensors.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::uint64_t kLargestHeader = 100'000'000;  // the limit of the format's own library
constexpr std::size_t kMostProblems = 20;

Diagnostic wrong(const std::string& file, std::string what, std::string help = "") {
  Diagnostic found = problem(std::move(what), "", std::move(help));
  found.file = file;
  return found;
}

std::optional<ElementType> element_type(std::string_view name) {
  static constexpr std::pair<std::string_view, ElementType> kTypes[] = {
      {"F64",  ElementType::f64    },
      {"F32",  ElementType::f32    },
      {"F16",  ElementType::f16    },
      {"BF16", ElementType::bf16   },
      {"I64",  ElementType::i64    },
      {"I32",  ElementType::i32    },
      {"I16",  ElementType::i16    },
      {"I8",   ElementType::i8     },
      {"U8",   ElementType::u8     },
      {"BOOL", ElementType::boolean}
  };
  for (const auto& [known, type] : kTypes)
    if (known == name) return type;
  return std::nullopt;
}

std::optional<std::uint64_t> natural(const Value& value) {
  const std::int64_t* number = value.integer();
  if (number == nullptr || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

// The tensor that `entry` describes, or what is wrong with it.
std::optional<Tensor> read_entry(const Value& entry, std::string_view data, std::string& why) {
  Tensor tensor;
  const Value* type = entry.find("dtype");
  const Value* shape = entry.find("shape");
  const Value* offsets = entry.find("data_offsets");
  if (type == nullptr || type->string() == nullptr || shape == nullptr ||
      shape->list() == nullptr || offsets == nullptr || offsets->list() == nullptr ||
      offsets->list()->size() != 2) {
    why = "lacks `dtype`, `shape` or `data_offsets`";
    return std::nullopt;
  }
  const std::optional<ElementType> known = element_type(*type->string());
  if (!known) {
    why = fmt::format("has the unknown type `{}`", visible(*type->string()));
    return std::nullopt;
  }
  tensor.type = *known;
  for (const Value& extent : *shape->list()) {
    const std::optional<std::uint64_t> size = natural(extent);
    if (!size) {
      why = "has a shape that is not of whole numbers";
      return std::nullopt;
    }
    tensor.shape.push_back(*size);
  }
  const std::optional<std::uint64_t> begin = natural((*offsets->list())[0]);
  const std::optional<std::uint64_t> end = natural((*offsets->list())[1]);
  if (!begin || !end || *begin > *end) {
    why = "has offsets that are no range";
    return std::nullopt;
  }
  if (*end > data.size()) {
    why = fmt::format("ends at byte {} of the data, which has {} bytes: the file is cut off", *end,
                      data.size());
    return std::nullopt;
  }
  const std::optional<std::uint64_t> count = elements(tensor.shape);
  std::uint64_t bytes = 0;
  if (!count || __builtin_mul_overflow(*count, size_of(tensor.type), &bytes) ||
      bytes != *end - *begin) {
    why = fmt::format("is {} of {}, which does not fill its {} bytes", to_text(tensor.shape),
                      name(tensor.type), *end - *begin);
    return std::nullopt;
  }
  tensor.bytes = data.substr(*begin, *end - *begin);
  return tensor;
}

}  // namespace

Result<TensorMap> read_safetensors(std::string_view bytes, const std::string& file) {
  std::uint64_t length = 0;
  if (bytes.size() < sizeof length)
    return wrong(file, "not a safetensors file: shorter than 8 bytes", "download the model again");
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > kLargestHeader)
    return wrong(file,
                 fmt::format("not a safetensors file: its header would have {} bytes", length));
  if (length > bytes.size() - sizeof length)
    return wrong(file,
                 fmt::format("the header has {} bytes, the file only {}: it is cut off", length,
                             bytes.size()),
                 "download the model again");
  const Result<Value> header = parse_json(bytes.substr(sizeof length, length), file);
  if (!header) return header.problems();
  if (header->object() == nullptr) return wrong(file, "the header is no mapping of tensors");

  const std::string_view data = bytes.substr(sizeof length + length);
  TensorMap tensors;
  Diagnostics problems;
  for (const Member& member : *header->object()) {
    if (member.key == "__metadata__") continue;
    if (problems.size() >= kMostProblems) break;
    std::string why;
    std::optional<Tensor> tensor = read_entry(member.value, data, why);
    if (!tensor)
      problems.push_back(wrong(file, fmt::format("tensor `{}` {}", visible(member.key), why)));
    else if (!tensors.emplace(member.key, std::move(*tensor)).second)
      problems.push_back(wrong(file, fmt::format("tensor `{}` stands twice", visible(member.key))));
  }
  if (!problems.empty()) return problems;
  return tensors;
}

}  // namespace llmops
