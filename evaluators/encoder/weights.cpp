#include "evaluators/encoder/weights.h"

#include <fmt/format.h>

#include <array>
#include <deque>
#include <map>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"
#include "evaluators/encoder/torch_file.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 4> kPrefixes{"bert.", "roberta.", "distilbert.", "deberta."};

Diagnostic wrong(const fs::path& file, std::string what, std::string help = "") {
  Diagnostic found = problem(std::move(what), "", std::move(help));
  found.file = file.string();
  return found;
}

}  // namespace

struct Weights::State {
  fs::path folder;
  std::vector<std::shared_ptr<const MappedFile>> maps;
  std::deque<TorchFile> torch;
  TensorMap tensors;  // under the names of the files
  std::string prefix;

  // The tensors of one file, or what is wrong with it.
  Result<TensorMap> read(const fs::path& path) {
    Result<std::shared_ptr<const MappedFile>> map = MappedFile::open(path);
    if (!map) return map.problems();
    maps.push_back(*map);
    if (path.extension() == ".safetensors") return read_safetensors((*map)->bytes(), path.string());
    Result<TorchFile> file = read_torch_file((*map)->bytes(), path.string());
    if (!file) return file.problems();
    torch.push_back(std::move(*file));
    return torch.back().tensors;
  }

  // Each shard, and every tensor from the shard that the index names.
  Diagnostics read_shards(const fs::path& index, std::vector<fs::path>& files) {
    const Result<Source> source = read_source(index);
    if (!source) return source.problems();
    const Result<Value> json = parse_json(*source);
    if (!json) return json.problems();
    const Value* map = json->find("weight_map");
    if (map == nullptr || map->object() == nullptr)
      return {wrong(index, "the index has no `weight_map`")};
    std::map<std::string, TensorMap> shards;
    Diagnostics problems;
    for (const Member& member : *map->object()) {
      const std::string* shard = member.value.string();
      // A shard lies in the folder itself: a name with a separator would reach out of it.
      if (shard == nullptr || shard->empty() || *shard != fs::path(*shard).filename())
        return {wrong(index, fmt::format("`{}` is to lie in a file that is none of this folder",
                                         visible(member.key)))};
      if (!shards.contains(*shard)) {
        Result<TensorMap> read_shard = read(folder / *shard);
        if (!read_shard) return read_shard.problems();
        files.push_back(folder / *shard);
        shards.emplace(*shard, std::move(*read_shard));
      }
      const TensorMap& found = shards.at(*shard);
      const auto tensor = found.find(member.key);
      if (tensor != found.end())
        tensors.emplace(member.key, tensor->second);
      else if (problems.size() < 20)
        problems.push_back(wrong(
            folder / *shard,
            fmt::format("lacks tensor `{}`, which the index places there", visible(member.key))));
    }
    return problems;
  }

  // nullptr for a tensor that lies in no file but in memory.
  const MappedFile* file_of(const Tensor& tensor) const {
    for (const auto& map : maps) {
      const std::string_view bytes = map->bytes();
      if (tensor.bytes.data() >= bytes.data() &&
          tensor.bytes.data() + tensor.bytes.size() <= bytes.data() + bytes.size())
        return map.get();
    }
    return nullptr;
  }

  const Tensor* find_exactly(const std::string& name) const {
    const auto found = tensors.find(prefix + name);
    return found == tensors.end() ? nullptr : &found->second;
  }
};

Weights::Weights(std::unique_ptr<State> state) : state_(std::move(state)) {}
Weights::Weights(Weights&&) noexcept = default;
Weights& Weights::operator=(Weights&&) noexcept = default;
Weights::~Weights() = default;

Result<Weights> Weights::open(const fs::path& folder) {
  auto state = std::make_unique<State>();
  state->folder = folder;
  std::vector<fs::path> files;
  for (const std::string_view stem : {"model.safetensors", "pytorch_model.bin"}) {
    const fs::path whole = folder / stem;
    const fs::path index = folder / (std::string(stem) + ".index.json");
    if (fs::exists(whole)) {
      Result<TensorMap> tensors = state->read(whole);
      if (!tensors) return tensors.problems();
      state->tensors = std::move(*tensors);
      files.push_back(whole);
      break;
    }
    if (fs::exists(index)) {
      if (Diagnostics found = state->read_shards(index, files); !found.empty()) return found;
      break;
    }
  }
  if (files.empty())
    return wrong(folder, "the folder has no weights",
                 "a model folder holds `model.safetensors` (or shards with "
                 "`model.safetensors.index.json`) or "
                 "`pytorch_model.bin`");
  for (const std::string_view prefix : kPrefixes)
    if (const auto first = state->tensors.lower_bound(prefix);
        first != state->tensors.end() && first->first.starts_with(prefix))
      state->prefix = prefix;
  Weights weights(std::move(state));
  weights.files_ = std::move(files);
  return weights;
}

const Tensor* Weights::find(std::string_view name) const {
  if (const Tensor* tensor = state_->find_exactly(std::string(name))) return tensor;
  for (const auto& [now, before] : {
           std::pair<std::string_view, std::string_view>{"LayerNorm.weight", "LayerNorm.gamma"},
           {"LayerNorm.bias",   "LayerNorm.beta" }
  })
    if (name.ends_with(now))
      return state_->find_exactly(std::string(name.substr(0, name.size() - now.size())) +
                                  std::string(before));
  return nullptr;
}

const Tensor* Weights::get(std::string_view name, const Shape& shape, Diagnostics& problems) const {
  const Tensor* tensor = find(name);
  if (tensor == nullptr) {
    problems.push_back(
        wrong(state_->folder,
              fmt::format("the weights lack tensor `{}`, which config.json asks for as {}", name,
                          to_text(shape))));
    return nullptr;
  }
  if (tensor->shape != shape) {
    problems.push_back(
        wrong(state_->folder, fmt::format("tensor `{}` is {}, config.json asks for {}", name,
                                          to_text(tensor->shape), to_text(shape))));
    return nullptr;
  }
  if (!is_float(tensor->type)) {
    problems.push_back(
        wrong(state_->folder, fmt::format("tensor `{}` holds {}, not F32, F16 or BF16", name,
                                          llmops::name(tensor->type))));
    return nullptr;
  }
  return tensor;
}

void Weights::forget(const Tensor& tensor) const {
  if (const MappedFile* file = state_->file_of(tensor)) file->forget(tensor.bytes);
}

void Weights::expect(const Tensor& tensor) const {
  if (const MappedFile* file = state_->file_of(tensor)) file->expect(tensor.bytes);
}

}  // namespace llmops
