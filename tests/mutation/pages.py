"""Every mutant of the backward passes and of the engine, against the battery.

python -m mutation.pages, from the folder tests: all of them; ``--part 0/16`` for some. It ends with the survivors,
which are to be killed by a new situation of situations.py or alone.py or named in equivalents.txt, and with status 1 if
there are any. ``--equivalents`` tries those that are named, and ends with status 1 if one is killed: it is none.
"""

import argparse
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from zlib import crc32

from mutation.battery import Battery
from mutation.equivalents import equivalents
from mutation.forking import KILLED, SURVIVED, outcome
from mutation.operators import DOOR, Mutant, files, page

PAGES = ("rnn/cells", "rnn/engine", "rnn/output/losses.py")
BACKWARD = ("rnn/output/readouts.py", "rnn/output/pooling.py", "rnn/output/attention.py", "rnn/network.py")
"""Files whose functions of these names alone are of the way back."""
WAY_BACK = ("backward", "_back", "Attention.gradients", "Attention._weights")
BESIDE = {"rnn/engine/blocks.py", "rnn/engine/buffers.py", "rnn/engine/products.py"}
"""Threads and used memory, which no result depends on: the suite's mutants are theirs."""


def mutants() -> list[Mutant]:
    """Return all mutants of the pages, but for conditions on which nothing but an error hangs."""
    found = [mutant for file in files(*PAGES) if file not in BESIDE for mutant in page(file).mutants]
    found += [each for file in BACKWARD for each in page(file).mutants if any(way in each.function for way in WAY_BACK)]
    return [mutant for mutant in found if not mutant.change.startswith(DOOR)]


def main() -> None:
    """Try all, or some, and print what is left."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", default="0/1", help="such as 3/16: some, which their names decide alone")
    parser.add_argument("--only", default="", help="those whose name holds this")
    parser.add_argument("--named", type=Path, help="those that stand in this file, as survivors are printed")
    parser.add_argument("--seconds", type=float, default=10, help="of processor time for each")
    parser.add_argument("--equivalents", action="store_true", help="try those that are named equivalent")
    given = parser.parse_args()
    everyone, named = mutants(), equivalents()
    chosen = [each for each in everyone if given.only in str(each) and (str(each) in named) == given.equivalents]
    if given.named:
        text = given.named.read_text(encoding="utf-8")
        chosen = [each for each in chosen if f": {each}\n" in text]
    part, parts = (int(number) for number in given.part.split("/"))
    chosen = [each for each in chosen if crc32(f"{each}".encode()) % parts == part]
    started, battery = time.monotonic(), Battery()
    if different := battery():
        sys.exit(f"the battery differs from itself: {different}")
    counted: Counter[str] = Counter()
    last = ""
    for mutant in chosen:
        check = partial(battery, mutant, last)
        found, by = outcome(mutant, check, given.seconds)
        last = by.split(": ")[0]  # what has killed one will kill the next
        counted[found] += 1
        if found == (KILLED if given.equivalents else SURVIVED):
            print(f"{found}{f' ({by})' if by else ''}: {mutant}", flush=True)
    seconds = time.monotonic() - started
    print(
        f"{len(chosen)} of {len(everyone)} mutants in {seconds:.0f} s: {dict(counted)}; {len(named)} named equivalent"
    )
    wrong = counted[KILLED] if given.equivalents else counted[SURVIVED]
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
