#!/usr/bin/env bash
# install.sh PREFIX: builds this checkout and installs it below PREFIX, unless it is there already.
# Debian 12 or a relative of it; packages come from ci/packages.
set -euo pipefail
prefix=${1:?usage: install.sh PREFIX}
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# The libraries that the program runs with come with the packages that it is built with.
ci/install-packages build ci
if [[ -x $prefix/bin/llmops ]] && "$prefix/bin/llmops" --version; then
  exit 0
fi
[[ -f build/release/build.ninja ]] || cmake --preset release
cmake --build --preset release -j "$(nproc)"
cmake --install build/release --prefix "$prefix"
"$prefix/bin/llmops" --version
