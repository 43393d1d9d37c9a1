"""What ``benchmarks/RESULTS.md`` says of how many times as long others take, for the pages and their tests."""

import re
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "benchmarks" / "RESULTS.md"
PEERS = {
    "PyTorch": "PyTorch, 1 thread",
    "JAX": "JAX",
    "Keras, graph": "Keras/TF graph",
    "Keras, fastest": "Keras/TF, fastest",
    "plain NumPy": "textbook NumPy",
}
TRAINING, INFERENCE = "Training step", "Inference"

Ratios = dict[str, dict[str, dict[str, float]]]


def rows(text: str, cell: str, section: str) -> list[list[str]]:
    """Return the cells of a section's first table, without its head."""
    (page,) = re.findall(rf"^# {cell} cell\n(.*?)(?=^# |\Z)", text, re.M | re.S)
    found = re.search(rf"^## {section}\n.*?((?:^\|[^\n]*\n)+)", page, re.M | re.S)
    lines = found[1].splitlines() if found else []
    return [[each.strip() for each in line.strip("|").split("|")] for line in lines[2:]]


def ratios(text: str, section: str = TRAINING) -> Ratios:
    """Return peer / ours, by cell, contestant and size; of PyTorch's numbers of threads the faster."""
    found: Ratios = {}
    for cell in re.findall(r"^# (\w+) cell$", text, re.M):
        size = ""
        for size_or_nothing, name, _, ratio, *_ in rows(text, cell, section):
            size = size_or_nothing or size
            if ratio:
                of_name = found.setdefault(cell, {}).setdefault(
                    re.sub(r"PyTorch, \d threads?", "PyTorch, 1 thread", name), {}
                )
                of_name[size] = min(float(ratio), of_name.get(size, float("inf")))
    return found


def rooflines(text: str, cell: str) -> list[float]:
    """Return ours / roofline of a training step on one thread, size by size."""
    return [float(row[-1]) for row in rows(text, cell, "Roofline") if re.fullmatch(r"[\d.]+", row[-1])]


def spoken(what: str, text: str) -> str:
    """Return the lowest and the highest of a range over the sizes, as a sentence has them."""
    cell, name, *section = [each.strip() for each in re.split(r", (?!graph|fastest)", what)]
    if name == "roofline":
        numbers = rooflines(text, cell)
    else:
        numbers = list(ratios(text, INFERENCE if section == ["inference"] else TRAINING)[cell][PEERS[name]].values())
    return f"{min(numbers):.1f} to {max(numbers):.1f}"


def faster(what: str, text: str) -> str:
    """Return how many times as fast as ours a contestant is at most, where it is the faster one."""
    cell, name = [each.strip() for each in re.split(r", (?!graph|fastest)", what)]
    return f"{1 / min(ratios(text, INFERENCE)[cell][PEERS[name]].values()):.1f}"
