"""A cell of one's own against the whole contract: what a network relies on, tried, and what is broken said in words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled._support.validation import whole_number
from unrolled.rnn.contract import Contract


@dataclass(frozen=True)
class Finding:
    """One thing that a network relies on, and what is wrong with it, in words; empty if nothing is."""

    what: str
    problem: str = ""


@dataclass(frozen=True)
class CellCheck:
    """What :func:`check_cell` found; ``print`` it for a list.

    Attributes
    ----------
    cell : str
        The cell's repr.
    findings : tuple of Finding
        One for each thing that was tried, with ``what`` and ``problem``.

    See Also
    --------
    check_cell : Makes it, with an example.
    """

    cell: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is broken."""
        return not self.problems

    @property
    def problems(self) -> dict[str, str]:
        """What is broken, in words, by what was tried."""
        return {finding.what: finding.problem for finding in self.findings if finding.problem}

    def __str__(self) -> str:
        broken = len(self.problems)
        total = (
            f"{broken} of {len(self.findings)} checks failed" if broken else f"all {len(self.findings)} checks passed"
        )
        width = max(len(finding.what) for finding in self.findings)
        rows = [f"{each.what:<{width}}  {each.problem or 'passed'}" for each in self.findings]
        return "\n".join([f"{self.cell}: {total}", *rows])


def check_cell(cell: Any, *, n_inputs: int = 3, rng: int | np.random.Generator | None = 0) -> CellCheck:
    """Try everything that a network relies on with a cell, and say in words what is broken.

    Gradients against central differences and the complex step, sequences of different lengths, both directions, depth,
    dropout's masks, truncation, states handed on, the stream beside the whole, recording, dtypes, copies, pickles and
    files. A few units are enough: what holds for 5 holds for 500.

    Parameters
    ----------
    cell : Cell
        Such as ``MGU(5)``.
    n_inputs : int, default 3
        D of the sequences that are drawn.
    rng : None, int or numpy.random.Generator
        For weights and sequences.

    Returns
    -------
    CellCheck
        ``passed`` tells whether nothing is broken, ``print`` shows all that was tried.

    Raises
    ------
    ValueError
        If ``n_inputs`` is no number of inputs. What is wrong with the cell is found, not raised.

    See Also
    --------
    check_gradients : The gradients of a whole network, entry by entry.

    Examples
    --------
    >>> from unrolled import rnn
    >>> check = rnn.check_cell(rnn.GRU(5))
    >>> check.passed
    True
    >>> print(str(check).splitlines()[0])
    GRU(hidden=5): all 18 checks passed
    """
    trial = Contract(cell, whole_number(n_inputs, "n_inputs", 1), np.random.default_rng(rng))
    findings = [Finding("a network of it", _problem(trial.a_network))]
    if not findings[0].problem:
        with np.errstate(all="ignore"):
            findings += [Finding(what, _problem(check)) for what, check in trial.checks().items()]
    return CellCheck(repr(cell), tuple(findings))


def _problem(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:  # whatever somebody else's code raises is what is wrong with it
        return f"raised {type(error).__name__}: {str(error)[:300]}"
