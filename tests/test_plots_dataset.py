"""plots.dataset: windows that are there, counts that add up, everything within the figure."""

from collections.abc import Iterator

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from unrolled import data, plots

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _default_style_and_no_figure_left_open() -> Iterator[None]:
    with plt.rc_context():
        matplotlib.rcdefaults()
        yield
        plt.close("all")


def made_up(people: bool = True, classes: int = 5, lengths: bool = False) -> data.Dataset:
    rng = np.random.default_rng(0)

    def part(n: int, first: int) -> data.Samples:
        X, y = rng.normal(size=(n, 30, 2)), np.arange(n) % classes
        who = first + np.arange(n) // 7 if people else None
        return data.Samples(X, y, who, lengths=rng.integers(5, 20, n) if lengths else None)

    return data.Dataset(part(28, 1), part(14, 11), tuple(f"class {i}" for i in range(classes)), rate=10)


@pytest.mark.parametrize("lengths", [False, True])
def test_windows_are_of_their_class_without_padding(lengths: bool) -> None:
    dataset = made_up(lengths=lengths)
    *windows, _ = plots.dataset(dataset, rng=1).axes
    assert [ax.get_title(loc="left") for ax in windows] == list(dataset.classes)
    train = dataset.train
    for label, ax in enumerate(windows):
        drawn = np.array([line.get_ydata() for line in ax.lines]).T
        steps = len(drawn)
        (row,) = (i for i in np.flatnonzero(train.y == label) if np.array_equal(train.X[i, :steps], drawn))
        assert steps == (30 if train.lengths is None else train.lengths[row])
        assert np.asarray(ax.lines[0].get_xdata())[-1] == pytest.approx((steps - 1) / 10)


def test_counts_add_up_and_say_who_is_tested_on() -> None:
    dataset = made_up()
    table = plots.dataset(dataset).axes[-1]
    counts = np.array([int(text.get_text()) for text in table.texts]).reshape(6, 5)
    assert counts.sum() == 42
    np.testing.assert_array_equal(counts[:4].sum(axis=0), np.bincount(dataset.train.y))
    assert [text.get_text() for text in table.get_yticklabels()] == ["1", "2", "3", "4", "11, test", "12, test"]
    without = plots.dataset(made_up(people=False)).axes[-1]
    assert [text.get_text() for text in without.get_yticklabels()] == ["training", "test"]


@pytest.mark.parametrize("classes", [1, 2, 5, pytest.param(30, marks=pytest.mark.long)])
def test_everything_is_within_the_figure(classes: int) -> None:
    figure = plots.dataset(made_up(classes=classes))
    assert len(figure.axes) == min(classes, 24) + 1
    figure.canvas.draw()
    for ax in figure.axes:
        box = ax.get_tightbbox()
        assert box is not None
        assert box.x0 >= -1
        assert box.y0 >= -1
        assert box.x1 <= figure.bbox.width + 1
        assert box.y1 <= figure.bbox.height + 1


def test_a_class_of_the_test_part_alone_is_drawn_and_one_of_neither_is_empty() -> None:
    X = np.ones((2, 4, 1))
    train, test = data.Samples(X, np.zeros(2, np.int64)), data.Samples(2 * X, np.ones(2, np.int64))
    first, second, third, _ = plots.dataset(data.Dataset(train, test, ("a", "b", "c"))).axes
    assert np.asarray(first.lines[0].get_ydata()).tolist() == [1] * 4
    assert np.asarray(second.lines[0].get_ydata()).tolist() == [2] * 4
    assert not third.lines


def test_what_is_no_data_set_is_refused() -> None:
    with pytest.raises(ValueError, match="dataset is a Samples, expected a Dataset, such as"):
        plots.dataset(made_up().train)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="figure holds 1 axes already"):
        plots.dataset(made_up(), figure=plt.subplots()[0])
