"""The blocks of code on the documentation's pages."""

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(
    r"^(?P<indent> *)(?P<ticks>`{3,})(?P<info>[^`\n]*)\n(?P<code>.*?)^(?P=indent)(?P=ticks) *$", re.M | re.S
)
NEEDS = re.compile(r"^% needs (?P<modules>.+)$")
NOT_RUN = re.compile(r"^% not run: (?P<reason>.+)$")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes
    ----------
    line : int
        Where its code begins, from 1.
    language : str
        What the fence names, such as "python"; of a directive "{equation} (1)".
    code : str
        Without the fence's indentation.
    needs : tuple of str
        Modules that it imports and that the library does not need: ``% needs torch, keras`` on the line above.
    not_run : str
        Why it is not run: ``% not run: a cluster is needed`` on the line above.
    """

    line: int
    language: str
    code: str
    needs: tuple[str, ...] = ()
    not_run: str = ""

    @property
    def missing(self) -> list[str]:
        """Modules that it needs and that are not here."""
        return [name for name in self.needs if importlib.util.find_spec(name) is None]


def blocks(text: str) -> Iterator[Block]:
    """Find the fenced blocks of a page of Markdown."""
    for match in FENCE.finditer(text):
        before = text[: match.start()].rstrip("\n").rpartition("\n")[2]
        needs, not_run = NEEDS.match(before), NOT_RUN.match(before)
        indent = len(match["indent"])
        yield Block(
            line=text[: match.start("code")].count("\n") + 1,
            language=match["info"].strip(),
            code="".join(line[indent:] if line.strip() else "\n" for line in match["code"].splitlines(keepends=True)),
            needs=tuple(re.split(r",\s*", needs["modules"])) if needs else (),
            not_run=not_run["reason"] if not_run else "",
        )


def written() -> list[Path]:
    """The pages of Markdown that are written by hand."""
    pages = (path for path in sorted(DOCS.rglob("*.md")) if "_build" not in path.parts and "gallery" not in path.parts)
    return list(pages)
