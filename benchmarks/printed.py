"""Run the commands of ``RESULTS_long_work.md`` again, and put what they print in the place of what stands there.

    python benchmarks/printed.py --list
    python benchmarks/printed.py vanishing lengths

A section of that page is a heading with a command, ``## Title: `command` ``, a line that says when and where, and what
was printed. Arguments are words of the commands; without any, all are run. Timings want a quiet machine: the line says
how busy others kept it meanwhile.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import machine

HERE = Path(__file__).parent
PAGE = HERE / "RESULTS_long_work.md"
SECTION = re.compile(r"^## (?P<title>[^`\n]*)`(?P<command>[^`\n]+)`\n(?P<body>.*?)(?=^## |\Z)", re.M | re.S)
PRINTED = re.compile(r"^Printed .*?\n\n```\n.*?^```\n", re.M | re.S)


def printed(command: str) -> str:
    """Run a command from the repository's root; return what replaces the section's line and block."""
    program, *rest = shlex.split(command)
    begun, day = machine.now(), datetime.now(timezone.utc).date().isoformat()
    environment = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **os.environ}
    run = subprocess.run(
        [sys.executable if program == "python" else program, *rest],
        cwd=HERE.parent,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    where = f"{machine.processor()}, {os.cpu_count()} cores, {machine.system()}; others took {machine.others(begun)}"
    return f"Printed on {day} at commit {machine.commit()}; {where}.\n\n```\n{run.stdout.strip()}\n```\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("words", nargs="*", help="of the commands to run (default: all)")
    parser.add_argument("--list", action="store_true", help="only list them")
    given = parser.parse_args()
    commands = [match["command"] for match in SECTION.finditer(PAGE.read_text(encoding="utf-8"))]
    chosen = [each for each in commands if not given.words or any(word in each for word in given.words)]
    for command in chosen:
        print(command, flush=True)
        if given.list:
            continue
        new = printed(command)
        text = PAGE.read_text(encoding="utf-8")
        (section,) = (match for match in SECTION.finditer(text) if match["command"] == command)
        body, n = PRINTED.subn(lambda _, new=new: new, section["body"], count=1)
        if not n:
            body = f"{section['body'].rstrip()}\n\n{new}\n"
        PAGE.write_text(text[: section.start("body")] + body + text[section.end("body") :], encoding="utf-8")


if __name__ == "__main__":
    main()
