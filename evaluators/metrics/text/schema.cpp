#include "evaluators/metrics/text/schema.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>

#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::string_view kTypes[] = {"null",   "boolean", "object", "array",
                                       "number", "integer", "string"};
constexpr std::string_view kUnsupported[] = {"$dynamicRef", "$recursiveRef",
                                             "unevaluatedProperties", "unevaluatedItems"};

// A `$ref` of this document ("#", "#/$defs/x"), percent-decoded; nullptr where it points nowhere.
const Value* resolve(const Value& root, const std::string& reference) {
  if (!reference.starts_with('#')) return nullptr;
  std::string pointer;
  for (std::size_t i = 1; i < reference.size(); ++i) {
    if (reference[i] == '%' && i + 2 < reference.size()) {
      pointer += static_cast<char>(std::stoi(reference.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      pointer += reference[i];
    }
  }
  return pointer.empty() ? &root : pointer.starts_with('/') ? find_path(root, pointer) : nullptr;
}

// Hexadecimal digits behind every percent sign.
bool decodable(const std::string& reference) {
  for (std::size_t at = reference.find('%'); at != std::string::npos;
       at = reference.find('%', at + 1)) {
    if (at + 2 >= reference.size()) return false;
    for (std::size_t k = 1; k <= 2; ++k)
      if (std::isxdigit(static_cast<unsigned char>(reference[at + k])) == 0) return false;
  }
  return true;
}

bool is_type(const Value& value, std::string_view type) {
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_bool();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_list();
  if (type == "string") return value.is_string();
  if (type == "number") return value.is_number();
  return value.is_integer() || (value.is_number() && std::floor(value.number()) == value.number());
}

std::string shown(const Value& value) {
  std::string text = dump_json(value);
  return text.size() > 60 ? code_point_slice(text, 0, 60) + "…" : text;
}

}  // namespace

// One validation: goes down value and schema together and stops at the first problem.
class SchemaCheck {
 public:
  explicit SchemaCheck(const Schema::Parts& parts) : parts_(parts) {}

  bool ok(const Value& value, const Value& schema) {
    if (const bool* all = schema.boolean()) return *all || fail("nothing is allowed here");
    const Object* members = schema.object();
    if (members == nullptr) return true;
    // Deeper than any document (200 levels): references that run in a circle.
    if (++depth_ > 2000) {
      --depth_;
      return fail("the schema refers to itself without end");
    }
    const bool fine = any_kind(value, schema) && combined(value, schema) &&
                      (!value.is_number() || number(value, schema)) &&
                      (!value.is_string() || text(value, schema)) &&
                      (!value.is_list() || list(*value.list(), schema)) &&
                      (!value.is_object() || object(*value.object(), schema));
    --depth_;
    return fine;
  }

  std::string found() const { return found_; }

 private:
  bool fail(std::string what) {
    if (quiet_ == 0) found_ = fmt::format("{}: {}", path_.empty() ? "the document" : path_, what);
    return false;
  }
  bool quietly(const Value& value, const Value& schema) {
    ++quiet_;
    const bool fine = ok(value, schema);
    --quiet_;
    return fine;
  }
  bool below(const std::string& step, const Value& value, const Value& schema) {
    const std::size_t size = path_.size();
    path_ += "/" + step;
    const bool fine = ok(value, schema);
    path_.resize(size);
    return fine;
  }

  bool any_kind(const Value& value, const Value& schema) {
    if (const Value* type = schema.find("type")) {
      const auto fits = [&](const Value& each) {
        return each.string() != nullptr && is_type(value, *each.string());
      };
      const bool fine =
          type->list() != nullptr ? std::ranges::any_of(*type->list(), fits) : fits(*type);
      if (!fine) return fail(fmt::format("{} is not of type {}", shown(value), shown(*type)));
    }
    if (const Value* wanted = schema.find("const"); wanted != nullptr && !(value == *wanted))
      return fail(fmt::format("{} is not {}", shown(value), shown(*wanted)));
    if (const Value* choices = schema.find("enum");
        choices != nullptr && choices->list() != nullptr) {
      if (std::ranges::find(*choices->list(), value) == choices->list()->end())
        return fail(fmt::format("{} is none of {}", shown(value), shown(*choices)));
    }
    if (const Value* reference = schema.find("$ref");
        reference != nullptr && reference->string() != nullptr) {
      const Value* target = resolve(parts_.root, *reference->string());
      if (target != nullptr && !ok(value, *target)) return false;
    }
    return true;
  }

  bool combined(const Value& value, const Value& schema) {
    const auto schemas = [&](const char* key) {
      const Value* found = schema.find(key);
      return found == nullptr ? nullptr : found->list();
    };
    if (const List* all = schemas("allOf"))
      for (const Value& each : *all)
        if (!ok(value, each)) return false;
    if (const List* any = schemas("anyOf"))
      if (std::ranges::none_of(*any, [&](const Value& each) { return quietly(value, each); }))
        return fail("fits none of anyOf");
    if (const List* one = schemas("oneOf")) {
      const auto fitting =
          std::ranges::count_if(*one, [&](const Value& each) { return quietly(value, each); });
      if (fitting != 1) return fail(fmt::format("fits {} of oneOf, not one", fitting));
    }
    if (const Value* forbidden = schema.find("not");
        forbidden != nullptr && quietly(value, *forbidden))
      return fail("fits what `not` forbids");
    if (const Value* condition = schema.find("if")) {
      const Value* branch = schema.find(quietly(value, *condition) ? "then" : "else");
      if (branch != nullptr && !ok(value, *branch)) return false;
    }
    return true;
  }

  // Whether a count or number keeps to a bound of the schema.
  template <typename Compare>
  bool bound(const Value& schema, const char* key, double number, Compare keeps,
             std::string_view what) {
    const Value* limit = schema.find(key);
    if (limit == nullptr || !limit->is_number() || keeps(number, limit->number())) return true;
    return fail(fmt::format("{} {} breaks {} {}", what, number, key, limit->number()));
  }

  bool number(const Value& value, const Value& schema) {
    const double given = value.number();
    if (!bound(schema, "minimum", given, std::greater_equal<>(), "number") ||
        !bound(schema, "maximum", given, std::less_equal<>(), "number") ||
        !bound(schema, "exclusiveMinimum", given, std::greater<>(), "number") ||
        !bound(schema, "exclusiveMaximum", given, std::less<>(), "number"))
      return false;
    const auto multiple = [](double each, double step) {
      if (step <= 0) return true;
      const double times = each / step;
      // Decimal steps such as 0.01 are no exact doubles.
      return std::abs(times - std::round(times)) <= 1e-9 * std::max(1.0, std::abs(times));
    };
    return bound(schema, "multipleOf", given, multiple, "number");
  }

  bool text(const Value& value, const Value& schema) {
    const auto length = static_cast<double>(code_points(*value.string()));
    if (!bound(schema, "minLength", length, std::greater_equal<>(), "length") ||
        !bound(schema, "maxLength", length, std::less_equal<>(), "length"))
      return false;
    const Value* pattern = schema.find("pattern");
    if (pattern == nullptr || pattern->string() == nullptr ||
        matches(*pattern->string(), *value.string()))
      return true;
    return fail(fmt::format("{} does not match {}", shown(value), *pattern->string()));
  }

  bool matches(const std::string& pattern, const std::string& text) const {
    const auto found = parts_.patterns.find(pattern);
    return found == parts_.patterns.end() ||
           re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *found->second);
  }

  bool list(const List& items, const Value& schema) {
    const auto size = static_cast<double>(items.size());
    if (!bound(schema, "minItems", size, std::greater_equal<>(), "size") ||
        !bound(schema, "maxItems", size, std::less_equal<>(), "size"))
      return false;
    const Value* each = schema.find("items");
    const Value* first = schema.find("prefixItems");
    if (first == nullptr && each != nullptr && each->is_list()) {  // the older form of prefixItems
      first = each;
      each = schema.find("additionalItems");
    }
    const std::size_t prefix =
        first == nullptr || first->list() == nullptr ? 0 : first->list()->size();
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Value* rule = i < prefix ? &(*first->list())[i] : each;
      if (rule != nullptr && !below(std::to_string(i), items[i], *rule)) return false;
    }
    if (const Value* unique = schema.find("uniqueItems");
        unique != nullptr && unique->boolean() != nullptr && *unique->boolean())
      for (std::size_t i = 0; i < items.size(); ++i)
        if (std::find(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(i), items[i]) !=
            items.begin() + static_cast<std::ptrdiff_t>(i))
          return fail(fmt::format("{} stands there twice", shown(items[i])));
    const Value* wanted = schema.find("contains");
    if (wanted == nullptr) return true;
    const auto fitting = static_cast<double>(
        std::ranges::count_if(items, [&](const Value& item) { return quietly(item, *wanted); }));
    if (schema.find("minContains") == nullptr && fitting < 1)
      return fail("holds nothing that fits `contains`");
    return bound(schema, "minContains", fitting, std::greater_equal<>(),
                 "number of items that fit `contains`") &&
           bound(schema, "maxContains", fitting, std::less_equal<>(),
                 "number of items that fit `contains`");
  }

  bool required(const Object& members, const Value* names) {
    if (names == nullptr || names->list() == nullptr) return true;
    for (const Value& name : *names->list())
      if (name.string() != nullptr && members.find(*name.string()) == nullptr)
        return fail(fmt::format("lacks `{}`", *name.string()));
    return true;
  }

  bool object(const Object& members, const Value& schema) {
    const auto size = static_cast<double>(members.size());
    if (!bound(schema, "minProperties", size, std::greater_equal<>(), "number of members") ||
        !bound(schema, "maxProperties", size, std::less_equal<>(), "number of members") ||
        !required(members, schema.find("required")))
      return false;
    const Value* names = schema.find("propertyNames");
    for (const Member& member : members) {
      if (names != nullptr && !below(member.key, Value(member.key), *names)) return false;
      if (!property(member, schema)) return false;
    }
    return dependent(members, schema);
  }

  bool property(const Member& member, const Value& schema) {
    bool known = false;
    if (const Value* properties = schema.find("properties")) {
      if (const Value* rule = properties->find(member.key)) {
        known = true;
        if (!below(member.key, member.value, *rule)) return false;
      }
    }
    if (const Value* patterns = schema.find("patternProperties");
        patterns != nullptr && patterns->object() != nullptr) {
      for (const Member& rule : *patterns->object()) {
        if (!matches(rule.key, member.key)) continue;
        known = true;
        if (!below(member.key, member.value, rule.value)) return false;
      }
    }
    const Value* others = schema.find("additionalProperties");
    if (known || others == nullptr) return true;
    if (others->boolean() != nullptr && !*others->boolean())
      return fail(fmt::format("has an unknown member `{}`", member.key));
    return below(member.key, member.value, *others);
  }

  bool dependent(const Object& members, const Value& schema) {
    for (const char* key : {"dependentRequired", "dependentSchemas", "dependencies"}) {
      const Value* rules = schema.find(key);
      if (rules == nullptr || rules->object() == nullptr) continue;
      for (const Member& rule : *rules->object()) {
        if (members.find(rule.key) == nullptr) continue;
        if (rule.value.is_list() ? !required(members, &rule.value)
                                 : !ok(Value(members), rule.value))
          return false;
      }
    }
    return true;
  }

  const Schema::Parts& parts_;
  std::string path_, found_;
  int quiet_ = 0;
  int depth_ = 0;
};

namespace {

void walk(const Value& schema, const Value& root, const std::string& what, Diagnostics& problems,
          std::unordered_map<std::string, std::unique_ptr<re2::RE2>>& patterns);

void add_pattern(const std::string& text, const std::string& what, Diagnostics& problems,
                 std::unordered_map<std::string, std::unique_ptr<re2::RE2>>& patterns) {
  if (patterns.contains(text)) return;
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto pattern = std::make_unique<re2::RE2>(text, options);
  if (!pattern->ok())
    problems.push_back(problem(
        fmt::format("{}: the pattern {} is not understood: {}", what, text, pattern->error()),
        "expected RE2 syntax", "RE2 has no back references and no look-around"));
  patterns.emplace(text, std::move(pattern));
}

void check_keywords(const Object& members, const Value& root, const std::string& what,
                    Diagnostics& problems) {
  for (const Member& member : members) {
    const std::string* text = member.value.string();
    if (std::ranges::find(kUnsupported, member.key) != std::end(kUnsupported))
      problems.push_back(problem(fmt::format("{}: `{}` is not supported", what, member.key)));
    if (member.key == "$ref" && text != nullptr &&
        (!decodable(*text) || resolve(root, *text) == nullptr))
      problems.push_back(
          problem(fmt::format("{}: `$ref` {} points to nothing in the schema", what, *text),
                  "expected a place in the same document, such as #/$defs/name"));
    if (member.key == "type") {
      const List types = member.value.is_list() ? *member.value.list() : List{member.value};
      for (const Value& type : types)
        if (type.string() == nullptr ||
            std::ranges::find(kTypes, *type.string()) == std::end(kTypes))
          problems.push_back(problem(fmt::format("{}: there is no type {}", what, shown(type)),
                                     expected_one_of(kTypes)));
    }
  }
}

// Visits every subschema.
void walk(const Value& schema, const Value& root, const std::string& what, Diagnostics& problems,
          std::unordered_map<std::string, std::unique_ptr<re2::RE2>>& patterns) {
  const Object* members = schema.object();
  if (members == nullptr) return;
  check_keywords(*members, root, what, problems);
  for (const Member& member : *members) {
    const std::string& key = member.key;
    if (key == "pattern" && member.value.string() != nullptr)
      add_pattern(*member.value.string(), what, problems, patterns);
    const bool named = key == "properties" || key == "patternProperties" || key == "$defs" ||
                       key == "definitions" || key == "dependentSchemas" || key == "dependencies";
    if (named && member.value.object() != nullptr) {
      for (const Member& each : *member.value.object()) {
        if (key == "patternProperties") add_pattern(each.key, what, problems, patterns);
        walk(each.value, root, what, problems, patterns);
      }
    } else if (key != "const" && key != "enum" && key != "default" && key != "examples") {
      walk(member.value, root, what, problems, patterns);
      if (member.value.list() != nullptr)
        for (const Value& each : *member.value.list()) walk(each, root, what, problems, patterns);
    }
  }
}

}  // namespace

Result<Schema> Schema::compile(Value schema, const std::string& what) {
  if (!schema.is_object() && !schema.is_bool())
    return ::llmops::problem(fmt::format("{} is a {}", what, schema.kind()),
                             "expected a JSON Schema: a mapping, or true or false");
  auto parts = std::make_shared<Parts>();
  parts->root = std::move(schema);
  Diagnostics problems;
  walk(parts->root, parts->root, what, problems, parts->patterns);
  if (!problems.empty()) return problems;
  return Schema(std::move(parts));
}

std::optional<std::string> Schema::problem(const Value& value) const {
  SchemaCheck check(*parts_);
  if (check.ok(value, parts_->root)) return std::nullopt;
  return check.found();
}

}  // namespace llmops
