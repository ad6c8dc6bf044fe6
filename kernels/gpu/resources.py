#!/usr/bin/env python3
"""Writes what ptxas says of every kernel (registers, stack, spills) to docs/kernels/resources.md.

    kernels/gpu/resources.py [--arch sm_90] [--check] [--jobs N]

--check: exits 1 if a kernel spills that docs/kernels/resources.md does not excuse ("spills because …").
Needs nvcc; the sources are those of kernels/gpu/CMakeLists.txt.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parents[2]
page = root / "docs" / "kernels" / "resources.md"


def listed(variable):
    text = (root / "kernels/gpu/CMakeLists.txt").read_text()
    names = re.search(rf"set\({variable}\s(.*?)\)", text, re.S).group(1).split()
    return [root / "kernels/gpu" / name for name in names if name.endswith(".cu")]


def sources_sm_90a():
    return listed("gpu_sources_sm_90a")


def sources():
    return sorted(listed("gpu_sources") + sources_sm_90a())


def compiled(source, arch):
    """The lines ptxas printed."""
    with tempfile.TemporaryDirectory() as folder:
        code = "-gencode=arch=compute_90a,code=sm_90a" if source in sources_sm_90a() else f"-arch={arch}"
        command = [
            "nvcc", "-std=c++20", "--expt-relaxed-constexpr", "-DHEDDLE_BACKEND_CUDA=1", code,
            "-Xptxas", "-v", "-I", str(root), "-cubin", "-o", f"{folder}/out.cubin", str(source),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{source.relative_to(root)}: nvcc failed:\n{done.stderr}")
    return done.stderr


def demangled(names):
    done = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def short(name):
    """softmax_online<float, 4> of heddle::kernels::cuda::(anonymous namespace)::softmax_online<float, (int)4>(…)"""
    name = re.sub(r"heddle::kernels::cuda::|\(anonymous namespace\)::|_NV_ANON_NAMESPACE::", "", name)
    name = re.sub(r"heddle::", "", name)
    name = re.sub(r"\((int|bool|unsigned int|long)\)", "", name)
    name = re.sub(r"^void ", "", name)
    depth = 0
    for place, letter in enumerate(name):
        depth += (letter == "<") - (letter == ">")
        if letter == "(" and depth == 0:
            return name[:place]
    return name


def kernels_of(text):
    """(mangled name, registers, static shared bytes, stack, spill stores, spill loads) of each kernel."""
    found = []
    name = None
    stack = stores = loads = 0
    for line in text.splitlines():
        entry = re.search(r"Compiling entry function '([^']+)'", line)
        if entry:
            name, stack, stores, loads = entry.group(1), 0, 0, 0
        frame = re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line)
        if frame and name:
            stack, stores, loads = map(int, frame.groups())
        used = re.search(r"Used (\d+) registers", line)
        if used and name:
            shared = re.search(r"(\d+) bytes smem", line)
            found.append((name, int(used.group(1)), int(shared.group(1)) if shared else 0, stack, stores, loads))
            name = None
    return found


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--arch", default="sm_90")
    options.add_argument("--check", action="store_true")
    options.add_argument("--jobs", type=int, default=os.cpu_count())
    given = options.parse_args()

    files = sources()
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        outputs = list(pool.map(lambda source: compiled(source, given.arch), files))
    version = subprocess.run(["nvcc", "--version"], capture_output=True, text=True).stdout
    release = re.search(r"release ([\d.]+)", version).group(1)

    excuses = {}
    if page.exists():
        for name, why in re.findall(r"^- `([^`]+)` spills because (.+)$", page.read_text(), re.M):
            excuses[name] = why
    lines = [
        "# Registers, stack and spills",
        "",
        f"What ptxas of CUDA {release} says of every kernel for {given.arch} (…_warpgroup.cu: sm_90a);",
        "`kernels/gpu/resources.py` writes this page. Shared memory of these kernels is dynamic, so it is not here: each kernel's card gives it.",
        "",
    ]
    spilling = []
    for source, output in zip(files, outputs):
        kernels = kernels_of(output)
        if not kernels:
            continue
        names = [short(name) for name in demangled([kernel[0] for kernel in kernels])]
        lines += [f"## {source.name}", "", "| kernel | registers | stack, bytes | spilled, bytes |", "|---|---|---|---|"]
        for name, kernel in sorted(zip(names, kernels)):
            spilled = kernel[4] + kernel[5]
            lines.append(f"| `{name}` | {kernel[1]} | {kernel[3]} | {spilled} |")
            if spilled:
                spilling.append(name)
        lines.append("")
    spilling = sorted(set(spilling))
    lines += ["## Kernels that spill", ""]
    if spilling:
        lines += [f"- `{name}` spills because {excuses.get(name, '**unexplained**')}" for name in spilling]
    else:
        lines.append("None.")
    unexplained = [name for name in spilling if name not in excuses or "unexplained" in excuses[name]]
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(lines) + "\n")
    print(f"{page.relative_to(root)}: {sum(line.startswith('| `') for line in lines)} kernels, {len(spilling)} spill")
    if given.check and unexplained:
        sys.exit("these spill without a reason on the page: " + ", ".join(unexplained))


if __name__ == "__main__":
    main()
