"""plots.reliability: what is drawn is what was measured, with its legend whole and its errors named."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from unrolled import metrics, plots

matplotlib.use("Agg")
Y = np.arange(40) % 4 // 3
SAYS = np.column_stack([np.linspace(0.55, 1, 40), np.linspace(0.45, 0, 40)])


@pytest.fixture(autouse=True)
def _default_style_and_no_figure_left_open() -> Iterator[None]:
    with plt.rc_context():
        matplotlib.rcdefaults()
        yield
        plt.close("all")


def test_bars_go_to_the_accuracy_and_boxes_on_to_the_confidence() -> None:
    measured = metrics.reliability(Y, SAYS, bins=10)
    there = np.flatnonzero(measured.support)
    upper, lower = plots.reliability((Y, SAYS), bins=10).axes
    accuracy: Any
    confidence: Any
    below: Any
    (accuracy, confidence), (below,) = upper.containers, lower.containers
    np.testing.assert_allclose([bar.get_x() for bar in accuracy.patches], measured.edges[:-1][there])
    np.testing.assert_allclose([bar.get_height() for bar in accuracy.patches], measured.accuracy[there])
    ends = [box.get_y() + box.get_height() for box in confidence.patches]
    np.testing.assert_allclose(ends, measured.confidence[there])
    np.testing.assert_allclose([bar.get_height() for bar in below.patches], measured.support / 40)
    assert upper.get_title(loc="left") == f"expected calibration error {measured.expected_error:.3f}"


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_column_for_each_network_and_everything_within_the_figure(n: int) -> None:
    results = {f"network {i}": (Y, metrics.tempered(SAYS, i + 1)) for i in range(n)}
    figure = plots.reliability(results)
    assert [ax.get_title(loc="left").split("\n")[0] for ax in figure.axes[:n]] == list(results)
    assert len(figure.axes) == 2 * n
    figure.canvas.draw()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["equal", "accuracy", "confidence"]
    for box in (legend.get_window_extent(), *(ax.title.get_window_extent() for ax in figure.axes)):
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.width
    titles = [ax.title.get_window_extent() for ax in figure.axes[:n]]
    assert all(one.x1 < other.x0 for one, other in pairwise(titles))


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ({}, "results is empty, expected at least one network"),
        (Y, "results is a ndarray, expected (y, probabilities)"),
        ({"one": Y}, "results['one'] is a ndarray, expected (y, probabilities)"),
        ({"one": (Y, 2 * SAYS)}, "results['one']: probabilities hold 1.1 in row 0, class 0"),
        ((Y[:3], SAYS), "y has 3 rows and probabilities have 40, expected as many"),
    ],
)
def test_what_cannot_be_drawn_is_told(results: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        plots.reliability(results)
    with pytest.raises(ValueError, match="figure holds 1 axes already, expected an empty one"):
        plots.reliability((Y, SAYS), figure=plt.subplots()[0])
