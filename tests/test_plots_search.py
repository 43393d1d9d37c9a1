"""unrolled.plots on searches: cells, colors and lines are the numbers of the results."""

import re
from collections.abc import Iterator
from itertools import combinations, pairwise, product
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import scipy.stats
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from unrolled import plots, rnn, sweep
from unrolled.plots.figures import logarithmic, numeric
from unrolled.sweep import Result, Results

matplotlib.use("Agg")

RATES = [0.001, 0.01, 0.1, 1.0]


@pytest.fixture(autouse=True)
def _default_style_and_no_figure_left_open() -> Iterator[None]:
    with plt.rc_context():
        matplotlib.rcdefaults()
        plt.close("all")
        yield
        plt.close("all")


def value(point: dict[str, Any], seed: int) -> float | None:
    """What a trial measured: the highest rate diverges with clipping for one seed, without for all."""
    if point["rate"] == 1.0 and (point["clip"] is None or seed == 0):
        return None
    return float(0.2 + 0.1 * RATES.index(point["rate"]) + (0.05 if point["clip"] else 0.0) + 0.01 * seed)


def results(points: list[dict[str, Any]] | None = None, objective: str = "accuracy", measure: Any = value) -> Results:
    points = sweep.grid({"rate": RATES, "clip": [None, rnn.ClipNorm(1.0)], "epochs": 3}) if points is None else points
    rows = []
    for point in points:
        for seed in range(3):
            accuracy = measure(point, seed)
            metrics = {} if accuracy is None else {"accuracy": accuracy}
            rows.append(Result(point, seed, 0, "done" if metrics else "diverged", metrics))
    return Results(tuple(rows), objective)


def shown(ax: Axes) -> Any:
    array: Any = ax.images[0].get_array()
    return np.ma.filled(array, np.nan)


def test_cells_are_means_and_spreads_and_the_axes_name_the_values() -> None:
    figure = plots.landscape(results(), "rate", "clip")
    mean, spread = figure.axes[:2]
    np.testing.assert_allclose(
        shown(mean), [[0.21, 0.31, 0.41, np.nan], [0.26, 0.36, 0.46, 0.565]], rtol=1e-12, equal_nan=True
    )
    np.testing.assert_allclose(
        shown(spread), [[0.01, 0.01, 0.01, np.nan], [0.01, 0.01, 0.01, 0.01 / np.sqrt(2)]], rtol=1e-9
    )
    assert [text.get_text() for text in mean.get_xticklabels()] == ["0.001", "0.01", "0.1", "1"]
    assert [text.get_text() for text in mean.get_yticklabels()] == ["none", "ClipNorm(limit=1.0)"]
    assert (mean.get_title(loc="left"), spread.get_title(loc="left")) == ("mean accuracy", "spread")
    written = {tuple(int(p) for p in text.get_position()): text.get_text() for text in mean.texts}
    assert written[0, 0] == "0.21"
    assert written[3, 1] == "0.57\n2 of 3"
    assert {len(text.get_text()) for text in spread.texts if text.get_text()} == {len("0.0100")}
    assert written[3, 0] == "0 of 3"
    (hatched,) = mean.patches
    assert hatched.get_hatch() == "///"
    assert spread.images[0].get_clim() == pytest.approx((0.01 / np.sqrt(2), 0.01))
    assert figure.get_supxlabel() == "spread: standard deviation over 3 seeds"


def test_other_settings_are_averaged_over() -> None:
    points = sweep.grid({"rate": [0.01, 0.1], "clip": [None, rnn.ClipNorm(1.0)], "hidden": [5, 10]})
    figure = plots.landscape(results(points, measure=lambda p, seed: p["hidden"] * (1 + seed)), "rate", "clip")
    np.testing.assert_allclose(shown(figure.axes[0]), np.full((2, 2), 15.0))
    np.testing.assert_allclose(shown(figure.axes[1]), np.full((2, 2), np.sqrt((25 + 100) / 2)))
    note = "spread: standard deviation over 3 seeds; a cell is the mean over hidden (5, 10)"
    assert " ".join(figure.get_supxlabel().split()) == note
    one = Results(tuple(Result(point, 0, fold, "done", {"accuracy": 0.5}) for point in points for fold in range(2)))
    assert "over 2 folds;" in plots.landscape(one, "rate", "clip").get_supxlabel()
    one = Results(
        tuple(Result({**points[0], "rate": n, "hidden": -n}, 0, 0, "done", {"accuracy": n}) for n in range(9))
    )
    assert " ".join(plots.landscape(one, "rate", "hidden").get_supxlabel().split()) == "no spread: one seed, one fold"


def test_light_is_good_whichever_way_is() -> None:
    for objective, best in (("accuracy", 0.565), ("-accuracy", 0.21)):
        image: Any = plots.landscape(results(objective=objective), "rate", "clip").axes[0].images[0]
        lightness = [np.sum(image.to_rgba(v)[:3]) for v in (0.21, 0.4, 0.565)]
        assert lightness == sorted(lightness, reverse=best == 0.21)


@pytest.mark.parametrize("colors", ["viridis", "cividis"])
def test_texts_contrast_with_their_cells(colors: str) -> None:
    from unrolled.plots.figures import text_color

    def luminance(rgb: Any) -> float:
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in to_rgb(rgb)]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    for share in np.linspace(0, 1, 50):
        cell = matplotlib.colormaps[colors](share)
        dark, light = sorted((luminance(cell), luminance(text_color(cell))))
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_numpy_numbers_are_numbers() -> None:
    assert numeric([np.float32(0.5), np.int64(3), 1])
    assert logarithmic([np.float32(0.001), np.float32(1)])
    assert not numeric([np.bool_(True)])


def test_a_random_search_is_markers_on_axes_that_fit() -> None:
    points = sweep.random({"rate": scipy.stats.loguniform(1e-3, 1), "hidden": scipy.stats.randint(10, 200)}, 40, 0)
    figure = plots.landscape(
        results(points, measure=lambda p, seed: None if p["rate"] > 0.5 else p["hidden"] + seed), "rate", "hidden"
    )
    ax = figure.axes[0]
    assert ax.get_xscale() == "log"
    fine = [point for point in points if point["rate"] <= 0.5]
    marks, crosses = ax.collections
    np.testing.assert_allclose(np.asarray(marks.get_offsets()), [(p["rate"], p["hidden"]) for p in fine])
    np.testing.assert_allclose(np.asarray(marks.get_array()), [p["hidden"] + 1 for p in fine])
    assert len(np.asarray(crosses.get_offsets())) == 40 - len(fine) > 0
    np.testing.assert_allclose(np.asarray(figure.axes[1].collections[0].get_array()), np.ones(len(fine)))


@pytest.mark.parametrize(("x", "y"), [("rate", "cell"), ("cell", "rate"), ("hidden", "cell")])
def test_a_random_search_over_a_number_and_a_kind_is_markers_too(x: str, y: str) -> None:
    settings = {
        "rate": scipy.stats.loguniform(1e-3, 1),
        "hidden": scipy.stats.randint(10, 60),
        "cell": [rnn.Tanh, rnn.GRU],
    }
    points = sweep.random(settings, 100, 0)
    figure = plots.landscape(results(points, measure=lambda p, seed: p["rate"] + seed), x, y)
    assert figure.get_size_inches().max() < 20
    kinds = [rnn.Tanh, rnn.GRU] if points[0]["cell"] is rnn.Tanh else [rnn.GRU, rnn.Tanh]
    expected = [[kinds.index(point[name]) if name == "cell" else point[name] for name in (x, y)] for point in points]
    for ax in figure.axes[:2]:
        np.testing.assert_allclose(np.asarray(ax.collections[0].get_offsets()), expected)
    axis = figure.axes[0].xaxis if x == "cell" else figure.axes[0].yaxis
    assert [text.get_text() for text in axis.get_ticklabels()] == [kind.__name__ for kind in kinds]
    assert figure.axes[0].get_xscale() == ("log" if x == "rate" else "linear")


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ("rate", "rate", "x and y are both 'rate', expected two settings"),
        ("epochs", "rate", "x is 'epochs', expected a setting that varies: rate, clip"),
        ("rate", "none", "y is 'none', expected a setting that varies"),
    ],
)
def test_what_is_no_landscape_is_told(x: str, y: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        plots.landscape(results(), x, y)
    assert not plt.get_fignums()


def test_nothing_measured_is_told_and_figures_are_empty_ones() -> None:
    nothing = results(measure=lambda point, seed: None)  # noqa: ARG005 - every measure's
    with pytest.raises(ValueError, match="none of 24 trials measured 'accuracy'"):
        plots.landscape(nothing, "rate", "clip")
    with pytest.raises(ValueError, match="none of 24 trials measured 'accuracy'"):
        plots.parallel_coordinates(nothing)
    with pytest.raises(ValueError, match="no setting varies"):
        plots.parallel_coordinates(results([{"rate": 0.1, "clip": None}]))
    figure = plt.figure(figsize=(7, 3))
    assert plots.landscape(results(), "rate", "clip", figure=figure) is figure
    assert tuple(figure.get_size_inches()) == (7, 3)
    with pytest.raises(ValueError, match="figure holds 4 axes already"):
        plots.landscape(results(), "rate", "clip", figure=figure)


def test_a_line_for_each_point_through_its_settings_to_what_it_is_worth() -> None:
    found = results()
    ax = plots.parallel_coordinates(found)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["rate", "clip", "mean accuracy"]
    lines = [np.asarray(line.get_ydata(), float) for line in ax.lines]
    ends = [np.asarray(line.get_xdata(), float)[-1] for line in ax.lines]
    assert len(ends) == 8
    assert ax.lines[0].get_linestyle() == ":"
    assert ends[0] < min(ends[1:]) == max(ends[1:])  # the point that always diverges ends before
    means = sorted(standing.mean for standing in found.standings() if standing.values)
    np.testing.assert_allclose(
        [line[-1] for line in lines[1:]], (np.array(means) - means[0]) / (means[-1] - means[0]), atol=1e-12
    )
    assert 0.96 < lines[-1][0] <= 1.03  # the best has the highest rate, by its logarithm
    assert all(min(abs(line[0] - place) for place in (0, 1 / 3, 2 / 3, 1)) < 0.03 for line in lines)
    written = {text.get_text() for text in ax.texts}
    assert {"0.001", "0.01", "0.1", "1", "none", "ClipNorm(limit=1.0)"} <= written
    lightness = [sum(to_rgb(line.get_color())) for line in ax.lines[1:]]
    assert lightness == sorted(lightness)
    given = plt.figure().add_subplot()
    assert plots.parallel_coordinates(found, ax=given) is given


def test_no_line_crosses_what_is_written_and_ticks_are_round() -> None:
    points = sweep.random({"rate": scipy.stats.loguniform(1e-3, 1), "hidden": scipy.stats.randint(10, 200)}, 40, 0)
    for found in (results(), results(points, measure=lambda p, seed: p["hidden"] + seed)):
        ax = plots.parallel_coordinates(found)
        ax.get_figure().canvas.draw()  # type: ignore[union-attr]
        boxes = [text.get_window_extent() for text in ax.texts]
        assert all(not one.overlaps(other) for one, other in combinations(boxes, 2))
        for line in ax.lines:
            places = ax.transData.transform(np.asarray(line.get_xydata()))
            for (here, there), box in product(pairwise(places), boxes):
                between = here + np.linspace(0, 1, 50)[:, None] * (there - here)
                assert not any(box.contains(*place) for place in between if np.isfinite(place).all())
    written = {text.get_text() for text in ax.texts}
    assert written == {"0.002", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "40", "80", "120", "160"}


def test_style_sheets_restyle_both() -> None:
    with plt.rc_context({"font.size": 6}):
        small = plots.landscape(results(), "rate", "clip")
        lines = plots.parallel_coordinates(results())
    large = plots.landscape(results(), "rate", "clip")
    np.testing.assert_allclose(small.get_size_inches() / large.get_size_inches(), 0.6, rtol=1e-6)
    assert lines.texts[0].get_fontsize() == 6
