"""Pictures of what networks say along the way."""

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

from unrolled import plots


def test_the_valid_steps_of_a_forecast() -> None:
    truth = np.array([[0.0, 1], [1, 0], [0, 1], [1, 0]])
    said = truth.copy()
    assert plots.valid_steps(truth, said) == 4
    said[2, 0] += 0.3  # of a spread of 0.707
    assert plots.valid_steps(truth, said) == 2
    assert plots.valid_steps(truth, said, tolerance=0.5) == 4
    said[1] = np.nan
    assert plots.valid_steps(truth, said) == 1


def test_a_forecast_that_stays_has_no_line_where_it_leaves() -> None:
    figure = plots.forecast([0, 1, 0, 1], [0, 1, 0, 1], past=[1, 0])
    (ax,) = figure.axes
    assert sorted(str(line.get_label()) for line in ax.lines) == ["forecast", "past", "truth"]
    assert ax.lines[2].get_xdata().tolist() == [-1, 0, 1]  # type: ignore[union-attr]  # on to where the truth begins
    truth, forecast, past = ax.lines
    assert truth.get_linewidth() > forecast.get_linewidth()  # where both are the same, both are seen
    assert past.get_zorder() < truth.get_zorder() <= forecast.get_zorder()
    plt.close(figure)


def test_confusion_over_time_leaves_out_what_is_padding() -> None:
    y = np.array([[0, 1, 2], [2, 1, 0]])
    figure = plots.confusion_over_time(y, [[0, 1, 0], [0, 1, -1]], ["a", "b", "c"], lengths=[3, 2])
    above, below, _ = figure.axes
    assert above.lines[0].get_ydata().tolist() == [0.5, 1.0, 0.0]  # type: ignore[union-attr]
    drawn = np.ma.filled(below.images[0].get_array(), np.nan)  # type: ignore[arg-type]
    np.testing.assert_array_equal(drawn, [[1, np.nan, np.nan], [np.nan, 1, np.nan], [0, np.nan, 0]])
    assert [tick.get_text() for tick in below.get_yticklabels()] == ["a", "b", "c"]
    plt.close(figure)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.over_time([1, 2], [1, 2, 3]), r"y has shape \(2,\) and predicted has \(3,\)"),
        (lambda: plots.over_time(np.zeros((2, 3, 1)), np.zeros((2, 3, 1))), "of several recordings, one of them"),
        (lambda: plots.over_time([1, 2], [1, 2], names=["a", "b"]), "names are .* expected 1"),
        (lambda: plots.forecast([1, 1], [1, 1]), "truth does not vary"),
        (lambda: plots.forecast([1, 2], [1, 2], past=[[1, 2]]), "past has 2 columns, expected 1"),
        (lambda: plots.confusion_over_time([1, 2], [1, 2]), r"expected both \(N, T\)"),
        (lambda: plots.confusion_over_time([[1, 2]], [[1, 2]], ["a"]), "classes has 1 names, expected 3"),
    ],
)
def test_what_cannot_be_drawn_is_said(draw: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw()
    plt.close("all")
