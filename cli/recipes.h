#pragma once
// The projects that `llmops init` writes: the folders of datasets/examples/recipes, carried in the
// program.

#include <span>
#include <string_view>

namespace llmops {

struct RecipeFile {
  std::string_view recipe;  // "math"
  std::string_view path;    // "prompts/math/1.0.0.yaml", in the project
  std::string_view content;
};

std::span<const RecipeFile> recipe_files();

struct Recipe {
  std::string_view name;
  std::string_view aliases;  // comma separated, of shapes that people know: "gsm8k"
  std::string_view summary;
};

// The first is the default.
std::span<const Recipe> recipes();
// By its name or an alias; nullptr where there is none.
const Recipe* find_recipe(std::string_view name);
// Path of its suite in the project: llmops.yaml, else the first below suites/.
std::string_view suite_of(const Recipe& recipe);

}  // namespace llmops
