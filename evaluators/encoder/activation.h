#pragma once

namespace llmops {

enum class Activation { none, gelu, gelu_tanh, relu, tanh };  // gelu: the erf form

}  // namespace llmops
