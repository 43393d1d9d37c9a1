"""JAX: the whole training step compiled once, the recurrence a ``lax.scan``, its parameters donated.

The ways: the input's product for all steps before the scan or each step's inside it, and how many steps the
compiler unrolls. None of them is the fastest at every size.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from work import LEARNING_RATE, Array, Parameters, Work

from contestants import Predictor, Trainer, nothing
from contestants.jax_cells import RECURRENCES, States

CELLS = tuple(RECURRENCES)


def versions() -> dict[str, str]:
    """Return JAX's version."""
    return {"JAX": str(jax.__version__)}


def wake() -> None:
    """Start the backend."""
    (jnp.ones((64, 64)) @ jnp.ones((64, 64))).block_until_ready()


@dataclass(frozen=True)
class Recurrence:
    """One of the ways to run one of the cells."""

    cell: str
    unroll: int
    hoisted: bool

    def last(self, p: Any, X: Any) -> Any:
        """Return A_T."""
        Xs, zeros = X.transpose(1, 0, 2), jnp.zeros((len(X), p["W_hh"].shape[1]), X.dtype)
        n, function = RECURRENCES[self.cell]

        def project(x: Any) -> Any:
            return x @ p["W_ih"].T + p["b_h"]

        def step(states: States, z: Any) -> tuple[States, None]:
            return function(p, states, z if self.hoisted else project(z)), None

        end, _ = jax.lax.scan(step, (zeros,) * n, project(Xs) if self.hoisted else Xs, unroll=self.unroll)
        return end[0]


def logits(p: Any, X: Any, recurrence: Recurrence) -> Any:
    """Run the recurrence and read out its last state."""
    return recurrence.last(p, X) @ p["W_ho"].T + p["b_o"]


def loss(p: Any, X: Any, Y: Any, recurrence: Recurrence) -> Any:
    """Binary cross-entropy from logits, summed over classes, averaged over the batch."""
    Z = logits(p, X, recurrence)
    return jnp.sum(jnp.maximum(Z, 0) - Y * Z + jnp.log1p(jnp.exp(-jnp.abs(Z)))) / len(X)


def update(p: Any, X: Any, Y: Any, recurrence: Recurrence) -> Any:
    """Return the parameters after a step of SGD, and the loss before it."""
    E, g = jax.value_and_grad(loss)(p, X, Y, recurrence)
    return jax.tree.map(lambda W, dW: W - LEARNING_RATE * dW, p, g), E


def on_device(work: Work) -> Any:
    """Copy the initial weights: a donated array is gone after use."""
    return {name: jnp.array(W, copy=True) for name, W in work.parameters.items()}


def trainer(work: Work, unroll: int, hoisted: bool) -> Trainer:
    """Train."""
    X, Y = jax.device_put((work.X, work.Y))
    recurrence = Recurrence(work.case.cell, unroll, hoisted)
    step = jax.jit(partial(update, recurrence=recurrence), donate_argnums=0)
    held: dict[str, Any] = {}

    def begin() -> None:
        held["p"] = jax.block_until_ready(on_device(work))

    def run() -> float:
        p, E = step(held["p"], X, Y)
        held["p"] = jax.block_until_ready(p)
        return float(E)

    def parameters() -> Parameters:
        return {name: np.array(W) for name, W in held["p"].items()}

    return Trainer(begin, run, parameters)


def predictor(work: Work, unroll: int, hoisted: bool) -> Predictor:
    """Predict."""
    X, p = jax.device_put(work.X), on_device(work)
    recurrence = Recurrence(work.case.cell, unroll, hoisted)
    probabilities = jax.jit(lambda p, X: jax.nn.sigmoid(logits(p, X, recurrence)))

    def run() -> Array:
        return np.asarray(probabilities(p, X).block_until_ready())

    return Predictor(nothing, run)


UNROLLS = (1, 5, 10, 25)
WAYS = {f"unroll {n}, input {where} the scan": (n, where == "before") for where in ("before", "in") for n in UNROLLS}
TRAINERS = {name: partial(trainer, unroll=n, hoisted=hoisted) for name, (n, hoisted) in WAYS.items()}
PREDICTORS = {name: partial(predictor, unroll=n, hoisted=hoisted) for name, (n, hoisted) in WAYS.items()}
