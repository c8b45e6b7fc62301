#include "cli/recipes.h"

namespace llmops {
namespace {

constexpr Recipe kRecipes[] = {
    {"capitals",       "",                         "one short answer, exactly (the default)"                        },
    {"math",           "gsm8k",                    "word problems with a number at the end: numeric_match"          },
    {"choice",         "mmlu,arc,multiple-choice", "lettered answers: multiple_choice"                              },
    {"code",           "humaneval,mbpp",           "programs against unit tests, in a sandbox: code_exec"           },
    {"summarisation",  "summarization",            "summaries by people: ROUGE, length"                             },
    {"translation",    "",                         "BLEU, chrF++, TER"                                              },
    {"extraction",     "json",                     "fields as JSON: schema, match of the document, of single fields"},
    {"classification", "",                         "one label of a set: accuracy, macro F1, correlation"            },
    {"retrieval-qa",   "rag,qa,squad",             "answers from passages: exact match and F1 as SQuAD has them"    },
    {"redteam",        "security,owasp",           "attacks by OWASP category: injection, leaks, refusals"          },
};

}  // namespace

std::span<const Recipe> recipes() { return kRecipes; }

const Recipe* find_recipe(std::string_view name) {
  for (const Recipe& recipe : kRecipes) {
    if (recipe.name == name) return &recipe;
    for (std::string_view left = recipe.aliases; !left.empty();) {
      const std::size_t comma = left.find(',');
      if (left.substr(0, comma) == name) return &recipe;
      left = comma == std::string_view::npos ? "" : left.substr(comma + 1);
    }
  }
  return nullptr;
}

std::string_view suite_of(const Recipe& recipe) {
  std::string_view suite = "llmops.yaml";
  for (const RecipeFile& file : recipe_files()) {
    if (file.recipe != recipe.name) continue;
    if (file.path == "llmops.yaml") return file.path;
    if (file.path.starts_with("suites/")) suite = file.path;
  }
  return suite;
}

}  // namespace llmops
