"""The standard problems: each against its definition, written naively in a loop, and against numbers that are known."""

import math
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from unrolled import data, rnn
from unrolled.data import DataError, tasks
from unrolled.data.tasks import series

SEQUENCES: dict[str, Callable[..., tasks.Task]] = {
    "adding": tasks.adding,
    "temporal_order": tasks.temporal_order,
    "copy_memory": tasks.copy_memory,
    "flip_flop": tasks.flip_flop,
    "sine_generation": tasks.sine_generation,
}
SERIES: dict[str, Callable[..., Any]] = {
    "narma10": tasks.narma10,
    "mackey_glass": tasks.mackey_glass,
    "lorenz": tasks.lorenz,
}
ALL = {**SEQUENCES, **SERIES}
sizes = st.integers(1, 30)
seeds = st.integers(0, 2**32)


def arrays(result: Any) -> list[np.ndarray]:
    return [result] if isinstance(result, np.ndarray) else list(result)


@pytest.mark.parametrize("name", ALL)
def test_the_same_seed_gives_the_same_numbers_and_another_gives_others(name: str) -> None:
    one, same, drawn, other = (arrays(ALL[name](20, rng=rng)) for rng in (5, np.int64(5), np.random.default_rng(5), 6))
    for a, b, c in zip(one, same, drawn, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)
    assert any((a != b).any() for a, b in zip(one, other, strict=True))
    assert any((a != b).any() for a, b in zip(arrays(ALL[name](20)), arrays(ALL[name](20)), strict=True))


@pytest.mark.parametrize("name", ALL)
def test_numpys_own_stream_is_left_alone_and_arrays_are_the_callers(name: str) -> None:
    np.random.seed(0)  # noqa: NPY002  # the stream that everybody shares, and that nothing may draw from
    result, again = arrays(ALL[name](3, rng=0)), arrays(ALL[name](3, rng=0))
    assert np.random.random() == np.random.RandomState(0).random()  # noqa: NPY002
    for array in result:
        assert array.flags.writeable
        assert array.flags.c_contiguous
        assert array.dtype in (np.float64, np.int64)
        array[...] = -5
    for array, other in zip(arrays(ALL[name](3, rng=0)), again, strict=True):
        np.testing.assert_array_equal(array, other)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("rng", ["seed", -1, 0.5])
def test_a_wrong_rng_is_refused(name: str, rng: Any) -> None:
    with pytest.raises(DataError, match=r"rng is .*, expected None, a whole number from 0 or a numpy"):
        ALL[name](3, rng=rng)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("n", [0, -3, 2.0, True, "5", None])
def test_a_wrong_size_is_refused(name: str, n: Any) -> None:
    with pytest.raises(DataError, match=r"n is .*, expected a whole number, 1 or more"):
        ALL[name](n)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tasks.adding(1, T=1), "T is 1, expected a whole number, 2 or more"),
        (lambda: tasks.temporal_order(1, T=9), "T is 9, expected a whole number, 10 or more"),
        (lambda: tasks.temporal_order(1, marks=4), "marks is 4, expected a whole number from 2 to 3"),
        (lambda: tasks.copy_memory(1, T=0), "T is 0, expected"),
        (lambda: tasks.copy_memory(1, n_symbols=1), "n_symbols is 1, expected"),
        (lambda: tasks.copy_memory(1, n_copied=0), "n_copied is 0, expected"),
        (lambda: tasks.copy_memory(1, asked="last"), "asked is 'last', expected one of 'every', 'recall'"),
        (lambda: tasks.flip_flop(1, bits=0), "bits is 0, expected"),
        (lambda: tasks.flip_flop(1, p=1.5), "p is 1.5, expected a finite number from 0 to 1"),
        (lambda: tasks.sine_generation(1, low=0), "low is 0, expected"),
        (lambda: tasks.sine_generation(1, low=0.5, high=0.4), "high is 0.4, expected a finite number from 0.5"),
        (lambda: tasks.sine_generation(1, high=3.2), "high is 3.2, expected"),
        (lambda: tasks.sine_generation(1, n_frequencies=0), "n_frequencies is 0, expected"),
        (lambda: tasks.narma10(1, burn_in=-1), "burn_in is -1, expected"),
        (lambda: tasks.mackey_glass(1, tau=0), "tau is 0, expected"),
        (lambda: tasks.mackey_glass(1, dt=math.nan), "dt is nan, expected"),
        (lambda: tasks.mackey_glass(1, tau=math.pi), "tau / dt is 3.14159.*, expected a ratio of whole numbers"),
        (lambda: tasks.mackey_glass(1, tau=1e-9), "tau / dt is 1e-09, expected a ratio"),
        (lambda: tasks.lorenz(1, dt=0), "dt is 0, expected"),
        (lambda: tasks.lorenz(1, rho=-28), "rho is -28, expected a finite number above 0 to 1000"),
    ],
)
def test_wrong_settings_are_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        call()


def test_a_task_unpacks_and_says_what_it_is() -> None:
    task = tasks.adding(4, T=6, rng=0)
    X, y = task
    assert X is task.X
    assert y is task.y
    assert task.sample_weight is None
    assert (len(task), repr(task)) == (4, "Task(X (4, 6, 2) float64, y (4,) float64)")
    weighted = tasks.copy_memory(4, T=6, asked="recall", rng=0)
    assert repr(weighted) == "Task(X (4, 26) int64, y (4, 26) int64, sample_weight (4, 26) float64)"
    with pytest.raises(ValueError, match="too many values to unpack"):
        X, y = weighted  # weights are not dropped unseen
    assert [array is not None for array in weighted] == [True] * 3


def test_a_training_takes_a_task() -> None:
    X, y = tasks.temporal_order(30, T=12, rng=0)
    net = rnn.ManyToOne(rnn.Tanh(5), n_inputs=8, n_classes=4, rng=0)
    history = rnn.train(net, tasks.Task(np.eye(8)[X], y), optimizer=rnn.SGD(0.1), epochs=2, batch_size=10, rng=0)
    other = rnn.ManyToOne(rnn.Tanh(5), n_inputs=8, n_classes=4, rng=0)
    assert (
        rnn.train(other, (np.eye(8)[X], y), optimizer=rnn.SGD(0.1), epochs=2, batch_size=10, rng=0).loss == history.loss
    )


# Memory


@given(n=sizes, T=st.integers(2, 40), seed=seeds)
def test_adding_is_the_sum_of_two_marked_numbers_one_of_each_half(n: int, T: int, seed: int) -> None:
    X, y = tasks.adding(n, T, rng=seed)
    assert X.shape == (n, T, 2)
    assert y.shape == (n,)
    for sequence, answer in zip(X, y, strict=True):
        marked = [t for t in range(T) if sequence[t, 1] == 1]
        assert len(marked) == 2
        assert marked[0] < T // 2 <= marked[1]
        assert all(mark in (0, 1) for mark in sequence[:, 1])
        assert answer == sequence[marked[0], 0] + sequence[marked[1], 0]
        assert ((sequence[:, 0] >= 0) & (sequence[:, 0] < 1)).all()


def test_adding_has_the_error_of_always_guessing_1_that_is_known() -> None:
    X, y = tasks.adding(100_000, T=10, rng=0)
    assert np.mean((y - 1) ** 2) == pytest.approx(0.167, abs=0.002)
    assert X[:, :, 1].mean(axis=0) == pytest.approx(0.2, abs=0.01)  # every step of a half alike


PLACES = {2: [(0.10, 0.20), (0.50, 0.60)], 3: [(0.10, 0.20), (0.33, 0.43), (0.66, 0.76)]}


@given(n=sizes, T=st.integers(10, 200), marks=st.sampled_from([2, 3]), seed=seeds)
def test_temporal_order_is_as_in_experiment_6(n: int, T: int, marks: int, seed: int) -> None:
    X, y = tasks.temporal_order(n, T, marks, rng=seed)
    assert X.shape == (n, T)
    assert y.shape == (n,)
    letters = np.array(list("EBabcdXY"))[X]
    classes = {2: ["XX", "XY", "YX", "YY"], 3: ["XXX", "XXY", "XYX", "XYY", "YXX", "YXY", "YYX", "YYY"]}[marks]
    for word, answer in zip(letters, y, strict=True):
        assert word[0] == "E"
        assert word[-1] == "B"
        assert not set(word[1:-1]) & {"E", "B"}
        relevant = [t for t in range(T) if word[t] in "XY"]
        assert len(relevant) == marks
        for t, (first, last) in zip(relevant, PLACES[marks], strict=True):
            assert math.floor(first * T + 1e-9) <= t <= math.floor(last * T + 1e-9)
        assert "".join(word[relevant]) == classes[answer]


@pytest.mark.parametrize("marks", [2, 3])
def test_temporal_order_draws_every_class_distractor_and_place_alike(marks: int) -> None:
    X, y = tasks.temporal_order(44_000, T=100, marks=marks, rng=0)
    assert np.bincount(y) / len(y) == pytest.approx(0.5**marks, abs=0.01)
    assert np.bincount(X[:, 80]) / len(X) == pytest.approx([0, 0, 0.25, 0.25, 0.25, 0.25], abs=0.01)
    there = (X >= 6).mean(axis=0)
    assert there[10:21] == pytest.approx(1 / 11, abs=0.01)  # in the source's length, its very steps
    assert np.count_nonzero(there) == 11 * marks


@given(n=sizes, T=st.integers(1, 40), symbols=st.integers(2, 9), copied=st.integers(1, 12), seed=seeds)
def test_copy_memory_is_as_defined(n: int, T: int, symbols: int, copied: int, seed: int) -> None:
    blank, delimiter = symbols, symbols + 1
    X, y, asked = tasks.copy_memory(n, T, n_symbols=symbols, n_copied=copied, asked="recall", rng=seed)
    for sequence, answer, weight in zip(X.tolist(), y.tolist(), asked.tolist(), strict=True):
        said = sequence[:copied]
        assert set(said) <= set(range(symbols))
        assert sequence == said + [blank] * (T - 1) + [delimiter] + [blank] * copied
        assert answer == [blank] * (T + copied) + said
        assert weight == [0.0] * (T + copied) + [1.0] * copied
    every = tasks.copy_memory(n, T, n_symbols=symbols, n_copied=copied, rng=seed)
    np.testing.assert_array_equal(every.X, X)
    np.testing.assert_array_equal(every.y, y)
    assert every.sample_weight is None


def test_copy_memory_has_the_baseline_without_memory_that_is_known() -> None:
    T = 100
    X, y, asked = tasks.copy_memory(2000, T, asked="recall", rng=0)
    assert X.shape == y.shape == (2000, T + 20)
    assert y.max() == 8
    assert X.max() == 9
    scores = np.zeros((T + 20, 9))  # sure of the blank, then even among the eight symbols
    scores[: T + 10, 8] = 1
    scores[T + 10 :, :8] = 1 / 8
    losses = -np.log(scores[np.arange(T + 20), y])
    assert losses.mean() == pytest.approx(10 * math.log(8) / (T + 20), rel=1e-12)
    assert (losses * asked).sum() / asked.sum() == pytest.approx(math.log(8), rel=1e-12)
    counts = np.array([np.bincount(y[:, t], minlength=9) for t in range(T + 10, T + 20)]) / len(y)
    assert counts[:, :8] == pytest.approx(1 / 8, abs=0.03)  # no better guess than an even one


# Signals


@given(n=sizes, T=st.integers(1, 40), bits=st.integers(1, 4), p=st.floats(0, 1), seed=seeds)
def test_flip_flop_holds_the_last_pulse(n: int, T: int, bits: int, p: float, seed: int) -> None:
    X, y = tasks.flip_flop(n, T, bits=bits, p=p, rng=seed)
    assert X.shape == y.shape == (n, T, bits)
    for i in range(n):
        for bit in range(bits):
            held = 0.0
            for t in range(T):
                pulse = X[i, t, bit]
                assert pulse in (-1, 0, 1)
                held = pulse or held
                assert y[i, t, bit] == held != 0
    if p in (0, 1):
        assert ((X[:, 1:] != 0) == p).all()


def test_flip_flop_has_the_pulses_it_is_asked_for() -> None:
    X, _ = tasks.flip_flop(2000, T=64, p=0.2, rng=0)
    assert X.shape == (2000, 64, 3)
    assert (X[:, 0] != 0).all()
    assert (X[:, 1:] != 0).mean(axis=(0, 1)) == pytest.approx(0.2, abs=0.005)
    assert X.mean(axis=(0, 1)) == pytest.approx(0, abs=0.005)
    assert np.corrcoef(X.reshape(-1, 3).T) == pytest.approx(np.eye(3), abs=0.02)


@given(n=sizes, T=st.integers(1, 40), F=st.integers(1, 60), seed=seeds)
def test_sine_generation_is_the_sine_its_input_names(n: int, T: int, F: int, seed: int) -> None:
    X, y = tasks.sine_generation(n, T, n_frequencies=F, rng=seed)
    assert X.shape == y.shape == (n, T, 1)
    for sequence, answer in zip(X[:, :, 0], y[:, :, 0], strict=True):
        j = round((sequence[0] - 0.25) * F)
        assert 1 <= j <= F
        w = 0.1 if F == 1 else 0.1 + 0.5 * (j - 1) / (F - 1)
        for t in range(T):
            assert sequence[t] == pytest.approx(j / F + 0.25)
            assert answer[t] == pytest.approx(math.sin(w * t), abs=1e-12)


def test_sine_generation_draws_every_frequency() -> None:
    X, _ = tasks.sine_generation(51 * 200, T=1, rng=0)
    counts = np.unique(X, return_counts=True)[1]
    assert len(counts) == 51
    assert counts.min() > 140


# Series


@given(n=st.integers(1, 60), burn_in=st.integers(0, 40), seed=seeds)
def test_narma10_is_as_defined(n: int, burn_in: int, seed: int) -> None:
    X, y = tasks.narma10(n, burn_in=burn_in, rng=seed)
    assert X.shape == y.shape == (n, 1)
    u = np.random.default_rng(seed).uniform(0, 0.5, 9 + burn_in + n)
    np.testing.assert_array_equal(X[:, 0], u[9 + burn_in :])
    state = np.zeros(len(u) + 1)  # y(0) ... and no term of it counts before step 9
    for k in range(9, len(u)):
        total = 0.0
        for i in range(10):
            total += state[k - i]
        state[k + 1] = 0.3 * state[k] + 0.05 * state[k] * total + 1.5 * u[k - 9] * u[k] + 0.1
    np.testing.assert_allclose(y[:, 0], state[10 + burn_in :], rtol=1e-12)


def test_narma10_has_the_moments_of_its_inputs_and_stays_bounded() -> None:
    X, y = tasks.narma10(50_000, rng=0)
    assert X.mean() == pytest.approx(0.25, abs=0.005)
    assert X.var() == pytest.approx(0.25 / 12, rel=0.02)
    assert y.mean() == pytest.approx(0.389, abs=0.01)
    assert y.std() == pytest.approx(0.108, abs=0.005)
    assert series.DIVERGED > 1.25 > y.max()


def test_narma10_draws_again_what_diverges(monkeypatch: pytest.MonkeyPatch) -> None:
    assert series._narma10([0.5] * 500) is None  # the largest input, held, drives it away
    monkeypatch.setattr(series, "DIVERGED", 0.6)  # as if it diverged early and often
    n, seed = 100, 3
    random, thrown = np.random.default_rng(seed), 0
    while True:
        u = random.uniform(0, 0.5, 109 + n)
        targets = series._narma10(u.tolist())
        if targets is not None:
            break
        thrown += 1
    X, y = tasks.narma10(n, rng=seed)
    assert thrown > 0
    np.testing.assert_array_equal(X[:, 0], u[-n:])
    np.testing.assert_array_equal(y[:, 0], targets[-n:])
    monkeypatch.setattr(series, "DIVERGED", 0.2)
    with pytest.raises(DataError, match="n is 100, of which 100 draws diverged one after another, expected fewer"):
        tasks.narma10(n, rng=seed)


def by_scipy(start: float, tau: float, until: int) -> np.ndarray:
    """Mackey-Glass at 0, 1, ... by the method of steps: on each span of tau, the one before is dense."""

    def before(_: float) -> np.ndarray:
        return np.array([start])

    x, t, now = [], 0.0, start
    while t < until + 1:

        def slope(s: float, state: np.ndarray, before: Callable[[float], Any] = before) -> Any:
            delayed = before(s - tau)
            return 0.2 * delayed / (1 + delayed**10) - 0.1 * state

        span = solve_ivp(slope, (t, t + tau), [now], "DOP853", dense_output=True, rtol=1e-12, atol=1e-12)
        x += [span.sol(s)[0] for s in range(math.ceil(t), math.ceil(t + tau))]
        before, t, now = span.sol, t + tau, span.y[0, -1]
    return np.array(x[: until + 1])


@pytest.mark.parametrize("seed", [0, 1])
def test_mackey_glass_agrees_with_scipy(seed: int) -> None:
    start = np.random.default_rng(seed).uniform(1.1, 1.3)
    ours = tasks.mackey_glass(201, burn_in=0, rng=seed)[:, 0]
    assert ours[0] == start
    error = np.abs(ours - by_scipy(start, 17, 200))
    assert error[:101].max() < 2e-9
    assert error.max() < 5e-9


def test_mackey_glass_is_of_fourth_order() -> None:
    exact = np.array(series._mackey_glass(1.2, 17 * 80, 1 / 80, 100 * 80))[::80]
    errors = [
        np.abs(np.array(series._mackey_glass(1.2, 17 * k, 1 / k, 100 * k))[::k] - exact).max() for k in (5, 10, 20)
    ]
    assert errors[1] < 2e-9
    for coarse, fine in pairwise(errors):
        assert 13 < coarse / fine < 19  # 2^4


def test_mackey_glass_stays_where_it_is_known_to() -> None:
    for seed in range(3):
        x = tasks.mackey_glass(5000, rng=seed)
        assert x.shape == (5000, 1)
        assert 0.2 < x.min() < 0.5
        assert 1.2 < x.max() < 1.4
        assert x.mean() == pytest.approx(0.93, abs=0.03)
        assert x.std() == pytest.approx(0.23, abs=0.02)


def test_mackey_glass_to_the_bit() -> None:
    x = tasks.mackey_glass(2000, rng=0)
    assert [float(x[i, 0]).hex() for i in (0, 1999)] == ["0x1.1d594e1affabap+0", "0x1.37e8c1e3dd880p+0"]


@pytest.mark.parametrize(("tau", "dt"), [(17, 6.0), (17, 0.5), (16.8, 1.0), (17, 0.1), (0.05, 1.0), (30, 2.0)])
def test_mackey_glass_samples_at_any_pace(tau: float, dt: float) -> None:
    x = tasks.mackey_glass(30, tau, dt=dt, burn_in=0, rng=0)
    h = min(dt, tau) / 200
    h = tau / round(tau / h)
    fine = np.array(series._mackey_glass(float(x[0, 0]), round(tau / h), h, math.ceil(29 * dt / h) + 1))
    times = np.arange(30) * dt
    near = np.interp(times, np.arange(len(fine)) * h, fine)
    assert x[:, 0] == pytest.approx(near, abs=1e-4)
    np.testing.assert_array_equal(tasks.mackey_glass(20, tau, dt=dt, burn_in=10, rng=0), x[10:])


def test_lorenz_agrees_with_plain_runge_kutta() -> None:
    def flow(s: np.ndarray) -> np.ndarray:
        return np.array([10 * (s[1] - s[0]), s[0] * (28 - s[2]) - s[1], s[0] * s[1] - 8 / 3 * s[2]])

    ours = tasks.lorenz(101, burn_in=0, rng=0)
    state, h = ours[0], 0.02 / 40
    np.testing.assert_array_equal(state, np.random.default_rng(0).normal((0, 0, 25), 5))
    for i in range(1, 101):
        for _ in range(40):
            k1 = flow(state)
            k2 = flow(state + h / 2 * k1)
            k3 = flow(state + h / 2 * k2)
            k4 = flow(state + h * k3)
            state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        assert ours[i] == pytest.approx(state, abs=1e-6)


def test_lorenz_has_the_largest_lyapunov_exponent_that_is_known() -> None:
    state = tasks.lorenz(1, rng=0)[0]
    apart, span, spans = 1e-7, 1.0, 150
    near = state + np.array([apart, 0, 0])
    total = 0.0
    for i in range(spans):  # two neighbors, brought together again after each span
        ends = [series._lorenz(start, np.array([0, span]), 10.0, 28.0, 8 / 3)[-1] for start in (state, near)]
        distance = float(np.linalg.norm(ends[1] - ends[0]))
        total += math.log(distance / apart) if i >= 5 else 0.0
        state = ends[0]
        near = state + (ends[1] - ends[0]) * apart / distance
    assert total / ((spans - 5) * span) == pytest.approx(0.906, rel=0.1)


def test_lorenz_settles_on_its_attractor_and_below_chaos_on_a_fixed_point() -> None:
    x = tasks.lorenz(3000, rng=1)
    assert x.shape == (3000, 3)
    assert np.abs(x[:, 0]).max() < 21
    assert x[:, 2].min() > 0
    assert x[:, 2].mean() == pytest.approx(23.5, abs=1.0)
    still = tasks.lorenz(3, rho=10, burn_in=2000, rng=0)
    assert np.abs(still[:, :2]) == pytest.approx(math.sqrt(8 / 3 * 9), abs=1e-6)
    assert still[:, 2] == pytest.approx(9, abs=1e-6)
    np.testing.assert_allclose(tasks.lorenz(5, burn_in=5, rng=0), tasks.lorenz(10, burn_in=0, rng=0)[5:], atol=1e-6)


def test_data_comes_without_scipy() -> None:
    code = "import sys, unrolled.data\nprint([name for name in sys.modules if name.split('.')[0] == 'scipy'])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "[]\n"


@settings(max_examples=10)
@given(seed=seeds)
def test_series_are_forecast_by_windows(seed: int) -> None:
    x = tasks.mackey_glass(120, burn_in=100, rng=seed)
    X, y = data.forecasting_windows(x, past=20, ahead=84)
    assert X.shape == (17, 20, 1)
    np.testing.assert_array_equal(y[0], x[19 + 84])


def test_a_series_holds_no_more_memory_than_its_steps() -> None:
    X, y = tasks.narma10(10, rng=0)
    assert X.base is None
    assert y.base is not None
    assert y.base.nbytes == y.nbytes
