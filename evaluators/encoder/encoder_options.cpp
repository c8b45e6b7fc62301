#include "evaluators/encoder/encoder_options.h"

#include <array>
#include <cstdlib>

#include "evaluators/encoder/model_folder.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 2> kPrecisions{"float32", "bf16"};

// Where the suite lies; empty where the options come from a command line.
fs::path suite_folder(const Fields& fields) {
  const fs::path file = fields.source().file();
  std::error_code ignored;
  if (file.empty() || !fs::is_regular_file(file, ignored)) return {};
  return file.parent_path().empty() ? fs::path(".") : file.parent_path();
}

// $LLMOPS_HOME, `.llmops` beside the suite, or one that stands in the present folder already.
fs::path state_folder(const Fields& fields) {
  if (const char* home = std::getenv("LLMOPS_HOME"); home != nullptr && *home != '\0') return home;
  if (const fs::path folder = suite_folder(fields); !folder.empty()) return folder / ".llmops";
  std::error_code ignored;
  return fs::is_directory(".llmops", ignored) ? fs::path(".llmops") : fs::path();
}

}  // namespace

fs::path located(const Fields& fields, const std::string& path) {
  const fs::path folder = suite_folder(fields);
  std::error_code ignored;
  return !folder.empty() && fs::exists(folder / path, ignored) ? folder / path : fs::path(path);
}

std::optional<fs::path> located_model(Fields& fields, const std::string& model,
                                      std::string_view key) {
  std::vector<fs::path> bases{"."};
  if (const fs::path folder = suite_folder(fields); !folder.empty())
    bases.insert(bases.begin(), folder);
  Result<fs::path> found = find_model(model, bases, hub_cache());
  if (found) return *found;
  const Diagnostic& wrong = found.problems()[0];
  fields.error(fields.mark(key), wrong.what, wrong.expected, wrong.help);
  return std::nullopt;
}

std::optional<Diagnostic> absent_model(const Fields& fields, const std::string& model) {
  const fs::path folder = suite_folder(fields);
  if (folder.empty() || model.starts_with('.') || model.starts_with('/')) return std::nullopt;
  const Result<fs::path> found = find_model(model, {folder, "."}, hub_cache());
  if (found || found.problems()[0].help.find("models pull") == std::string::npos)
    return std::nullopt;
  return found.problems()[0];
}

std::string folder_name(const std::string& model) {
  const fs::path path = fs::path(model).lexically_normal();
  return path.filename().empty() ? path.parent_path().filename().string()
                                 : path.filename().string();
}

fs::path options_folder(const Fields& fields) {
  const fs::path folder = suite_folder(fields);
  return folder.empty() ? fs::path(".") : folder;
}

std::optional<VectorCacheOptions> read_vector_cache(Fields& fields) {
  const auto cache = fields.text("cache");
  if (cache && *cache != "none") return VectorCacheOptions{.folder = *cache};
  if (const fs::path state = state_folder(fields); !cache && !state.empty())
    return VectorCacheOptions{.folder = state / "vectors"};
  return std::nullopt;
}

TextEncoderOptions read_encoder_options(Fields& fields) {
  TextEncoderOptions options;
  if (fields.one_of("precision", kPrecisions) == "bf16") options.precision = Precision::bf16;
  options.cache = read_vector_cache(fields);
  return options;
}

}  // namespace llmops
