"""The page of the report's trainings, of one seed or of several."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from observations import Counted

from unrolled import __version__, data

REPORT = {"(50, 0.01, 30)": (0.475, 0.648, 0.818), "(50, 0.01, 10)": (0.405, 0.590, 0.758)}
"""Top-1, top-2, top-3 of the report's two networks with early stopping, on its course file."""


def page(summaries: list[dict[str, Any]], observations: list[Counted], movements: data.Dataset) -> str:
    """Write the result page."""
    seeds = sorted({s["seed"] for s in summaries})
    several = (
        f"{len(seeds)} seeds ({seeds[0]} to {seeds[-1]}) a network: numbers are means, with the lowest and highest."
    )
    one = f"one seed ({seeds[0]}) a network: read a difference between two networks as an example, not as a law."
    units = "Raw units, as in the report." if movements.scaling is None else "Each axis standardized."
    lines = [
        "# The report's trainings, run again",
        "",
        f"Data: {movements.provenance}.",
        "",
        f"{len(movements.train)} training and {len(movements.test)} test windows of {movements.train.X.shape[1]} "
        f"steps; {len(movements.classes)} classes: {', '.join(movements.classes)}. {units}",
        "",
        f"unrolled {__version__}, {summaries[0]['epochs']} epochs, {one if len(seeds) == 1 else several}",
        "",
        "## With early stopping (part c)",
        "",
        "| (hidden, rate, batch) | top-1 | top-2 | top-3 | the report's, on its course file |",
        "|---|---|---|---|---|",
    ]
    networks: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for s in summaries:
        networks.setdefault((s["part"], s["title"]), []).append(s)
    for (part, title), same in networks.items():
        if part == "c":
            lines.append(f"| {title} | {top(same)} | {' / '.join(f'{value:.3f}' for value in REPORT[title])} |")
    lines += ["", "## What the report observed, and what these numbers say", ""]
    lines += map(str, observations)
    lines += [
        "",
        "## All networks",
        "",
        "| part | (hidden, rate, batch) | last training loss | training accuracy | top-1 | top-2 | top-3 | epochs |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (part, title), same in networks.items():
        histories = [s["history"] for s in same]
        loss, accuracy = spread([h["loss"][-1] for h in histories]), spread([s["train_accuracy"] for s in same])
        epochs = ", ".join(f"{len(h['loss'])}" + (f", best {h['best_epoch']}" * (part == "c")) for h in histories[:1])
        if len(same) > 1:
            epochs = spread([len(h["loss"]) for h in histories], 0)
        lines.append(f"| {part} | {title} | {loss} | {accuracy} | {top(same)} | {epochs} |")
    captions = ["Part a, metrics", "Part a, confusion", "Part b, metrics", "Part b, confusion"]
    captions += ["Part c, metrics", "Part c, confusion"]
    lines += ["", "## Figures", ""]
    lines += [f"![Figure {n}: {caption}](figure{n}.png)" for n, caption in enumerate(captions, 1)]
    return "\n".join(lines) + "\n"


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Return one number, or the mean of several with the lowest and the highest."""
    if len(set(values)) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{np.mean(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def top(same: Sequence[dict[str, Any]]) -> str:
    """Return three cells of a table: top-1, top-2 and top-3 accuracy of one network's seeds."""
    return " | ".join(spread(values) for values in zip(*(s["test_top_1_2_3"] for s in same), strict=True))
