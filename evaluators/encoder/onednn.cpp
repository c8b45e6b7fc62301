#include "evaluators/encoder/onednn.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <oneapi/dnnl/dnnl.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <tuple>

namespace llmops {
namespace {

constexpr std::size_t kLine = 64;
// The rows for which the library chooses the order of the weights; all other numbers of rows use it
// too.
constexpr std::size_t kUsualRows = 256;

void check(dnnl_status_t status, const char* what) {
  if (status != dnnl_success)
    throw std::runtime_error(
        fmt::format("oneDNN: {} failed with status {}", what, static_cast<int>(status)));
}

void* aligned(std::size_t bytes) {
  void* data = std::aligned_alloc(kLine, (bytes + kLine - 1) / kLine * kLine);
  if (data == nullptr) throw std::bad_alloc();
  return data;
}

}  // namespace

// The functions that are used, by their names in the library.
#define LLMOPS_DNNL_FUNCTIONS(X)                                                                 \
  X(engine_create)                                                                               \
  X(stream_create)                                                                               \
  X(get_effective_cpu_isa)                                                                       \
  X(memory_desc_init_by_tag)                                                                     \
  X(memory_desc_init_by_strides)                                                                 \
  X(memory_desc_get_size)                                                                        \
  X(memory_create)                                                                               \
  X(memory_destroy)                                                                              \
  X(primitive_attr_create)                                                                       \
  X(primitive_attr_destroy) X(primitive_attr_set_post_ops) X(primitive_attr_set_scratchpad_mode) \
      X(post_ops_create) X(post_ops_destroy) X(post_ops_append_sum) X(post_ops_append_eltwise)   \
          X(matmul_desc_init) X(primitive_desc_create) X(primitive_desc_destroy)                 \
              X(primitive_desc_query_md) X(primitive_create) X(primitive_destroy)                \
                  X(primitive_execute) X(reorder_primitive_desc_create)

struct OneDnn::State {
#define LLMOPS_DECLARE(name) decltype(&::dnnl_##name) name = nullptr;
  LLMOPS_DNNL_FUNCTIONS(LLMOPS_DECLARE)
#undef LLMOPS_DECLARE
  void (*omp_set_num_threads)(int) = nullptr;
  dnnl_engine_t engine = nullptr;
  dnnl_stream_t stream = nullptr;

  struct Key {
    std::size_t rows, inputs, outputs, stride;
    bool bf16, bf16_out, bias, borrowed, add;
    Activation activation;
    auto tie() const {
      return std::tie(rows, inputs, outputs, stride, bf16, bf16_out, bias, borrowed, add,
                      activation);
    }
    bool operator<(const Key& other) const { return tie() < other.tie(); }
  };
  struct Primitive {
    dnnl_primitive_t run = nullptr;
    dnnl_memory_desc_t a{}, b{}, bias{}, c{}, scratchpad{};
  };
  mutable std::shared_mutex mutex;
  mutable std::map<Key, Primitive> primitives;

  bool load() {
    void* library = ::dlopen("libdnnl.so.2", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return false;
    bool complete = true;
#define LLMOPS_LOAD(name)                                                   \
  name = reinterpret_cast<decltype(name)>(::dlsym(library, "dnnl_" #name)); \
  complete = complete && name != nullptr;
    LLMOPS_DNNL_FUNCTIONS(LLMOPS_LOAD)
#undef LLMOPS_LOAD
    if (!complete) return false;
    omp_set_num_threads = reinterpret_cast<void (*)(int)>(::dlsym(library, "omp_set_num_threads"));
    return engine_create(&engine, dnnl_cpu, 0) == dnnl_success &&
           stream_create(&stream, engine, dnnl_stream_in_order) == dnnl_success;
  }

  // The library's threads are counted for each calling thread.
  void one_thread() const {
    if (omp_set_num_threads != nullptr) omp_set_num_threads(1);
  }

  dnnl_memory_desc_t describe(std::size_t rows, std::size_t columns, bool bf16,
                              dnnl_format_tag_t tag) const {
    const dnnl_dims_t extents = {static_cast<dnnl_dim_t>(rows), static_cast<dnnl_dim_t>(columns)};
    dnnl_memory_desc_t made;
    check(memory_desc_init_by_tag(&made, 2, extents, bf16 ? dnnl_bf16 : dnnl_f32, tag),
          "a memory description");
    return made;
  }

  // Dense columns, rows `stride` apart.
  dnnl_memory_desc_t describe_rows(std::size_t rows, std::size_t columns, bool bf16,
                                   std::size_t stride) const {
    const dnnl_dims_t extents = {static_cast<dnnl_dim_t>(rows), static_cast<dnnl_dim_t>(columns)};
    const dnnl_dims_t strides = {static_cast<dnnl_dim_t>(stride), 1};
    dnnl_memory_desc_t made;
    check(memory_desc_init_by_strides(&made, 2, extents, bf16 ? dnnl_bf16 : dnnl_f32, strides),
          "a memory description");
    return made;
  }

  dnnl_memory_t memory(const dnnl_memory_desc_t& description, const void* data) const {
    dnnl_memory_t made = nullptr;
    check(memory_create(&made, &description, engine, const_cast<void*>(data)), "a memory object");
    return made;
  }

  dnnl_primitive_attr_t attributes(Activation activation, bool add) const {
    dnnl_primitive_attr_t made = nullptr;
    dnnl_post_ops_t operations = nullptr;
    check(primitive_attr_create(&made), "attributes");
    check(primitive_attr_set_scratchpad_mode(made, dnnl_scratchpad_mode_user),
          "the scratchpad mode");
    check(post_ops_create(&operations), "operations");
    if (add) check(post_ops_append_sum(operations, 1.0F), "a sum");
    dnnl_alg_kind_t kind = dnnl_alg_kind_undef;
    if (activation == Activation::gelu) kind = dnnl_eltwise_gelu_erf;
    if (activation == Activation::gelu_tanh) kind = dnnl_eltwise_gelu_tanh;
    if (activation == Activation::relu) kind = dnnl_eltwise_relu;
    if (activation == Activation::tanh) kind = dnnl_eltwise_tanh;
    if (kind != dnnl_alg_kind_undef)
      check(post_ops_append_eltwise(operations, 1.0F, kind, 0.0F, 0.0F), "an activation");
    check(primitive_attr_set_post_ops(made, operations), "operations");
    check(post_ops_destroy(operations), "operations");
    return made;
  }

  // `order`: of the weights; nullptr leaves the choice to the library.
  Primitive make(const Key& key, const dnnl_memory_desc_t* order) const {
    Primitive made;
    made.a = describe(key.rows, key.inputs, key.bf16, dnnl_ab);
    made.b = order != nullptr ? *order
                              : describe(key.inputs, key.outputs, key.bf16, dnnl_format_tag_any);
    made.bias = describe(1, key.outputs, false, dnnl_ab);
    made.c = describe_rows(key.rows, key.outputs, key.bf16_out,
                           key.stride == 0 ? key.outputs : key.stride);
    dnnl_primitive_attr_t attr = attributes(key.activation, key.add);
    dnnl_matmul_desc_t operation;
    check(matmul_desc_init(&operation, &made.a, &made.b, key.bias ? &made.bias : nullptr, &made.c),
          "a product");
    dnnl_primitive_desc_t description = nullptr;
    check(primitive_desc_create(&description, &operation, attr, engine, nullptr), "a product");
    made.b = *primitive_desc_query_md(description, dnnl_query_weights_md, 0);
    made.scratchpad = *primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
    check(primitive_create(&made.run, description), "a product");
    check(primitive_desc_destroy(description), "a product");
    check(primitive_attr_destroy(attr), "attributes");
    return made;
  }

  const Primitive& primitive(const Key& key, const dnnl_memory_desc_t& order) const {
    {
      const std::shared_lock lock(mutex);
      if (const auto found = primitives.find(key); found != primitives.end()) return found->second;
    }
    const std::unique_lock lock(mutex);
    const auto found = primitives.find(key);
    return found != primitives.end() ? found->second
                                     : primitives.emplace(key, make(key, &order)).first->second;
  }
};

namespace {

class PackedWeights final : public OneDnn::Packed {
 public:
  ~PackedWeights() override {
    if (b != nullptr) destroy(b);
    if (bias != nullptr) destroy(bias);
    if (!borrowed) std::free(data);
    if (!borrowed) std::free(bias_data);
  }
  std::size_t bytes() const override { return size; }

  OneDnn::Shape shape;
  dnnl_memory_desc_t order{};
  dnnl_memory_t b = nullptr, bias = nullptr;
  void* data = nullptr;
  void* bias_data = nullptr;
  std::size_t size = 0;
  bool borrowed = false;
  decltype(&::dnnl_memory_destroy) destroy = nullptr;
};

}  // namespace

OneDnn::OneDnn() : state_(std::make_unique<State>()) {}
OneDnn::~OneDnn() = default;

const OneDnn* OneDnn::get() {
  static const OneDnn* const library = [] {
    // Never given back: the library's own threads and caches outlive any order of destruction.
    auto* made = new OneDnn;
    return made->state_->load() ? made : nullptr;
  }();
  return library;
}

OneDnn::Isa OneDnn::isa() const {
  const auto isa = static_cast<unsigned>(state_->get_effective_cpu_isa());
  const auto has = [&](dnnl_cpu_isa_t wanted) {
    return (isa & wanted) == static_cast<unsigned>(wanted);
  };
  if (has(dnnl_cpu_isa_avx512_core_amx)) return Isa::amx;
  if (has(dnnl_cpu_isa_avx512_core_bf16)) return Isa::avx512_bf16;
  return has(dnnl_cpu_isa_avx512_core) ? Isa::avx512 : Isa::other;
}

std::unique_ptr<OneDnn::Packed> OneDnn::pack(const Shape& shape, const void* weights,
                                             const float* bias) const {
  state_->one_thread();
  auto packed = std::make_unique<PackedWeights>();
  packed->shape = shape;
  packed->destroy = state_->memory_destroy;
  const State::Primitive usual = state_->make({.rows = kUsualRows,
                                               .inputs = shape.inputs,
                                               .outputs = shape.outputs,
                                               .stride = shape.stride,
                                               .bf16 = shape.bf16,
                                               .bf16_out = shape.bf16_out,
                                               .bias = shape.bias,
                                               .borrowed = false,
                                               .add = false,
                                               .activation = Activation::none},
                                              nullptr);
  check(state_->primitive_destroy(usual.run), "a product");
  packed->order = usual.b;
  packed->size = state_->memory_desc_get_size(&packed->order);
  packed->data = aligned(packed->size);
  packed->b = state_->memory(packed->order, packed->data);

  // Weights lie as outputs x inputs, the product wants inputs x outputs: the same bytes, read by
  // columns.
  const dnnl_memory_desc_t given =
      state_->describe(shape.inputs, shape.outputs, shape.bf16, dnnl_ba);
  dnnl_memory_t from = state_->memory(given, weights);
  dnnl_primitive_desc_t description = nullptr;
  dnnl_primitive_t reorder = nullptr;
  check(state_->reorder_primitive_desc_create(&description, &given, state_->engine, &packed->order,
                                              state_->engine, nullptr),
        "a reordering");
  check(state_->primitive_create(&reorder, description), "a reordering");
  const dnnl_exec_arg_t arguments[] = {
      {DNNL_ARG_FROM, from     },
      {DNNL_ARG_TO,   packed->b}
  };
  check(state_->primitive_execute(reorder, state_->stream, 2, arguments), "a reordering");
  check(state_->primitive_destroy(reorder), "a reordering");
  check(state_->primitive_desc_destroy(description), "a reordering");
  check(state_->memory_destroy(from), "a memory object");

  if (shape.bias) {
    packed->bias_data = aligned(shape.outputs * sizeof(float));
    __builtin_memcpy(packed->bias_data, bias, shape.outputs * sizeof(float));
    packed->bias = state_->memory(usual.bias, packed->bias_data);
  }
  return packed;
}

std::unique_ptr<OneDnn::Packed> OneDnn::borrow(const Shape& shape, const void* weights,
                                               const float* bias) const {
  auto packed = std::make_unique<PackedWeights>();
  packed->shape = shape;
  packed->destroy = state_->memory_destroy;
  packed->borrowed = true;
  packed->order = state_->describe(shape.inputs, shape.outputs, false, dnnl_ba);
  packed->b = state_->memory(packed->order, weights);
  if (shape.bias)
    packed->bias = state_->memory(state_->describe(1, shape.outputs, false, dnnl_ab), bias);
  return packed;
}

void OneDnn::multiply(const Packed& given, const void* a, std::size_t rows, void* c,
                      Activation activation, bool add, Scratch& scratch) const {
  state_->one_thread();
  const auto& packed = static_cast<const PackedWeights&>(given);
  const State::Primitive& primitive = state_->primitive({.rows = rows,
                                                         .inputs = packed.shape.inputs,
                                                         .outputs = packed.shape.outputs,
                                                         .stride = packed.shape.stride,
                                                         .bf16 = packed.shape.bf16,
                                                         .bf16_out = packed.shape.bf16_out,
                                                         .bias = packed.shape.bias,
                                                         .borrowed = packed.borrowed,
                                                         .add = add,
                                                         .activation = activation},
                                                        packed.order);
  dnnl_memory_t from = state_->memory(primitive.a, a);
  dnnl_memory_t to = state_->memory(primitive.c, c);
  dnnl_memory_t pad = state_->memory(
      primitive.scratchpad, scratch.at_least(state_->memory_desc_get_size(&primitive.scratchpad)));
  const dnnl_exec_arg_t arguments[] = {
      {DNNL_ARG_SRC,        from       },
      {DNNL_ARG_WEIGHTS,    packed.b   },
      {DNNL_ARG_DST,        to         },
      {DNNL_ARG_SCRATCHPAD, pad        },
      {DNNL_ARG_BIAS,       packed.bias}
  };
  const dnnl_status_t status = state_->primitive_execute(primitive.run, state_->stream,
                                                         packed.shape.bias ? 5 : 4, arguments);
  for (dnnl_memory_t object : {from, to, pad}) state_->memory_destroy(object);
  check(status, "a product");
}

OneDnn::Scratch::Scratch() = default;
OneDnn::Scratch::~Scratch() { std::free(data_); }

float* OneDnn::Scratch::at_least(std::size_t bytes) {
  if (bytes > size_) {
    std::free(data_);
    data_ = nullptr;
    data_ = aligned(bytes);
    size_ = bytes;
  }
  return static_cast<float*>(data_);
}

}  // namespace llmops
