"""unrolled.plots: what is drawn is what was handed over, legible, and styled by rcParams."""

import copy
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import BboxBase
from numpy.typing import NDArray

from unrolled import metrics, plots, rnn, sweep
from unrolled.plots.confusion import COLORS
from unrolled.plots.figures import alike, text_color
from unrolled.rnn import Curve, History

matplotlib.use("Agg")

MOVEMENTS = ["downstairs", "jogging", "sitting", "standing", "upstairs", "walking"]


FULL = History(
    loss=[2.0, 1.5, 1.25, 1.0],
    validation=Curve([1, 2, 3, 4], [2.1, 1.75, 1.5, 1.6], [0.0, 0.5, 0.75, 0.7]),
    test=Curve([2, 4], [1.9, 1.8], [0.5, 1.0]),
    best_epoch=3,
)
ONLY_LOSS = History([1.0, 0.5])


@pytest.fixture(autouse=True)
def _default_style_and_no_figure_left_open() -> Iterator[None]:
    with plt.rc_context():
        matplotlib.rcdefaults()
        plt.close("all")
        yield
        plt.close("all")


def lines(ax: Axes) -> dict[str, Line2D]:
    found = {str(line.get_label()): line for line in ax.lines}
    assert len(found) == len(ax.lines)
    return found


def points(line: Line2D) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in np.asarray(line.get_xydata())]


def legend_of(figure: Figure) -> list[str]:
    (legend,) = figure.legends
    return [text.get_text() for text in legend.get_texts()]


def labels(number: int, n_classes: int, seed: int = 0) -> tuple[NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, number)
    return y, np.where(rng.random(number) < 0.6, y, rng.integers(0, n_classes, number))


def results(networks: int, n_classes: int) -> dict[str, Any]:
    return {
        f"network {n}": (labels(300 + 50 * n, n_classes, n), labels(60 + 10 * n, n_classes, 100 + n))
        for n in range(networks)
    }


def luminance(rgb: Sequence[float]) -> float:
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Any, other: Any) -> float:
    dark, light = sorted((luminance(to_rgb(one)), luminance(to_rgb(other))))
    return (light + 0.05) / (dark + 0.05)


def root(ax: Axes) -> Figure:
    assert isinstance(ax.figure, Figure)
    return ax.figure


def box(ax: Axes) -> BboxBase:
    found = ax.get_tightbbox()
    assert found is not None
    return found


def overlap(texts: Sequence[Text]) -> list[tuple[str, str]]:
    """Pairs of neighbors, in the order given, whose boxes overlap once drawn."""
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text()]
    return [(a, b) for (a, one), (b, other) in pairwise(boxes) if one.overlaps(other)]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.2649, 0.466, 0.3], ["0.26", "0.47", "0.30"]),
        ([0.07, 0.0676, 0.0401], ["0.070", "0.068", "0.040"]),
        ([1234.5, 20.0], ["1234", "20"]),
        ([0.5, 0.5], ["0.50", "0.50"]),
        ([0.0], ["0.0"]),
        ([2e9, 1.0], ["2.00e+09", "1.00e+00"]),
        ([1e-12, 3e-12], ["1.00e-12", "3.00e-12"]),
        ([np.nan, 0.25], ["", "0.25"]),
        ([np.nan], [""]),
    ],
)
def test_numbers_side_by_side_have_equally_many_decimals(values: list[float], texts: list[str]) -> None:
    assert alike(values, 2) == texts


# learning curves


def test_curves_are_the_numbers_handed_over() -> None:
    figure = plots.learning_curves(FULL)
    loss, accuracy = figure.axes
    assert FULL.validation is not None
    assert FULL.test is not None
    drawn = lines(loss)
    assert points(drawn["training"]) == [(1, 2.0), (2, 1.5), (3, 1.25), (4, 1.0)]
    assert points(drawn["validation"]) == list(zip(FULL.validation.epochs, FULL.validation.loss, strict=True))
    assert points(drawn["test"]) == list(zip(FULL.test.epochs, FULL.test.loss, strict=True))
    drawn = lines(accuracy)
    assert points(drawn["validation"]) == list(zip(FULL.validation.epochs, FULL.validation.accuracy, strict=True))
    assert points(drawn["test"]) == list(zip(FULL.test.epochs, FULL.test.accuracy, strict=True))
    assert "training" not in drawn
    for ax in figure.axes:
        assert list(np.unique(np.asarray(lines(ax)["best epoch"].get_xdata()))) == [3]
    assert (loss.get_ylabel(), accuracy.get_ylabel()) == ("loss", "accuracy")
    assert legend_of(figure) == ["training", "validation", "test", "best epoch"]


def test_the_gradients_norm_has_a_column_of_its_own_if_wanted() -> None:
    histories = [History([2.0, 1.0], [30.0, 0.5], best_epoch=1), History([1.0], [3.0])]
    figure = plots.learning_curves(histories, gradient_norm=True)
    assert [ax.get_ylabel() for ax in figure.axes] == ["loss", "accuracy", "gradient norm"] * 2
    norms = figure.axes[2]
    assert points(lines(norms)["training"]) == [(1, 30), (2, 0.5)]
    assert "best epoch" in lines(norms)
    assert norms.get_yscale() == "log"
    figure.canvas.draw()


@pytest.mark.parametrize("networks", [1, 8])
def test_a_row_for_each_network_with_its_title_over_it(networks: int) -> None:
    histories = {f"network {n}": FULL for n in range(networks)}
    figure = plots.learning_curves(histories)
    assert len(figure.axes) == 2 * networks
    assert [ax.get_title(loc="left") for ax in figure.axes[::2]] == list(histories)
    figure.draw_without_rendering()
    tops = [ax.get_position().y1 for ax in figure.axes]
    assert tops[::2] == pytest.approx(tops[1::2])
    assert sorted(tops, reverse=True) == pytest.approx(tops)
    heights = [ax.get_position().height * figure.get_figheight() for ax in figure.axes]
    assert min(heights) > 1.2  # inches, however many rows
    for column in (figure.axes[::2], figure.axes[1::2]):
        assert [ax.get_xlabel() for ax in column] == [""] * (networks - 1) + ["epoch"]
    for left, right in zip(figure.axes[::2], figure.axes[1::2], strict=True):
        assert box(left).x1 <= box(right).x0


def test_titles() -> None:
    def drawn(figure: Figure) -> list[str]:
        return [ax.get_title(loc="left") for ax in figure.axes[::2]]

    assert drawn(plots.learning_curves(FULL)) == [""]
    assert drawn(plots.learning_curves(FULL, titles="one")) == ["one"]
    assert drawn(plots.learning_curves([FULL, ONLY_LOSS], titles=["one", "two"])) == ["one", "two"]
    assert drawn(plots.learning_curves((FULL, ONLY_LOSS))) == ["", ""]
    assert drawn(plots.learning_curves({"key": FULL}, titles=["instead"])) == ["instead"]


def test_all_accuracies_have_one_axis_as_wide_as_they_need_and_all_epoch_axes_the_same_epochs() -> None:
    figure = plots.learning_curves([FULL, ONLY_LOSS, History([1.0] * 50)])
    for ax in figure.axes[1::2]:
        bottom, top = ax.get_ylim()
        assert -0.05 <= bottom < 0
        assert 1 < top <= 1.05
    assert len({ax.get_xlim() for ax in figure.axes}) == 1
    first, last = figure.axes[0].get_xlim()
    assert first <= 1
    assert last >= 50
    ticks = figure.axes[-1].get_xticks()
    np.testing.assert_array_equal(ticks, np.round(ticks))
    low, lower = (History([1.0, 1.0], validation=Curve([1, 2], [1.0, 1.0], [a, a + 0.1])) for a in (0.3, 0.2))
    for ax in plots.learning_curves([low, lower]).axes[1::2]:
        assert ax.get_ylim() == pytest.approx((0.19, 0.41))
    alike = History([1.0, 1.0], validation=Curve([1, 2], [1.0, 1.0], [0.5, 0.501]))
    bottom, top = plots.learning_curves(alike).axes[1].get_ylim()
    assert top - bottom == pytest.approx(0.2)  # a thousandth is not shown as a cliff


def test_curves_are_told_apart_by_line_style_and_by_color_also_by_the_color_blind() -> None:
    drawn = lines(plots.learning_curves(FULL).axes[0])
    kinds = [drawn[part] for part in ("training", "validation", "test")]
    assert len({line.get_linestyle() for line in [*kinds, drawn["best epoch"]]}) == 4
    assert len({line.get_marker() for line in kinds}) == 3
    colors = np.array([to_rgb(line.get_color()) for line in kinds])
    seen_by: dict[str, Any] = {  # Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB
        "all": np.eye(3),
        "protanopes": [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        "deuteranopes": [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
        "tritanopes": [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    }
    for who, matrix in seen_by.items():
        linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
        mixed = np.clip(linear @ np.transpose(matrix), 0, 1)
        shown = np.where(mixed <= 0.0031308, 12.92 * mixed, 1.055 * mixed ** (1 / 2.4) - 0.055)
        distance = np.linalg.norm(shown[:, None] - shown[None], axis=2)[np.triu_indices(3, 1)]
        assert distance.min() > 0.4, who


def test_a_curve_of_one_point_is_seen() -> None:
    figure = plots.learning_curves(
        History([1.0], validation=Curve([1], [0.9], [0.3]), test=Curve([1], [0.8], [0.4]), best_epoch=1)
    )
    for ax in figure.axes:
        for label, line in lines(ax).items():
            if label != "best epoch":
                assert line.get_marker() not in ("", "None", None)
                assert line.get_markersize() > 0
    left, right = figure.axes[0].get_xlim()
    assert [tick for tick in figure.axes[0].get_xticks() if left <= tick <= right] == [1]


@pytest.mark.parametrize(("n", "marker"), [(2, "s"), (20, "s"), (21, ""), (1000, "")])
def test_a_short_curve_has_a_marker_at_every_point_and_a_long_one_none(n: int, marker: str) -> None:
    long = History([1.0] * n, validation=Curve(list(range(1, n + 1)), [1.0] * n, [0.5] * n))
    short = History([1.0, 1.0], validation=Curve([1, 2], [1.0, 1.0], [0.5, 0.5]))
    for ax in plots.learning_curves([long, short]).axes[1::2]:
        line = lines(ax)["validation"]
        assert line.get_marker() == marker
        assert line.get_markevery() is None


@pytest.mark.parametrize("empty", [None, Curve([], [], [])])
def test_what_was_not_measured_is_not_in_the_legend(empty: Curve | None) -> None:
    figure = plots.learning_curves(History([1.0, 0.5], validation=empty, test=empty))
    assert legend_of(figure) == ["training"]
    (text,) = figure.axes[1].texts
    assert text.get_text() == "not measured"
    figure = plots.learning_curves([ONLY_LOSS, History([1.0, 0.5], test=FULL.test)])
    assert legend_of(figure) == ["training", "test"]
    assert not figure.axes[3].texts


def test_a_loss_that_is_not_finite_leaves_a_gap() -> None:
    figure = plots.learning_curves(History([2.0, np.nan, np.inf, 1.0]))
    figure.draw_without_rendering()
    assert np.isfinite(figure.axes[0].get_ylim()).all()


def test_learning_curves_follow_rcparams() -> None:
    with plt.rc_context({"font.size": 7, "lines.linewidth": 3, "lines.markersize": 4, "figure.figsize": (4, 3)}):
        small = plots.learning_curves(FULL, titles="network")
    normal = plots.learning_curves(FULL, titles="network")

    def sizes(figure: Figure) -> NDArray[Any]:
        ax = figure.axes[0]
        texts = [ax.title, ax.yaxis.label, ax.xaxis.label, *ax.get_xticklabels()[:1]]
        texts += figure.legends[0].get_texts()[:1]
        return np.array([text.get_fontsize() for text in texts])

    np.testing.assert_allclose(sizes(small), 0.7 * sizes(normal))
    assert lines(small.axes[0])["training"].get_linewidth() == 3
    assert lines(small.axes[0])["best epoch"].get_linewidth() < 3
    assert lines(small.axes[0])["test"].get_markersize() < lines(normal.axes[0])["test"].get_markersize()
    np.testing.assert_allclose(small.get_size_inches() / normal.get_size_inches(), [4 / 6.4, 3 / 4.8], rtol=1e-6)


@pytest.mark.parametrize("style", ["default", "dark_background", "grayscale"])
def test_curves_contrast_with_the_background(style: str) -> None:
    with plt.style.context(style):
        ax = plots.learning_curves(FULL).axes[0]
    assert len(ax.lines) == 4
    for line in ax.lines:
        assert contrast(line.get_color(), ax.get_facecolor()) > 3


def test_learning_curves_on_a_given_figure() -> None:
    given = plt.figure(figsize=(5, 4))
    assert plots.learning_curves(FULL, figure=given) is given
    assert tuple(given.get_size_inches()) == (5, 4)
    assert type(given.get_layout_engine()).__name__ == "ConstrainedLayoutEngine"
    tight = plt.figure(layout="tight")
    engine = tight.get_layout_engine()
    assert plots.learning_curves(FULL, figure=tight).get_layout_engine() is engine
    with pytest.raises(ValueError, match="figure holds 2 axes already, expected an empty one"):
        plots.learning_curves(FULL, figure=given)


def test_learning_curves_leave_the_history_and_rcparams_alone() -> None:
    before, style = copy.deepcopy(FULL), dict(matplotlib.rcParams)
    plots.learning_curves([FULL, FULL])
    plots.confusion_matrices(results(1, 3))
    assert before == FULL
    assert dict(matplotlib.rcParams) == style


def test_new_figures_are_pyplot_figures() -> None:
    numbers = [plots.learning_curves(FULL).number, plots.confusion_matrices(results(1, 3)).number]
    plots.confusion_matrix([0, 1], [1, 1])
    assert numbers == [1, 2]
    assert plt.get_fignums() == [1, 2, 3]


@pytest.mark.parametrize(
    ("histories", "titles", "message"),
    [
        ([], None, "histories is empty, expected the history of at least one network"),
        ({}, None, "histories is empty"),
        ([FULL], ["a", "b"], "titles has 2 entries, expected 1, one for each network"),
        ([FULL, FULL], "ab!", "titles has 1 entries, expected 2"),
        ([FULL, 3], None, "history 1 is a int without loss, expected a training history"),
        (None, None, "history 0 is a NoneType without loss, expected a training history"),
        ({"a": History([])}, None, "history 0 ('a') has no training loss, expected at least one epoch"),
        (
            [FULL, History([1.0], test=Curve([1, 2], [1.0, 1.0], [0.5]))],
            ["a", "b"],
            "history 1 ('b') has 2 epochs, 2 losses, 1 accuracies in test, expected equally many",
        ),
        (
            History([1.0], validation=Curve([1], [], [0.5])),
            None,
            "history 0 has 1 epochs, 0 losses, 1 accuracies in validation, expected equally many",
        ),
    ],
)
def test_bad_histories(histories: Any, titles: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        plots.learning_curves(histories, titles=titles)
    assert not plt.get_fignums()


# one confusion matrix


def test_the_matrix_its_texts_and_its_labels() -> None:
    y, predicted = labels(200, 6)
    ax = plots.confusion_matrix(y, predicted, MOVEMENTS, title="test")
    counts = metrics.confusion_matrix(y, predicted)
    np.testing.assert_array_equal(ax.images[0].get_array(), counts)
    assert [text.get_text() for text in ax.texts] == [str(count) for count in counts.flat]
    places = [tuple(int(p) for p in text.get_position()) for text in ax.texts]
    assert places == [(column, row) for row in range(6) for column in range(6)]
    assert [label.get_text() for label in ax.get_xticklabels()] == MOVEMENTS
    assert [label.get_text() for label in ax.get_yticklabels()] == MOVEMENTS
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")) == ("predicted class", "true class", "test")
    assert ax.images[0].get_clim() == (0, counts.max())
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first class is on top


def test_percentages_say_0_and_100_only_of_none_and_all() -> None:
    y = [0] * 1000 + [1] * 4 + [2]
    predicted = [0] * 998 + [1, 2] + [0, 0, 0, 1] + [2]
    ax = plots.confusion_matrix(y, predicted, normalize="true")
    assert [text.get_text() for text in ax.texts] == [
        *(">99%", "<1%", "<1%"),
        *("75%", "25%", "0%"),
        *("0%", "0%", "100%"),
    ]
    assert ax.images[0].get_clim() == (0, 1)


@pytest.mark.parametrize("normalize", ["true", "predicted", "all"])
def test_normalized_matrix_and_its_scale(normalize: metrics.Normalize) -> None:
    y, predicted = labels(200, 4)
    ax = plots.confusion_matrix(y, predicted, normalize=normalize)
    shares = metrics.confusion_matrix(y, predicted, normalize=normalize)
    np.testing.assert_array_equal(ax.images[0].get_array(), shares)
    assert ax.images[0].get_clim() == (0, shares.max() if normalize == "all" else 1)
    bar = root(ax).axes[1]
    assert normalize in bar.get_ylabel()
    root(ax).draw_without_rendering()
    assert all(label.get_text().endswith("%") for label in bar.get_yticklabels())


def test_one_hot_truth_and_more_names_than_classes_seen() -> None:
    ax = plots.confusion_matrix(np.eye(3)[[0, 1]], [0, 0], ["a", "b", "c"])
    np.testing.assert_array_equal(ax.images[0].get_array(), [[1, 0, 0], [1, 0, 0], [0, 0, 0]])
    assert len(plots.confusion_matrix([0], [0], ["a", "b", "c"]).texts) == 9
    assert [label.get_text() for label in plots.confusion_matrix([0], [1]).get_xticklabels()] == ["0", "1"]


@pytest.mark.parametrize("style", ["default", "dark_background", "grayscale"])
def test_cell_text_contrasts_with_its_cell(style: str) -> None:
    cell = np.repeat(np.arange(100), np.arange(100))  # as many samples in a cell as its number
    y, predicted = np.divmod(cell, 10)
    with plt.style.context(style):
        ax = plots.confusion_matrix(y, predicted)
    image = ax.images[0]
    cells = image.to_rgba(image.get_array()).reshape(-1, 4)  # type: ignore[arg-type]
    ratios = [contrast(cell, text.get_color()) for cell, text in zip(cells, ax.texts, strict=True)]
    assert len({text.get_color() for text in ax.texts}) == 2
    assert min(ratios) >= 4.5


def test_contrast_holds_on_the_whole_color_map() -> None:
    for value in np.linspace(0, 1, 512):
        cell = matplotlib.colormaps[COLORS](value)
        assert contrast(cell, text_color(cell)) >= 4.5


def test_color_map_gets_darker_all_the_way() -> None:
    """So the order of the counts survives any color-blindness, and a grey print."""
    shades = [luminance(matplotlib.colormaps[COLORS](value)) for value in np.linspace(0, 1, 64)]
    assert (np.diff(shades) < 0).all()


def test_matrix_on_given_axes() -> None:
    figure, (left, right) = plt.subplots(1, 2, layout="constrained")
    assert plots.confusion_matrix([0, 1], [1, 1], ax=left) is left
    assert plots.confusion_matrix([0, 1], [1, 1], ax=right, colorbar=False) is right
    assert len(figure.axes) == 3
    assert plt.get_fignums() == [figure.number]


def test_colorbar_can_be_left_out() -> None:
    assert len(root(plots.confusion_matrix([0, 1], [1, 1])).axes) == 2
    assert len(root(plots.confusion_matrix([0, 1], [1, 1], colorbar=False)).axes) == 1


@pytest.mark.parametrize(
    "names",
    [
        MOVEMENTS,
        [f"a rather long name of exercise number {n}, with a band" for n in range(6)],
        list("abcdef"),
    ],
    ids=["movements", "long", "letters"],
)
def test_class_names_and_counts_do_not_run_into_each_other(names: list[str]) -> None:
    y, predicted = labels(60_000, 6)
    figure = plots.confusion_matrices({"a": ((y, predicted), (y, predicted))}, names)
    of_one = plots.confusion_matrix(y, predicted, names)
    for drawn in (figure, root(of_one)):
        drawn.draw_without_rendering()
        for ax in drawn.axes:
            assert not overlap(ax.texts)
            assert not overlap(ax.get_yticklabels())
            if names is not MOVEMENTS:  # slanted labels' boxes overlap though the labels do not
                assert not overlap(ax.get_xticklabels())
            assert box(ax).x0 >= 0
            assert box(ax).y0 >= 0
    rotation = of_one.get_xticklabels()[0].get_rotation()
    assert rotation == (45 if names is MOVEMENTS else 0 if len(names[0]) == 1 else 90)


def test_matrices_follow_rcparams() -> None:
    y, predicted = labels(50, 3)
    style: dict[Any, Any] = {"font.size": 20, "axes.grid": True}
    style |= {"image.interpolation": "bilinear", "image.origin": "lower", "image.aspect": "equal"}
    with plt.rc_context(style):
        large = plots.confusion_matrix(y, predicted)
        grid = plots.confusion_matrices({"a": ((y, predicted), (y, predicted))})
    normal = plots.confusion_matrix(y, predicted)
    small_grid = plots.confusion_matrices({"a": ((y, predicted), (y, predicted))})
    for one, other in ((large, normal), (grid.axes[0], small_grid.axes[0])):
        for a, b in (
            (one.texts[0], other.texts[0]),
            (one.xaxis.label, other.xaxis.label),
            (one.get_xticklabels()[0], other.get_xticklabels()[0]),
        ):
            assert a.get_fontsize() == 2 * b.get_fontsize()
        np.testing.assert_allclose(root(one).get_size_inches(), 2 * root(other).get_size_inches())
        assert one.images[0].get_interpolation() == "nearest"
        assert one.get_ylim()[0] > one.get_ylim()[1]
        assert not any(line.get_visible() for line in one.get_xgridlines())


@pytest.mark.parametrize(
    ("y", "predicted", "classes", "message"),
    [
        ([0, 2], [0, 0], ["a", "b"], "y holds 2 in row 1, expected whole numbers from 0 to 1"),
        ([0, 1], [0], None, "y has 2 rows and predicted has 1"),
        ([[1, 0, 0]], [0], ["a", "b"], "y has shape (1, 3), expected 2 columns, one for each class"),
        ([0, 1], [0, 1], "ab", "classes is the string 'ab', expected a sequence of class names"),
        ([0, 1], [0, 1], [], "n_classes is 0, expected a whole number from 1"),
    ],
)
def test_bad_labels(y: Any, predicted: Any, classes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        plots.confusion_matrix(y, predicted, classes)
    message = f"results['net'], training data: {message}"
    with pytest.raises(ValueError, match=re.escape(message)):
        plots.confusion_matrices({"net": ((y, predicted), ([0], [0]))}, classes)
    assert not plt.get_fignums()


def test_of_many_classes_only_what_is_there_is_written() -> None:
    y = np.repeat(np.arange(11), 300)
    predicted = y.copy()
    predicted[:1], predicted[1:3] = 1, 2
    ax = plots.confusion_matrix(y, predicted)
    assert [text.get_text() for text in ax.texts[:4]] == ["297", "1", "2", ""]
    ax = plots.confusion_matrix(y, predicted, normalize="true")
    assert [text.get_text() for text in ax.texts[:4]] == ["99", "", "1", ""]
    assert {text.get_text() for text in ax.texts[11:]} == {"100", ""}
    ten = y < 10
    assert "0" in {text.get_text() for text in plots.confusion_matrix(y[ten], predicted[ten]).texts}


# a grid of confusion matrices


@pytest.mark.parametrize(("networks", "n_classes"), [(1, 6), (2, 7), (3, 2)])
def test_grid_of_matrices(networks: int, n_classes: int) -> None:
    all_results = results(networks, n_classes)
    classes = [f"movement {c}" for c in range(n_classes)]
    figure = plots.confusion_matrices(all_results, classes)
    assert len(figure.axes) == 2 * networks + 2
    panels = figure.axes[: 2 * networks]
    for panel, (y, predicted) in zip(panels, [p for two in all_results.values() for p in two], strict=True):
        counts = metrics.confusion_matrix(y, predicted, n_classes=n_classes)
        np.testing.assert_array_equal(panel.images[0].get_array(), counts)
        assert [text.get_text() for text in panel.texts] == [str(count) for count in counts.flat]
        assert f"accuracy {metrics.accuracy(y, predicted):.3f}" in panel.get_title(loc="left")
    for name, left, right in zip(all_results, panels[::2], panels[1::2], strict=True):
        assert left.get_title(loc="left").startswith(f"{name}\ntraining, ")
        assert right.get_title(loc="left").startswith("test, ")
    for column in (panels[::2], panels[1::2]):
        counts_of_column = [np.asarray(ax.images[0].get_array()).max() for ax in column]
        assert {ax.images[0].get_clim() for ax in column} == {(0, max(counts_of_column))}


def test_grid_has_labels_on_its_outer_edges_only_and_text_that_fits() -> None:
    networks = 4
    figure = plots.confusion_matrices(results(networks, 6), MOVEMENTS)
    figure.draw_without_rendering()
    panels = figure.axes[: 2 * networks]
    for n, ax in enumerate(panels):
        shown = [label.get_visible() and bool(label.get_text()) for label in ax.get_xticklabels()]
        assert any(shown) == (n >= 2 * networks - 2)
        shown = [label.get_visible() and bool(label.get_text()) for label in ax.get_yticklabels()]
        assert any(shown) == (n % 2 == 0)
        assert bool(ax.get_ylabel()) == (n % 2 == 0)
        assert bool(ax.get_xlabel()) == (n >= 2 * networks - 2)
        assert not overlap(ax.texts)
    boxes = [box(ax) for ax in panels[::2]]
    assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(boxes))
    lowest = [box(ax) for ax in figure.axes[-2:]]
    assert all(bar.y0 >= 0 and bar.y1 <= boxes[-1].y0 for bar in lowest)


def test_grid_without_names_takes_the_most_classes_seen() -> None:
    figure = plots.confusion_matrices({"a": (([0, 1], [0, 1]), ([0], [0])), "b": (([0], [0]), ([2], [2]))})
    assert [ax.images[0].get_array().shape for ax in figure.axes[:4]] == [(3, 3)] * 4  # type: ignore[union-attr]
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), np.diag([1, 1, 0]))


@pytest.mark.parametrize("normalize", ["true", "predicted", "all"])
def test_normalized_grid(normalize: metrics.Normalize) -> None:
    all_results = results(2, 4)
    figure = plots.confusion_matrices(all_results, normalize=normalize)
    pairs = [pair for two in all_results.values() for pair in two]
    shares = [metrics.confusion_matrix(*pair, normalize=normalize) for pair in pairs]
    for n, ax in enumerate(figure.axes[:4]):
        np.testing.assert_array_equal(ax.images[0].get_array(), shares[n])
        top = max(each.max() for each in shares[n % 2 :: 2]) if normalize == "all" else 1
        assert ax.images[0].get_clim() == (0, top)
    assert all(normalize in bar.get_xlabel() for bar in figure.axes[4:])


def test_grid_on_a_given_figure_and_without_a_title() -> None:
    given = plt.figure(figsize=(9, 5), layout="constrained")
    pair = ([0, 1], [0, 1])
    assert plots.confusion_matrices({"": (pair, pair)}, figure=given) is given
    assert tuple(given.get_size_inches()) == (9, 5)
    assert given.axes[0].get_title(loc="left") == "training, accuracy 1.000"
    with pytest.raises(ValueError, match="figure holds 4 axes already, expected an empty one"):
        plots.confusion_matrices({"": (pair, pair)}, figure=given)


def test_labels_are_not_modified() -> None:
    y, predicted = labels(30, 3)
    for array in (y, predicted):
        array.flags.writeable = False
    plots.confusion_matrix(y, predicted)
    plots.confusion_matrices({"a": ((y, predicted), (y, predicted))})


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({}, "results is a dict, expected a mapping with at least one network"),
        ([(([0], [0]), ([0], [0]))], "results is a list, expected a mapping with at least one network"),
        ({"net": ([0], [0])}, "results['net'] is a tuple of another form, expected ((y, predicted)"),
        ({"net": None}, "results['net'] is a NoneType of another form"),
        ({"net": (([0], [0]), ([0, 1], [0]))}, "results['net'], test data: y has 2 rows and predicted has 1"),
    ],
)
def test_bad_results(bad: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        plots.confusion_matrices(bad)
    assert not plt.get_fignums()


def test_each_metric_has_a_column_and_the_training_accuracy_is_drawn_where_it_was_measured() -> None:
    curve = rnn.Curve([1, 3], [2.1, 1.5], [0.3, 0.7], {"f1": [0.2, 0.6]})
    history = rnn.History(loss=[2.0, 1.4, 1.1], gradient_norm=[1.0, 0.5, 0.2], validation=curve, training=curve)
    figure = plots.learning_curves([history, rnn.History(loss=[1.0])], gradient_norm=True)
    assert [ax.get_ylabel() for ax in figure.axes[:4]] == ["loss", "accuracy", "f1", "gradient norm"]
    assert [len(ax.lines) for ax in figure.axes[:4]] == [2, 2, 2, 1]
    np.testing.assert_array_equal(figure.axes[2].lines[0].get_ydata(), [0.2, 0.6])
    short = rnn.History(loss=[1.0], validation=rnn.Curve([1], [1.0], [0.5], {"f1": []}))
    with pytest.raises(ValueError, match="history 0 has 1 epochs and 0 of f1 in validation, expected equally many"):
        plots.learning_curves(short)


def test_range_test() -> None:
    found = rnn.LearningRates([0.1, 1.0, 10.0], [0.7, 0.4, 9.0], [0.7, 0.5, 3.0])
    (ax,) = plots.learning_rate(found).axes
    assert ax.get_xscale() == "log"
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), found.loss)
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), found.smoothed)
    assert list(ax.lines[2].get_xdata()) == [found.suggestion] * 2  # type: ignore[arg-type]  # an array of numbers
    with pytest.raises(ValueError, match=re.escape("found has no rates, expected what rnn.find_learning_rate returns")):
        plots.learning_rate(rnn.LearningRates([], [], []))


def drawn_in_every_way() -> Iterator[Figure]:
    """A figure of each function that draws lines or text on the background."""
    yield plots.learning_curves({"network": FULL}, gradient_norm=False)
    yield root(plots.confusion_matrix([0, 1], [1, 1], title="title"))
    yield plots.confusion_matrices(results(1, 3))
    yield plots.learning_rate(rnn.LearningRates([0.1, 1.0, 10.0], [0.7, 0.4, 9.0], [0.7, 0.5, 3.0]))
    yield plots.forecast(np.arange(9.0), np.arange(9.0) ** 2, past=[0.0, 1.0])
    yield plots.over_time(np.arange(9.0), np.arange(9.0) ** 2)
    yield plots.confusion_over_time([[0, 1]], [[0, 1]])
    yield plots.reliability(([0, 1, 1], [[0.6, 0.4], [0.3, 0.7], [0.8, 0.2]]))
    yield root(plots.eigenvalues([0.5, 1j]))
    yield root(plots.state_space(np.random.default_rng(0).standard_normal((5, 4, 3)), [0, 1, 2, 3]))
    points = sweep.grid({"rate": [0.1, 0.2, 0.3], "hidden": [5, 10]})
    found = sweep.Results(tuple(sweep.Result(p, 0, 0, "done", {"accuracy": p["rate"]}) for p in points))
    yield root(plots.parallel_coordinates(found))


@pytest.mark.parametrize(("style", "ink"), [("default", "black"), ("dark_background", "white")])
def test_what_is_drawn_is_seen_on_a_light_and_on_a_dark_background(style: str, ink: str) -> None:
    with plt.style.context(style):
        for figure in drawn_in_every_way():
            for ax in figure.axes:
                for line in ax.lines:
                    assert contrast(line.get_color(), ax.get_facecolor()) > 1.3, (line, line.get_color())
                for text in (ax.xaxis.label, ax.yaxis.label, ax.title, *ax.get_xticklabels(), *ax.get_yticklabels()):
                    assert to_rgb(text.get_color()) == to_rgb(ink)
                for text in ax.texts if not ax.images else ():
                    assert to_rgb(text.get_color()) == to_rgb(ink)
