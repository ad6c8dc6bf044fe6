#!/usr/bin/env python3
"""Runs clang-tidy over many sources, several to a translation unit.

    tidy.py --clang-tidy PROGRAM --jobs N BUILD FILE...

BUILD has compile_commands.json and is inside the project, whose .clang-tidy holds. Most of clang-tidy's time goes into the
headers that sources share, so that sources compiled alike are included together in one unit and read at once. A unit in
which anything is found, or whose sources do not go together (two may have a name of their own that is the same), is read again
source by source: what is reported, and whether the run fails, is always about sources as they are compiled.
Ends with 1 where anything is found, with 2 where a source is not in the build.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys

# Names that a source keeps to itself: two sources with one of them in common do not go into one unit.
DEFINED = re.compile(
    r"^(?:template\s*<[^>]*>\s*)?(?:static |inline |constexpr |const |struct |class |enum class |enum |using )*"
    r"(?:[\w:<>,*&\s]+?[\s*&]+)?([A-Za-z_]\w*)\s*(?:\(|\{|=|:\s*public|$)")


def own_names(path):
    """The names that the unnamed namespaces of a source define, roughly, and its macros."""
    names = set()
    inside = False
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#define "):
                names.add(re.split(r"\W", line[len("#define "):])[0])
            elif line.startswith("namespace {"):
                inside = True
            elif line.startswith("}  // namespace\n"):
                inside = False
            elif inside or line.startswith("static "):
                found = DEFINED.match(line)
                if found:
                    names.add(found.group(1))
    return names - {"if", "for", "return", "while", "switch"}


def commands_of(build):
    """The compile command of every source of a build: its folder and its words, without the source and the output."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    commands = {}
    for entry in entries:
        folder = entry["directory"]
        source = os.path.realpath(os.path.join(folder, entry["file"]))
        words = shlex.split(entry["command"])
        kept = []
        skip = False
        for word in words:
            if skip:
                skip = False
            elif word in ("-o", "-c"):
                skip = True
            else:
                kept.append(word)
        commands[source] = (folder, tuple(kept))
    return commands


def units_of(files, commands, size):
    """Lists of sources that are compiled alike, in one folder, at most size to a list, no name of their own twice.

    Kernels stay alone: they are many names to a source, and most of their time is their own.
    """
    alike = collections.defaultdict(list)
    for file in files:
        alike[commands[file], os.path.dirname(file)].append(file)
    units = []
    for members in alike.values():
        open_units = []
        for file in members:
            names = own_names(file)
            for unit in open_units:
                if len(unit[0]) < size and not names & unit[1] and not file.endswith(".cu"):
                    unit[0].append(file)
                    unit[1].update(names)
                    break
            else:
                open_units.append(([file], set(names)))
        units.extend(unit[0] for unit in open_units)
    return sorted(units, key=len, reverse=True)


def config_for_unit(tidy, file):
    """What holds for a source, .clang-tidy files above it joined, with findings told in sources that are included too."""
    _, config, _ = run([tidy, "--dump-config", file, "--"])
    found = re.search(r"^HeaderFilterRegex: '(.*)\\\.h\$'$", config, re.MULTILINE)
    if not found:
        sys.exit("tidy.py: .clang-tidy has no HeaderFilterRegex that ends with \\.h$")
    config = config[:found.start()] + f"HeaderFilterRegex: '{found.group(1)}\\.(h|cpp|cu)$'" + config[found.end():]
    # It tells options that it does not take back.
    return "".join(line for line in config.splitlines(keepends=True) if "Hungarian" not in line)


def run(arguments):
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def read_singly(tidy, build, files):
    """What clang-tidy says of sources as they are compiled."""
    return run([tidy, "--quiet", "-p", build, *files])


def read_together(tidy, build, unit, number, commands, config):
    """Whether a unit of several sources is clean."""
    place = os.path.join(build, "units", str(number))
    os.makedirs(place, exist_ok=True)
    source = os.path.join(place, "unit.cpp")
    with open(source, "w", encoding="utf-8") as file:
        file.writelines(f'#include "{member}"\n' for member in unit)
    folder, words = commands[unit[0]]
    with open(os.path.join(place, "compile_commands.json"), "w", encoding="utf-8") as file:
        # A name may shadow one that another source keeps to itself; that a source has no such names, its compiler says.
        json.dump([{"directory": folder, "file": source, "arguments": [*words, "-Wno-shadow", "-c", source]}], file)
    with open(os.path.join(place, ".clang-tidy"), "w", encoding="utf-8") as file:
        file.write(config)
    code, _, _ = run([tidy, "--quiet", "-p", place, "--checks=-bugprone-suspicious-include", source])
    return code == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--clang-tidy", required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--size", type=int, default=12, help="sources to a unit at most (default 12)")
    parser.add_argument("build")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()

    root = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
    build = os.path.realpath(options.build)
    commands = commands_of(build)
    files = [os.path.realpath(file) for file in options.files]
    missing = [file for file in files if file not in commands]
    if missing:
        for file in missing:
            print(f"tidy.py: {file} is not compiled in {options.build}", file=sys.stderr)
        return 2
    units = units_of(files, commands, options.size)
    folders = {os.path.dirname(unit[0]): unit[0] for unit in units}
    configs = {folder: config_for_unit(options.clang_tidy, file) for folder, file in folders.items()}

    def read(task):
        number, unit = task
        config = configs[os.path.dirname(unit[0])]
        if len(unit) > 1 and read_together(options.clang_tidy, build, unit, number, commands, config):
            return unit, True, (0, "", "")
        return unit, False, read_singly(options.clang_tidy, build, unit)

    together = 0
    failed = False
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for unit, at_once, (code, out, err) in pool.map(read, enumerate(units)):
            together += len(unit) if at_once else 0
            if code:
                failed = True
                print(out, end="")
                print(err, end="", file=sys.stderr)
            elif not at_once and len(unit) > 1:
                names = ", ".join(os.path.relpath(file, root) for file in unit)
                print(f"tidy.py: do not go into one unit, and were read one by one: {names}", file=sys.stderr)
    print(f"clang-tidy: {len(files)} sources, {together} of them in units", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
