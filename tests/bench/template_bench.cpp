#include "prompts/template.h"

#include <benchmark/benchmark.h>

using namespace llmops;

namespace {

void render(benchmark::State& state, std::string_view text) {
  const Source source("t", std::string(text));
  const Result<Template> made = Template::compile(text, source, {1, 1});
  const Object row{{"id", "c1"}, {"question", "How many legs do three spiders have in all?"}, {"answer", "24"}, {"tags", List{"a", "b", "c"}}};
  const Object defaults{{"company", "Acme"}};
  const std::vector<const Object*> scopes = {&row, &defaults};
  for (auto _ : state) benchmark::DoNotOptimize(made->render(scopes));
}

void one_variable(benchmark::State& state) { render(state, "Question: {{ question }}\nAnswer:"); }
void filters(benchmark::State& state) { render(state, "{{ company }}: {{ question | trim | upper }}"); }
void loop(benchmark::State& state) { render(state, "{% for tag in tags %}{{ loop.index }}. {{ tag }}\n{% endfor %}"); }

}  // namespace

BENCHMARK(one_variable);
BENCHMARK(filters);
BENCHMARK(loop);
BENCHMARK_MAIN();
