#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "datasets/text/value.h"
#include "prompts/template.h"

namespace llmops {

// A part of a message before it is rendered.
struct PartTemplate {
  std::string type = "text";  // text | image_url | file
  Template content;           // the text, the URL or the path
  Object extra;               // image_url: {detail}; file: {media_type}
};

struct MessageTemplate {
  std::string role;  // system | user | assistant | tool
  std::vector<PartTemplate> parts;
  Object extra;  // name, tool_call_id, tool_calls
};

// One version of a prompt.
struct Prompt {
  std::string name;
  std::string version;           // semantic version; may be empty for an inline prompt
  std::filesystem::path file;    // empty: inline in a suite
  std::filesystem::path folder;  // paths of file parts count from here
  std::string revision;          // of git, 40 hexadecimal digits; empty: read from the disk
  std::string model;             // pinned; a suite may override it
  std::string created, author, changelog;
  std::string intended_use, limits;  // for people: what it is for, what it is not for
  std::vector<MessageTemplate> messages;
  Object parameters;  // temperature, max_tokens, ...: sent as they are
  // Null: none; else {type: json_object}, or {type: json_schema, json_schema: {name, schema, ...}}
  // with the schema read in.
  Value response_format;
  // Null: none; else a list of {type: function, function: {name, description, parameters}}.
  Value tools;
  Object variables;     // defaults
  Object eval_metrics;  // written by `baseline set`
  std::string sha256;   // content_sha256 of canonical.h
};

}  // namespace llmops
