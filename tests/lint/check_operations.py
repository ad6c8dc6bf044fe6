#!/usr/bin/env python3
"""Fails where a kernel computes with floating-point numbers and the profile would not see it.

As the backend sim compiles them, every + - * / on floating-point values and every call of an elementary
function of <cmath> must stand within the parentheses of `counted<n>(…)` (kernels/gpu/device/numbers.h), and n
must be how many of them stand there, those of a `counted` within it aside. The files of the words themselves
are exempt, and so are functions that take a Stream: launchers, which run on the host.

Usage: check_operations.py BUILD FILE…
BUILD is a folder with compile_commands.json; needs clang-query. Files that only a header's reader
instantiates are seen through the .cu files that include them.
"""

import argparse
import collections
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

WORDS = r"kernels/gpu/(sim/|device/(numbers|mma|warpgroup_sim)\.h)"
FUNCTIONS = (
    "acos acosh asin asinh atan atan2 atanh cbrt cos cosh erf erfc exp exp2 expm1 fma hypot lgamma log log10 "
    "log1p log2 pow sin sinh sqrt tan tanh tgamma"
).split()

# An operator is known by where its right side begins: nested ones may begin at the same place themselves.
QUERIES = r"""
set output diag
set bind-root false
let ours allOf(isExpansionInFileMatching("FOLDER"), unless(isExpansionInFileMatching("WORDS")))
let host hasAncestor(functionDecl(hasAnyParameter(hasType(references(cxxRecordDecl(hasName("Stream")))))))
let operator binaryOperator(hasAnyOperatorName("+", "-", "*", "/", "+=", "-=", "*=", "/="), hasType(realFloatingPointType()), hasRHS(expr().bind("operator")))
let function callExpr(callee(functionDecl(hasAnyName(FUNCTIONS))), hasType(realFloatingPointType())).bind("function")
let word callExpr(callee(functionDecl(hasName("counted"))), ours)
match binaryOperator(ours, unless(host), operator)
match callExpr(ours, unless(host), function)
match callExpr(word).bind("word")
match callExpr(word, forEachDescendant(operator)).bind("word")
match callExpr(word, forEachDescendant(function)).bind("word")
"""

PLACE = re.compile(r'^(.+):(\d+):(\d+): note: "(\w+)" binds here$')


def queries(folder):
    names = ", ".join(f'"::std::{name}", "::{name}", "::{name}f"' for name in FUNCTIONS)
    text = QUERIES.replace("FOLDER", re.escape(folder) + "/").replace("WORDS", WORDS)
    return text.replace("FUNCTIONS", names)


def matches(clang_query, build, script, file):
    """Of one file: what each match binds, {name: (file, line, column)}."""
    run = subprocess.run([clang_query, "-p", build, file, "-f", script], capture_output=True, text=True)
    if run.returncode != 0 or "error:" in run.stderr or "error:" in run.stdout:
        sys.exit(f"{file}: clang-query could not read it:\n{run.stderr}{run.stdout[:4000]}")
    found = []
    for block in re.split(r"^Match #\d+:$", run.stdout, flags=re.MULTILINE)[1:]:
        bound = {}
        for line in block.splitlines():
            if place := PLACE.match(line):
                bound[place[4]] = (os.path.realpath(place[1]), int(place[2]), int(place[3]))
        found.append(bound)
    return found


def number_of(word):
    """n of the counted<n>( at a place."""
    path, line, column = word
    with open(path, "rb") as source:
        text = source.read().split(b"\n")[line - 1][column - 1 :]
    number = re.match(rb"counted<(\d+)>", text)
    return int(number[1]) if number else None


def problems(found):
    """(place, message) of each fault among the matches."""
    operations = set()
    innermost = {}  # of an operation: the word that begins last of those around it
    words = set()
    for bound in found:
        operation = next(((kind, bound[kind]) for kind in ("operator", "function") if kind in bound), None)
        word = bound.get("word")
        if word is not None:
            words.add(word)
        if operation is None:
            continue
        if word is None:
            operations.add(operation)
        elif operation not in innermost or innermost[operation] < word:
            innermost[operation] = word
    result = [
        (place, "a floating-point operation that the profile does not see; expected counted<n>(…) around it")
        for kind, place in operations
        if (kind, place) not in innermost
    ]
    count = collections.Counter(innermost.values())
    for word in words:
        if number_of(word) != count[word]:
            result.append((word, f"counted<{number_of(word)}>, but {count[word]} operations stand there"))
    return sorted(result)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--folder", default="kernels/gpu", help="whose files are looked at (part of a path)")
    parser.add_argument("--clang-query", default=shutil.which("clang-query-16") or "clang-query")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    with tempfile.NamedTemporaryFile("w", suffix=".query") as script:
        script.write(queries(arguments.folder))
        script.flush()
        found = []
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            for one in pool.map(
                lambda file: matches(arguments.clang_query, arguments.build, script.name, file), arguments.files
            ):
                found += one
    faults = problems(found)
    for (path, line, column), message in faults:
        print(f"{os.path.relpath(path)}:{line}:{column}: {message}")
    if not any("word" in bound for bound in found):
        sys.exit("check_operations: no word `counted` was found at all; is BUILD that of the backend sim?")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
