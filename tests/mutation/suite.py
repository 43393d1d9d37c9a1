"""Mutants of a room against its tests: collected once, and of each mutant only the tests that reach its function.

python -m mutation.suite metrics, from the folder tests: so many mutants, drawn at random, of ``metrics``, against
``tests/metrics`` and the docstrings; those of the pages meet the battery first. Which test reaches which function, and
how long it takes, is measured at first (``--measure`` to measure again). What was found is added to a file, and what
stands there is not tried again until the source has changed. It ends with the survivors, and with status 1 if there are
any.
"""

import argparse
import hashlib
import json
import os
import random
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from mutation import pages
from mutation.battery import Battery
from mutation.equivalents import equivalents
from mutation.forking import KILLED, SURVIVED, TIMED_OUT, outcome
from mutation.operators import Mutant, files, page
from mutation.reach import Reach, reaching

ROOT = Path(__file__).parents[2]
LEFT_OUT = ["tests/sweep/test_dask.py", "tests/rnn/training/test_killed.py"]
LEFT_OUT += ["tests/rnn/exchange", "src/unrolled/rnn/exchange"]
"""Tests that take long for what they reach, and those of other libraries, which ``make peers`` has."""

FOLDER = ROOT / "mutants"
LONGEST = 10.0
"""Seconds: a test that takes longer is not run."""

Reached = dict[str, tuple[float, list[str]]]


class Suite:
    """The suite, collected in this process: what is found of each mutant by its tests.

    Parameters
    ----------
    given : namespace
        The command line.
    """

    def __init__(self, given: argparse.Namespace) -> None:
        self.given, self.failed, self.survivors = given, "", 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember that a test fails."""
        if report.failed:
            self.failed = report.nodeid

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try mutants, in place of running the tests."""
        items = {item.nodeid: item for item in session.items}
        reached = self._reached(items)
        self._try(items, reached)
        return True

    def run(self, items: list[pytest.Item]) -> str:
        """Run tests, and return the first that fails."""
        self.failed = ""
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                break
        return self.failed

    def _reached(self, items: dict[str, pytest.Item]) -> Reached:
        path = FOLDER / f"reached-{self.given.room.replace('/', '-')}.json"
        if self.given.measure or not path.exists():
            print(f"measuring {len(items)} tests", flush=True)
            child = os.fork()  # so that nothing that a test leaves behind is handed to a mutant
            if child == 0:
                path.write_text(json.dumps(self._measured(list(items.values()))), encoding="utf-8")
                os._exit(0)
            os.waitpid(child, 0)
        return dict(json.loads(path.read_text(encoding="utf-8")))

    def _measured(self, items: list[pytest.Item]) -> Reached:
        found: Reached = {}
        for n, (item, following) in enumerate(zip(items, [*items[1:], None], strict=True)):
            started, self.failed = time.process_time(), ""
            with Reach() as reach:
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                print(f"left out, since it fails: {item.nodeid}", file=sys.stderr)
            else:
                found[item.nodeid] = time.process_time() - started, reach.functions()
            if n % 200 == 0:
                print(f"{n} of {len(items)} tests measured", file=sys.stderr, flush=True)
        return found

    def _try(self, items: dict[str, pytest.Item], reached: Reached) -> None:
        tests: dict[str, list[str]] = defaultdict(list)
        for name, (_, functions) in reached.items():
            for function in functions:
                tests[function].append(name)
        known, chosen, counted = results(self.given.results), drawn(self.given), Counter[str]()
        on_page = set(pages.mutants()) & set(chosen)
        battery = Battery() if on_page else None
        if battery is not None and (different := battery()):
            raise SystemExit(f"the battery differs from itself: {different}")
        started = time.monotonic()
        with Path(self.given.results).open("a", encoding="utf-8") as out:
            for n, mutant in enumerate(chosen):
                entry = known.get(f"{mutant}")
                if entry is None or entry["source"] != source(mutant) or entry["outcome"] in self.given.again:
                    entry = {"mutant": f"{mutant}", "source": source(mutant)}
                    entry |= self._entry(mutant, items, tests, reached, battery if mutant in on_page else None)
                    out.write(json.dumps(entry) + "\n")
                    out.flush()
                counted[entry["outcome"]] += 1
                if entry["outcome"] == SURVIVED:
                    print(f"survived ({entry['tests']} tests): {mutant}", flush=True)
                if n % 50 == 49:
                    print(
                        f"{n + 1} of {len(chosen)} in {time.monotonic() - started:.0f} s: {dict(counted)}", flush=True
                    )
        self.survivors = counted[SURVIVED]
        print(f"{len(chosen)} drawn: {dict(counted)}", flush=True)

    def _entry(
        self,
        mutant: Mutant,
        items: dict[str, pytest.Item],
        tests: dict[str, list[str]],
        reached: Reached,
        battery: Battery | None,
    ) -> dict[str, Any]:
        if f"{mutant}" in equivalents():
            return {"outcome": "equivalent", "by": equivalents()[f"{mutant}"], "tests": 0}
        if battery is not None:
            found, by = outcome(mutant, lambda: battery(mutant), 10)
            if found != SURVIVED:
                return {"outcome": found, "by": by, "tests": 0}
        names = {name for line in reaching(mutant) for name in tests[line] if name in items}
        chosen = self._ordered(mutant, names, reached)
        if not chosen:
            return {"outcome": SURVIVED, "by": "no test reaches it", "tests": 0}
        seconds = 5 + 4 * sum(reached[name][0] for name in chosen)
        found, by = outcome(mutant, lambda: self.run([items[name] for name in chosen]), seconds, folder_for_others=True)
        return {"outcome": found, "by": by, "tests": len(chosen)}

    def _ordered(self, mutant: Mutant, names: set[str], reached: Reached) -> list[str]:
        """Return the tests of a mutant, those of its own test file first, then the quick ones, up to a budget."""
        own = f"test_{Path(mutant.file).stem}"
        of_file: dict[str, list[str]] = defaultdict(list)
        for name in sorted(names, key=lambda name: reached[name][0]):
            of_file[name.split("::")[0]].append(name)
        chosen, seconds = [], 0.0
        ordered = sorted(of_file, key=lambda file: (own not in file, reached[of_file[file][0]][0]))
        for turn in range(max(map(len, of_file.values()), default=0) // 8 + 1):
            for file in ordered:
                for name in of_file[file][8 * turn : 8 * turn + 8]:
                    if reached[name][0] < LONGEST and seconds + reached[name][0] < self.given.budget:
                        chosen.append(name)
                        seconds += reached[name][0]
        return chosen


def source(mutant: Mutant) -> str:
    """Return a digest of the file, so that what was found of another text is not taken for this one's."""
    return hashlib.sha256(page(mutant.file).path.read_bytes()).hexdigest()[:12]


def results(path: str) -> dict[str, dict[str, Any]]:
    """Return what was found so far by the mutant's name; the last word counts."""
    if not Path(path).exists():
        return {}
    entries = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    return {entry["mutant"]: entry for entry in entries}


def drawn(given: argparse.Namespace) -> list[Mutant]:
    """Return the mutants to try, as many of a room as it has of all."""
    tested = [file for file in files(given.room) if not f"src/unrolled/{file}".startswith(tuple(LEFT_OUT))]
    everyone = [mutant for file in tested for mutant in page(file).mutants if given.only in f"{mutant}"]
    if not given.pages:
        everyone = sorted(set(everyone) - set(pages.mutants()), key=str)
    if given.again:
        known = results(given.results)
        return [each for each in everyone if known.get(f"{each}", {}).get("outcome") in given.again]
    return random.Random(given.seed).sample(everyone, min(given.draw, len(everyone)))


def main() -> None:
    """Collect the suite and try mutants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("room", help="such as data, or rnn/training")
    parser.add_argument("--draw", type=int, default=10**6, help="so many; all by default")
    parser.add_argument("--pages", action="store_true", help="those that mutation.pages tries, too")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="those whose name holds this")
    parser.add_argument("--budget", type=float, default=10, help="seconds of tests for each mutant, about")
    parser.add_argument("--results", default=str(FOLDER / "results.jsonl"))
    parser.add_argument("--again", nargs="*", default=[], choices=[SURVIVED, TIMED_OUT, KILLED, "equivalent"])
    parser.add_argument("--measure", action="store_true", help="measure anew which test reaches what")
    given = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    settings.register_profile(  # a mutant that fails once is killed: no smaller example is looked for
        "mutants", derandomize=True, deadline=None, phases=[Phase.explicit, Phase.generate], database=None
    )
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    os.chdir(ROOT)
    suite, tests = Suite(given), [f"tests/{given.room}", f"src/unrolled/{given.room}"]
    arguments = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "--no-summary"]
    arguments += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # hypothesis is imported already
    status = pytest.main([*arguments, *(f"--ignore={path}" for path in LEFT_OUT), *tests], plugins=[suite])
    sys.exit(status or bool(suite.survivors))


if __name__ == "__main__":
    main()
