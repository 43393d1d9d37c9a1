"""What a package says of itself: extras, minimums, and links that work outside a checkout."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from dist import NOWHERE, RELATIVE
from oldest import oldest

ROOT = Path(__file__).parents[1]
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8") if (ROOT / "pyproject.toml").exists() else ""


def test_the_oldest_of_everything_is_pinned_once() -> None:
    pins = dict(line.split("==") for line in oldest(PROJECT) if "==" in line)
    assert {"numpy", "scipy", "h5py", "matplotlib", "pytest", "hypothesis", "scikit-learn", "pandas"} <= pins.keys()
    assert not {"ruff", "mypy"} & pins.keys()
    for name, version in pins.items():
        assert f'"{name}>={version}"' in PROJECT


LINKED = "[![a picture](p.png)](a.md) and [b](http://b), [c](#c) and [d,\nit is](d.md)\n\n![e](e.png)\n\nf"


def hook() -> Any:
    """The module that the build reads the README by."""
    pytest.importorskip("hatchling", reason="hatchling, which builds the package, is not installed")
    if not (ROOT / "hatch_build.py").exists():
        pytest.skip("what builds the package is not here")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_links_are_absolute_where_the_repository_has_an_address_and_else_words() -> None:
    absolute = hook().long_description(LINKED, "https://host.org/unrolled")
    assert absolute == (
        "[![a picture](https://host.org/unrolled/raw/main/p.png)](https://host.org/unrolled/blob/main/a.md) and "
        "[b](http://b), [c](#c) and [d,\nit is](https://host.org/unrolled/blob/main/d.md)\n\n"
        "![e](https://host.org/unrolled/raw/main/e.png)\n\nf"
    )
    assert hook().long_description(LINKED, "") == " and [b](http://b), [c](#c) and d,\nit is\n\nf"


def test_addresses_are_named_where_there_are_some() -> None:
    assert hook().addresses("") == {}
    assert hook().addresses("https://host.org/unrolled")["Issues"] == "https://host.org/unrolled/issues"


@pytest.mark.parametrize("repository", ["", "https://host.org/unrolled"])
def test_no_link_of_the_readme_leads_nowhere(repository: str) -> None:
    """``make dist`` looks at what is in the wheel."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert RELATIVE.search(text)
    described = hook().long_description(text, repository)
    assert not RELATIVE.findall(described)
    assert ("raw/main/examples/results/" in described) == bool(repository)


@pytest.mark.parametrize(
    ("url", "nowhere"),
    [
        ("https://unrolled.example", True),
        ("https://unrolled.example/blob/main/a.md", True),
        ("http://www.example.com/a", True),
        ("http://localhost:8000", True),
        ("https://host.org/example/a", False),
        ("https://examples.org", False),
    ],
)
def test_addresses_that_lead_nowhere(url: str, nowhere: bool) -> None:
    assert bool(NOWHERE.match(url)) == nowhere
