#include "cli/prompt_registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "ci/reports/layout.h"
#include "cli/rendered.h"
#include "cli/suite.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"
#include "prompts/prompt_file.h"
#include "prompts/registry.h"
#include "prompts/rollout.h"

namespace llmops {
namespace {

Object document(const char* command) {
  return Object{
      {"schema_version", 1      },
      {"command",        command}
  };
}

// The labels that stand on a version now.
std::vector<const Label*> labels_on(const Labels& labels, const std::string& prompt,
                                    const std::string& version) {
  std::vector<const Label*> found;
  if (const LabeledPrompt* labeled = labels.find(prompt))
    for (const Label& label : labeled->labels)
      if (label.current().version == version) found.push_back(&label);
  return found;
}

std::string label_text(const std::vector<const Label*>& labels) {
  std::vector<std::string> texts;
  for (const Label* label : labels)
    texts.push_back(label->current().percent < 100
                        ? fmt::format("{} {}%", label->name, label->current().percent)
                        : label->name);
  return fmt::format("{}", fmt::join(texts, ", "));
}

List label_values(const std::vector<const Label*>& labels) {
  List list;
  for (const Label* label : labels) {
    const LabelEntry& entry = label->current();
    Object one{
        {"label",   label->name  },
        {"percent", entry.percent},
        {"date",    entry.date   },
        {"author",  entry.author },
        {"forced",  entry.forced }
    };
    if (entry.evidence) {
      one.add("run", entry.evidence->run);
      one.add("verdict", entry.evidence->verdict);
    }
    list.push_back(std::move(one));
  }
  return list;
}

void add_facts(Object& to, const Prompt& prompt) {
  to.add("sha256", prompt.sha256);
  const auto add = [&](const char* key, const std::string& text) {
    if (!text.empty()) to.add(key, text);
  };
  add("model", prompt.model);
  add("created", prompt.created);
  add("author", prompt.author);
  add("changelog", prompt.changelog);
}

ExitCode list(const StoreOptions& where, Console& console) {
  const std::filesystem::path folder = project_folder(where);
  const Result<Labels> labels = load_labels(folder);
  if (!labels) return console.reject(labels.problems(), "prompts list");
  const std::size_t room = static_cast<std::size_t>(console.width()) - 52;  // for changelogs
  List prompts;
  std::string text;
  for (const PromptEntry& entry : list_prompts(folder)) {
    text += visible(entry.name) + "\n";
    TextTable table(std::vector<TextTable::Column>{
        {.header = "version"},
        {                   .header = "labels"                  },
        { .header = "created"},
        {                 .header = "content"  },
        {  .header = "changelog",                    .optional = true}
    });
    List versions;
    for (const PromptVersion& version : entry.versions) {
      const Result<Prompt> prompt = load_prompt(version.file);
      // Labels carry the name in the file, which lint holds against the place.
      const auto on = labels_on(*labels, prompt ? prompt->name : entry.name, version.version);
      Object one{
          {"version", version.version      },
          {"file",    version.file.string()}
      };
      if (prompt) add_facts(one, *prompt);
      if (!prompt) one.add("problems", static_cast<std::int64_t>(prompt.problems().size()));
      one.add("labels", label_values(on));
      versions.push_back(std::move(one));
      table.add({{visible(version.version.empty() ? "(none)" : version.version)},
                 {visible(label_text(on))},
                 {prompt ? visible(prompt->created) : ""},
                 {prompt ? prompt->sha256.substr(0, 12) : "broken"},
                 {prompt ? fit(visible(prompt->changelog), room) : "`llmops lint` says why"}});
    }
    text += table.render(static_cast<std::size_t>(console.width()), {console.color()});
    prompts.push_back(Object{
        {"name",     entry.name         },
        {"versions", std::move(versions)}
    });
  }
  if (console.json()) {
    Object out = document("prompts list");
    out.add("prompts", std::move(prompts));
    console.print_json(out);
  } else {
    console.print(text.empty() ? "no prompts here\n" : text);
  }
  return ExitCode::passed;
}

ExitCode show(const std::string& reference, const StoreOptions& where, Console& console) {
  const std::filesystem::path folder = project_folder(where);
  const Result<Prompt> prompt = named_prompt(reference, folder);
  if (!prompt) return console.reject(prompt.problems(), "prompts show");
  for (const Diagnostic& warning : prompt.problems()) console.note(render(warning));
  const Result<Labels> labels = load_labels(folder);
  if (!labels) return console.reject(labels.problems(), "prompts show");
  const auto on = labels_on(*labels, prompt->name, prompt->version);
  const Rendered own = unfilled(*prompt, token_estimate());
  if (console.json()) {
    Object out = document("prompts show");
    out.add("name", prompt->name);
    out.add("version", prompt->version);
    out.add("file", prompt->file.string());
    if (!prompt->revision.empty()) out.add("revision", prompt->revision);
    add_facts(out, *prompt);
    out.add("labels", label_values(on));
    Value texts = to_value(own);
    out.add("messages", std::move(*texts.object()->find("messages")));
    out.add("parameters", prompt->parameters);
    if (!prompt->response_format.is_null()) out.add("response_format", prompt->response_format);
    if (!prompt->tools.is_null()) out.add("tools", prompt->tools);
    out.add("variables", prompt->variables);
    if (!prompt->eval_metrics.empty()) out.add("eval_metrics", prompt->eval_metrics);
    console.print_json(out);
    return ExitCode::passed;
  }
  std::string text = called(*prompt) + "\n";
  const auto line = [&](const char* key, const std::string& value) {
    if (!value.empty()) text += fmt::format("  {:<12} {}\n", key, value);
  };
  line("file", prompt->file.string());
  line("content", prompt->sha256);
  line("labels", label_text(on));
  line("model", prompt->model);
  line("created", prompt->created);
  line("author", prompt->author);
  line("changelog", prompt->changelog);
  const auto mapping = [&](const char* key, const Value& value) {
    const bool empty = value.is_null() || (value.is_object() && value.object()->empty());
    if (!empty) line(key, dump_json(value));
  };
  mapping("parameters", prompt->parameters);
  mapping("variables", prompt->variables);
  mapping("eval_metrics", prompt->eval_metrics);
  mapping("format", prompt->response_format);
  mapping("tools", prompt->tools);
  std::string shown;
  for (std::size_t start = 0; start < text.size();) {  // one line each, whatever a file holds
    const std::size_t end = text.find('\n', start);
    shown += visible(std::string_view(text).substr(start, end - start)) + "\n";
    start = end + 1;
  }
  console.print(shown + "\n" + to_screen(own));
  return ExitCode::passed;
}

ExitCode history(const std::string& name, const StoreOptions& where, Console& console) {
  const std::string bare = name.substr(0, name.find('@'));
  const Result<std::vector<PromptRevision>> found = prompt_history(bare, project_folder(where));
  if (!found) return console.reject(found.problems(), "prompts history");
  List revisions;
  TextTable table(std::vector<TextTable::Column>{
      {.header = "date"   },
      {                   .header = "commit"                  },
      { .header = "version"},
      { .header = "content"                  },
      { .header = "author"                  },
      {                                 .header = "message",                    .optional = true}
  });
  for (const PromptRevision& each : *found) {
    Object one{
        {"commit",  each.commit.id     },
        {"date",    each.commit.date   },
        {"author",  each.commit.author },
        {"message", each.commit.summary},
        {"file",    each.file.string() }
    };
    if (!each.version.empty()) one.add("version", each.version);
    if (!each.sha256.empty()) one.add("sha256", each.sha256);
    revisions.push_back(std::move(one));
    table.add({{each.commit.date.substr(0, 10)},
               {each.commit.id.substr(0, 12)},
               {each.version.empty() ? "broken" : visible(each.version)},
               {each.sha256.substr(0, 12)},
               {fit(visible(each.commit.author), 20)},
               {fit(visible(each.commit.summary), 50)}});
  }
  if (console.json()) {
    Object out = document("prompts history");
    out.add("name", bare);
    out.add("revisions", std::move(revisions));
    console.print_json(out);
  } else if (table.empty()) {
    console.print(visible(bare) + " was never committed\n");
  } else {
    console.print(table.render(static_cast<std::size_t>(console.width()), {console.color()}));
  }
  return ExitCode::passed;
}

struct RenderOptions {
  std::string prompt, dataset, tokenizer;
  std::optional<std::string> id;
  std::vector<std::string> set;
};

// The case that a template is filled with: of the dataset, with `--set` in place of its columns.
Result<Case> case_for(const RenderOptions& options, const StoreOptions& where) {
  Case row;
  std::optional<DatasetSpec> spec;
  if (!where.suite.empty()) {
    SuiteOverrides overrides{.prompt = options.prompt, .no_gate = true};
    if (!options.dataset.empty()) overrides.dataset = options.dataset;
    Result<Suite> suite = load_suite(where.suite, overrides);
    if (!suite) return suite.problems();
    spec = std::move(suite->dataset);
  } else if (!options.dataset.empty()) {
    spec = DatasetSpec{.path = options.dataset, .shown = options.dataset};
  }
  if (spec) {
    const Result<Dataset> dataset = Dataset::open(*spec);
    if (!dataset) return dataset.problems();
    Result<Case> found = find_case(*dataset, options.id);
    if (!found) return found.problems();
    row = *std::move(found);
  } else if (options.id) {
    return problem("--case needs cases", "expected --dataset FILE or --suite SUITE");
  }
  for (const std::string& each : options.set) {
    const std::size_t equals = each.find('=');
    if (equals == std::string::npos || equals == 0)
      return problem(fmt::format("--set is `{}`", visible(each)),
                     "expected NAME=VALUE, such as question=Why?");
    row.variables.set(each.substr(0, equals), each.substr(equals + 1));
  }
  return row;
}

ExitCode render_prompt(const RenderOptions& options, const StoreOptions& where, Console& console) {
  const Result<Prompt> prompt = named_prompt(options.prompt, project_folder(where));
  if (!prompt) return console.reject(prompt.problems(), "prompts render");
  for (const Diagnostic& warning : prompt.problems()) console.note(render(warning));
  const Result<std::shared_ptr<const TokenCounter>> counter = open_counter(options.tokenizer);
  if (!counter) return console.reject(counter.problems(), "prompts render");
  const Result<Case> row = case_for(options, where);
  if (!row) return console.reject(row.problems(), "prompts render");
  const Result<Rendered> rendered = render_case(*prompt, *row, **counter);
  if (!rendered) return console.reject(rendered.problems(), "prompts render");
  if (console.json()) {
    Object out = document("prompts render");
    out.add("prompt",
            Object{
                {"name",    prompt->name   },
                {"version", prompt->version},
                {"sha256",  prompt->sha256 }
    });
    if (!row->id.empty()) out.add("case_id", row->id);
    Value value = to_value(*rendered);
    for (Member& member : *value.object()) out.add(member.key, std::move(member.value));
    out.add("counted_with", (*counter)->name());
    out.add("estimated", (*counter)->estimated());
    out.add("parameters", prompt->parameters);
    console.print_json(out);
    return ExitCode::passed;
  }
  console.print(fmt::format("{}{}\n\n{}\n{} ({})\n", visible(called(*prompt)),
                            row->id.empty() ? "" : fmt::format(", case {}", visible(row->id)),
                            to_screen(*rendered), token_text(rendered->tokens, **counter),
                            visible((*counter)->name())));
  return ExitCode::passed;
}

}  // namespace

std::filesystem::path project_folder(const StoreOptions& where) {
  const std::filesystem::path suite(where.suite);
  return suite.has_parent_path() ? suite.parent_path() : std::filesystem::path(".");
}

RunCommand declare_prompts_list(CLI::App&, const StoreOptions& where) {
  return [&where](Console& console) { return list(where, console); };
}

RunCommand declare_prompts_show(CLI::App& app, const StoreOptions& where) {
  auto reference = std::make_shared<std::string>();
  app.add_option("PROMPT", *reference, "file, name, name@version, name@label, name@revision")
      ->required();
  return [=, &where](Console& console) { return show(*reference, where, console); };
}

RunCommand declare_prompts_history(CLI::App& app, const StoreOptions& where) {
  auto name = std::make_shared<std::string>();
  app.add_option("NAME", *name, "a prompt's name")->required();
  return [=, &where](Console& console) { return history(*name, where, console); };
}

RunCommand declare_prompts_render(CLI::App& app, const StoreOptions& where) {
  auto options = std::make_shared<RenderOptions>();
  app.add_option("PROMPT", options->prompt, "file, name, name@version, name@label, name@revision")
      ->required();
  app.add_option("--dataset", options->dataset, "file of cases (default: that of --suite)")
      ->type_name("FILE");
  app.add_option("--case", options->id, "id of the case (default: the first)")->type_name("ID");
  app.add_option("--set", options->set, "a variable's value; may be repeated")
      ->type_name("NAME=VALUE");
  app.add_option("--tokenizer", options->tokenizer,
                 "tokenizer.json, .tiktoken, sentencepiece or their folder (default: an estimate)")
      ->type_name("FILE");
  return [=, &where](Console& console) { return render_prompt(*options, where, console); };
}

}  // namespace llmops
