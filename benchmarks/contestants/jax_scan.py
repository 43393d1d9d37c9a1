"""JAX: the whole training step compiled once, the recurrence a ``lax.scan``, its parameters donated.

The ways: the input's product for all steps before the scan or each step's inside it, and how many steps the
compiler unrolls. None of them is the fastest at every size.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from work import LEARNING_RATE, Array, Parameters, Work

from contestants import Predictor, Trainer, nothing

CELLS = ("tanh",)


def versions() -> dict[str, str]:
    """Give JAX's version."""
    return {"JAX": str(jax.__version__)}


def wake() -> None:
    """Start the backend."""
    (jnp.ones((64, 64)) @ jnp.ones((64, 64))).block_until_ready()


def logits(p: Any, X: Any, unroll: int, hoisted: bool) -> Any:
    """Run the recurrence and read out its last state."""
    A_0 = jnp.zeros((len(X), len(p["W_hh"])), X.dtype)
    Xs = X.transpose(1, 0, 2)

    def project(x: Any) -> Any:
        return x @ p["W_ih"].T + p["b_h"]

    def step(A: Any, z: Any) -> Any:
        return jnp.tanh((z if hoisted else project(z)) + A @ p["W_hh"].T), None

    A_T, _ = jax.lax.scan(step, A_0, project(Xs) if hoisted else Xs, unroll=unroll)
    return A_T @ p["W_ho"].T + p["b_o"]


def loss(p: Any, X: Any, Y: Any, unroll: int, hoisted: bool) -> Any:
    """Binary cross-entropy from logits, summed over classes, averaged over the batch."""
    Z = logits(p, X, unroll, hoisted)
    return jnp.sum(jnp.maximum(Z, 0) - Y * Z + jnp.log1p(jnp.exp(-jnp.abs(Z)))) / len(X)


def update(p: Any, X: Any, Y: Any, unroll: int, hoisted: bool) -> Any:
    """Give the parameters after a step of SGD, and the loss before it."""
    E, g = jax.value_and_grad(loss)(p, X, Y, unroll, hoisted)
    return jax.tree.map(lambda W, dW: W - LEARNING_RATE * dW, p, g), E


def on_device(work: Work) -> Any:
    """Copy the initial weights: a donated array is gone after use."""
    return {name: jnp.array(W, copy=True) for name, W in work.parameters.items()}


def trainer(work: Work, unroll: int, hoisted: bool) -> Trainer:
    """Train."""
    X, Y = jax.device_put((work.X, work.Y))
    step = jax.jit(partial(update, unroll=unroll, hoisted=hoisted), donate_argnums=0)
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
    probabilities = jax.jit(lambda p, X: jax.nn.sigmoid(logits(p, X, unroll, hoisted)))

    def run() -> Array:
        return np.asarray(probabilities(p, X).block_until_ready())

    return Predictor(nothing, run)


UNROLLS = (1, 5, 10, 25)
WAYS = {f"unroll {n}, input {where} the scan": (n, where == "before") for where in ("before", "in") for n in UNROLLS}
TRAINERS = {name: partial(trainer, unroll=n, hoisted=hoisted) for name, (n, hoisted) in WAYS.items()}
PREDICTORS = {name: partial(predictor, unroll=n, hoisted=hoisted) for name, (n, hoisted) in WAYS.items()}
