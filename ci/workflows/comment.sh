#!/usr/bin/env bash
# comment.sh FILE: writes FILE (Markdown) as one comment under the pull request of this GitHub job,
# and rewrites that comment the next time. Reads GITHUB_TOKEN, GITHUB_API_URL, GITHUB_REPOSITORY,
# GITHUB_EVENT_PATH. A job that may not write (a fork's) says so and does not fail.
set -euo pipefail
file=${1:?usage: comment.sh FILE}
marker='<!-- llmops -->'

if [[ ! -s $file ]]; then
  echo "::notice::llmops wrote no comment: $file is not there"
  exit 0
fi
number=$(jq -r '.pull_request.number // empty' "$GITHUB_EVENT_PATH")
if [[ -z $number ]]; then
  echo "::notice::no pull request to comment on"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# call METHOD URL [BODY-FILE]: the answer in $work/answer. The token goes by a file, since every
# process of the machine may read a command line.
call() {
  (umask 077 && printf 'header = "Authorization: Bearer %s"\n' "$GITHUB_TOKEN" > "$work/curl")
  curl --silent --show-error --fail-with-body --max-time 60 --retry 3 --config "$work/curl" \
    --header 'Accept: application/vnd.github+json' --request "$1" --output "$work/answer" \
    ${3:+--data-binary "@$3"} "$2"
}

comments=$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues
jq -n --arg marker "$marker" --rawfile text "$file" '{body: ($marker + "\n" + $text)}' > "$work/body"
old=
for page in 1 2 3 4 5 6 7 8 9 10; do
  call GET "$comments/$number/comments?per_page=100&page=$page" || break
  old=$(jq -r --arg marker "$marker" 'map(select(.body | startswith($marker)))[0].id // empty' "$work/answer")
  [[ -z $old && $(jq length "$work/answer") == 100 ]] || break
done
if [[ -n $old ]]; then
  call PATCH "$comments/comments/$old" "$work/body" && exit 0
else
  call POST "$comments/$number/comments" "$work/body" && exit 0
fi
echo "::warning::the comment could not be written: does the job have \`permissions: pull-requests: write\`?"
