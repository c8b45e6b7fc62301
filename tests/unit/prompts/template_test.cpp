#include "prompts/template.h"

#include <doctest/doctest.h>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "datasets/text/yaml.h"
#include "tests/support/reference.h"

using namespace llmops;

namespace {

Result<std::string> render_with(std::string_view text, const Object& data,
                                const IncludeLoader& include = {}) {
  const Source source("t", std::string(text));
  const Result<Template> made = Template::compile(text, source, {1, 1}, include);
  if (!made) return made.problems();
  return made->render({&data});
}

std::string problems_of(std::string_view text, const Object& data = {}) {
  const Result<std::string> result = render_with(text, data);
  return result ? "rendered: " + *result : render(result.problems());
}

}  // namespace

TEST_CASE("template: agrees with Jinja2") {
  const Result<Source> source = read_source(test::repository("tests/golden/templates.json"));
  REQUIRE(source);
  const Result<Value> golden = parse_json(*source);
  REQUIRE(golden);
  const Object& data = *golden->find("data")->object();
  const Value& includes = *golden->find("includes");
  const IncludeLoader include = [&](const std::string& path) -> Result<Source> {
    const Value* found = includes.find(path);
    if (found == nullptr) return problem("no such file");
    return Source(path, *found->string());
  };
  std::size_t agreed = 0;
  for (const Value& row : *golden->find("rows")->list()) {
    const std::string& text = *row.find("template")->string();
    CAPTURE(text);
    const Result<std::string> result = render_with(text, data, include);
    if (row.find("fails") != nullptr) {
      CHECK_FALSE(result);
      continue;
    }
    CAPTURE(render(result.problems()));
    REQUIRE(result);
    CHECK(*result == *row.find("result")->string());
    ++agreed;
  }
  CHECK(agreed > 100);
}

TEST_CASE("template: syntax errors, each with place and cure") {
  struct Row {
    const char* text;
    const char* message;
  };
  const Row rows[] = {
      {"a {{ x",
       "t:1:3: error: `{{` is never closed\n"
       " 1 | a {{ x\n"
       "   |   ^^ expected `}}`\n"                                                            },
      {"{% if a %}\n"
       "b",                                    "t:1:1: error: `{% if %}` is never closed\n"
       " 1 | {% if a %}\n"
       "   | ^^^^^^^^^^ expected `{% endif %}` further down\n"              },
      {"{% endif %}",
       "t:1:1: error: `{% endif %}` has nothing to end\n"
       " 1 | {% endif %}\n"
       "   | ^^^^^^^^^^^\n"
       "  = help: open the block with `{% if ... %}`\n"                                       },
      {"{% for x in %}{% endfor %}",
       "t:1:13: error: the tag ends too early\n"
       " 1 | {% for x in %}{% endfor %}\n"
       "   |             ^ expected a value\n"                                                },
      {"{{ }}",
       "t:1:4: error: the tag ends too early\n"
       " 1 | {{ }}\n"
       "   |    ^ expected a value\n"                                                         },
      {"{{ a b }}",
       "t:1:6: error: `b` stands where it cannot\n"
       " 1 | {{ a b }}\n"
       "   |      ^ expected the end of the tag or an operator\n"                             },
      {"{{ a | upper(1) }}",
       "t:1:8: error: the filter `upper` takes no arguments\n"
       " 1 | {{ a | upper(1) }}\n"
       "   |        ^^^^^\n"                                                                  },
      {"{{ a | replace('x') }}",
       "t:1:8: error: the filter `replace` needs the argument `new`\n"
       " 1 | {{ a | replace('x') }}\n"
       "   |        ^^^^^^^\n"                                                                },
      {"{{ a | default(valu=1) }}",
       "t:1:8: error: the filter `default` has no argument `valu`\n"
       " 1 | {{ a | default(valu=1) }}\n"
       "   |        ^^^^^^^ expected one of: boolean, default_value\n"                        },
      {"{{ 'abc }}",
       "t:1:4: error: a text that is never closed\n"
       " 1 | {{ 'abc }}\n"
       "   |    ^ expected '\n"                                                               },
      {"{% fro x in y %}",
       "t:1:4: error: unknown tag `fro`\n"
       " 1 | {% fro x in y %}\n"
       "   |    ^^^ expected one of: elif, else, endfor, endif, endraw, for, if, include, raw, "
       "set\n"
       "  = help: did you mean `for`?\n"                                                      },
      {"{% macro f() %}{% endmacro %}",
       "t:1:4: error: the tag `macro` of Jinja2 is not part of the prompt language\n"
       " 1 | {% macro f() %}{% endmacro %}\n"
       "   |    ^^^^^ expected one of: elif, else, endfor, endif, endraw, for, if, include, raw, "
       "set\n"                                                                                },
      {"{% for x in y %}{{ loop.indx }}{% endfor %}",
       "t:1:25: error: `loop` has no `indx`\n"
       " 1 | {% for x in y %}{{ loop.indx }}{% endfor %}\n"
       "   |                         ^^^^ expected one of: cycle, depth, depth0, first, index, "
       "index0, last, length, nextitem, previtem, revindex, revindex0\n"
       "  = help: did you mean `index`?\n"                                                    },
      {"{% for x in y %}{% endif %}",
       "t:1:17: error: `{% endif %}` has nothing to end\n"
       " 1 | {% for x in y %}{% endif %}\n"
       "   |                 ^^^^^^^^^^^\n"
       "  = help: open the block with `{% if ... %}`\n"
       "t:1:1: error: `{% for %}` is never closed\n"
       " 1 | {% for x in y %}{% endif %}\n"
       "   | ^^^^^^^^^^^^^^^^ expected `{% endfor %}` further down\n"                         },
      {"{% if a %}{% else %}{% elif b %}{% endif %}",
       "t:1:21: error: `elif` behind `else`\n"
       " 1 | {% if a %}{% else %}{% elif b %}{% endif %}\n"
       "   |                     ^^^^^^^^^^^^ expected `{% endif %}`\n"                       },
      {"{{ f(1) }}",
       "t:1:4: error: unknown function `f`\n"
       " 1 | {{ f(1) }}\n"
       "   |    ^ expected one of: range\n"
       "  = help: a filter is written `value | f`\n"                                          },
      {"{% raw %}x",
       "t:1:1: error: `{% raw %}` is never closed\n"
       " 1 | {% raw %}x\n"
       "   | ^^ expected `{% endraw %}`\n"                                                    },
      {"{# x",
       "t:1:1: error: `{#` is never closed\n"
       " 1 | {# x\n"
       "   | ^^ expected `#}`\n"                                                              },
      {"{% include 'x' %}",
       "t:1:12: error: `include` is not possible here\n"
       " 1 | {% include 'x' %}\n"
       "   |            ^^^ expected a template without includes\n"                           },
      {"{% include x %}",
       "t:1:12: error: `x` stands where it cannot\n"
       " 1 | {% include x %}\n"
       "   |            ^ expected the file's name in quotes: `{% include \"name.txt\" %}`\n" },
      {"{{ 99999999999999999999 }}",
       "t:1:4: error: `99999999999999999999` is no number that fits\n"
       " 1 | {{ 99999999999999999999 }}\n"
       "   |    ^^^^^^^^^^^^^^^^^^^^\n"                                                       },
      {"{{ a ! b }}",
       "t:1:6: error: `!` means nothing here\n"
       " 1 | {{ a ! b }}\n"
       "   |      ^\n"                                                                        },
      {"{% set = 1 %}",
       "t:1:8: error: `=` stands where it cannot\n"
       " 1 | {% set = 1 %}\n"
       "   |        ^ expected a name\n"                                                      },
      {"{% for loop in x %}{% endfor %}",
       "t:1:8: error: `loop` belongs to the loop itself\n"
       " 1 | {% for loop in x %}{% endfor %}\n"
       "   |        ^^^^ expected another name\n"                                             },
      {"{{ a + }} and {{ | b }}\n"
       "{{ ok }} {% if %}{% endif %}",         "t:1:8: error: the tag ends too early\n"
       " 1 | {{ a + }} and {{ | b }}\n"
       "   |        ^ expected a value\n"
       "t:1:18: error: `|` stands where it cannot\n"
       " 1 | {{ a + }} and {{ | b }}\n"
       "   |                  ^ expected a value\n"
       "t:2:16: error: the tag ends too early\n"
       " 2 | {{ ok }} {% if %}{% endif %}\n"
       "   |                ^ expected a value\n"},
      {"{{ x[1 }}",
       "t:1:8: error: the tag ends too early\n"
       " 1 | {{ x[1 }}\n"
       "   |        ^ expected `]`\n"                                                         },
      {"{{ {'a' 1} }}",
       "t:1:9: error: `1` stands where it cannot\n"
       " 1 | {{ {'a' 1} }}\n"
       "   |         ^ expected `:`\n"                                                        },
      {"{{ a | uper }}",
       "t:1:8: error: unknown filter `uper`\n"
       " 1 | {{ a | uper }}\n"
       "   |        ^^^^ expected one of: abs, capitalize, default, dictsort, first, float, "
       "indent, int, items, join, last, length, list, lower, map, max, min, reject, rejectattr, "
       "replace, reverse, round, select, selectattr, sort, string, sum, title, tojson, trim, "
       "truncate, unique, upper, wordcount\n"
       "  = help: did you mean `upper`?\n"                                                    },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(problems_of(row.text) == row.message);
  }
}

TEST_CASE("template: what cannot be rendered, each with place and cure") {
  const Object data{
      {"name",     "Ada"                                },
      {"question", "q"                                  },
      {"user",     Object{{"name", "x"}, {"email", "y"}}},
      {"list",     List{1, 2}                           },
      {"nothing",  Value()                              }
  };
  struct Row {
    const char* text;
    const char* message;
  };
  const Row rows[] = {
      {"{{ quesion }}",
       "t:1:4: error: undefined variable `quesion`\n"
       " 1 | {{ quesion }}\n"
       "   |    ^^^^^^^ expected one of: list, name, nothing, question, user\n"
       "  = help: did you mean `question`?\n"                                             },
      {"Hi {{ user.nmae }}",
       "t:1:7: error: the mapping has no `nmae`\n"
       " 1 | Hi {{ user.nmae }}\n"
       "   |       ^^^^^^^^^ expected one of: email, name\n"
       "  = help: did you mean `name`?\n"                                                 },
      {"{{ list[5] }}",
       "t:1:4: error: the list has no element 5\n"
       " 1 | {{ list[5] }}\n"
       "   |    ^^^^^^^\n"                                                                },
      {"{{ nothing.x }}",
       "t:1:4: error: the value is null and has no `x`\n"
       " 1 | {{ nothing.x }}\n"
       "   |    ^^^^^^^^^\n"                                                              },
      {"{{ name.x }}",
       "t:1:4: error: a text has no `x`\n"
       " 1 | {{ name.x }}\n"
       "   |    ^^^^^^\n"                                                                 },
      {"{{ list | sum + 'a' }}",
       "t:1:4: error: `+` does not work on a number and a text\n"
       " 1 | {{ list | sum + 'a' }}\n"
       "   |    ^^^^^^^^^^^^^^^^\n"
       "  = help: `~` joins texts and numbers\n"                                          },
      {"{% for i in nothing %}{% endfor %}",
       "t:1:13: error: a null has no elements to walk over\n"
       " 1 | {% for i in nothing %}{% endfor %}\n"
       "   |             ^^^^^^^ expected a list, a mapping or a text\n"                  },
      {"{{ 1 // 0 }}",
       "t:1:4: error: division by zero\n"
       " 1 | {{ 1 // 0 }}\n"
       "   |    ^^^^^^\n"                                                                 },
      {"{{ user['emial'] }}",
       "t:1:4: error: the mapping has no `emial`\n"
       " 1 | {{ user['emial'] }}\n"
       "   |    ^^^^^^^^^^^^^ expected one of: email, name\n"
       "  = help: did you mean `email`?\n"                                                },
      {"{{ range(100001) }}",
       "t:1:4: error: `range` gives more than 100000 numbers\n"
       " 1 | {{ range(100001) }}\n"
       "   |    ^^^^^^^^^^^^^\n"                                                          },
      {"{{ 2 ** 64 }}",
       "t:1:4: error: the number grows beyond 64 bits\n"
       " 1 | {{ 2 ** 64 }}\n"
       "   |    ^^^^^^^\n"                                                                },
      {"{{ missing.x.y }}",
       "t:1:4: error: undefined variable `missing`\n"
       " 1 | {{ missing.x.y }}\n"
       "   |    ^^^^^^^ expected one of: list, name, nothing, question, user\n"           },
      {"{{ nothing or missing }}",
       "t:1:15: error: undefined variable `missing`\n"
       " 1 | {{ nothing or missing }}\n"
       "   |               ^^^^^^^ expected one of: list, name, nothing, question, user\n"},
      {"{{ list < name }}",
       "t:1:4: error: `<` does not work on a list and a text\n"
       " 1 | {{ list < name }}\n"
       "   |    ^^^^^^^^^^^\n"                                                            },
      {"{{ -name }}",
       "t:1:4: error: a text has no negative\n"
       " 1 | {{ -name }}\n"
       "   |    ^^^^^ expected a number\n"                                                },
      {"{% for a, b in [[1]] %}{% endfor %}",
       "t:1:16: error: cannot give 1 value to 2 names\n"
       " 1 | {% for a, b in [[1]] %}{% endfor %}\n"
       "   |                ^^^^^\n"                                                      },
      {"{{ list | first | length }}",
       "t:1:4: error: a number has no length\n"
       " 1 | {{ list | first | length }}\n"
       "   |    ^^^^^^^^^^^^^^^^^^^^^ expected a text, a list or a mapping\n"             },
      {"a\n"
       "  {{ name }} {{ list[0].x }}", "t:2:17: error: a number has no `x`\n"
       " 2 |   {{ name }} {{ list[0].x }}\n"
       "   |                 ^^^^^^^^^\n"    },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(problems_of(row.text, data) == row.message);
  }
}

TEST_CASE("template: hostile templates end, with a message") {
  const std::string long_text(100, 'x');
  const Object data{
      {"long", long_text}
  };
  std::string doubling = "{% set a = [1, 2] %}";
  for (int i = 0; i < 40; ++i) doubling += "{% set a = [a, a] %}";
  std::string texts = "{% set a = 'xxxxxxxx' %}";
  for (int i = 0; i < 40; ++i) texts += "{% set a = a ~ a %}";
  const std::string rows[] = {
      "{{ 'x' * 100000000 }}",
      "{{ [1] * 100000000 }}",
      "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
      "{% set r = range(99999) %}{% for a in r %}{% for b in r %}{% endfor %}{% endfor %}",
      "{% for i in range(9999) %}{{ long | replace('x', long) }}{% endfor %}",
      "{{ long | replace('x', long) | replace('x', long) | replace('x', long) | replace('x', long) "
      "}}",
      "{{ long | indent(99999999) }}",
      "{{ 9 ** 99999999999 }}",
      doubling,
      texts,
      std::string(1000, '(') + std::string(1000, ')'),
      "{{ " + std::string(1000, '(') + "1" + std::string(1000, ')') + " }}",
      "{{ " + std::string(1000, '[') + std::string(1000, ']') + " }}",
      "{{ " + std::string(1000, '-') + "1 }}",
  };
  for (const std::string& row : rows) {
    CAPTURE(row.substr(0, 60));
    const Result<std::string> result = render_with(row, data);
    if (row.starts_with("((")) continue;  // plain text
    CHECK_FALSE(result);
  }
  std::string sums = "{{ 1";
  for (int i = 0; i < 100000; ++i) sums += " + 1";
  CHECK_FALSE(render_with(sums + " }}", {}));
  std::string blocks;
  for (int i = 0; i < 10000; ++i) blocks += "{% if 1 %}";
  const Result<std::string> deep = render_with(blocks, {});
  REQUIRE_FALSE(deep);
  CHECK(deep.problems().front().what == "blocks nested deeper than 50");
}

TEST_CASE("template: values are data") {
  const Object data{
      {"name",   "{{ secret }}{% if %}{#"},
      {"secret", "s"                     }
  };
  CHECK(*render_with("{{ name }}|{{ name | upper | lower }}|{{ [name] | join }}", data) ==
        "{{ secret }}{% if %}{#|{{ secret }}{% if %}{#|{{ secret }}{% if %}{#");
}

TEST_CASE("template: scopes are searched from the first to the last") {
  const Source source("t", "{{ a }}{{ b }}{{ c }}");
  const Result<Template> made = Template::compile(source.text(), source, {1, 1});
  REQUIRE(made);
  const Object first{
      {"a", 1}
  },
      second{{"a", 2}, {"b", 3}}, third{{"c", 4}};
  CHECK(*made->render({&first, &second, &third}) == "134");
}

TEST_CASE("template: free variables in order of appearance") {
  const Source source("t",
                      "{{ b }}{{ a.x[i] }}{% for b in c if b %}{{ loop.index }}{{ b }}{{ d | "
                      "default(e) }}{% endfor %}"
                      "{% set f = 1 %}{{ f }}{{ g is defined }}{{ 'x' | replace('a', h) }}{{ a }}");
  const Result<Template> made = Template::compile(source.text(), source, {1, 1});
  REQUIRE(made);
  CHECK(made->variables() == std::vector<std::string>{"b", "a", "i", "c", "d", "e", "g", "h"});
  std::string optional;
  for (const TemplateVariable& use : made->uses())
    if (use.optional) optional += use.name + "@" + std::to_string(use.place.column) + " ";
  CHECK(optional == "d@67 g@121 ");
}

TEST_CASE("template: the resolved text holds its includes, and white space as it will be") {
  const IncludeLoader include = [](const std::string& path) -> Result<Source> {
    if (path == "a") return Source("a", " A{{ x }}{% include 'b' %} ");
    if (path == "b") return Source("b", "B");
    return problem("no such file");
  };
  const Source source("t", "1 {%- include 'a' -%} 2{# gone #}{{- y }}{% raw %}{{{% endraw %}");
  const Result<Template> made = Template::compile(source.text(), source, {1, 1}, include);
  REQUIRE(made);
  CHECK(made->resolved() == "1 A{{ x }}B 2{{- y }}{% raw %}{{{% endraw %}");
  CHECK(made->variables() == std::vector<std::string>{"x", "y"});
}

TEST_CASE("template: includes that do not work") {
  const IncludeLoader include = [](const std::string& path) -> Result<Source> {
    if (path == "self") return Source("self", "x\n{% include 'self' %}");
    if (path == "broken") return Source("broken", "x\n  {{ y | uper }}");
    if (path == "undefined") return Source("undefined", "x\n  {{ y }}");
    return problem("no such file");
  };
  const auto message = [&](const char* text) {
    const Result<std::string> result = render_with(text, {}, include);
    return result ? "rendered" : render(result.problems());
  };
  CHECK(message("{% include 'gone' %}") ==
        "t:1:12: error: cannot include `gone`: no such file\n"
        " 1 | {% include 'gone' %}\n"
        "   |            ^^^^^^\n");
  CHECK(message("{% include 'self' %}") ==
        "self:2:12: error: `self` includes itself\n"
        " 2 | {% include 'self' %}\n"
        "   |            ^^^^^^\n");
  CHECK(message("{% include 'undefined' %}") ==
        "undefined:2:6: error: undefined variable `y`\n"
        " 2 |   {{ y }}\n"
        "   |      ^\n");
  CHECK(
      message("{% include 'broken' %}").starts_with("broken:2:10: error: unknown filter `uper`\n"));
}

TEST_CASE("template: places in every style of YAML scalar") {
  struct Row {
    const char* why;
    const char* yaml;
    const char* place;
  };
  const Row rows[] = {
      {"plain",                               "k: a {{ q }}\n",                               "1:9" },
      {"plain over two lines",                "k: a b\n  c {{ q }}\n",                        "2:8" },
      {"double quoted",                       "k: \"{{ q }}\"\n",                             "1:8" },
      {"double quoted, escapes in front",     "k: \"\\n\\t\\\"\\u00e9\\x41 \\\\ {{ q }}\"\n", "1:28"},
      {"double quoted over lines",            "k: \"a\n  \\\n  b {{ q }}\"\n",                "3:8" },
      {"single quoted",                       "k: 'it''s {{ q }}'\n",                         "1:14"},
      {"literal",                             "k: |\n  one\n\n    two {{ q }}\n",             "4:12"},
      {"literal that strips, with a comment", "k: |-  # note {{ x }}\n  {{ q }}\n",           "2:6" },
      {"literal with a stated indentation",   "k: |2\n    {{ q }}\n",                         "2:8" },
      {"literal in a list",                   "k:\n  - |\n    a\n    {{ q }}\n",              "4:8" },
      {"folded",                              "k: >\n  one\n  two\n\n  {{ q }}\n",            "5:6" },
      {"behind an anchor and a tag",          "k: &a !!str 'x {{ q }}'\n",                    "1:19"},
      {"wide letters count one",              "k: |\n  äöü😀 {{ q }}\n",                 "2:11"},
      {"windows line ends",                   "k: |\r\n  one\r\n  {{ q }}\r\n",               "3:6" },
      {"flow",                                "{k: 'a {{ q }}'}\n",                           "1:11"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Source source("t", row.yaml);
    const Result<Value> document = parse_yaml(source);
    REQUIRE(document);
    const Value* value = document->find("k");
    if (value->is_list()) value = &value->list()->front();
    const Result<Template> made = Template::compile(*value->string(), source, value->mark());
    REQUIRE(made);
    const Result<std::string> result = made->render({});
    REQUIRE_FALSE(result);
    const Diagnostic& found = result.problems().front();
    CHECK(std::to_string(found.line) + ":" + std::to_string(found.column) == row.place);
  }
}
