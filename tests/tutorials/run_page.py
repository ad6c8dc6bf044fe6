#!/usr/bin/env python3
"""Runs a tutorial: every file and command on the page, in an empty folder.

Blocks marked python or toml whose first line is a comment with a file's name are written to that
file. Blocks marked sh are run, one shell each, with the program as `heddle`. A block marked text
after them holds parts that must be in their output, line by line; "…" stands for anything.

Usage: run_page.py PAGE PROGRAM SOURCE_FOLDER
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile


def blocks(page):
    for match in re.finditer(r"^```(\w+)\n(.*?)^```$", page, re.M | re.S):
        yield match.group(1), match.group(2)


def main(page, program, source):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="heddle-tutorial-"))
    (folder / "bin").mkdir()
    (folder / "bin" / "heddle").symlink_to(program)
    (folder / "configs").symlink_to(pathlib.Path(source) / "configs")
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    output = ""
    ran = 0
    for kind, text in blocks(pathlib.Path(page).read_text()):
        if kind in ("python", "toml"):
            name = text.splitlines()[0].removeprefix("# ")
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        elif kind == "sh":
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=folder, env=environment,
                                  capture_output=True, text=True)
            output = done.stdout
            ran += 1
            if done.returncode != 0:
                sys.exit(f"exit code {done.returncode} of\n{text}\n{done.stdout}\n{done.stderr}")
        elif kind == "text":
            for line in text.splitlines():
                pattern = ".*".join(re.escape(part) for part in line.split("…"))
                if not re.search(pattern, output):
                    sys.exit(f"the page promises {line!r}, but the output is\n{output}")
    if ran == 0:
        sys.exit("the page has no commands")
    subprocess.run(["rm", "-r", folder], check=True)


if __name__ == "__main__":
    main(*(os.path.abspath(argument) for argument in sys.argv[1:4]))
