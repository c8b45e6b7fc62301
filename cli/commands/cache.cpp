// The response cache: answers that were paid for once.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "ci/gate/wording.h"
#include "cli/command.h"
#include "cli/stored.h"
#include "datasets/text/fields.h"
#include "evaluators/cache/response_cache.h"

namespace llmops {
namespace {

struct Options {
  StoreOptions store;
  std::string older_than;
};

std::string day(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(seconds));
}

ExitCode show(const ResponseCache& cache, Console& console) {
  const CacheStats stats = cache.stats();
  if (console.json()) {
    Object out{
        {"schema_version", 1              },
        {"command",        "cache stats"  },
        {"entries",        stats.entries  },
        {"hits",           stats.hits     },
        {"saved_usd",      stats.saved_usd}
    };
    if (stats.oldest) out.add("oldest", day(*stats.oldest));
    if (stats.newest) out.add("newest", day(*stats.newest));
    console.print_json(out);
    return ExitCode::passed;
  }
  std::string text = fmt::format("{} in the response cache", counted(stats.entries, "answer"));
  if (stats.oldest && stats.newest)
    text += fmt::format(", from {} to {}", day(*stats.oldest), day(*stats.newest));
  text += fmt::format("\n{} of the stored runs came from it, which saved ${:.4f}\n",
                      counted(stats.hits, "sample"), stats.saved_usd);
  console.print(text);
  return ExitCode::passed;
}

ExitCode clear(ResponseCache& cache, const Options& options, Console& console) {
  std::chrono::seconds older_than{0};
  if (!options.older_than.empty()) {
    const auto age = parse_duration(options.older_than);
    if (!age)
      return console.reject({problem(fmt::format("--older-than is `{}`", options.older_than),
                                     "expected a duration such as 12h or 7d")},
                            "cache clear");
    older_than = std::chrono::duration_cast<std::chrono::seconds>(*age);
  }
  const std::int64_t forgotten = cache.clear(older_than);
  if (console.json())
    console.print_json(Object{
        {"schema_version", 1            },
        {"command",        "cache clear"},
        {"cleared",        forgotten    }
    });
  else
    console.print(
        fmt::format("forgot {}; the stored runs keep theirs\n", counted(forgotten, "answer")));
  return ExitCode::passed;
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  declare_store_options(app, options->store);
  app.fallthrough();
  CLI::App* stats_app = app.add_subcommand("stats", "how many answers it holds, what it has saved");
  CLI::App* clear_app = app.add_subcommand("clear", "forget them; the runs keep their answers");
  for (CLI::App* sub : {stats_app, clear_app}) sub->fallthrough();
  clear_app->add_option("--older-than", options->older_than, "only those of that age (12h, 7d)")
      ->type_name("TIME");
  return [=](Console& console) {
    const std::string command = stats_app->parsed() ? "cache stats" : "cache clear";
    const Result<std::shared_ptr<Store>> store = open_store(options->store);
    if (!store) return console.reject(store.problems(), command);
    ResponseCache cache((*store)->folder(), std::chrono::seconds(0));
    return stats_app->parsed() ? show(cache, console) : clear(cache, *options, console);
  };
}

}  // namespace

extern const CommandInfo kCacheCommand;
constexpr CommandInfo kCacheCommand{
    .name = "cache",
    .summary = "Show or clear the response cache",
    .examples = "  llmops cache stats\n  llmops cache clear --older-than 7d\n",
    .declare = &declare,
};

}  // namespace llmops
