#pragma once
// Options of metrics that run an encoder.

#include <filesystem>
#include <optional>
#include <string>

#include "datasets/text/fields.h"
#include "evaluators/encoder/text_encoder.h"

namespace llmops {

// A path of an option: from the suite's folder where something stands there, else from the present
// one.
std::filesystem::path located(const Fields& fields, const std::string& path);

// The folder of the model that the option `key` names; where it is not there, the problem is
// noted.
std::optional<std::filesystem::path> located_model(Fields& fields, const std::string& model,
                                                   std::string_view key = "model");

// What is to be said where a suite names a model by its hub name and no cache has it. Absent: it is
// there, `model` is a path, or the options come from a command line.
std::optional<Diagnostic> absent_model(const Fields& fields, const std::string& model);

// The last part of a path or hub name.
std::string folder_name(const std::string& model);

// Where paths of options count from: the suite's folder, "." on a command line.
std::filesystem::path options_folder(const Fields& fields);

// `cache`: a folder for vectors, `none`; by default `vectors` in the project's state folder where
// there is one.
std::optional<VectorCacheOptions> read_vector_cache(Fields& fields);

// `precision` (float32, bf16) and `cache`.
TextEncoderOptions read_encoder_options(Fields& fields);

}  // namespace llmops
