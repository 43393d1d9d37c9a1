"""Each equation of the report is tagged, by its number, where it is computed: in the textbook and on the fast pages.

A tag is a comment on the line that computes the equation: ``# (1)`` to ``# (3)``; ``# section 2.3, line 3``, or
``# section 2.3, lines 5, 7`` where one line computes both; for the LSTM and the GRU ``# (L6)`` and ``# (G7)``, as the
docstrings of `unrolled.textbook` number them.
"""

import inspect
import io
import re
import tokenize
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from unrolled import rnn, textbook

RNN = Path(rnn.__file__).parent
ROOMS = ("cells/", "output/", "network.py", "answering.py")
EQUATION = re.compile(r"\(([LG]?\d+)\)")
LINES = re.compile(r"section (2\.3), lines? (\d(?:, \d)*)")

REPORT = ["1", "2", "3", *(f"2.3 line {n}" for n in range(1, 8))]
PAGES = {
    "1": ("cells/tanh.py",),
    "2": ("output/heads.py",),
    "3": ("output/losses.py",),
    "2.3 line 1": ("network.py", "output/heads.py"),
    "2.3 line 2": ("network.py", "output/heads.py"),
    **{f"2.3 line {n}": ("cells/tanh.py",) for n in range(3, 8)},
}
"""Where the report's equations are computed; of two places, in one at least."""

GATED: dict[str, tuple[str, list[Callable[..., object]]]] = {
    "L": ("cells/lstm.py", [textbook.lstm_forward, textbook.lstm_backward]),
    "G": ("cells/gru.py", [textbook.gru_forward, textbook.gru_backward]),
}


def tags(source: str) -> list[str]:
    """The tags of a page, one for each time an equation is tagged."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            found += EQUATION.findall(token.string)
            found += [f"{section} line {n}" for section, each in LINES.findall(token.string) for n in each.split(", ")]
    return found


def tagged(number: str) -> set[str]:
    """The pages of the network on which an equation is tagged."""
    pages = {path.relative_to(RNN).as_posix(): path for path in RNN.rglob("*.py")}
    return {name for name, path in pages.items() if number in tags(path.read_text(encoding="utf-8"))}


def numbered(functions: list[Callable[..., object]]) -> list[str]:
    """The numbers that stand behind the equations of docstrings."""
    return [n for function in functions for n in re.findall(r"\(([LG]\d+)\)$", str(function.__doc__), re.MULTILINE)]


def test_what_a_tag_is() -> None:
    source = "f(A)  # (1)\n'# (2)'\nx = (3)  # sum, section 2.3, lines 5, 7: (L12)\n# section 2.3, line 1\n"
    assert tags(source) == ["1", "L12", "2.3 line 5", "2.3 line 7", "2.3 line 1"]


def test_the_textbook_tags_each_equation_once() -> None:
    gated = [number for _, functions in GATED.values() for number in numbered(functions)]
    assert gated == [f"{cell}{n}" for cell in "LG" for n in range(1, 17)]
    assert Counter(tags(inspect.getsource(textbook))) == Counter([*REPORT, *gated])


@pytest.mark.parametrize("number", REPORT)
def test_the_fast_pages_tag_the_reports_equations(number: str) -> None:
    pages = tagged(number)
    assert pages & set(PAGES[number]), f"tagged on {sorted(pages)}, expected on {' or '.join(PAGES[number])}"
    assert all(page.startswith(ROOMS) for page in pages), f"tagged on {sorted(pages)}, expected within {ROOMS}"


@pytest.mark.parametrize("cell", GATED)
def test_the_gated_pages_tag_the_textbooks_equations(cell: str) -> None:
    page, functions = GATED[cell]
    missing = [n for n in numbered(functions) if n not in tags((RNN / page).read_text(encoding="utf-8"))]
    assert not missing, f"{page} does not tag {missing}"
