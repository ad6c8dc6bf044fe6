#!/usr/bin/env python3
"""Loads reports in headless Chromium, phone-wide and desk-wide, light and dark.

usage: check_report.py FIXTURE FOLDER [--pictures]

FIXTURE is the report_fixture program; the pages are written to FOLDER. Each page is shown in frames
390 and 1440 pixels wide (a headless window itself cannot be narrower than 500), with measure.js
inside; any problem it finds fails the test. With --pictures a screenshot of each is left in FOLDER.
Exit code 77 means that there is no Chromium that starts here.
"""

import html.parser
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

SKIPPED = 77
HERE = pathlib.Path(__file__).resolve().parent
WIDTHS = (390, 1440)
# kind of report → sections, at least this many pictures
KINDS = {"builtin": (7, 60), "mosi": (7, 10), "hostile": (8, 10), "long": (1, 2), "empty": (0, 1),
         "benchmarks": (6, 12)}
SCHEMES = {"light": "1", "dark": "0"}


class ExternalReferences(html.parser.HTMLParser):
    """Collects every address in the page that is not inside the page."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("src", "href", "srcset", "data", "action", "poster", "background"):
                if not (value or "").startswith(("data:", "#")):
                    self.found.append(f"<{tag} {name}={value}>")
            if name.startswith("on"):
                self.found.append(f"<{tag} {name}>")
            if name == "style" and "url(" in (value or ""):
                self.found.append(value)


def find_chromium():
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    for name in filter(None, (os.environ.get("CHROMIUM"), *names)):
        path = shutil.which(name)
        if path:
            return path
    return None


def chromium(path, folder, page, *options):
    command = [path, "--headless=new", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
               "--disable-background-networking", "--disable-component-update", "--disable-sync",
               "--enable-logging=stderr", "--virtual-time-budget=8000",
               "--force-device-scale-factor=1", f"--user-data-dir={folder / 'profile'}", *options]
    if os.geteuid() == 0:
        command.append("--no-sandbox")
    try:
        return subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=100,
                              check=False, encoding="utf-8", errors="replace")
    except subprocess.TimeoutExpired as error:
        return subprocess.CompletedProcess(command, 1, "", f"no answer in {error.timeout} s")


def surrounding_page(names):
    frames = "".join(
        f'<iframe name="{kind}-{width}" src="checked-{kind}.html" '
        f'style="width:{width}px;height:900px;border:0"></iframe>' for kind, width in names)
    return ("<!DOCTYPE html><meta charset=utf-8><pre id=findings></pre><script>"
            "addEventListener('message',(e)=>{document.getElementById('findings').textContent+="
            "btoa(unescape(encodeURIComponent(JSON.stringify(e.data))))+'\\n'})</script>" + frames)


def read_findings(dom):
    import base64
    found = re.search(r'<pre id="findings">([^<]*)</pre>', dom)
    lines = found.group(1).split() if found else []
    return [json.loads(base64.b64decode(line).decode()) for line in lines]


def write_pages(fixture, folder):
    problems = []
    measure = (HERE / "measure.js").read_text(encoding="utf-8")
    for kind in KINDS:
        page = folder / f"{kind}.html"
        subprocess.run([fixture, kind, page], check=True)
        text = page.read_text(encoding="utf-8")
        references = ExternalReferences()
        references.feed(text)
        style = text[text.index("<style>"):text.index("</style>")]
        if "url(" in style or "@import" in style:
            references.found.append("the style sheet")
        problems += [f"{kind}: refers outside the page: {where}" for where in references.found]
        checked = text.replace("<head>", f"<head>\n<script>{measure}</script>", 1)
        (folder / f"checked-{kind}.html").write_text(checked, encoding="utf-8")
    return problems


def judge(findings, names, scheme):
    problems = []
    seen = {finding["name"]: finding for finding in findings}
    for kind, width in names:
        where = f"{kind}, {width} px, {scheme}"
        finding = seen.get(f"{kind}-{width}")
        if finding is None:
            problems.append(f"{where}: the page did not load")
            continue
        sections, pictures = KINDS[kind]
        problems += [f"{where}: {problem}" for problem in finding["problems"]]
        if finding["width"] != width or finding["dark"] != (scheme == "dark"):
            problems.append(f"{where}: shown {finding['width']} px wide, dark {finding['dark']}")
        if finding["sections"] != sections or finding["pictures"] < pictures:
            problems.append(f"{where}: {finding['sections']} sections and {finding['pictures']} "
                            f"pictures; expected {sections} and at least {pictures}")
        print(f"{where}: {finding['sections']} sections, {finding['pictures']} pictures, "
              f"{len(finding['problems'])} problems")
    return problems


def take_pictures(path, folder):
    for kind in KINDS:
        for width in WIDTHS:
            for scheme, setting in SCHEMES.items():
                frame = folder / "picture.html"
                frame.write_text(f'<body style="margin:0"><iframe src="{kind}.html" style="width:'
                                 f'{width}px;height:4000px;border:0">', encoding="utf-8")
                chromium(path, folder, frame, f"--window-size={max(width, 500)},4000",
                         f"--blink-settings=preferredColorScheme={setting}",
                         f"--screenshot={folder / f'{kind}-{width}-{scheme}.png'}")


def main():
    fixture, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    path = find_chromium()
    if path is None:
        print("skipped: no Chromium found (Debian: apt install chromium; or set CHROMIUM)")
        return SKIPPED
    probe = folder / "probe.html"
    probe.write_text("<p>a page that loads</p>", encoding="utf-8")
    answer = chromium(path, folder, probe, "--dump-dom")
    if "a page that loads" not in answer.stdout:
        print(f"skipped: {path} does not start or cannot read {folder}:\n{answer.stderr[-1000:]}")
        return SKIPPED

    problems = write_pages(fixture, folder)
    names = [(kind, width) for kind in KINDS for width in WIDTHS]
    outer = folder / "frames.html"
    outer.write_text(surrounding_page(names), encoding="utf-8")
    for scheme, setting in SCHEMES.items():
        answer = chromium(path, folder, outer, "--dump-dom", "--window-size=1500,1000",
                          f"--blink-settings=preferredColorScheme={setting}")
        problems += judge(read_findings(answer.stdout), names, scheme)
        problems += [f"console: {line}" for line in answer.stderr.splitlines() if "CONSOLE" in line]
    if "--pictures" in sys.argv[3:]:
        take_pictures(path, folder)
    for problem in problems:
        print("PROBLEM", problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
