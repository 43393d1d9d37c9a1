"""Pictures of what the instruments measure: what is drawn is what was handed over."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from easy import easy
from matplotlib.axes import Axes

from unrolled import dynamics, plots, rnn
from unrolled.plots.state_space import Plane

matplotlib.use("Agg")
X, Y = easy(12)
CLASSES = ["left", "middle", "right"]


@pytest.fixture(autouse=True)
def _default_style_and_no_figure_left_open() -> Iterator[None]:
    with plt.rc_context():
        matplotlib.rcdefaults()
        plt.close("all")
        yield
        plt.close("all")


def network(cell: Any) -> rnn.ManyToOne:
    return rnn.ManyToOne(cell, 3, 3, rng=0)


def close(a: Any, b: Any, rtol: float = 1e-7) -> None:
    np.testing.assert_allclose(np.asarray(a, np.float64), np.asarray(b, np.float64), rtol=rtol, atol=0)


def labels_of(ax: Axes) -> list[str]:
    legend = ax.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


def drawn(figure: Any) -> None:
    """Draw it for good: what cannot be laid out or has bad numbers warns, and a warning is an error here."""
    figure.canvas.draw()


def test_gradient_profiles_are_their_medians_and_the_last_step_stands_at_the_right() -> None:
    cells: dict[str, Any] = {"tanh": rnn.Tanh(4), "LSTM": rnn.LSTM(3)}
    profiles = {name: dynamics.gradient_profile(network(cell), X, Y) for name, cell in cells.items()}
    ax = plots.gradient_profile(profiles)
    assert labels_of(ax) == ["tanh", "LSTM"]
    for line, profile in zip(ax.lines, profiles.values(), strict=True):
        close(line.get_ydata(), profile.quantiles(0.5)[0])
    left, right = ax.get_xlim()
    assert left > 7
    assert right < 0.1
    assert ax.get_yscale() == "log"
    assert len({line.get_linestyle() for line in ax.lines}) == 2
    only = plots.gradient_profile(profiles["LSTM"], name="delta_f", by_class=True, classes=CLASSES)
    assert labels_of(only) == CLASSES
    assert only.get_ylabel() == "norm of delta (f)"
    close(np.nan_to_num(only.lines[1].get_ydata()), profiles["LSTM"].quantiles(0.5, "delta_f", 1)[0], rtol=1e-12)
    drawn(ax.figure)
    with pytest.raises(ValueError, match="profiles is empty"):
        plots.gradient_profile({})
    with pytest.raises(ValueError, match="by_class was asked of 2 networks"):
        plots.gradient_profile(profiles, by_class=True)
    with pytest.raises(ValueError, match="classes has 1 names, expected one for label 1, too"):
        plots.gradient_profile(profiles["LSTM"], by_class=True, classes=CLASSES[:1])
    with pytest.raises(ValueError, match="name is 'B', expected one of A, delta"):
        plots.gradient_profile(profiles["tanh"], name="B")
    many = rnn.ManyToMany(rnn.GRU(3), n_inputs=3, n_classes=2, rng=0)
    profile = dynamics.gradient_profile(many, np.ones((2, 5, 3)), np.zeros((2, 5), int))
    with pytest.raises(ValueError, match="by_class is True, expected False: of these samples none has one class"):
        plots.gradient_profile(profile, by_class=True)


def test_what_vanished_is_not_drawn() -> None:
    net = network(rnn.Tanh(4))
    net.parameters["W_hh"][...] *= 1e-12
    ax = plots.gradient_profile(dynamics.gradient_profile(net, X, Y))
    assert np.isnan(ax.lines[0].get_ydata()).tolist() == [False] * 3 + [True] * 5
    drawn(ax.figure)


def test_eigenvalues_stand_where_they_are_around_the_unit_circle() -> None:
    values = np.array([[0.5 + 1j, 0.5 - 1j], [-2.0, 0.0]])
    ax = plots.eigenvalues({"a": values, "b": [0.1]})
    close(ax.collections[0].get_offsets(), [[0.5, 1], [0.5, -1], [-2, 0], [0, 0]])
    (circle,) = ax.patches
    assert circle.get_extents().width > 0
    assert ax.get_aspect() == 1
    assert ax.get_xlim()[0] < -2
    assert labels_of(ax) == ["a", "b"]
    drawn(ax.figure)
    for bad, message in (({}, "values are empty"), ([], "values are empty"), ([np.nan], "not finite")):
        with pytest.raises(ValueError, match=message):
            plots.eigenvalues(bad)


def test_lyapunov_spectra_and_their_convergence() -> None:
    spectra = {
        "a": dynamics.lyapunov_spectrum(network(rnn.Tanh(4)), X),
        "b": dynamics.lyapunov_spectrum(network(rnn.GRU(12)), X),
    }
    figure = plots.lyapunov_spectrum(spectra)
    left, right = figure.axes
    close(left.lines[0].get_ydata(), spectra["a"].exponents)
    assert labels_of(left) == ["a", "b"]
    assert len(right.lines) == 4 + 8 + 1  # of twelve eight, and the line at 0
    drawn(figure)
    drawn(plots.lyapunov_spectrum(spectra["a"]))
    with pytest.raises(ValueError, match="spectra is empty"):
        plots.lyapunov_spectrum({})


def test_the_plane_of_states_is_that_of_their_principal_components() -> None:
    rng = np.random.default_rng(0)
    states = rng.standard_normal((50, 20, 3)) * [1.0, 5.0, 0.1] + 7
    plane = Plane.of(states)
    assert abs(plane.axes[0, 1]) > 0.99
    assert plane.fractions.sum() > 0.99
    assert np.abs(plane.axes @ plane.axes.T - np.eye(2)).max() < 1e-12
    assert np.abs(plane.project(states).mean((0, 1))).max() < 1e-9
    assert Plane.of(states[:, :, :1]).project(states[:, :, :1]).shape == (50, 20, 2)


def test_state_space_has_trajectories_by_class_and_points_by_kind() -> None:
    net = network(rnn.Tanh(2))
    net.parameters["W_hh"][...] = 2 * np.eye(2)
    S = dynamics.states(net, X)
    points = dynamics.fixed_points(net, starts=np.random.default_rng(0).uniform(-1, 1, (300, 2)))
    assert len(points) == 9
    ax = plots.state_space(S, Y, points=points, classes=CLASSES)
    assert labels_of(ax)[:3] == CLASSES
    assert set(labels_of(ax)[3:]) == {"stable", "saddle", "unstable"}
    plain = plots.state_space(S, Y, points=points, modes=False)
    assert len(ax.lines) - len(plain.lines) == 4 + 4 + 2  # one of each stable point and saddle, both of the other
    some = plots.state_space(S, Y, most=6)
    assert len(some.lines) == 12 + 3
    assert labels_of(some) == ["0", "1", "2"]
    drawn(ax.figure)
    cases: list[tuple[Any, str]] = [
        (lambda: plots.state_space(S[0]), "states have shape"),
        (lambda: plots.state_space(np.where(S > 0, np.nan, S)), "states hold one that is infinite or NaN"),
        (lambda: plots.state_space(S, Y, classes=CLASSES[:1]), "classes has 1 names, expected one for label 1, too"),
        (lambda: plots.state_space(S, [0, 1]), r"y has shape \(2,\)"),
        (lambda: plots.state_space(np.ones((3, 4, 5)), points=points), "points have 2 numbers each, expected 5"),
    ]
    for call, message in cases:
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize(("cell", "n"), [(rnn.LSTM(5), 6), (rnn.GRU(4), 4)], ids=str)
def test_gates_are_those_of_the_forward_pass(cell: Any, n: int) -> None:
    net = network([rnn.Tanh(3), cell])
    figure = plots.gates(net, X[0], layer=1)
    panels = [ax for ax in figure.axes if ax.images]
    assert len(panels) == n
    trace: Any = net.forward(X[:1]).traces[1]
    for ax in panels:
        name = ax.get_title(loc="left").split()[-1]
        shown = np.asarray(ax.images[0].get_array())
        values = np.array(getattr(trace, "C" if name == "c" else name))[-8:, 0]
        close(np.sort(shown, axis=0), np.sort(values.T, axis=0))
    drawn(figure)
    for bad, layer, message in ((X, 1, "x has shape"), (X[0], 0, "expected an LSTM or GRU"), (X[0], 2, "layer is 2")):
        with pytest.raises(ValueError, match=message):
            plots.gates(net, bad, layer=layer)


@pytest.mark.parametrize("log", [False, True])
def test_slices_of_the_loss(log: bool) -> None:
    net = network(rnn.Tanh(3))
    line = dynamics.loss_slice(net, X, Y, n=9)
    ax = plots.loss_slice(line, log=log)
    close(ax.lines[0].get_ydata(), line.losses)
    close(ax.lines[1].get_xydata(), [[0, line.loss]])
    assert ax.get_yscale() == ("log" if log else "linear")
    plane = dynamics.loss_slice(net, X, Y, ("curvature", "random"), n=5)
    flat = plots.loss_slice(plane, log=log)
    close(np.asarray(flat.collections[0].get_array()).reshape(5, 5), plane.losses.T)
    assert flat.get_xlabel() == "along the first eigenvector"
    drawn(flat.figure)
    drawn(ax.figure)
    nothing = dynamics.LossSlice(np.full(3, np.inf), plane.steps, plane.directions, plane.names, 1.0)
    with pytest.raises(ValueError, match="no loss of the slice is finite"):
        plots.loss_slice(nothing)


def test_a_record_is_drawn_under_the_loss() -> None:
    net = network(rnn.Tanh(4))
    recorder = dynamics.Recorder(X, Y, measures={"weights": lambda net: float(np.abs(net.parameters["W_hh"]).sum())})
    history = rnn.train(net, (X, Y), optimizer=rnn.SGD(0.1), epochs=4, rng=0, progress=False, on_epoch=recorder)
    record = recorder.record
    figure = plots.recorded(record, history, learning_rate=0.1)
    assert [ax.get_ylabel().replace("\n", " ") for ax in figure.axes] == [
        *["loss", "gradient norm", "sharpness", "spectral radius", "weights", "steps before the last"],
    ]
    loss, norm, sharpness, radius, weights, _ = figure.axes
    close(loss.lines[0].get_ydata(), history.loss)
    close(loss.lines[1].get_ydata(), record.loss)
    close(norm.lines[0].get_ydata(), record.gradient_norm)
    close(sharpness.lines[1].get_ydata(), [20, 20])
    assert len(radius.lines) == 3
    close(weights.lines[0].get_ydata(), record.others["weights"])
    drawn(figure)
    quick = dynamics.Recorder(X, Y, sharpness=False)
    rnn.train(net, (X, Y), optimizer=rnn.SGD(0.1), epochs=1, rng=0, progress=False, on_batch=quick)
    drawn(plots.recorded(quick.record, history, every="batch"))
    with pytest.raises(ValueError, match="the record is empty"):
        plots.recorded(dynamics.Recorder(X, Y).record)


def test_animations_have_a_frame_a_step_and_gradients_run_back(tmp_path: Path) -> None:
    from PIL import Image

    net = network(rnn.Tanh(4))
    path = plots.animate(tmp_path / "states.gif", dynamics.states(net, X), Y, classes=CLASSES, every=2, dpi=30)
    with Image.open(path) as image:
        assert image.n_frames == 5  # of A_0 to A_8 every second
    dA = net.backward(net.forward(X), Y).dA
    path = plots.animate(tmp_path / "gradients.gif", dA, Y, kind="gradients", dpi=30)
    with Image.open(path) as image:
        assert image.n_frames == 8
    assert not plt.get_fignums()
    for how, message in (({"kind": "weights"}, "kind is 'weights'"), ({"every": 0}, "every is 0")):
        arguments: dict[str, Any] = how
        with pytest.raises(ValueError, match=message):
            plots.animate(tmp_path / "bad.gif", dA, **arguments)
    assert not (tmp_path / "bad.gif").exists()
