#pragma once
#include <string>

#include "datasets/text/result.h"
#include "datasets/text/source.h"
#include "datasets/text/value.h"

namespace llmops {

// The text of a prompt file with these members in its `eval_metrics`: values that stand there are
// replaced where they stand (a quoted one stays quoted), new ones follow the last, a missing
// `eval_metrics` is put at the end of the file. Every other byte stays: comments, order, quoting,
// line ends. Values are texts, numbers, true and false. Problems: the file is no YAML mapping, an
// old value is a list or a mapping, or the result would not read back as it should.
Result<std::string> with_eval_metrics(const Source& source, const Object& metrics);

}  // namespace llmops
