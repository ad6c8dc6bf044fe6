#!/usr/bin/env bash
# Tests check_includes.sh on small trees, each with one include that is right or wrong.
set -euo pipefail

script="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/check_includes.sh"
tree="$(mktemp -d "${TMPDIR:-/tmp}/check includes.XXXXXX")"
trap 'rm -rf "$tree"' EXIT
failures=0

# expect good|bad FILE INCLUDE: whether the tree with that one line passes.
expect() {
  local file="$tree/$2" got=good
  mkdir -p "$(dirname "$file")"
  printf '#pragma once\n#include %s\n' "$3" >"$file"
  bash "$script" "$tree" >"$tree/findings" || got=bad
  if [[ $got != "$1" ]]; then
    echo "include $3 in $2: got $got, expected $1"
    failures=$((failures + 1))
  elif [[ $got == bad ]] && ! grep -q "^$2:2: " "$tree/findings"; then
    echo "include $3 in $2: the report does not name the line: $(cat "$tree/findings")"
    failures=$((failures + 1))
  fi
  rm "$file"
}

expect good core/shape.h '"core/error.h"'
expect good core/shape.h '<vector>'
expect good data/npy.h '"core/tensor.h"'
expect good kernels/cpu/matmul.cpp '<Eigen/Core>'
expect good train/loop.h '"data/dataset.h"'
expect good apps/heddle.cpp '"train/loop.h"'
expect good report/page.cpp '"core/error.h"'
expect good train/report_page.cpp '"report/page.h"'
expect good 'tests/core/a test.cpp' '"core/tensor.h"'
expect good tests/bench/peers.h '"bench/peers/cuda/peer.h"'
expect bad core/shape.h '"kernels/softmax.h"'
expect bad data/npy.h '"kernels/softmax.h"'
expect bad data/npy.h '"train/loop.h"'
expect bad report/page.cpp '"train/report.h"'
expect bad data/npy.h '"report/page.h"'
expect bad kernels/softmax.h '"autograd/tape.h"'
expect bad autograd/tape.h '"layers/linear.h"'
expect bad layers/linear.h '"models/model.h"'
expect bad models/model.h '"data/dataset.h"'
expect bad models/model.h '"train/loop.h"'
expect bad train/loop.h '"apps/options.h"'
expect bad apps/options.h '"tests/support/cases.h"'
expect bad kernels/gpu/softmax.cu '"autograd/tape.h"'
expect bad core/shape.h '"error.h"'
expect bad core/shape.h '"../core/error.h"'
expect bad layers/linear.h '  <kernels/softmax.h>'
expect bad layers/linear.h '<train/loop.h>'

[[ $failures == 0 ]] || exit 1
echo "check_includes: every case as expected"
