"""Every block of Python on the documentation's pages runs, page by page, and prints what the page says."""

import doctest
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from documentation.pages import DOCS, Block, blocks, written

README = DOCS.parent / "README.md"
PAGES = [*written(), *([README] if README.exists() else [])]  # which a source distribution may be without
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
LANGUAGES = ("python", "sh", "text", "toml", "c", "none", "")


def names(path: Path) -> str:
    return path.relative_to(DOCS.parent).as_posix()


def run(block: Block, path: Path, namespace: dict[str, Any]) -> str:
    """Run a block in the page's namespace; return what doctest reports of it, nothing if all is well."""
    if ">>>" not in block.code:
        exec(compile("\n" * (block.line - 1) + block.code, str(path), "exec"), namespace)
        return ""
    said: list[str] = []
    test = doctest.DocTestParser().get_doctest(block.code, namespace, names(path), str(path), block.line - 1)
    test.globs = namespace  # not a copy: what is assigned stays for the blocks below
    doctest.DocTestRunner(optionflags=FLAGS).run(test, out=said.append, clear_globs=False)
    return "".join(said)


def first_seen(path: Path) -> bool:
    return path in (README, DOCS / "start" / "five_minutes.md")


@pytest.mark.parametrize(
    "path", [path if first_seen(path) else pytest.param(path, marks=pytest.mark.long) for path in PAGES], ids=names
)
def test_the_code_of_a_page_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = ModuleType("page")  # a module that is known: what a page defines can be found in it by name
    monkeypatch.setitem(sys.modules, "page", page)
    namespace = vars(page)
    missing: list[str] = []
    for block in blocks(path.read_text(encoding="utf-8")):
        if block.language != "python" or block.not_run:
            continue
        if block.missing:
            missing += block.missing
            continue
        report = run(block, path, namespace)
        assert not report, report
    if missing:
        pytest.skip(f"ran, but for the blocks that need {', '.join(sorted(set(missing)))}")


@pytest.mark.parametrize("path", PAGES, ids=names)
def test_no_block_is_left_out_by_its_fence(path: Path) -> None:
    for block in blocks(path.read_text(encoding="utf-8")):
        assert block.language in LANGUAGES or block.language.startswith("{"), f"line {block.line}: {block.language}"
        if block.language != "python":
            assert ">>>" not in block.code, f"line {block.line}: this looks like Python"


@pytest.mark.skipif(not README.exists(), reason="the README is not here")
def test_readme_is_short_and_what_it_names_is_there() -> None:
    text = README.read_text(encoding="utf-8")
    assert text.count("\n") < 120
    assert len(re.findall(r"!\[", text)) == 1
    named = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    named += [f"src/unrolled/{page}" for page in re.findall(r"`((?:rnn|metrics|plots)/[\w/.]*)`", text)]
    named += [f"examples/{page}" for page in re.findall(r"examples/(\w+\.py)", text)]
    assert not [each for each in named if not (README.parent / each).exists()]
    targets = re.findall(r"^([\w-]+):", (README.parent / "Makefile").read_text(encoding="utf-8"), re.M)
    for command in re.findall(r"(?:`|^ {4})make ([a-z -]+)", text, re.M):
        assert set(command.split()) <= set(targets)


def test_what_a_block_is() -> None:
    text = "% needs a_module\n```python\n>>> 1\n1\n```\n\n% not run: no cluster here\n\n   ```sh\n   ls\n   ```\n"
    first, second = blocks(text)
    assert first == Block(3, "python", ">>> 1\n1\n", needs=("a_module",))
    assert second == Block(10, "sh", "ls\n", not_run="no cluster here")
    assert first.missing == ["a_module"]


def test_a_wrong_number_is_found() -> None:
    assert "Expected" in run(Block(1, "python", ">>> 1 + 1\n3\n"), DOCS / "page.md", {})


def test_the_pages_that_make_peers_runs_are_there() -> None:
    makefile = DOCS.parent / "Makefile"
    if not makefile.exists():
        pytest.skip("there is no Makefile here")
    named = re.findall(r'"\$\(PAGES\)\[(.*?)\]"', makefile.read_text(encoding="utf-8"))
    assert named
    assert set(named) <= {names(path) for path in PAGES}
