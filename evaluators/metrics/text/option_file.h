#pragma once
#include <optional>
#include <string>

#include "datasets/text/fields.h"

namespace llmops {

// A mapping that stands in the options, or, where the option is a text, the JSON or YAML file (by
// its extension) of that path, which counts from the folder of the suite. Problems are noted;
// nullopt for them and for a missing key.
std::optional<Value> read_option_value(Fields& fields, std::string_view key);

// The content of the text file under `key`, in the same way.
std::optional<std::string> read_option_text(Fields& fields, std::string_view key);

}  // namespace llmops
