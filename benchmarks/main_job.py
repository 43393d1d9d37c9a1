"""The main job as it is beside the main job of an older commit, one after the other in one run.

python benchmarks/main_job.py --old COMMIT [--data FILE-OR-FOLDER] [--jobs 2] [--rounds 1] [--keep FOLDER]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]


def seconds(checkout: Path, arguments: list[str], out: Path) -> float:
    """Run the checkout's own examples/reproduce_report.py with the checkout's own library; give its wall time."""
    command = [sys.executable, str(checkout / "examples" / "reproduce_report.py"), *arguments, "--out", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    begun = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--old", required=True, help="the commit to stand beside")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for what the main job as it is wrote last")
    given = parser.parse_args()
    arguments = ["--jobs", str(given.jobs)] + (["--data", str(given.data.resolve())] if given.data else [])
    with tempfile.TemporaryDirectory() as folder:
        old = Path(folder) / "old"
        subprocess.run(
            ["git", "-C", str(HERE), "worktree", "add", "--quiet", "--detach", str(old), given.old], check=True
        )
        try:
            times: dict[str, list[float]] = {"old": [], "now": []}
            for n in range(given.rounds):
                for name, checkout in (("old", old), ("now", HERE)):
                    out = given.keep if given.keep and name == "now" else Path(folder) / f"{name}{n}"
                    times[name].append(seconds(checkout, arguments, out))
                    print(f"round {n + 1}, {name}: {times[name][-1]:.1f} s", flush=True)
        finally:
            subprocess.run(["git", "-C", str(HERE), "worktree", "remove", "--force", str(old)], check=True)
    ratios = [before / after for before, after in zip(times["old"], times["now"], strict=True)]
    print(f"old / now, {given.old}, --jobs {given.jobs}: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
