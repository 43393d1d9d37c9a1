"""The recurrences in JAX: each from the parameters, the states before and the input's product to the states after."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

States = tuple[Any, ...]
"""First of them A."""


def tanh(p: Any, states: States, Z: Any) -> States:
    """Elman's."""
    (A,) = states
    return (jnp.tanh(Z + A @ p["W_hh"].T),)


def lstm(p: Any, states: States, Z: Any) -> States:
    """Long short-term memory."""
    A, c = states
    i, f, g, o = jnp.split(Z + A @ p["W_hh"].T, 4, axis=1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def gru(p: Any, states: States, Z: Any) -> States:
    """Gated recurrent unit, the reset after the product."""
    (A,) = states
    Z_r, Z_z, Z_n = jnp.split(Z, 3, axis=1)
    U_r, U_z, U_n = jnp.split(A @ p["W_hh"].T, 3, axis=1)
    z = jax.nn.sigmoid(Z_z + U_z)
    n = jnp.tanh(Z_n + jax.nn.sigmoid(Z_r + U_r) * (U_n + p["b_hn"]))
    return ((1 - z) * n + z * A,)


RECURRENCES: dict[str, tuple[int, Callable[[Any, States, Any], States]]] = {
    "tanh": (1, tanh),
    "lstm": (2, lstm),
    "gru": (1, gru),
}
"""How many states there are, and the step."""
