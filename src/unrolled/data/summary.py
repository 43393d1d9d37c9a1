"""What there is of everything that was read: what is in either part, what was kept, or dropped and why."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from unrolled.data.table import Table

logger = logging.getLogger("unrolled.data")


@dataclass(frozen=True)
class Summary:
    """What a data set holds: how many of each kind of thing were kept, how many dropped for which reason.

    Parameters
    ----------
    kept : mapping of str to int
        Under the name of the kind of thing, in the plural: "lines", "windows", ...
    dropped : mapping of str to (mapping of str to int)
        Under the same names, a count for each reason.
    changed : mapping of str to (mapping of str to int)
        Under the same names, how many of those kept are not as they were, and how: "interpolated", ...
    table : Table, optional
        Series, people and seconds of each class in either part, shown above the counts. A `Dataset` puts it there.

    See Also
    --------
    Dataset : Has it as ``summary``, with an example.

    Examples
    --------
    >>> print(Summary({"lines": 97}, {"lines": {"empty field": 2, "not a number": 1}}))
    lines: 97 kept, 3 dropped (2 empty field, 1 not a number)
    """

    kept: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    changed: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    table: Table | None = None

    def __str__(self) -> str:
        return "\n".join([*([] if self.table is None else [str(self.table)]), *self.counts()])

    def _repr_html_(self) -> str:
        counts = "; ".join(self.counts())
        return f"<p>{escape(counts)}</p>" if self.table is None else self.table.html(counts)

    def counts(self) -> list[str]:
        """Return a line for each kind of thing: how many were kept, dropped and changed."""
        return [self._line(kind) for kind in dict.fromkeys([*self.kept, *self.dropped, *self.changed])]

    def _line(self, kind: str) -> str:
        reasons = self.dropped.get(kind, {})
        why = f" ({', '.join(f'{n} {reason}' for reason, n in reasons.items())})" if reasons else ""
        how = "".join(f", {n} {change}" for change, n in self.changed.get(kind, {}).items())
        return f"{kind}: {self.kept.get(kind, 0)} kept, {sum(reasons.values())} dropped{why}{how}"

    def __add__(self, other: "Summary") -> "Summary":
        """Join what two steps, one after the other or side by side, have counted; a table is left out."""
        tally = Tally()
        for each in (self, other):
            for kind, n in each.kept.items():
                tally.keep(kind, n)
            for kind, reasons in each.dropped.items():
                for reason, n in reasons.items():
                    tally.drop(kind, reason, n)
            for kind, changes in each.changed.items():
                for change, n in changes.items():
                    tally.change(kind, change, n)
        return tally.summary()


class Tally:
    """Counts while something is read; `summary` returns what was counted."""

    def __init__(self) -> None:
        self._kept: Counter[str] = Counter()
        self._dropped: dict[str, Counter[str]] = {}
        self._changed: dict[str, Counter[str]] = {}
        self._unasked = 0  # dropped, and not because the caller asked for it

    def keep(self, kind: str, n: int = 1) -> None:
        """Count `n` things of a kind as kept."""
        self._kept[kind] += n

    def drop(self, kind: str, reason: str, n: int = 1, *, asked: bool = False) -> None:
        """Count `n` things of a kind as dropped for a reason; ``asked``: as the caller asked for."""
        if n:
            self._dropped.setdefault(kind, Counter())[reason] += n
            self._unasked += 0 if asked else n

    def change(self, kind: str, change: str, n: int = 1) -> None:
        """Count `n` things of a kind that are kept, but not as they were."""
        if n:
            self._changed.setdefault(kind, Counter())[change] += n

    def summary(self) -> Summary:
        """Return what was counted so far."""
        return Summary(self._kept, self._dropped, self._changed)

    def report(self, source: str) -> Summary:
        """Return what was counted so far, and log it: as a warning if anything was dropped unasked."""
        summary = self.summary()
        for line in summary.counts():
            logger.log(logging.WARNING if self._unasked else logging.INFO, "%s: %s", source, line)
        return summary
