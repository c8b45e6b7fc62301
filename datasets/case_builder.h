#pragma once
// From a record to a case: which column is what.

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "datasets/case.h"
#include "datasets/dataset.h"
#include "datasets/formats/format.h"

namespace llmops {

class CaseBuilder {
 public:
  CaseBuilder(const DatasetSpec& spec, std::shared_ptr<const std::string> file);

  // Moves the record into a case. False where it cannot be one, with every problem noted. A record
  // without an id gets 16 hexadecimal digits of the SHA-256 of its content.
  bool build(Record& record, const RecordReader& reader, Case& row, Diagnostics& problems);

  // Of the record built last: did it give its id itself; and its content as JSON, names sorted
  // (empty where the id was given and `keep_content` was not asked for).
  bool id_given() const { return id_given_; }
  const std::string& content() const { return content_; }
  void keep_content() { keep_content_ = true; }
  // The id of a record is its number instead, counted from 1; nothing is hashed.
  void number_rows() { numbered_ = true; }

  // Notes mapped columns that no record had. Call after the last record.
  // Returns how many problems it left out because there were too many.
  std::size_t finish(const std::vector<std::string>& columns, Diagnostics& problems) const;

  // The path under which the id of a record stands, for messages.
  std::string id_path() const;

 private:
  // One of our words and where its values stand.
  struct Word {
    std::string_view name;
    std::vector<std::string> paths;  // as the suite maps them; else the word's own names
    bool mapped = false;
  };
  struct Missing {
    std::string_view word;
    std::string path;
    std::size_t rows = 0;
    Diagnostics noted;
  };
  enum WordIndex { kId, kReference, kContext, kTags, kGroup, kWeight, kMetadata, kWords };

  bool note_missing(const Record& record, const RecordReader& reader);
  void wrong(const RecordReader& reader, WordIndex word, const std::string& path,
             const Value& value, std::string expected, Diagnostics& problems) const;
  void read_references(const Record& record, const RecordReader& reader, Case& row,
                       Diagnostics& problems) const;
  void read_context(const Record& record, const RecordReader& reader, Case& row,
                    Diagnostics& problems) const;
  void read_tags(const Record& record, const RecordReader& reader, Case& row,
                 Diagnostics& problems) const;
  void read_scalars(const Record& record, const RecordReader& reader, Case& row,
                    Diagnostics& problems) const;

  std::shared_ptr<const std::string> file_;
  std::array<Word, kWords> words_;
  std::vector<Missing> missing_;
  std::size_t rows_ = 0;
  bool id_given_ = false;
  bool keep_content_ = false;
  bool numbered_ = false;
  std::string content_;
};

// What `fields:` may name.
std::span<const std::string_view> field_words();

}  // namespace llmops
