"""What a package says of itself: extras, minimums, and links that work outside a checkout."""

import re
from pathlib import Path

import pytest
from dist import RELATIVE
from oldest import oldest

ROOT = Path(__file__).parents[1]
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8") if (ROOT / "pyproject.toml").exists() else ""


def test_the_oldest_of_everything_is_pinned_once() -> None:
    pins = dict(line.split("==") for line in oldest(PROJECT))
    assert {"numpy", "scipy", "h5py", "matplotlib", "pytest", "hypothesis", "scikit-learn", "pandas"} <= pins.keys()
    assert not {"ruff", "mypy"} & pins.keys()
    for name, version in pins.items():
        assert f'"{name}>={version}"' in PROJECT


def test_links_of_the_readme_become_absolute() -> None:
    """As the hook of pyproject.toml makes them; ``make dist`` looks at what is in the wheel."""
    if not (ROOT / "README.md").exists():
        pytest.skip("the README is not here")
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rules = re.findall(r"^pattern = '(.*)'\nreplacement = '(.*)'$", PROJECT, re.MULTILINE)
    assert len(rules) == 2
    assert RELATIVE.search(text)
    for pattern, replacement in rules:
        text = re.sub(pattern, replacement, text)
    assert not RELATIVE.findall(text)
    assert "https://unrolled.example/raw/main/examples/results/" in text
    linked = "[![a picture](p.png)](a.md) and [b](http://b), [c](#c) and [d](d.md)"
    for pattern, replacement in rules:
        linked = re.sub(pattern, replacement, linked)
    assert not RELATIVE.findall(linked)
    assert linked.endswith("and [b](http://b), [c](#c) and [d](https://unrolled.example/blob/main/d.md)")
