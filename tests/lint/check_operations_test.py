#!/usr/bin/env python3
"""Tests check_operations.py on small kernels, each with arithmetic that is counted, or not, or not rightly."""

import json
import os
import subprocess
import sys
import tempfile

SCRIPT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "check_operations.py")

OPENING = """
#include <cmath>
struct Stream {};
template <int operations, typename A> A counted(A value) { return value; }
template <typename A> A exp_of(A x);
float word(float x) { return counted<1>(x + x); }
"""

# Of the last line: what is found there, each fault by a part of its message.
CASES = [
    ("float f(float x) { return counted<2>(x * x + 1); }", []),
    ("float f(float x) { return x * x + 1; }", ["does not see", "does not see"]),
    ("float f(float x) { return x * counted<1>(x + 1); }", ["does not see"]),
    ("float f(float x) { return counted<1>(x * x + 1); }", ["counted<1>, but 2"]),
    ("float f(float x) { return counted<1>(x); }", ["counted<1>, but 0"]),
    ("float f(float x) { return counted<2>(x / counted<1>(x - 1) - 1); }", []),
    ("float f(float x) { return counted<3>(x / counted<1>(x - 1) - 1); }", ["counted<3>, but 2"]),
    ("float f(float x) { return counted<2>(exp_of(-x) * x - 1); }", []),
    ("float f(float x) { return x > 0 ? counted<1>(x / 2) : -x; }", []),
    ("void f(float& sum, float x) { counted<2>(sum += x * x); }", []),
    ("void f(float& sum, float x) { sum += x; }", ["does not see"]),
    ("int f(int x) { x += 2; return x * x + 1; }", []),
    ("double f(int x) { return x * 2.0; }", ["does not see"]),
    ("float f(float x) { return counted<1>(std::log1p(x)); }", []),
    ("float f(float x) { return std::log1p(x); }", ["does not see"]),
    ("float f(float x) { return std::fabs(x); }", []),
    ("void f(Stream&, float x) { auto g = [&] { return x * 2; }; g(); }", []),
    ("template <typename T> T f(T x) { return x * x; } int g() { return f(1); }", []),
    ("template <typename T> T f(T x) { return x * x; } float g() { return f(1.0f); }", ["does not see"]),
]


def findings(folder, code):
    kernels = os.path.join(folder, "kernels", "gpu")
    os.makedirs(kernels, exist_ok=True)
    kernel = os.path.join(kernels, "some kernel.cu")
    with open(kernel, "w", encoding="utf-8") as file:
        file.write(OPENING + code + "\n")
    with open(os.path.join(folder, "compile_commands.json"), "w", encoding="utf-8") as file:
        arguments = ["c++", "-x", "c++", "-std=c++20", "-c", kernel]
        json.dump([{"directory": folder, "file": kernel, "arguments": arguments}], file)
    run = subprocess.run([sys.executable, SCRIPT, folder, kernel], capture_output=True, text=True, cwd=folder)
    lines = run.stdout.splitlines()
    if (run.returncode != 0) != bool(lines):
        return [f"exit status {run.returncode} with {lines} {run.stderr}"]
    place = f"kernels/gpu/some kernel.cu:{(OPENING + code).count(chr(10)) + 1}:"
    return lines if all(line.startswith(place) for line in lines) else [f"other places: {lines}"]


def main():
    failures = 0
    with tempfile.TemporaryDirectory(prefix="check operations.") as folder:
        for code, expected in CASES:
            found = findings(os.path.realpath(folder), code)
            if len(found) != len(expected) or any(part not in line for part, line in zip(expected, found)):
                print(f"{code}\n  expected {expected}\n  got {found}")
                failures += 1
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
