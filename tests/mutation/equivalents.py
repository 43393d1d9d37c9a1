"""The mutants that change nothing, by name and with the reason, as equivalents.txt has them."""

from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("equivalents.txt")


@cache
def equivalents() -> dict[str, str]:
    """Return the reason by the mutant's name. A reason begins with ``#`` and holds for the names below it."""
    found: dict[str, str] = {}
    reason: list[str] = []
    named = False
    for number, line in enumerate(FILE.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#"):
            if named:
                reason, named = [], False
            reason.append(line.removeprefix("#").strip())
        elif line.strip():
            named = True
            if line.strip() in found:
                raise ValueError(f"{FILE.name}, line {number}: {line.strip()} is named twice")
            found[line.strip()] = " ".join(reason)
    return found
