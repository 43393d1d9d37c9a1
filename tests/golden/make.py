"""Digests of results, to the bit, of one source tree or of two side by side.

    python tests/golden/make.py --src src                    # print them
    python tests/golden/make.py --src src --write            # hold them in values.json, for the suite
    python tests/golden/make.py --compare OLD/src NEW/src    # each name that differs; exit code 1 if one does
    python tests/golden/make.py --compare OLD/src NEW/src --only "LSTM.*float64"

The suite compares with values.json where libraries, BLAS kernels and the processor's instructions are those that made
it. Anywhere else, compare two trees: each is run in a process of its own on the machine at hand. The older tree:
`git worktree add ../older COMMIT`, and then `--compare ../older/src src`.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

VALUES = Path(__file__).with_name("values.json")
TESTS = Path(__file__).resolve().parents[1]


def measured(src: Path, only: str = "") -> dict[str, Any]:
    """Return the digests of a source tree, from a process of its own, and the arithmetic they hold for."""
    src = src.resolve()
    if not (src / "unrolled").is_dir():
        raise SystemExit(f"{src} holds no folder unrolled, expected a source tree such as src")
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = {**os.environ, **one, "PYTHONPATH": f"{src}{os.pathsep}{TESTS}"}
    run = subprocess.run([sys.executable, "-m", "golden.run", only], env=environment, stdout=subprocess.PIPE, text=True)
    if run.returncode:
        raise SystemExit(f"the configurations do not run on {src}")
    found: dict[str, Any] = json.loads(run.stdout)
    if Path(found["source"]) != src / "unrolled":
        raise SystemExit(f"what was run is {found['source']}, expected {src / 'unrolled'}")
    return found


def differences(old: dict[str, dict[str, str]], new: dict[str, dict[str, str]]) -> list[str]:
    """Return a line for each configuration that differs, with the results that do."""
    lines = []
    for name in dict.fromkeys([*old, *new]):
        if name not in old or name not in new:
            lines.append(f"{name}: only in the {'older' if name in old else 'newer'}")
            continue
        here, there = old[name], new[name]
        wrong = [part for part in dict.fromkeys([*here, *there]) if here.get(part) != there.get(part)]
        if wrong:
            raised = [f" ({values['raised']})" for values in (here, there) if "raised" in values]
            lines.append(f"{name}: {', '.join(wrong)}{''.join(raised)}")
    return lines


def lines(found: dict[str, Any]) -> str:
    """Return the digests as JSON, a line a configuration."""
    values = ",\n".join(f"  {json.dumps(name)}: {json.dumps(each)}" for name, each in found["values"].items())
    return f'{{\n"arithmetic": {json.dumps(found["arithmetic"])},\n"values": {{\n{values}\n}}\n}}\n'


def main() -> int:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--src", type=Path, help="the source tree whose digests are printed")
    what.add_argument("--compare", type=Path, nargs=2, metavar=("OLD", "NEW"), help="two source trees")
    parser.add_argument("--write", action="store_true", help="with --src: write values.json instead of printing")
    parser.add_argument("--only", default="", metavar="PATTERN", help="configurations whose names match")
    asked = parser.parse_args()
    if asked.write and (asked.only or not asked.src):
        parser.error("--write holds every configuration of one tree, expected --src and no --only")
    if asked.src:
        found = measured(asked.src, asked.only)
        raised = {name: each["raised"] for name, each in found["values"].items() if "raised" in each}
        if raised:
            raise SystemExit("\n".join(f"{name}: {error}" for name, error in raised.items()))
        if asked.write:
            VALUES.write_text(lines(found))
        else:
            print(lines(found), end="")
        return 0
    old, new = (measured(src, asked.only) for src in asked.compare)
    if not new["values"]:
        raise SystemExit(f"no configuration's name matches {asked.only!r}")
    if old["arithmetic"] != new["arithmetic"]:
        raise SystemExit("the two trees ran on different arithmetic: nothing can be said")
    wrong = differences(old["values"], new["values"])
    print("\n".join([*wrong, f"{len(wrong)} of {len(new['values'])} configurations differ"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
