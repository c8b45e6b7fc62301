#include "datasets/case_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "datasets/conversation.h"
#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::size_t kMostNoted = 100;  // rows without a mapped column that are kept word for word

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool is_scalar(const Value& value) {
  return !value.is_list() && !value.is_object() && !value.is_null();
}

std::string shown(const Value& value) {
  const std::string text = dump_json(value);
  std::string start = code_point_slice(text, 0, 40);
  return start.size() == text.size() ? text : start + "…";
}

// `lang=en` is a key with its value; a bare word is a key whose value is "true".
void add_word(std::string_view word, std::vector<Tag>& tags) {
  word = trimmed(word);
  if (word.empty()) return;
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos)
    tags.push_back({std::string(word), "true"});
  else
    tags.push_back({std::string(trimmed(word.substr(0, equals))),
                    std::string(trimmed(word.substr(equals + 1)))});
}

// A passage: a text, or a mapping that holds it under one of the usual names.
const Value* passage(const Value& item) {
  if (is_scalar(item)) return &item;
  for (const std::string_view name : {"text", "content", "page_content"})
    if (const Value* text = item.find(name); text != nullptr && text->is_string()) return text;
  return nullptr;
}

// Path of an item of a list under a path.
std::string item_path(const std::string& path, std::size_t index) {
  return fmt::format("{}{}{}", path, path.starts_with('/') ? "/" : ".", index);
}

}  // namespace

std::span<const std::string_view> field_words() {
  static constexpr std::string_view kNames[] = {"id",    "reference", "context", "tags",
                                                "group", "weight",    "metadata"};
  return kNames;
}

CaseBuilder::CaseBuilder(const DatasetSpec& spec, std::shared_ptr<const std::string> file)
    : file_(std::move(file)) {
  const auto names = field_words();
  for (std::size_t i = 0; i < kWords; ++i) words_[i].name = names[i];
  for (const auto& [word, path] : spec.fields) {
    const auto at = std::ranges::find_if(words_, [&, &name = word](const Word& each) {
      return each.name == name || (name == "references" && each.name == "reference");
    });
    if (at == words_.end()) continue;
    at->mapped = true;
    if (!path.empty()) at->paths.push_back(path);
  }
  for (Word& word : words_)
    if (!word.mapped) word.paths = {std::string(word.name)};
  if (!words_[kReference].mapped) words_[kReference].paths.emplace_back("references");
  if (!words_[kContext].mapped) words_[kContext].paths.emplace_back("contexts");
  for (const Word& word : words_)
    if (word.mapped)
      for (const std::string& path : word.paths) missing_.push_back({word.name, path, 0, {}});
}

std::string CaseBuilder::id_path() const {
  return words_[kId].paths.empty() ? "" : words_[kId].paths.front();
}

bool CaseBuilder::build(Record& record, const RecordReader& reader, Case& row,
                        Diagnostics& problems) {
  const std::size_t before = problems.size();
  row = Case();
  row.file = file_;
  row.line = record.line;
  ++rows_;
  const bool complete = note_missing(record, reader);
  read_scalars(record, reader, row, problems);
  if (numbered_) row.id = std::to_string(rows_);
  id_given_ = !row.id.empty();
  content_.clear();
  if (!id_given_ || keep_content_) dump_json_sorted(record.value, content_);
  if (!id_given_) row.id = sha256(content_).substr(0, 16);
  read_references(record, reader, row, problems);
  read_context(record, reader, row, problems);
  read_tags(record, reader, row, problems);

  Object& members = *record.value.object();
  Conversation conversation = read_conversation(members, reader, problems);
  row.variables = std::move(members);
  if (!conversation.shape.empty()) {
    const bool given = words_[kReference].mapped || row.variables.find("reference") != nullptr ||
                       row.variables.find("references") != nullptr;
    if (!given) row.references = std::move(conversation.references);
    const auto offer = [&](std::string_view name, Value value) {
      if (row.variables.find(name) == nullptr)
        row.variables.add(std::string(name), std::move(value));
    };
    offer("chat", std::move(conversation.chat));
    offer("prompt", std::move(conversation.prompt));
    offer("system", std::move(conversation.system));
  }
  return complete && problems.size() == before;
}

// A mapped column that a record lacks. Kept back until the end: where no record has it, one problem
// says so.
bool CaseBuilder::note_missing(const Record& record, const RecordReader& reader) {
  bool complete = true;
  for (Missing& missing : missing_) {
    if (find_path(record.value, missing.path) != nullptr) continue;
    const bool every_row =
        missing.word == words_[kId].name || missing.word == words_[kReference].name;
    ++missing.rows;
    complete = complete && !every_row;
    if (!missing.noted.empty() && (!every_row || missing.noted.size() >= kMostNoted)) continue;
    missing.noted.push_back(
        reader.problem("", fmt::format("no column `{}` in this record", missing.path),
                       fmt::format("expected the {} there", missing.word),
                       missing.word == "id" ? "" : "write null where a case has none"));
  }
  return complete;
}

std::size_t CaseBuilder::finish(const std::vector<std::string>& columns,
                                Diagnostics& problems) const {
  std::size_t left_out = 0;
  const std::vector<std::string_view> choices(columns.begin(), columns.end());
  for (const Missing& missing : missing_) {
    if (missing.rows == 0) continue;
    if (missing.rows == rows_) {
      Diagnostic found = missing.noted.front();
      found.what = fmt::format("no record has the column `{}`, which `fields` names as {}",
                               missing.path, missing.word);
      found.expected = expected_one_of(choices);
      found.help = did_you_mean(missing.path, choices);
      problems.push_back(std::move(found));
    } else if (missing.word == words_[kId].name || missing.word == words_[kReference].name) {
      append(problems, missing.noted);
      left_out += missing.rows - missing.noted.size();
    }
  }
  return left_out;
}

void CaseBuilder::wrong(const RecordReader& reader, WordIndex word, const std::string& path,
                        const Value& value, std::string expected, Diagnostics& problems) const {
  const bool mapped = words_[word].mapped;
  problems.push_back(reader.problem(
      path,
      fmt::format("the {} {} {}", words_[word].name, word == kTags ? "are" : "is", shown(value)),
      std::move(expected),
      mapped ? ""
             : fmt::format("`fields: {{{}: null}}` where the column means something else",
                           words_[word].name)));
}

void CaseBuilder::read_scalars(const Record& record, const RecordReader& reader, Case& row,
                               Diagnostics& problems) const {
  const auto text = [&](WordIndex word, std::string& out) {
    for (const std::string& path : words_[word].paths) {
      const Value* value = find_path(record.value, path);
      if (value == nullptr || value->is_null()) continue;
      if (value->is_string() || value->is_number())
        out = to_text(*value);
      else
        wrong(reader, word, path, *value, "expected a text or a number", problems);
      return;
    }
  };
  text(kId, row.id);
  text(kGroup, row.group);
  for (const std::string& path : words_[kWeight].paths) {
    const Value* value = find_path(record.value, path);
    if (value == nullptr || value->is_null()) continue;
    double weight = value->number();
    bool good = value->is_number();
    if (const std::string* cell = value->string()) {
      const std::string_view digits = trimmed(*cell);
      if (digits.empty()) continue;
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), weight);
      good = error == std::errc{} && end == digits.data() + digits.size();
    }
    if (good && std::isfinite(weight) && weight > 0)
      row.weight = weight;
    else
      wrong(reader, kWeight, path, *value, "expected a number above 0", problems);
  }
  for (const std::string& path : words_[kMetadata].paths) {
    const Value* value = find_path(record.value, path);
    if (value == nullptr || value->is_null()) continue;
    if (const Object* members = value->object())
      row.metadata = *members;
    else
      row.metadata.add(path, *value);
  }
}

void CaseBuilder::read_references(const Record& record, const RecordReader& reader, Case& row,
                                  Diagnostics& problems) const {
  for (const std::string& path : words_[kReference].paths) {
    const Value* value = find_path(record.value, path);
    if (value == nullptr || value->is_null()) continue;
    const List* several = value->list();
    if (several == nullptr) {
      row.references.push_back(
          to_text(*value));  // a mapping becomes its JSON, for metrics over JSON
      continue;
    }
    for (std::size_t i = 0; i < several->size(); ++i) {
      const Value& each = (*several)[i];
      if (is_scalar(each) || each.is_object())
        row.references.push_back(to_text(each));
      else
        wrong(reader, kReference, item_path(path, i), each, "expected a text", problems);
    }
  }
}

void CaseBuilder::read_context(const Record& record, const RecordReader& reader, Case& row,
                               Diagnostics& problems) const {
  const auto add = [&](const Value& item, const std::string& path) {
    if (const Value* text = passage(item))
      row.context.push_back(to_text(*text));
    else
      wrong(reader, kContext, path, item, "expected a text, or a mapping with `text`", problems);
  };
  for (const std::string& path : words_[kContext].paths) {
    const Value* value = find_path(record.value, path);
    if (value == nullptr || value->is_null()) continue;
    if (const List* passages = value->list()) {
      for (std::size_t i = 0; i < passages->size(); ++i) add((*passages)[i], item_path(path, i));
    } else if (!value->is_string() || !value->string()->empty()) {
      add(*value, path);
    }
  }
}

void CaseBuilder::read_tags(const Record& record, const RecordReader& reader, Case& row,
                            Diagnostics& problems) const {
  const Word& word = words_[kTags];
  const bool columns = word.mapped && word.paths.size() > 1;
  for (const std::string& path : word.paths) {
    const Value* value = find_path(record.value, path);
    if (value == nullptr || value->is_null()) continue;
    if (columns && is_scalar(*value)) {
      row.tags.push_back({path, to_text(*value)});
    } else if (const List* words = value->list()) {
      for (std::size_t i = 0; i < words->size(); ++i) {
        if (is_scalar((*words)[i]))
          add_word(to_text((*words)[i]), row.tags);
        else
          wrong(reader, kTags, item_path(path, i), (*words)[i], "expected a word", problems);
      }
    } else if (const Object* pairs = value->object()) {
      for (const Member& pair : *pairs) {
        if (is_scalar(pair.value))
          row.tags.push_back({pair.key, to_text(pair.value)});
        else if (!pair.value.is_null())
          wrong(reader, kTags, path, pair.value,
                fmt::format("expected a word as the value of `{}`", pair.key), problems);
      }
    } else {
      const std::string text = to_text(*value);
      for (std::string_view rest = text; !rest.empty();) {
        const std::size_t comma = rest.find(',');
        add_word(rest.substr(0, comma), row.tags);
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
      }
    }
  }
}

}  // namespace llmops
