"""Read damaged files by the thousand: python -m fuzz.run [--mutants N] [--formats NAME ...] (from the folder tests).

Every mutant must be refused with the one error its reader promises, or be read as correct data, within 2 s of
processor time and 1 GB of memory, with nothing written anywhere. Mutants are numbered; the number is the seed.
Those that fail are kept in a folder, and `--first` makes one again.
"""

import argparse
import logging
import multiprocessing
import resource
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from fuzz.formats import FORMATS, Files
from fuzz.trial import examples, mutant, place, verdict

MOST_SECONDS = 2.0  # of processor time for one mutant
MOST_MEMORY = 2**30  # bytes resident, the interpreter and its libraries included
ADDRESSES = 2**32  # bytes; beyond these even a promise of memory is refused, lest the machine be brought down
PATIENCE = 60.0  # seconds without news from a worker: it waits for something
MEMORY = Path("/dev/shm")  # files in memory, on Linux: a disk would be most of the time
NEWS = 100  # mutants from one report of a worker to the next


@dataclass
class Tally:
    """What became of the mutants of a format."""

    mutants: int = 0
    loaded: int = 0
    refused: int = 0
    slowest: float = 0.0  # s
    memory: int = 0  # bytes
    failures: list[tuple[int, str]] = field(default_factory=list)


def work(index: int, seeds: range, current: Any, news: Connection, scratch: str) -> None:
    """Read the mutants of these numbers; the work of a process that may be lost."""
    form = FORMATS[index]
    logging.disable()  # readers count what they drop
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process, also within a C library
    valid = examples(form)
    with tempfile.TemporaryDirectory(dir=scratch) as temporary:
        root = Path(temporary, "mutant")
        root.mkdir()
        tally = Tally()
        files: Files = {}
        for seed in seeds:
            current.value = seed
            there, files = files, mutant(form, valid, seed)
            path = place(form, files, root, there)
            signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
            start = time.process_time()
            result = verdict(form, path)
            tally.slowest = max(tally.slowest, time.process_time() - start)
            signal.setitimer(signal.ITIMER_PROF, 0)
            tally.mutants += 1
            tally.loaded += result == "loaded"
            tally.refused += result == "refused"
            if result not in ("loaded", "refused"):
                tally.failures.append((seed, result))
            tally.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            if tally.memory > MOST_MEMORY:
                tally.failures.append((seed, f"{tally.memory} bytes of memory"))
                break  # the most a process has had never falls: the rest is for another
            if tally.mutants == NEWS or seed == seeds[-1]:
                found = {file.relative_to(root).as_posix(): file.read_bytes() for file in root.rglob("*.*")}
                if found != files or list(Path(temporary).iterdir()) != [root]:
                    tally.failures.append((seed, f"one of the last {tally.mutants} mutants led to a change of files"))
                news.send(tally)
                tally = Tally()
        if tally.mutants:
            news.send(tally)


def fuzz(index: int, mutants: int, first: int, jobs: int, scratch: str) -> Tally:
    """Read mutants of a format in processes of their own; one that dies or hangs is replaced."""
    context = multiprocessing.get_context("spawn")
    total = Tally()

    def start(seeds: range) -> tuple[Any, Connection, Any, range, float]:
        mine, theirs = context.Pipe(duplex=False)
        current = context.Value("q", seeds.start - 1, lock=False)
        process = context.Process(target=work, args=(index, seeds, current, theirs, scratch), daemon=True)
        process.start()
        theirs.close()
        return process, mine, current, seeds, time.monotonic()

    share = -(-mutants // jobs)
    running = [start(range(at, min(at + share, first + mutants))) for at in range(first, first + mutants, share)]
    while running:
        process, news, current, seeds, since = running.pop(0)
        try:
            if news.poll(0.2):
                part = news.recv()
                _add(total, part)
                running.append((process, news, current, seeds[part.mutants :], time.monotonic()))
                continue
            if time.monotonic() - since < PATIENCE or _runs(process.pid):
                running.append((process, news, current, seeds, since))
                continue
            process.kill()
            reason = f"waited for something for {PATIENCE:.0f} s"
        except EOFError:
            process.join()
            reason = f"more than {MOST_SECONDS} s of processor time"
            if process.exitcode != -signal.SIGPROF:
                reason = f"the interpreter ended with {process.exitcode}"
        process.join()
        rest = [seeds]
        if process.exitcode:
            seed = current.value
            _add(total, Tally(1, failures=[(seed, reason)]))
            rest = [range(seeds.start, seed), range(seed + 1, seeds.stop)]  # those before it went unreported
        running += [start(each) for each in rest if each]
    return total


def _runs(pid: int) -> bool:
    """Tell whether a process only waits for a processor, which others have; its own time is limited anyway."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "R"
    except OSError:
        return False


def _add(total: Tally, part: Tally) -> None:
    total.mutants += part.mutants
    total.loaded += part.loaded
    total.refused += part.refused
    total.slowest = max(total.slowest, part.slowest)
    total.memory = max(total.memory, part.memory)
    total.failures += part.failures


def main() -> int:
    """Fuzz, print a table, keep what failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [form.name for form in FORMATS]
    parser.add_argument("--mutants", type=int, default=100_000, help="of all formats together")
    parser.add_argument("--formats", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--first", type=int, default=0, help="the number of the first mutant of each format")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"), help="the folder for those that fail")
    options = parser.parse_args()
    share = -(-options.mutants // len(options.formats))
    print(
        f"{'format':20} {'mutants':>8} {'loaded':>8} {'refused':>8} {'failures':>8} {'slowest':>9} {'memory':>9}",
        end="",
    )
    print(f" {'time':>7}")
    failures = 0
    for index, form in enumerate(FORMATS):
        if form.name not in options.formats:
            continue
        start = time.monotonic()
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as scratch:
            tally = fuzz(index, share, options.first, options.jobs, scratch)
        print(
            f"{form.name:20} {tally.mutants:8} {tally.loaded:8} {tally.refused:8} {len(tally.failures):8} "
            f"{tally.slowest:7.2f} s {tally.memory / 2**20:6.0f} MB {time.monotonic() - start:5.0f} s",
            flush=True,
        )
        valid = examples(form) if tally.failures else []
        for seed, reason in sorted(tally.failures):
            kept = options.keep / f"{form.name.replace(' ', '-')}-{seed}"
            shutil.rmtree(kept, ignore_errors=True)
            place(form, mutant(form, valid, seed), kept, {})
            print(f"    {kept}: {reason[:300]}")
        failures += len(tally.failures)
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
