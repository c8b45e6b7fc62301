#include "prompts/json_schema_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::array<std::string_view, 7> kTypes = {"array",  "boolean", "integer", "null",
                                                    "number", "object",  "string"};

enum class Kind {
  schema,
  schema_or_bool,
  schemas,
  schema_map,
  schema_or_list,
  text,
  number,
  count,
  boolean,
  texts,
  types,
  values,
  any
};

struct Keyword {
  std::string_view name;
  Kind kind;
};

constexpr Keyword kKeywords[] = {
    {"$schema",               Kind::text          },
    {"$id",                   Kind::text          },
    {"$ref",                  Kind::text          },
    {"$anchor",               Kind::text          },
    {"$comment",              Kind::text          },
    {"$defs",                 Kind::schema_map    },
    {"definitions",           Kind::schema_map    },
    {"$dynamicRef",           Kind::text          },
    {"$dynamicAnchor",        Kind::text          },
    {"$vocabulary",           Kind::any           },
    {"title",                 Kind::text          },
    {"description",           Kind::text          },
    {"default",               Kind::any           },
    {"examples",              Kind::values        },
    {"deprecated",            Kind::boolean       },
    {"readOnly",              Kind::boolean       },
    {"writeOnly",             Kind::boolean       },
    {"type",                  Kind::types         },
    {"enum",                  Kind::values        },
    {"const",                 Kind::any           },
    {"multipleOf",            Kind::number        },
    {"maximum",               Kind::number        },
    {"exclusiveMaximum",      Kind::number        },
    {"minimum",               Kind::number        },
    {"exclusiveMinimum",      Kind::number        },
    {"maxLength",             Kind::count         },
    {"minLength",             Kind::count         },
    {"pattern",               Kind::text          },
    {"format",                Kind::text          },
    {"maxItems",              Kind::count         },
    {"minItems",              Kind::count         },
    {"uniqueItems",           Kind::boolean       },
    {"maxContains",           Kind::count         },
    {"minContains",           Kind::count         },
    {"contains",              Kind::schema_or_bool},
    {"items",                 Kind::schema_or_list},
    {"prefixItems",           Kind::schemas       },
    {"additionalItems",       Kind::schema_or_bool},
    {"unevaluatedItems",      Kind::schema_or_bool},
    {"maxProperties",         Kind::count         },
    {"minProperties",         Kind::count         },
    {"required",              Kind::texts         },
    {"properties",            Kind::schema_map    },
    {"patternProperties",     Kind::schema_map    },
    {"additionalProperties",  Kind::schema_or_bool},
    {"unevaluatedProperties", Kind::schema_or_bool},
    {"propertyNames",         Kind::schema_or_bool},
    {"dependentRequired",     Kind::any           },
    {"dependentSchemas",      Kind::schema_map    },
    {"dependencies",          Kind::any           },
    {"allOf",                 Kind::schemas       },
    {"anyOf",                 Kind::schemas       },
    {"oneOf",                 Kind::schemas       },
    {"not",                   Kind::schema_or_bool},
    {"if",                    Kind::schema_or_bool},
    {"then",                  Kind::schema_or_bool},
    {"else",                  Kind::schema_or_bool},
    {"contentEncoding",       Kind::text          },
    {"contentMediaType",      Kind::text          },
    {"contentSchema",         Kind::schema_or_bool},
};

constexpr int kDeepest = 100;

class Checker {
 public:
  Checker(const Value& root, const Source& source) : root_(root), source_(source) {}

  void schema(const Value& value, int depth = 0) {
    if (value.is_bool() && depth > 0) return;
    const Object* members = value.object();
    if (members == nullptr)
      return problem(value, fmt::format("a schema is a {}", value.kind()), "expected a mapping");
    if (depth > kDeepest) return problem(value, "the schema nests deeper than 100 levels");
    for (const Member& member : *members) keyword(member, depth);
    required(value);
    range(value, "minimum", "maximum");
    range(value, "minLength", "maxLength");
    range(value, "minItems", "maxItems");
    range(value, "minProperties", "maxProperties");
  }

  Diagnostics found;

 private:
  void problem(const Value& at, std::string what, std::string expected = "",
               std::string help = "") {
    found.push_back(
        source_.problem(at.mark(), std::move(what), std::move(expected), std::move(help)));
  }

  void keyword(const Member& member, int depth) {
    const auto known = std::ranges::find(kKeywords, member.key, &Keyword::name);
    if (known == std::end(kKeywords)) {
      std::vector<std::string_view> names;
      for (const Keyword& each : kKeywords) names.push_back(each.name);
      // Other keywords are annotations; a near miss is a slip of the pen.
      if (const std::string near = did_you_mean(member.key, names);
          !near.empty() && member.key.size() > 2)
        found.push_back(source_.problem(
            member.key_mark, fmt::format("`{}` is no keyword of JSON Schema", member.key), "", near,
            code_points(member.key)));
      return;
    }
    const Value& value = member.value;
    const auto wrong = [&](std::string_view expected) {
      problem(value, fmt::format("`{}` is a {}", member.key, value.kind()),
              fmt::format("expected {}", expected));
    };
    switch (known->kind) {
      case Kind::schema:
      case Kind::schema_or_bool:
        if (!value.is_object() && !value.is_bool()) return wrong("a schema, true or false");
        return schema(value, depth + 1);
      case Kind::schema_or_list:
        if (!value.is_list()) {
          if (!value.is_object() && !value.is_bool()) return wrong("a schema");
          return schema(value, depth + 1);
        }
        [[fallthrough]];
      case Kind::schemas: {
        const List* items = value.list();
        if (items == nullptr) return wrong("a list of schemas");
        if (items->empty())
          return problem(value, fmt::format("`{}` is empty", member.key),
                         "expected at least one schema");
        for (const Value& item : *items) schema(item, depth + 1);
        return;
      }
      case Kind::schema_map:
        if (!value.is_object()) return wrong("a mapping of names to schemas");
        for (const Member& each : *value.object()) schema(each.value, depth + 1);
        return;
      case Kind::text:
        if (!value.is_string()) return wrong("a text");
        if (member.key == "$ref") reference(value);
        return;
      case Kind::number:
        if (!value.is_number()) return wrong("a number");
        if (member.key == "multipleOf" && value.number() <= 0)
          problem(value, "`multipleOf` is not above zero");
        return;
      case Kind::count:
        if (!value.is_integer() || value.number() < 0)
          problem(value, fmt::format("`{}` is {}", member.key, dump_json(value)),
                  "expected a whole number from 0 on");
        return;
      case Kind::boolean:
        if (!value.is_bool()) wrong("true or false");
        return;
      case Kind::texts:
        if (!value.is_list()) return wrong("a list of names");
        for (const Value& item : *value.list())
          if (!item.is_string())
            problem(item, fmt::format("`{}` holds a {}", member.key, item.kind()),
                    "expected a text");
        return;
      case Kind::values:
        if (!value.is_list()) return wrong("a list");
        if (value.list()->empty() && member.key == "enum")
          problem(value, "`enum` is empty: no value fits");
        return;
      case Kind::types:
        return types(value);
      case Kind::any:
        return;
    }
  }

  void types(const Value& value) {
    const auto one = [&](const Value& each) {
      if (!each.is_string())
        return problem(each, fmt::format("`type` is a {}", each.kind()), expected_one_of(kTypes));
      if (std::ranges::find(kTypes, *each.string()) == kTypes.end())
        problem(each, fmt::format("`type` is `{}`", *each.string()), expected_one_of(kTypes),
                did_you_mean(*each.string(), kTypes));
    };
    if (const List* items = value.list())
      for (const Value& item : *items) one(item);
    else
      one(value);
  }

  // "#/$defs/name": inside this schema only; other files are not read.
  void reference(const Value& value) {
    const std::string& target = *value.string();
    if (!target.starts_with("#/") ||
        find_path(root_, std::string_view(target).substr(1)) != nullptr)
      return;
    problem(value, fmt::format("`$ref` {} leads nowhere", target));
  }

  void required(const Value& value) {
    const Value* names = value.find("required");
    const Value* properties = value.find("properties");
    if (names == nullptr || !names->is_list() || properties == nullptr || !properties->is_object())
      return;
    std::vector<std::string_view> known;
    for (const Member& member : *properties->object()) known.push_back(member.key);
    for (const Value& name : *names->list())
      if (name.is_string() && std::ranges::find(known, *name.string()) == known.end())
        problem(name, fmt::format("`{}` is required and no property", *name.string()),
                known.empty() ? "" : expected_one_of(known), did_you_mean(*name.string(), known));
  }

  void range(const Value& value, std::string_view low, std::string_view high) {
    const Value* from = value.find(low);
    const Value* to = value.find(high);
    if (from != nullptr && to != nullptr && from->is_number() && to->is_number() &&
        from->number() > to->number())
      problem(*from, fmt::format("`{}` is above `{}`: no value fits", low, high));
  }

  const Value& root_;
  const Source& source_;
};

void strict(const Value& value, const Source& source, Diagnostics& found) {
  if (const List* items = value.list())
    for (const Value& item : *items) strict(item, source, found);
  const Object* members = value.object();
  if (members == nullptr) return;
  const Value* properties = value.find("properties");
  const Value* type = value.find("type");
  const bool object = properties != nullptr && properties->is_object() && type != nullptr;
  if (object) {
    const Value* additional = value.find("additionalProperties");
    if (additional == nullptr || additional->boolean() == nullptr || *additional->boolean())
      found.push_back(source.problem(
          value.mark(), "`strict` needs `additionalProperties: false` in every object"));
    const Value* required = value.find("required");
    for (const Member& member : *properties->object()) {
      const bool listed =
          required != nullptr && required->is_list() &&
          std::ranges::find(*required->list(), Value(member.key)) != required->list()->end();
      if (!listed)
        found.push_back(source.problem(
            member.key_mark, fmt::format("`strict` needs `{}` among the `required`", member.key),
            "", "a property that may be left out has the type [..., \"null\"]",
            code_points(member.key)));
    }
  }
  for (const Member& member : *members) strict(member.value, source, found);
}

}  // namespace

Diagnostics check_json_schema(const Value& schema, const Source& source) {
  Checker checker(schema, source);
  checker.schema(schema);
  return std::move(checker.found);
}

Diagnostics check_strict_schema(const Value& schema, const Source& source) {
  Diagnostics found;
  strict(schema, source, found);
  return found;
}

}  // namespace llmops
