"""The gallery has a picture of everything that is drawn, and every example of it has what a page needs."""

import ast
from pathlib import Path

import pytest

from unrolled import plots

GALLERY = Path(__file__).parents[2] / "examples" / "gallery"
SCRIPTS = sorted(GALLERY.glob("plot_*.py"))


def called(path: Path) -> set[str]:
    """The functions of ``plots`` that a script calls."""
    calls = (node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    attributes = (func for func in calls if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name))
    return {each.attr for each in attributes if isinstance(each.value, ast.Name) and each.value.id == "plots"}


@pytest.mark.parametrize("name", plots.__all__)
def test_every_plot_has_a_picture_in_the_gallery(name: str) -> None:
    assert any(name in called(script) for script in SCRIPTS)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_page_of_the_gallery_has_a_title_and_says_what_is_seen(script: Path) -> None:
    title, line, *text = (ast.get_docstring(ast.parse(script.read_text("utf-8"))) or "").splitlines()
    assert line == "=" * len(title)
    assert len(" ".join(text).split()) > 10
