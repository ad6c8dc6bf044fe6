#!/usr/bin/env bash
# A removed sync_threads() must be one kind of report, with the kernel's two lines, in every schedule;
# with the barrier there must be none. Usage: check_races.sh PROGRAM (heddle_race, built with TSan)
set -euo pipefail

program="$1"
source="$(dirname "${BASH_SOURCE[0]}")/race.cpp"
store="race.cpp:$(grep -n 'line of the store' "$source" | cut -d: -f1)"
load="race.cpp:$(grep -n 'line of the load' "$source" | cut -d: -f1)"

for schedule in forward reverse shuffled; do
  TSAN_OPTIONS=exitcode=66 "$program" with "$schedule" || {
    echo "check_races: a report although the barrier is there ($schedule)" >&2
    exit 1
  }
  report="$(TSAN_OPTIONS=exitcode=66 "$program" without "$schedule" 2>&1)" && {
    echo "check_races: no report of the missing barrier ($schedule)" >&2
    exit 1
  }
  for line in "$store" "$load"; do
    [[ $report == *"$line"* ]] || {
      echo "check_races: the report ($schedule) does not name $line:" >&2
      head -n 30 <<<"$report" >&2
      exit 1
    }
  done
done
echo "check_races: the removed barrier was reported with both lines in every schedule"
