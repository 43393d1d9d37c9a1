"""Numbers that README and pages quote are those of the committed results; a failure says what has to stand there."""

import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from documentation.pages import DOCS

sys.path.append(str(DOCS))
from ratios import PEERS, SOURCE, ratios, rows, spoken

ROOT = DOCS.parent
RESULTS = ROOT / "examples" / "results"
README, REPORT = ROOT / "README.md", DOCS / "report" / "index.md"


@cache
def text(path: Path) -> str:
    """The text of a page on one line."""
    return re.sub(r"\s+", " ", path.read_text(encoding="utf-8"))


def table(path: Path, after: str = "") -> dict[str, list[str]]:
    """The rows of a page's tables behind some words, by their first cell; of equal ones the first."""
    lines = (
        line.strip("|").split("|") for line in path.read_text("utf-8").partition(after)[2].splitlines() if "|" in line
    )
    found: dict[str, list[str]] = {}
    for first, *others in lines:
        found.setdefault(first.strip(), [each.strip() for each in others])
    return found


def test_speed_in_readme() -> None:
    of = {name: spoken(f"tanh, {name}", SOURCE.read_text("utf-8")) for name in ("PyTorch", "JAX", "Keras, fastest")}
    assert (
        f"A training step of the tanh cell takes PyTorch {of['PyTorch']} times, JAX {of['JAX']} times and Keras' "
        f"fastest way {of['Keras, fastest']} times as long" in text(README)
    )
    lstm = ratios(SOURCE.read_text("utf-8"))["lstm"][PEERS["PyTorch"]].values()
    words = ["none", "one", "two", "three", "four", "five", "six"]
    said = f"PyTorch's LSTM is faster than ours at {words[sum(each < 1 for each in lstm)]} of {words[len(lstm)]} sizes"
    assert said in text(README)
    gru = ratios(SOURCE.read_text("utf-8"))["gru"]
    if all(min(gru[PEERS[name]].values()) > 1 for name in ("PyTorch", "JAX", "Keras, fastest")):
        assert "that of the GRU takes all of them longer than ours at every size" in text(README)
    day = re.search(r"\| date \| ([\d-]+) \|", SOURCE.read_text("utf-8"))
    assert day is not None
    assert f"measured on {day[1]}" in text(README)


def test_speed_without_avx_512() -> None:
    page = SOURCE.with_name("RESULTS_avx2.md").read_text("utf-8")
    pytorch, jax, keras = (spoken(f"tanh, {name}", page) for name in ("PyTorch", "JAX", "Keras, fastest"))
    there, here = (re.search(r"numbers: ([\d.]+) and", each) for each in (page, SOURCE.read_text("utf-8")))
    assert there is not None
    assert here is not None
    assert f"has {pytorch}, {jax} and {keras} for the three" in text(DOCS / "fast.md")
    assert f"`np.tanh` takes {there[1]} ns a number there, {here[1]} ns here" in text(DOCS / "fast.md")


def test_the_benchmark_s_tables_are_read_as_they_stand() -> None:
    page = (
        "# tanh cell\n\n## Training step: the goals\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n## Training step\n\n"
        "Words.\n\n"
        "| (batch, hidden) | contestant | ms | peer / ours | quartiles |\n| - | - | - | - | - |\n"
        "| (1, 2) | ours | 1 | | |\n| | PyTorch, 1 thread | 2 | 2.04 | 2 to 3 |\n"
        "| | PyTorch, 2 threads | 3 | 1.96 | 2 |\n"
        "| (3, 4) | PyTorch, 1 thread | 2 | 0.5 | 1 |\n\n## Roofline\n\n| x | ratio |\n| - | - |\n| (1, 2) | 1.25 |\n\n"
        "# gru cell\n"
    )
    assert rows(page, "tanh", "Training step: the goals") == [["1", "2"]]
    assert ratios(page) == {"tanh": {"PyTorch, 1 thread": {"(1, 2)": 1.96, "(3, 4)": 0.5}}}
    assert spoken("tanh, PyTorch", page) == "0.5 to 2.0"
    assert spoken("tanh, roofline", page) == "1.2 to 1.2"


@pytest.mark.parametrize("page", [README, REPORT], ids=lambda page: page.name)
def test_the_report_s_networks(page: Path) -> None:
    networks = json.loads((RESULTS / "motionsense" / "results.json").read_text("utf-8"))["networks"]
    of_titles: dict[str, list[list[float]]] = {}
    for network in networks:
        if network["part"] == "c":
            of_titles.setdefault(network["title"], []).append(network["test_top_1_2_3"])
    assert len(of_titles) == 2
    for of_seeds in of_titles.values():
        numbers = [f"{mean:.3f}" for mean in np.mean(of_seeds, axis=0)]
        assert ", ".join(numbers) in text(page) or " / ".join(numbers) in text(page)


def test_what_was_found_again() -> None:
    said = list(table(REPORT, "| The report observed").values())[2:8]
    for column, name in enumerate(("motionsense", "shoulder")):
        observations: list[dict[str, Any]] = json.loads((RESULTS / name / "results.json").read_text("utf-8"))[
            "observations"
        ]
        seeds = [f"{sum(each['found'])} of {len(each['found'])}" for each in observations]
        assert [each[column].split(":")[0] for each in said] == seeds


def test_what_clipping_and_momentum_are_worth() -> None:
    trials = table(RESULTS / "beyond" / "beyond_the_report.md", "`trial`")
    accuracy = {name: float(cells[1].split()[0]) for name, cells in trials.items() if name.startswith("+ ")}
    clipping = accuracy["+ clipping at norm 1"] - accuracy["+ orthogonal W_hh"]
    momentum = accuracy["+ momentum 0.9"] - accuracy["+ clipping at norm 1"]
    share = trials["+ clipping at norm 1"][5].replace("%", " %")
    said = f"{share} of the batches are clipped once the recurrent weights are orthogonal; that is worth {clipping:.2f}"
    assert f"{said} of accuracy, and momentum on top of it {momentum:.2f}" in text(REPORT)


def test_ruggedness_and_jumps() -> None:
    rugged = re.search(r"Ruggedness: \*\*([\d.]+)\*\*", (RESULTS / "rugged" / "rugged_landscape.md").read_text("utf-8"))
    assert rugged is not None
    assert f"neighbors differ {rugged[1]} times as much as seeds alone" in text(REPORT)
    why = (RESULTS / "why_it_jumps" / "why_it_jumps.md").read_text("utf-8")
    jumps = re.search(r"^\| clipping \|.*?jumps ([\d.]+) to ([\d.]+) a training", why, re.M)
    assert jumps is not None
    assert f"jumps {jumps[2]} times a training instead of {jumps[1]}" in text(README)
    before = re.search(r"([0-9]+ of [0-9]+) jumps have one before; ([0-9.]+) by chance", why)
    assert before is not None
    assert f"{before[1]} have one before, {float(before[2]):.0f} would by chance" in text(README)


def test_a_file_of_4_gb() -> None:
    file = table(ROOT / "benchmarks" / "RESULTS_long_work.md", "## A file of 4 GB")["file"]
    said = f"took {file[3]} and was {float(file[1].rstrip('%')):.0f} % as fast as from memory"
    assert said in text(DOCS / "how-to" / "large_files.md")
