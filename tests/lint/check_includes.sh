#!/usr/bin/env bash
# Fails on every include that goes against the direction of docs/architecture.md:
#   core ← kernels ← autograd ← layers ← models ← train ← apps; data and report depend on core alone.
# Usage: check_includes.sh [ROOT]   (default: the tree this script is in)
set -euo pipefail

root="${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
cd "$root"

folders=()
for folder in core data report kernels autograd layers models train apps bench tests; do
  [[ -d $folder ]] && folders+=("$folder")
done

find "${folders[@]}" -type f \
  \( -name '*.h' -o -name '*.cpp' -o -name '*.cpp.in' -o -name '*.cu' -o -name '*.cuh' \) -print0 |
  sort -z |
  xargs -0 -r awk '
    BEGIN {
      allowed["core"] = "core"
      allowed["data"] = "data core"
      allowed["report"] = "report core"
      allowed["kernels"] = "kernels core"
      allowed["autograd"] = "autograd " allowed["kernels"]
      allowed["layers"] = "layers " allowed["autograd"]
      allowed["models"] = "models " allowed["layers"]
      allowed["train"] = "train data report " allowed["models"]
      allowed["apps"] = "apps " allowed["train"]
      allowed["bench"] = "bench " allowed["train"]
      allowed["tests"] = "tests bench " allowed["apps"]
      split(allowed["tests"], all)
      for (i in all) known[all[i]] = 1
    }
    function report(message) {
      printf "%s:%d: %s\n", FILENAME, FNR, message
      bad = 1
    }
    /^[ \t]*#[ \t]*include[ \t]*["<]/ {
      match($0, /["<][^">]*/)
      path = substr($0, RSTART + 1, RLENGTH - 1)
      quoted = substr($0, RSTART, 1) == "\""
      split(path, parts, "/")
      target = parts[1]
      split(FILENAME, here, "/")
      own = here[1]
      if (!(target in known)) {
        if (quoted)
          report("\"" path "\" does not start with a folder of this tree; write includes from its root")
      } else if (index(path, "/") > 0) {
        if (!quoted)
          report("<" path "> is ours; include it with quotes")
        if (index(" " allowed[own] " ", " " target " ") == 0)
          report(own " includes " target ", but may include only: " allowed[own])
      }
    }
    END { exit bad }'
