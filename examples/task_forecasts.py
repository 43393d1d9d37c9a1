"""NARMA-10 and two chaotic series: echo-state networks of this library and of reservoirpy, and what gradients add.

Both libraries' reservoirs are searched alike: as many draws of the same settings, each network fitted to the same
training samples, the best by the same validation samples. Then ours are trained on by gradient through
time, the readout always being the best there is, and the validation samples say where to stop.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from task_problems import Outcome

from unrolled import data, metrics, plots, rnn

Floats = NDArray[Any]

UNITS, DRAWS = 300, 25
"""Of every reservoir, and how many are tried."""

TRAINING, VALIDATION, TEST, WASHOUT = 3000, 1000, 6000, 100
"""Steps, one after the other."""

WARM = 200
"""Steps that are heard before a forecast in closed loop."""

LYAPUNOV, LORENZ_STEP = 0.906, 0.02
"""The largest exponent of the Lorenz system, and the time from step to step."""

ITERATIONS = 40
"""Of training by gradient, at most."""

WINDOW, FORGETTING = 150, 50
"""Steps of a window that is trained on, and how many of its first count nothing, as it begins with a state of 0."""


@dataclass(frozen=True)
class Settings:
    """What is searched: the leak, the spectral radius, the ranges of input weights and biases, and the ridge."""

    leak: float
    radius: float
    inputs: float
    biases: float
    ridge: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Settings":
        """Draw them."""
        low, high = np.array([0.1, 0.2, -1.3, -2.0, -10.0]), np.array([1.0, 1.5, 0.5, 0.0, -3.0])
        leak, radius, *powers = rng.uniform(low, high).tolist()
        return cls(leak, radius, *(10**power for power in powers))


class Reservoir(Protocol):
    """What is asked of a library's echo-state network."""

    def fit(self, X: Floats, y: Floats) -> None:
        """Fit the readout to a series (T, D) and its targets (T, K)."""

    def predict(self, X: Floats) -> Floats:
        """Return the answers to a series from its beginning."""
        ...

    def go_on(self, heard: Floats, steps: int) -> Floats:
        """Return what is said in closed loop after each of several series (n, T, D), (n, steps, D)."""
        ...


class Ours:
    """An echo-state network of this library."""

    def __init__(self, settings: Settings, D: int, K: int, seed: tuple[int, ...]) -> None:
        self.settings = settings
        self.net = rnn.ManyToMany(
            rnn.Leaky(UNITS, leak=settings.leak),
            n_inputs=D,
            n_outputs=K,
            head=rnn.Linear(),
            initializer={
                "W_hh": rnn.spectral_radius(settings.radius, density=0.1),
                "W_ih": rnn.uniform(-settings.inputs, settings.inputs),
            },
            rng=np.random.default_rng(seed),
            dtype=np.float64,
        )
        b = self.net.parameters["b_h"]
        b[...] = np.random.default_rng((*seed, 1)).uniform(-settings.biases, settings.biases, len(b))

    def fit(self, X: Floats, y: Floats) -> None:
        """Fit the readout."""
        rnn.fit_readout(self.net, X[None], y[None], ridge=self.settings.ridge, washout=WASHOUT)

    def train(self, X: Floats, y: Floats, after_each: Callable[[], object]) -> None:
        """Train all but the readout, which is at each step the best there is: variable projection, by L-BFGS.

        The loss is that of the readout in closed form (G. H. Golub, V. Pereyra, SIAM Journal on Numerical Analysis
        10, 1973). Where that is fitted its own gradient is 0, so what is left is the gradient that comes back through
        time. It is the logarithm that is minimized: an error of 1e-8 would be taken for a minimum. ``after_each`` is
        called after each iteration.
        """
        starts = range(0, len(X) - WINDOW + 1, WINDOW - FORGETTING)
        X, y = (np.stack([each[start : start + WINDOW] for start in starts]) for each in (X, y))
        weight, parameters = np.ones(X.shape[:2]), self.net.parameters
        weight[:, :FORGETTING] = 0
        names = ("W_ih", "W_hh", "b_h")
        ends = np.cumsum([parameters[name].size for name in names])[:-1]

        def put(flat: Floats) -> None:
            for name, values in zip(names, np.split(flat, ends), strict=True):
                parameters[name][...] = values.reshape(parameters[name].shape)

        def loss(flat: Floats) -> tuple[float, Floats]:
            put(flat)
            rnn.fit_readout(self.net, X, y, ridge=self.settings.ridge, sample_weight=weight)
            error, gradients = self.net.loss_and_gradients(X, y, sample_weight=weight)
            penalty = self.settings.ridge * np.sum(parameters["W_ho"] ** 2) / (weight.sum() * y.shape[2])
            whole = float(error + penalty)
            return float(np.log(whole)), np.concatenate([gradients[name].ravel() for name in names]) / whole

        def after(flat: Floats) -> None:
            put(flat)
            after_each()

        first = np.concatenate([parameters[name].ravel() for name in names])
        minimize(
            loss, first, jac=True, method="L-BFGS-B", callback=after, options={"maxiter": ITERATIONS, "maxcor": 20}
        )

    def predict(self, X: Floats) -> Floats:
        """Return the answers to a series."""
        return np.asarray(self.net.predict(X[None])[0])

    def go_on(self, heard: Floats, steps: int) -> Floats:
        """Return what is said in closed loop."""
        return rnn.generate(self.net, heard, steps)


class Theirs:
    """An echo-state network of reservoirpy: ``Reservoir >> Ridge``."""

    def __init__(self, settings: Settings, D: int, K: int, seed: tuple[int, ...]) -> None:  # noqa: ARG002 - as Ours
        from reservoirpy.nodes import Reservoir as Node
        from reservoirpy.nodes import Ridge

        rng = np.random.default_rng(seed)
        self.reservoir = Node(
            UNITS,
            lr=settings.leak,
            sr=settings.radius,
            Win=rng.uniform(-settings.inputs, settings.inputs, (UNITS, D)),
            bias=rng.uniform(-settings.biases, settings.biases, UNITS),
            rc_connectivity=0.1,
            seed=int(rng.integers(2**31)),
        )
        self.model = self.reservoir >> Ridge(ridge=settings.ridge)

    def fit(self, X: Floats, y: Floats) -> None:
        """Fit the readout."""
        self.model.fit(X, y, warmup=WASHOUT)

    def predict(self, X: Floats) -> Floats:
        """Return the answers to a series."""
        self.model.reset()
        return np.asarray(self.model.run(X))

    def go_on(self, heard: Floats, steps: int) -> Floats:
        """Return what is said in closed loop."""
        said = np.empty((len(heard), steps, heard.shape[2]))
        for n, series in enumerate(heard):
            self.model.reset()
            said[n, 0] = self.model.run(series)[-1]
            for t in range(1, steps):
                said[n, t] = self.model.step(said[n, t - 1])
        return said


Net = TypeVar("Net", bound=Reservoir)


class Problem(ABC):
    """A series, and how well a network does on a stretch of it; lower is better."""

    X: Floats
    y: Floats

    @abstractmethod
    def error(self, net: Reservoir, start: int, stop: int) -> float:
        """Return the error of a network on these steps."""

    @abstractmethod
    def outcome(self, net: Reservoir, start: int, stop: int) -> Outcome:
        """Return what is measured on these steps, and what the pictures show."""


class Narma(Problem):
    """The tenth-order nonlinear autoregressive moving average: normalized root mean squared error."""

    def __init__(self, seed: int) -> None:
        self.X, self.y = data.tasks.narma10(TRAINING + VALIDATION + TEST, rng=seed)

    def error(self, net: Reservoir, start: int, stop: int) -> float:
        """Return the error of a network on these steps."""
        said = net.predict(self.X[:stop])[start:]
        return float(metrics.normalized_root_mean_squared_error(self.y[start:stop], said))

    def outcome(self, net: Reservoir, start: int, stop: int) -> Outcome:
        """Return it as the value."""
        return {"value": self.error(net, start, stop)}


class ClosedLoop(Problem):
    """A chaotic series whose next step is learned, and which is then gone on with alone, from many places."""

    steps: int
    measure: Callable[[Floats, Floats], float]

    def __init__(self, series: Floats, steps: int, measure: Callable[[Floats, Floats], float]) -> None:
        past = series[:TRAINING]
        self.series = (series - past.mean(0)) / past.std(0)
        self.X, self.y, self.steps, self.measure = self.series[:-1], self.series[1:], steps, measure

    def forecasts(self, net: Reservoir, start: int, stop: int) -> tuple[Floats, Floats]:
        """Return the truth and the forecasts from places evenly on these steps, (n, steps, D)."""
        n = 20 if stop - start > VALIDATION else 8
        places = np.linspace(start + 1, stop - self.steps, n).astype(int)
        with np.errstate(all="ignore"):  # some run away
            said = net.go_on(np.stack([self.series[place - WARM : place] for place in places]), self.steps)
        return np.stack([self.series[place : place + self.steps] for place in places]), said

    def error(self, net: Reservoir, start: int, stop: int) -> float:
        """Return the error of a network on these steps."""
        return self.measure(*self.forecasts(net, start, stop))

    def outcome(self, net: Reservoir, start: int, stop: int) -> Outcome:
        """Return the measure, and the first forecast with its truth."""
        truth, said = self.forecasts(net, start, stop)
        shown = np.nan_to_num(said[0], nan=10.0).clip(-10, 10)
        value = abs(self.measure(truth, said))
        return {"value": value, "truth": truth[0].round(3).tolist(), "said": shown.round(3).tolist()}


def at_the_end(truth: Floats, said: Floats) -> float:
    """Return the root mean squared error at the last step, of a series whose standard deviation is 1."""
    return float(np.sqrt(np.mean((truth[:, -1] - np.nan_to_num(said[:, -1], nan=1e3).clip(-1e3, 1e3)) ** 2)))


def lyapunov_times(truth: Floats, said: Floats) -> float:
    """Return minus the mean valid time, in Lyapunov times, so that lower is better."""
    valid = [plots.valid_steps(one, np.nan_to_num(other, nan=1e3)) for one, other in zip(truth, said, strict=True)]
    return -float(np.mean(valid)) * LORENZ_STEP * LYAPUNOV


def narma(seed: int) -> Narma:
    """Return NARMA-10."""
    return Narma(seed)


def mackey_glass(seed: int) -> ClosedLoop:
    """Return the Mackey-Glass series, 84 steps ahead."""
    return ClosedLoop(data.tasks.mackey_glass(TRAINING + VALIDATION + TEST, rng=seed), 84, at_the_end)


def lorenz(seed: int) -> ClosedLoop:
    """Return the Lorenz series, up to eleven Lyapunov times ahead."""
    series = data.tasks.lorenz(TRAINING + VALIDATION + TEST, LORENZ_STEP, rng=seed)
    return ClosedLoop(series, 600, lyapunov_times)


def searched(problem: Problem, kind: Callable[..., Net], seed: int) -> Net:
    """Return the best of some reservoirs, by the validation samples."""
    rng, least = np.random.default_rng((seed, 11)), np.inf
    best: Net | None = None
    D, K = problem.X.shape[1], problem.y.shape[1]
    for draw in range(DRAWS):
        net = kind(Settings.drawn(rng), D, K, (seed, draw))
        net.fit(problem.X[:TRAINING], problem.y[:TRAINING])
        error = problem.error(net, TRAINING, TRAINING + VALIDATION)
        if error < least:
            best, least = net, error
    assert best is not None, "no network answers with numbers"
    return best


def reservoir(seed: int, make: Callable[[int], Problem], kind: Callable[..., Reservoir]) -> Outcome:
    """Search, and measure on the test samples."""
    problem = make(seed)
    return problem.outcome(searched(problem, kind, seed), TRAINING + VALIDATION, TRAINING + VALIDATION + TEST)


def trained(seed: int, make: Callable[[int], Problem]) -> Outcome:
    """Search, train by gradient on the same samples as far as the validation samples say, and measure."""
    problem = make(seed)
    net = searched(problem, Ours, seed)
    X, y, parameters = problem.X[:TRAINING], problem.y[:TRAINING], net.net.parameters
    curve: list[float] = []
    best: dict[str, Floats] = {}

    def measure() -> None:
        net.fit(X, y)
        curve.append(problem.error(net, TRAINING, TRAINING + VALIDATION))
        if curve[-1] == min(curve):
            best.update({name: W.copy() for name, W in parameters.items()})

    measure()
    net.train(X, y, measure)
    for name, W in parameters.items():
        W[...] = best[name]
    outcome = problem.outcome(net, TRAINING + VALIDATION, TRAINING + VALIDATION + TEST)
    return {**outcome, "curve": [abs(each) for each in curve], "updates": 1}
