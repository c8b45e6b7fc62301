#include "cli/embedder_options.h"

#include <CLI/CLI.hpp>

namespace llmops {

void declare_embedder_options(CLI::App& app, EmbedderOptions& options) {
  app.add_option("--model", options.model,
                 "folder or hub name of an encoder; with --base-url the endpoint's name for it")
      ->type_name("MODEL");
  app.add_option("--base-url", options.base_url, "an embeddings endpoint (http://.../v1)")
      ->type_name("URL");
  app.add_option("--api-key-env", options.api_key_env, "environment variable with its key")
      ->type_name("NAME");
  app.add_option("--pooling", options.pooling, "of a folder: mean or cls")->type_name("HOW");
  app.add_option("--prefix", options.prefix, "a text before each text, as some models want it");
}

Result<std::unique_ptr<Embedder>> make_embedder(const EmbedderOptions& options) {
  Object given;
  for (const auto& [key, value] : {
           std::pair<const char*, const std::string&>{"model",       options.model      },
           {"base_url",    options.base_url   },
           {"api_key_env", options.api_key_env},
           {"pooling",     options.pooling    },
           {"prefix",      options.prefix     }
  })
    if (!value.empty()) given.add(key, value);
  const Value mapping(std::move(given));
  const Source source("", "");
  Diagnostics problems;
  Fields fields(mapping, source, problems, "the options");
  std::unique_ptr<Embedder> made = read_embedder(fields);
  if (made == nullptr) return problems;
  return made;
}

}  // namespace llmops
