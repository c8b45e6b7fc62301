#!/usr/bin/env bash
# tests/bench/main_job.sh PROGRAM [CASES]: whole-process time and memory of the main job by replay:
# start-up, the GSM8K run where LLMOPS_SHARED has it, and CASES synthetic cases with exact_match.
set -euo pipefail
program=$(realpath "$1")
cases=${2:-1000000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

measure() { # NAME COMMAND...
  local name=$1
  shift
  /usr/bin/time --format "$name: %e s wall, %U s user, %S s system, %M KiB peak" "$@" >/dev/null
}

measure "start-up" "$program" --version

gsm8k=${LLMOPS_SHARED:-}/data/gsm8k
if [[ -d $gsm8k ]]; then
  cat >gsm8k.yaml <<END
prompt: {name: gsm8k, version: "1.0.0", user: "{{ question }}"}
dataset: {path: $gsm8k/test.jsonl, fields: {reference: answer}}
model: {provider: replay, path: $gsm8k/example_model_solutions.jsonl, match: question,
        output: /175b_verification/solution, name: 175b_verification}
evaluators:
  - numeric_match: {extract: 'A:\s*(.+)\s*$', reference_extract: '####\s*(.+)\s*$'}
END
  measure "1,319 cases of GSM8K" "$program" eval gsm8k.yaml --quiet
fi

awk -v n="$cases" 'BEGIN { for (i = 0; i < n; ++i)
  printf "{\"id\":\"case-%d\",\"question\":\"What is %d plus one?\",\"answer\":\"%d\"}\n", i, i, i + 1 }' >cases.jsonl
awk -v n="$cases" 'BEGIN { for (i = 0; i < n; ++i)
  printf "{\"id\":\"case-%d\",\"output\":\"%d\"}\n", i, i + 1 + (i % 3 == 0) }' >recording.jsonl
cat >synthetic.yaml <<'END'
prompt: {name: q, version: "1.0.0", user: "{{ question }}"}
dataset: {path: cases.jsonl, fields: {reference: answer}}
model: {provider: replay, path: recording.jsonl, match: id, output: output, name: recorded}
evaluators: [exact_match]
END
measure "$cases synthetic cases" "$program" eval synthetic.yaml --quiet
