#!/usr/bin/env bash
# Builds the fuzzers with clang, AddressSanitizer and UndefinedBehaviorSanitizer and runs each for a
# number of seconds (60 unless said), from the files of tests/malformed.
#   tests/fuzz/run.sh [SECONDS] [BUILD_FOLDER]
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$here/../.."
seconds="${1:-60}"
build="${2:-$root/build/fuzz}"

cmake -S "$root" -B "$build" -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  -DHEDDLE_FUZZ=ON -DHEDDLE_TESTS=OFF -DHEDDLE_PROGRAM=OFF \
  -DHEDDLE_SANITIZE=fuzzer-no-link,address,undefined
readers=(npy tsv safetensors toml npz csv jsonl image wav vectors)
targets=("${readers[@]/#/heddle_fuzz_}")
cmake --build "$build" --target "${targets[@]}"

# Memory that cannot be had is an exception in Heddle, so the sanitizer must not end the program.
export ASAN_OPTIONS=allocator_may_return_null=1
failed=0
for reader in "${readers[@]}"; do
  corpus="$build/corpus/$reader"
  mkdir -p "$corpus"
  log="$build/corpus/$reader.log"
  if "$build/tests/fuzz/heddle_fuzz_$reader" -max_total_time="$seconds" -max_len=4096 -timeout=10 \
    -rss_limit_mb=1024 -dict="$here/$reader.dict" -artifact_prefix="$build/corpus/$reader-" \
    -print_final_stats=1 "$corpus" "$here/../malformed" >"$log" 2>&1; then
    echo "$reader: $(grep -o 'number_of_executed_units: *[0-9]*' "$log" | tr -s ' ')"
  else
    echo "$reader: FAILED, see $log"
    failed=1
  fi
done
exit $failed
