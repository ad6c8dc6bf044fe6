#!/usr/bin/env python3
"""The pictures of memory accesses on the pages of kernels: docs/kernels/pictures/*.svg.

    docs/kernels/pictures.py            draws them all again
    docs/kernels/pictures.py --check    says which no longer show what the kernels do

Needs a `heddle` with the backend sim (--program names it; otherwise build/release/apps/heddle). A
picture shows the text of its source line and not the line's number, so that it stays as it is when
the line merely moves.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "kernels" / "pictures"
SKIPPED = 77  # the exit code ctest takes for a test that could not run

# Many indices over long lines: where line_in_shared is the default.
GATHER = ["--backward", "--from", "256", "--picked", "256", "--outer", "2"]

# Family, version, more arguments: the first of each ladder, and the default at these sizes in class
# f32. Where forward has but one version, backward.
PICTURES = [
    ("attention", "three_kernels", []),
    ("attention", "whole_row", ["--steps", "64"]),
    ("attention_pool", "three_kernels", ["--time", "32"]),
    ("attention_pool", "fused", ["--time", "32"]),
    ("bias_activation", "composed", []),
    ("bias_activation", "vector", []),
    ("conv", "direct", []),
    ("conv", "implicit_tile", []),
    ("cross_entropy", "thread_per_row", []),
    ("cross_entropy", "warp_per_row", []),
    ("dropout", "word_per_thread", []),
    ("dropout", "vector", []),
    ("elementwise", "scalar", []),
    ("elementwise", "broadcast", []),
    ("embedding", "thread_per_element", []),
    ("embedding", "wide_rows", []),
    ("gather", "thread_per_source", GATHER),
    ("gather", "line_in_shared", GATHER),
    ("layer_norm", "thread_per_row", []),
    ("layer_norm", "warp_per_row", []),
    ("linear_tanh", "product_then_tanh", []),
    ("linear_tanh", "fused_register_tile", []),
    ("lstm", "pointwise_steps", []),
    ("lstm", "persistent_block", []),
    ("matmul", "naive", []),
    ("matmul", "register_tile", []),
    ("optimizer", "one_launch_per_tensor", []),
    ("optimizer", "all_tensors", []),
    ("pool", "thread_per_window", []),
    ("pool", "two_windows", []),
    ("reduce", "shared_tree", []),
    ("reduce", "vectorised", []),
    ("softmax", "thread_per_row", []),
    ("softmax", "online", []),
]


def drawn(program):
    """{file name: text} of all pictures, as the kernels are now."""
    environment = {k: v for k, v in os.environ.items() if k != "HEDDLE_SIM_SCHEDULE"}
    with tempfile.TemporaryDirectory() as folder:
        for family, version, more in PICTURES:
            command = [program, "kernel", family, "--version", version, *more, "--svg", folder]
            result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
            if result.returncode != 0:
                sys.exit(f"{' '.join(command)}: {result.stderr.strip()}")
        return {
            path.name: re.sub(r'<tspan class="line">:\d+</tspan>', "", path.read_text(encoding="utf-8"))
            for path in pathlib.Path(folder).iterdir()
        }


def has_sim(program):
    result = subprocess.run([program, "kernel"], capture_output=True, text=True)
    return result.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; fail if one differs")
    parser.add_argument("--program", default=str(ROOT / "build" / "release" / "apps" / "heddle"))
    options = parser.parse_args()
    program = str(pathlib.Path(options.program).resolve())
    if not pathlib.Path(program).exists():
        sys.exit(f"{program}: not there; build it (./dev build) or name another with --program")
    if not has_sim(program):
        print(f"{program} was built without the backend sim: there is nothing to draw with")
        return SKIPPED
    now = drawn(program)
    kept = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.svg")}
    if not options.check:
        FOLDER.mkdir(exist_ok=True)
        for name in kept.keys() - now.keys():
            (FOLDER / name).unlink()
        for name, text in now.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"{len(now)} pictures, {sum(map(len, now.values())) // 1024} KiB, in {FOLDER}")
        return 0
    pages = "".join(page.read_text(encoding="utf-8") for page in FOLDER.parent.glob("*.md"))
    problems = [f"{name}: differs" for name in sorted(kept.keys() & now.keys()) if kept[name] != now[name]]
    problems += [f"{name}: missing" for name in sorted(now.keys() - kept.keys())]
    problems += [f"{name}: no longer drawn" for name in sorted(kept.keys() - now.keys())]
    problems += [f"{name}: on no page" for name in sorted(kept) if f"pictures/{name}" not in pages]
    for problem in problems:
        print(problem)
    if problems:
        print("draw them again with docs/kernels/pictures.py, look at them, and mend what the pages say")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
