"""What would only be noticed on another machine: texts in the locale's encoding, and line ends in the system's."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = [path for folder in ("src", "examples", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))]

OTHERS = ("os", "Image", "archive", "h5py", "h5o", "h5d", "h5s", "self")
"""What else has an open()."""


def of_text(tree: ast.AST) -> Iterator[tuple[ast.Call, str, set[str]]]:
    """Every call that opens a file as text: the call, what it is called, and the keywords it is given."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        texts = [each.value for each in call.args[:2] if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        mode = next((text for text in texts if text and set(text) <= set("rwaxbt+")), "")
        where = ast.unparse(call.func).split(".")[0]  # of no other file is text read or written
        opens = name == "open" and "b" not in mode and where not in OTHERS
        if opens or (name in ("read_text", "write_text") and where != "hdf5"):
            yield call, name, {keyword.arg for keyword in call.keywords if keyword.arg}


def test_what_opens_a_text() -> None:
    source = "open(p)\nopen(p, 'rb')\np.open('w', newline='')\np.write_text('a', encoding='utf-8')\nos.open(p, 3)"
    found = [(name, keywords) for _, name, keywords in of_text(ast.parse(source))]
    assert sorted(found, key=str) == [("open", set()), ("open", {"newline"}), ("write_text", {"encoding"})]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_texts_are_in_an_encoding_that_is_said(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    wrong = [call.lineno for call, _, keywords in of_text(ast.parse(source)) if "encoding" not in keywords]
    assert not wrong, f"lines {wrong} open a text without encoding="


def test_line_ends_are_unix() -> None:
    assert not [path for path in FILES if b"\r\n" in path.read_bytes()]
