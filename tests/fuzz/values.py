"""A description that JSON holds, with one value in it another."""

from random import Random
from typing import Any

ODD_JSON: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        -1,
        0,
        1,
        2,
        1.5,
        10**9,
        2**53,
        2**62,
        2**64,
        2**130,
        10**400,
        1e308,
        -1e308,
        5e-324,
        float("nan"),
    ),
    *(
        float("inf"),
        "",
        "rnn.Tanh",
        "rnn.Bidirectional",
        "rnn.SGD",
        "rnn.load",
        "os.system",
        "inf",
        "nan",
        "test",
        "PCG64",
    ),
    *([], {}, [[]], [1, 2], {"part": "rnn.Tanh", "fields": {"hidden": 2}}, {"part": "rnn.Constant", "fields": {}}),
    *({"number": "inf"}, {"tuple": [1, 2]}, {"dict": {}}, {"function": "print"}, {"part": "rnn.Tanh", "config": {}}),
    {"array": [1], "dtype": "S2000000000", "shape": [1]},
    {"array": [], "dtype": "float64", "shape": [0, 2**60]},
)


def other_value(value: Any, rng: Random) -> Any:
    """Replace one value somewhere in it by another, or take it away, or add one."""
    if isinstance(value, dict) and value and rng.random() < 0.92:
        key = rng.choice(list(value))
        kind = rng.random()
        if kind < 0.03:
            return {name: each for name, each in value.items() if name != key}
        if kind < 0.06:
            return {**value, rng.choice(("more", "part", "fields", "n_inputs")): rng.choice(ODD_JSON)}
        if kind < 0.09:
            return {**value, key: value[rng.choice(list(value))]}
        return {**value, key: other_value(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.92:
        i = rng.randrange(len(value))
        kind = rng.random()
        if kind < 0.1:
            return [*value[:i], *value[i + 1 :]]
        if kind < 0.2:
            return [*value[: i + 1], *value[i:]]
        return [*value[:i], other_value(value[i], rng), *value[i + 1 :]]
    if isinstance(value, int | float) and rng.random() < 0.4:
        return rng.choice((value + 1, value - 1, -value, value * 10**9, float(value), str(value)))
    return rng.choice(ODD_JSON)
