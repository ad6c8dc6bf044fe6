#!/usr/bin/env bash
# Replays the gdb session of docs/debugging-a-kernel.md: the commands of its block `gdb`, with LINE
# replaced as the page says, and compares with what the page promises.
# Usage: replay_gdb.sh PROGRAM ROOT
set -euo pipefail

program="$1"
root="$2"
command -v gdb >/dev/null || {
  echo "gdb is not installed; the session was not replayed"
  exit 77
}
# The line after the row's maximum is known to all threads.
line="$(grep -n 'largest = block_max(largest, shared.reduce);' "$root/kernels/gpu/softmax.cu" |
  head -n 1 | cut -d: -f1)"
line=$((line + 1))
commands="$(mktemp)"
trap 'rm -f "$commands"' EXIT
{
  echo 'set pagination off'
  echo 'set confirm off'
  awk '/^```gdb$/ { inside = 1; next } /^```$/ { inside = 0 } inside' \
    "$root/docs/debugging-a-kernel.md" | sed "s/LINE/$line/"
} >"$commands"
output="$(gdb -nx -batch -x "$commands" "$program" 2>&1)"
for expected in 'softmax_block_per_row' '= {x = 37, y = 0, z = 0}' '= {x = 3, y = 0, z = 0}' \
  'data_ =' 'exited normally'; do
  [[ $output == *"$expected"* ]] || {
    echo "the session does not print: $expected" >&2
    echo "$output" >&2
    exit 1
  }
done
echo "the session went as docs/debugging-a-kernel.md says"
