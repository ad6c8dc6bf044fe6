#!/usr/bin/env python3
"""Tests tidy.py on small sources that go into one unit, or do not, with and without something to find.

    tidy_test.py CLANG_TIDY
"""

import json
import os
import subprocess
import sys
import tempfile

SCRIPT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "tidy.py")

CONFIG = """Checks: '-*,clang-diagnostic-*,modernize-use-nullptr'
WarningsAsErrors: '*'
HeaderFilterRegex: '/core/[^ ]*\\.h$'
"""

CLEAN = "int {name}() {{ return 1; }}\n"
OWN = "namespace {{\nint helper() {{ return 1; }}\n}}  // namespace\nint {name}() {{ return helper(); }}\n"
HIDDEN = "using Same = {type};\nSame {name}() {{ return 1; }}\n"
NULL = "int* {name}() {{ return 0; }}\n"

# Sources by name, the exit status, a part of what is said and how many were read in units.
CASES = [
    ({"a": CLEAN, "b": CLEAN, "c": CLEAN}, 0, "3 sources", 3),
    ({"a": CLEAN, "b": NULL, "c": CLEAN}, 1, "b.cpp:1:", 0),
    # Names of their own keep the first two apart; the third goes with one of them.
    ({"a": OWN, "b": OWN, "c": CLEAN}, 0, "3 sources", 2),
    # Sources that cannot be compiled together, which their text does not show: each is read by itself.
    ({"a": HIDDEN.replace("{type}", "int"), "b": HIDDEN.replace("{type}", "long")}, 0, "one by one", 0),
    ({"a": HIDDEN.replace("{type}", "int"), "b": HIDDEN.replace("{type}", "long") + NULL.replace("{name}", "n")}, 1,
     "b.cpp:3:", 0),
    ({"a": '#include "core/found.h"\n' + CLEAN, "b": CLEAN}, 1, "found.h:2:", 0),
]


def run(tidy, sources, files=None):
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.join(root, "core"))
        os.makedirs(os.path.join(root, "build"))
        with open(os.path.join(root, ".clang-tidy"), "w", encoding="utf-8") as file:
            file.write(CONFIG)
        with open(os.path.join(root, "core", "found.h"), "w", encoding="utf-8") as file:
            file.write("#pragma once\ninline int* found() { return 0; }\n")
        entries = []
        for name, text in sources.items():
            path = os.path.join(root, "core", name + ".cpp")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace("{name}", name).replace("{{", "{").replace("}}", "}"))
            entries.append({"directory": root, "file": path, "command": f"c++ -I{root} -o {name}.o -c {path}"})
        with open(os.path.join(root, "build", "compile_commands.json"), "w", encoding="utf-8") as file:
            json.dump(entries, file)
        paths = [os.path.join(root, "core", name + ".cpp") for name in (files or sources)]
        done = subprocess.run([sys.executable, SCRIPT, "--clang-tidy", tidy, os.path.join(root, "build"), *paths],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode, done.stdout


def main():
    tidy = sys.argv[1]
    failed = 0
    for sources, status, part, together in CASES:
        code, said = run(tidy, sources)
        if code != status or part not in said or f"{together} of them in units" not in said:
            failed += 1
            print(f"tidy_test.py: {sources}\n  gave {code}, expected {status} and \"{part}\", {together} in units\n{said}",
                  file=sys.stderr)
    code, said = run(tidy, {"a": CLEAN}, ["a", "absent"])
    if code != 2 or "absent.cpp is not compiled" not in said:
        failed += 1
        print(f"tidy_test.py: a source that is not in the build gave {code}\n{said}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
