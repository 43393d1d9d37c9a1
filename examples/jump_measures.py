"""Why it jumps: the trainings, what is measured at the end of each epoch, and batch by batch around a jump."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import parallel
import reproduce_report
from jump_claim import QUIET

from unrolled import data, dynamics, metrics, rnn

SAMPLES = 150
"""Sharpness is that of the loss on so many training samples ..."""

PROFILED = 60
"""... and the gradient's way through time is measured on the first of them."""

PRODUCTS = 5
"""So many products with the Hessian for each sharpness."""

STEP = 1e-6
"""How far apart the two gradients of a product are."""

EPOCHS = 3
"""Batch by batch, so many epochs are looked at, up to the one in which the jump begins."""

REPORT = ""
"""The remedy's name of a training of the report's own."""

REMEDIES: dict[str, dict[str, Any]] = {
    "norm clipped at 1": {"clip": rnn.ClipNorm(1.0)},
    "a tenth of the rate": {"rate": 0.1},
    "orthogonal W_hh": {"initializer": {"W_hh": rnn.orthogonal, "W_ih": rnn.xavier_normal, "W_ho": rnn.xavier_normal}},
    "loss on every step": {"readout": rnn.EveryStep()},
    "GRU": {"cell": rnn.GRU},
    "LSTM": {"cell": rnn.LSTM},
}
"""What each changes of the report's network; nothing else is changed."""


@dataclasses.dataclass(frozen=True)
class Task:
    """One training: a recipe of the report's, with a remedy or without, on one of the data sets."""

    data: str
    recipe: reproduce_report.Recipe
    recorded: int
    remedy: str = REPORT

    @property
    def key(self) -> dict[str, Any]:
        """What tells it from the others in the table of results."""
        return {"data": self.data, "remedy": self.remedy, "recorded": self.recorded, **dataclasses.asdict(self.recipe)}


class Sharpness:
    """The largest eigenvalue of the Hessian on some samples, by a few steps of Lanczos.

    :func:`unrolled.dynamics.curvature` takes products that are exact, and some twenty of them; along many trainings
    that is more work than the trainings. Here a product is a difference of two gradients in float64, and there are
    five, begun at the gradient and the last eigenvector: a lower bound, and the page says how close it is.
    """

    def __init__(self, X: Any, y: Any) -> None:
        self.X, self.y = np.asarray(X, np.float64), np.asarray(y)
        self._last: Any = 0.0

    def __call__(self, net: rnn.ManyToOne) -> float:
        """Compute it where a network stands."""
        at = net.astype(np.float64)
        w = _flat(at.parameters)
        gradient = self._gradient(at, w)
        start = gradient / (np.linalg.norm(gradient) or 1.0) + self._last
        Q, alpha, beta = [start / (np.linalg.norm(start) or 1.0)], [], []
        for _ in range(PRODUCTS):
            v = (self._gradient(at, w + STEP * Q[-1]) - gradient) / STEP
            alpha.append(float(v @ Q[-1]))
            for _ in range(2):
                v -= sum((v @ q) * q for q in Q)
            beta.append(float(np.linalg.norm(v)))
            if not beta[-1] > 1e-12 * abs(alpha[0]):
                break
            Q.append(v / beta[-1])
        n = len(alpha)
        if not np.isfinite(alpha).all():
            return float("nan")
        values, vectors = np.linalg.eigh(np.diag(alpha) + np.diag(beta[: n - 1], 1) + np.diag(beta[: n - 1], -1))
        self._last = np.stack(Q[:n], axis=1) @ vectors[:, -1]
        return float(values[-1])

    def _gradient(self, at: rnn.ManyToOne, w: Any) -> Any:
        first = 0
        for W in at.parameters.values():
            W[...] = w[first : first + W.size].reshape(W.shape)
            first += W.size
        return _flat(at.loss_and_gradients(self.X, self.y)[1])


def _flat(arrays: Any) -> Any:
    return np.concatenate([array.reshape(-1) for array in arrays.values()])


def chosen(movements: data.Dataset) -> tuple[Any, Any]:
    """Return the training samples that are measured on: as many of each class, as far as there are, in random order."""
    y, rng = movements.train.y, np.random.default_rng(0)
    n = -(-SAMPLES // len(movements.classes))
    some = np.concatenate([rng.permutation(np.flatnonzero(y == c))[:n] for c in range(len(movements.classes))])
    some = rng.permutation(some)[:SAMPLES]
    return np.asarray(movements.train.X[some]), y[some]


def recorder(
    movements: data.Dataset, every: int = 1, **measures: Callable[[rnn.ManyToOne], float]
) -> dynamics.Recorder:
    """Return what measures sharpness, the gradient's norm and its way through time."""
    X, y = chosen(movements)
    return dynamics.Recorder(
        X[:PROFILED], y[:PROFILED], every=every, sharpness=False, measures={"top": Sharpness(X, y), **measures}
    )


def columns(record: dynamics.Record) -> dict[str, Any]:
    """Return what is kept of a record."""
    profile = record.profile
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(profile[:, 0] > 0, profile[:, -1] / profile[:, 0], 0.0) if len(profile) else profile[:, :0]
    found = {
        "at": record.at,
        "sharpness": record.others["top"],
        "sample_loss": record.loss,
        "gradient_norm": record.gradient_norm,
        "reach": reach,
        "memory": record.memory,
        "radius": record.spectral_radius,
        "jacobian_radius": record.jacobian_radius,
        **{name: values for name, values in record.others.items() if name != "top"},
    }
    return {name: np.asarray(values).tolist() for name, values in found.items()}


def train(task: Task, shared: dict[str, data.Dataset], tick: parallel.Tick) -> dict[str, Any]:
    """Train one network and measure it at the end of each epoch."""
    movements, recipe = shared[task.data], task.recipe
    watch = recorder(movements)

    def measured(epoch: int, history: rnn.History, net: rnn.ManyToOne) -> None:
        if epoch <= task.recorded:
            watch(epoch, history, net)

    if task.remedy == REPORT:
        result = reproduce_report.train(recipe, movements, tick, measured)
        history, scores = result.history, result.test_scores
    else:
        net, history = remedied(task, movements, tick, measured)
        scores = net.predict_proba(movements.test.X)
    return {**task.key, **outcome(history, scores, movements), **columns(watch.record)}


def outcome(history: rnn.History, scores: Any, movements: data.Dataset) -> dict[str, Any]:
    """Return what a training came to."""
    y, C = movements.test.y, len(movements.classes)
    return {
        "loss": history.loss,
        "epoch_gradient_norm": history.gradient_norm,
        "ended": history.ended,
        "best_epoch": history.best_epoch,
        "accuracy": metrics.accuracy(y, scores.argmax(1)),
        "leans_to": leaning(metrics.confusion_matrix(y, scores.argmax(1), n_classes=C)),
    }


def leaning(counts: Any) -> list[float]:
    """Return the class that most of the errors fall on, and their fraction."""
    wrong = counts - np.diag(np.diag(counts))
    columns = wrong.sum(0)
    return [int(columns.argmax()), float(columns.max() / max(columns.sum(), 1))]


def remedied(
    task: Task, movements: data.Dataset, tick: parallel.Tick, measured: Callable[..., None]
) -> tuple[rnn.ManyToOne, rnn.History]:
    """Train the report's network with one thing changed."""
    change, recipe = REMEDIES[task.remedy], task.recipe
    net = rnn.ManyToOne(
        change.get("cell", rnn.Tanh)(recipe.hidden),
        n_inputs=movements.train.X.shape[2],
        n_classes=len(movements.classes),
        readout=change.get("readout", rnn.Last()),
        initializer=change.get("initializer", rnn.xavier_normal),
        rng=recipe.seed,
    )

    def on_epoch(*arguments: Any) -> None:
        tick()
        measured(*arguments)

    history = rnn.train(
        net,
        movements.train,
        optimizer=rnn.SGD(recipe.learning_rate * change.get("rate", 1.0)),
        batch_size=recipe.batch_size,
        epochs=recipe.epochs,
        clip=change.get("clip"),
        rng=recipe.seed,
        progress=False,
        on_epoch=on_epoch,
    )
    return net, history


@dataclasses.dataclass(frozen=True)
class Around:
    """A jump, to be looked at batch by batch: its training, and the epoch it begins at."""

    task: Task
    epoch: int
    every: int = 2


def around(what: Around, shared: dict[str, data.Dataset], tick: parallel.Tick) -> dict[str, Any]:
    """Train the network again up to a jump, and measure it there after every so many batches.

    What is returned has, beside the columns, the loss along the gradient at three places: the first that is measured,
    the largest gradient, and the last; each with the step that plain descent takes, and with the exact sharpness.
    """
    movements, recipe = shared[what.task.data], what.task.recipe
    X, y = chosen(movements)
    driven, held = X[:10], X.mean((0, 1))
    N = len(movements.train) if recipe.part != "c" else len(movements.train.split(0.1, rng=recipe.seed)[0])
    per_epoch = -(-N // recipe.batch_size)
    first, last = max(what.epoch - EPOCHS, 0) * per_epoch, what.epoch * per_epoch

    def exponent(net: rnn.ManyToOne) -> float:
        return float(dynamics.lyapunov_spectrum(net, driven, 1, burn_in=0).exponents[0])

    def n_fixed(net: rnn.ManyToOne) -> float:
        starts = dynamics.states(net, driven)[::50].reshape(-1, recipe.hidden)
        return float(dynamics.fixed_points(net, held, starts, iterations=100).is_fixed.sum())

    watch = recorder(movements, what.every, lyapunov=exponent, fixed_points=n_fixed)
    kept: dict[str, tuple[int, float, rnn.ManyToOne]] = {}

    def on_batch(n: int, history: rnn.History, net: rnn.ManyToOne) -> None:
        if not first < n <= last or n % what.every:
            return
        watch(n, history, net)
        norm = float(watch.record.gradient_norm[-1])
        if "before" not in kept:
            kept["before"] = (n, norm, net.copy())
        if "peak" not in kept or norm > kept["peak"][1]:
            kept["peak"] = (n, norm, net.copy())
        kept["after"] = (n, norm, net.copy() if n + what.every > last else net)

    reproduce_report.train(dataclasses.replace(recipe, epochs=what.epoch), movements, tick, on_batch=on_batch)
    places = {name: _place(net, n, recipe.learning_rate, X, y) for name, (n, _, net) in kept.items()}
    return {**what.task.key, "epoch": what.epoch, "per_epoch": per_epoch, **columns(watch.record), "places": places}


def _place(net: rnn.ManyToOne, n: int, rate: float, X: Any, y: Any) -> dict[str, Any]:
    profile = dynamics.gradient_profile(net, X[:PROFILED], y[:PROFILED])
    _, gradients = net.astype(np.float64).loss_and_gradients(np.asarray(X, np.float64), y)
    step = rate * float(np.linalg.norm(_flat(gradients)))
    found = dynamics.loss_slice(net, X, y, "gradient", span=2 * step or 1.0, n=81)
    try:
        exact = dynamics.curvature(net, X, y, smallest=False).sharpness
    except ArithmeticError:
        exact = float("nan")
    return {
        "at": n,
        "step": step,
        "loss": found.loss,
        "loss_after": float(found.losses[20]),  # at -step
        "steps": found.steps.tolist(),
        "losses": found.losses.tolist(),
        "exact_sharpness": exact,
        "few_products": Sharpness(X, y)(net),
        "profile": profile.of_batch().tolist(),
    }


def regime(reach: float) -> str:
    """Say what the gradient does on its way from the last step to the first."""
    return "vanishes" if reach < QUIET else "explodes" if reach > 1 else "arrives"
