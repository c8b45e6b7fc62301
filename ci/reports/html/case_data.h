#pragma once
// The cases of a run as the page's script reads them: one index of all, and the texts of as many as
// fit. All text is made safe to look at (`visible_lines`); the script shows it as text alone.

#include <cstdio>
#include <span>
#include <string>

#include "ci/reports/report.h"
#include "ci/reports/worst_cases.h"

namespace llmops {

struct WrittenCases {
  std::int64_t cases = 0, with_texts = 0;
  std::size_t text_limit = 0;  // bytes of one text that are kept
};

// Writes elements `index`, `texts-0` ... and `chunks` (which case is in which). Those of
// `first` and cases that failed, lost or changed come first where not all texts fit. Memory is
// bounded: a byte a case, and one chunk.
WrittenCases write_cases(const ReportInput& input, std::span<const CaseChange> first,
                         std::FILE* out);

// The texts of one case as JSON, each of at most `text_limit` bytes: {m: messages sent, r:
// references, c: context, v: variables, s: samples, b: the baseline's, bm: its messages where they
// differ}.
std::string case_json(const ReportInput& input, const std::string& id, std::size_t text_limit);

}  // namespace llmops
