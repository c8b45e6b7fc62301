#!/usr/bin/env bash
# gate.sh: runs the suite $LLMOPS_SUITE (llmops.yaml) and leaves every report in $LLMOPS_REPORTS
# (llmops-reports). $LLMOPS_ARGUMENTS: further arguments of `llmops eval`. The exit code is the verdict's.
set -euo pipefail
suite=${LLMOPS_SUITE:-llmops.yaml}
reports=${LLMOPS_REPORTS:-llmops-reports}
arguments=()
if [[ -n ${LLMOPS_ARGUMENTS:-} ]]; then
  # Split as a shell splits words and unquotes them, and runs nothing: xargs knows no substitution.
  while IFS= read -r -d '' word; do
    arguments+=("$word")
  done < <(printf '%s' "$LLMOPS_ARGUMENTS" | xargs printf '%s\0')
fi
mkdir -p "$reports"
code=0
llmops eval "$suite" "${arguments[@]}" --junit "$reports/junit.xml" \
  --markdown "$reports/comment.md" --html "$reports/report.html" \
  --prometheus "$reports/metrics.txt" --code-quality "$reports/code-quality.json" || code=$?
exit "$code"
