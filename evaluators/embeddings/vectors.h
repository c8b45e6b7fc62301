#pragma once
// Vectors of texts as an endpoint gives them.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/result.h"
#include "datasets/text/value.h"

namespace llmops {

// One text: one vector (rows 1), or one for each of its tokens.
struct TextVectors {
  std::size_t rows = 0;
  std::vector<float> values;  // rows x width, row-major
  std::string why;            // there is none, because

  std::size_t width() const { return rows == 0 ? 0 : values.size() / rows; }
};

// Reads the answer of an embeddings route to `texts` texts, in the order of the texts: OpenAI's
// form (data[].embedding with index; numbers or base64 of little-endian float32), vLLM's /pooling
// (data[].data), llama.cpp's list of {index, embedding}, text-embeddings-inference's bare lists. A
// problem: another number of texts, numbers that are not finite, vectors of different widths.
Result<std::vector<TextVectors>> read_vectors(const Value& document, std::size_t texts);

// As bytes and back; `unpack` gives nothing for what `pack` did not write.
std::string pack(const std::vector<TextVectors>& vectors);
std::vector<TextVectors> unpack(std::string_view bytes);

}  // namespace llmops
