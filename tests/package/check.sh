#!/usr/bin/env bash
# Installs a built Heddle into a temporary prefix, builds the project of this folder against it with
# find_package(heddle), and runs it.
# Usage: check.sh [BUILD_DIR]   (default: build/release, built first by ./dev build)
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
build="${1:-}"
if [[ -z $build ]]; then
  "$root/dev" build
  build="$root/build/release"
fi

work="$(mktemp -d "${TMPDIR:-/tmp}/heddle package.XXXXXX")"
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/prefix" >"$work/install.log" || {
  cat "$work/install.log"
  exit 1
}
if grep -rnF "$root" "$work/prefix" --include='*.cmake'; then
  echo "package: the installed files name the source tree"
  exit 1
fi
cmake -S "$here" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$work/prefix"
cmake --build "$work/build"
"$work/build/consumer"
