// A template that compiles renders or says why not, within bounds; places point into the text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "prompts/template.h"

using namespace llmops;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Source source("t", std::string(text));
  const IncludeLoader include = [](const std::string& path) -> Result<Source> {
    if (path == "a") return Source("a", "{{ x }}{% include 'b' %}");
    return Source(path, "{% for i in list %}{{ i }}{% endfor %}");
  };
  const Result<Template> made = Template::compile(text, source, {1, 1}, include);
  const auto check = [&](const Diagnostics& problems) {
    for (const Diagnostic& found : problems)
      if (found.line == 0 || found.column == 0 || render(found).empty()) std::abort();
  };
  if (!made) {
    if (made.problems().empty()) std::abort();
    check(made.problems());
    return 0;
  }
  const Object scope{
      {"x",    "{{ y }}"                 },
      {"n",    3                         },
      {"list", List{1, "a", Value(), 2.5}},
      {"d",    Object{{"k", "v"}}        },
      {"none", Value()                   },
      {"s",    "a b  \xC3\xA4\n c"       }
  };
  const Result<std::string> out = made->render({&scope});
  if (!out) check(out.problems());
  for (const TemplateVariable& use : made->uses())
    if (use.place.line == 0) std::abort();
  return 0;
}
