#!/usr/bin/env python3
"""Counts matrix and copy instructions in the PTX of the tensor-core kernels, and checks what must be there.

    kernels/gpu/instructions.py [--arch sm_90] [--jobs N] [--all]

Sources for warp groups are compiled for sm_90a. ptxas must not say of them that it
runs their products one by one; and where there is a cuobjdump, their machine code is looked at too: it must
have HGMMA, copies by the engine and barriers.

Prints a line per kernel that has such instructions (--all: per kernel). Exits 1 if a kernel named by a
rule below lacks one, if a rule matches no kernel any more, or if a kernel that is called mma… or
tensor_… multiplies no matrices. Needs nvcc, no GPU.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from resources import demangled, root, short, sources, sources_sm_90a

# What is counted, by the text of an instruction.
counted = {
    "mma.sync": r"\bmma\.sync\.",
    "wgmma": r"\bwgmma\.mma_async\.",
    "ldmatrix": r"\bldmatrix\.sync\.",
    "cp.async": r"\bcp\.async\.c[ag]\.",
    "cp.async.bulk": r"\bcp\.async\.bulk\.(?!commit|wait)",
    "mbarrier": r"\bmbarrier\.(?:init|arrive|try_wait)",
}
# The same in machine code (SASS): products, copies by the engine, waits for barriers.
counted_in_sass = {"HGMMA": r"\bHGMMA\.", "UTMALDG": r"\bUTMALDG\b", "SYNCS": r"\bSYNCS\."}
warpgroup = {"wgmma", "cp.async.bulk", "mbarrier"}
# Source, kernels of it (by their short names), what each must have. f32 factors of a tf32 product are read
# one by one, since ldmatrix moves pairs of 16 bits and cannot transpose them; f32 factors of a bf16 product
# are rounded on the way, so they cannot be copied behind the program's back.
rules = [
    ("attention_tensor_cores.cu", r"mma_(forward|key_rows|query_rows)<", {"mma.sync", "ldmatrix", "cp.async"}),
    ("conv.cu", r"conv_tensor_tile<", {"mma.sync"}),
    ("linear_tanh.cu", r"MmaLoop<float, product_detail::Tf32Fragments", {"mma.sync", "cp.async"}),
    ("linear_tanh.cu", r"MmaLoop<bf16, product_detail::Bf16Fragments", {"mma.sync", "ldmatrix", "cp.async"}),
    ("linear_tanh.cu", r"MmaLoop<float, product_detail::Bf16Fragments", {"mma.sync", "ldmatrix"}),
    ("linear_tanh_warpgroup.cu", r"warpgroup_product<", warpgroup),
    ("lstm_grid.cu", r"persistent_grid", {"cp.async"}),
    ("lstm_mma.cu", r"tensor_cores(_backward)?<", {"mma.sync", "ldmatrix"}),
    ("matmul_tensor_cores.cu", r"MmaLoop<float, product_detail::Tf32Fragments", {"mma.sync", "cp.async"}),
    ("matmul_tensor_cores.cu", r"MmaLoop<bf16, product_detail::Bf16Fragments",
     {"mma.sync", "ldmatrix", "cp.async"}),
    ("matmul_tensor_cores.cu", r"MmaLoop<float, product_detail::Bf16Fragments", {"mma.sync", "ldmatrix"}),
    ("matmul_warpgroup.cu", r"warpgroup_product<", warpgroup),
]
on_tensor_cores = re.compile(r"\bw?g?mma|Mma|tensor_(cores?|tile)\b")


def checked_sources():
    """Those with a rule, and those that speak of tensor cores."""
    named = {source for source, _, _ in rules}
    return [source for source in sources() if source.name in named or on_tensor_cores.search(source.read_text())]


def code_for(source, arch):
    return ["-gencode=arch=compute_90a,code=sm_90a"] if source in sources_sm_90a() else [f"-arch={arch}"]


def sass_problems(source):
    """What the machine code of a source for sm_90a lacks, and what ptxas complained of."""
    with tempfile.TemporaryDirectory() as folder:
        cubin = f"{folder}/out.cubin"
        command = [
            "nvcc", "-std=c++20", "--expt-relaxed-constexpr", "--fmad=false", "-DHEDDLE_BACKEND_CUDA=1",
            *code_for(source, ""), "-I", str(root), "-cubin", "-o", cubin, str(source),
        ]
        built = subprocess.run(command, capture_output=True, text=True)
        if built.returncode != 0:
            sys.exit(f"{source.relative_to(root)}: nvcc failed:\n{built.stderr}")
        sass = ""
        if shutil.which("cuobjdump"):
            sass = subprocess.run(["cuobjdump", "-sass", cubin], capture_output=True, text=True, check=True).stdout
    problems = [line.strip() for line in built.stderr.splitlines() if "serializ" in line]
    for body in re.split(r"^\s*Function : ", sass, flags=re.M)[1:]:
        name = short(demangled([body.split(maxsplit=1)[0]])[0])
        if "warpgroup_product<" in name:
            lacking = [what for what, text in counted_in_sass.items() if not re.search(text, body)]
            problems += [f"{source.name}: the machine code of {name} has no {what}" for what in lacking]
    return problems


def ptx_of(source, arch):
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "nvcc", "-std=c++20", "--expt-relaxed-constexpr", "--fmad=false", "-DHEDDLE_BACKEND_CUDA=1",
            *code_for(source, arch), "-I", str(root), "-ptx", "-o", f"{folder}/out.ptx", str(source),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{source.relative_to(root)}: nvcc failed:\n{done.stderr}")
        return (pathlib.Path(folder) / "out.ptx").read_text()


def kernels_of(ptx):
    """Short name → how many of each instruction; instances of one short name are kept apart."""
    bodies = re.split(r"^(?:\.visible |\.weak )?\.entry ", ptx, flags=re.M)[1:]
    mangled = [re.match(r"[\w$]+", body).group(0) for body in bodies]
    names = [short(name) for name in demangled(mangled)]
    return [(name, {what: len(re.findall(text, body)) for what, text in counted.items()})
            for name, body in zip(names, bodies)]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--arch", default="sm_90")
    options.add_argument("--jobs", type=int, default=os.cpu_count())
    options.add_argument("--all", action="store_true", help="kernels without such instructions too")
    given = options.parse_args()

    files = checked_sources()
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        found = dict(zip(files, pool.map(lambda source: kernels_of(ptx_of(source, given.arch)), files)))
        sass = [problem for problems in pool.map(sass_problems, sources_sm_90a()) for problem in problems]
    wrong = sass
    used = set()
    for source, kernels in found.items():
        print(source.name)
        for name, counts in sorted(kernels, key=lambda kernel: kernel[0]):
            if given.all or any(counts.values()):
                print("  " + ", ".join(f"{count} {what}" for what, count in counts.items() if count), "", name)
            for rule in rules:
                if rule[0] == source.name and re.search(rule[1], name):
                    used.add(rule[:2])
                    lacking = sorted(what for what in rule[2] if not counts[what])
                    if lacking:
                        wrong.append(f"{source.name}: {name} has no {' and no '.join(lacking)}")
            if on_tensor_cores.search(name) and not counts["mma.sync"] and not counts["wgmma"]:
                wrong.append(f"{source.name}: {name} multiplies no matrices on tensor cores")
    wrong += [f"{source}: no kernel matches {pattern!r}; if it was renamed, so must the rule be"
              for source, pattern, _ in rules if (source, pattern) not in used]
    if not shutil.which("cuobjdump"):
        print("no cuobjdump: the machine code for sm_90a was not looked at")
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{sum(map(len, found.values()))} kernels in {len(files)} files have what they should")


if __name__ == "__main__":
    main()
