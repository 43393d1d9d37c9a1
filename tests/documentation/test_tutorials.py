"""The tutorials' notebooks, as they are kept; `make docs` runs them."""

import json
from pathlib import Path
from typing import Any

import pytest
from documentation.pages import DOCS

NOTEBOOKS = sorted((DOCS / "tutorials").glob("*.ipynb"))


def test_there_are_three_on_the_page_that_lists_them() -> None:
    page = (DOCS / "tutorials" / "index.md").read_text(encoding="utf-8")
    assert len(NOTEBOOKS) >= 3
    assert all(path.stem in page for path in NOTEBOOKS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_as_it_ran_from_top_to_bottom_with_tidy_outputs(path: Path) -> None:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert set(notebook["metadata"]) == {"kernelspec"}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        assert cell["metadata"] == {}
        streams = [output["name"] for output in cell["outputs"] if output["output_type"] == "stream"]
        assert streams in ([], ["stdout"])  # in one piece, and no warning
        assert all(output["output_type"] != "error" for output in cell["outputs"])
        said = "".join("".join(output.get("text", "")) for output in cell["outputs"])
        assert not any(root in said for root in ("/home/", "/root/", "/tmp/"))
