"""Every example has its place on the site."""

import re

import pytest
from documentation.pages import DOCS

EXAMPLES = DOCS.parent / "examples"
PARTS = re.compile(r"^(?:jump_\w+|task_\w+|unseen_(?!people)\w+|observations|parallel|report_page)$")
"""What the programs import."""
PROGRAMS = sorted(path.stem for path in EXAMPLES.glob("*.py") if not PARTS.match(path.stem))
PAGES = "".join(page.read_text("utf-8") for page in DOCS.rglob("*.md") if "_build" not in page.parts)


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_is_shown_on_a_page(name: str) -> None:
    assert re.search(rf"literalinclude\}} (?:\.\./)+examples/{name}\.py", PAGES)


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_picture_of_a_program_is_shown(name: str) -> None:
    text = (EXAMPLES / f"{name}.py").read_text("utf-8")
    for picture in re.findall(r'savefig\("(\w+)\.png"\)', text):
        assert f"results/programs/{picture}.png" in PAGES
        assert (EXAMPLES / "results" / "programs" / f"{picture}.png").exists()
