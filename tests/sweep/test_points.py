"""Points, and what a value is called."""

import functools
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import scipy.stats

from unrolled import rnn, sweep
from unrolled.sweep.naming import describe, key, label, qualified


def test_a_grid_is_every_combination_and_the_last_name_changes_fastest() -> None:
    points = sweep.grid({"a": [1, 2], "b": range(2), "c": np.array([0.5]), "d": (1, 2), "e": "text"})
    rest = {"c": 0.5, "d": (1, 2), "e": "text"}
    assert points == [{"a": a, "b": b, **rest} for a in (1, 2) for b in (0, 1)]
    assert type(points[0]["c"]) is float


def test_random_points_follow_their_distributions_and_the_seed() -> None:
    settings = {"rate": scipy.stats.loguniform(1e-3, 1), "hidden": scipy.stats.randint(10, 20), "cell": ["a", "b"]}
    points = sweep.random({**settings, "epochs": 3}, 400, 0)
    rates = np.array([point["rate"] for point in points])
    assert scipy.stats.kstest(np.log10(rates), scipy.stats.uniform(-3, 3).cdf).pvalue > 0.01
    assert {point["hidden"] for point in points} == set(range(10, 20))
    assert 150 < sum(point["cell"] == "a" for point in points) < 250
    assert {point["epochs"] for point in points} == {3}
    assert {type(point["hidden"]) for point in points} == {int}
    assert sweep.random({**settings, "epochs": 3}, 5, 0) == points[:5]
    assert [point["rate"] for point in sweep.random({"rate": settings["rate"]}, 400, 0)] == rates.tolist()
    assert sweep.random(settings, 5, 1)[0]["rate"] != rates[0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "settings are {}, expected a mapping from at least one name to its choices"),
        ([1], "settings are [1], expected a mapping"),
        ({1: [1]}, "settings are {1: [1]}, expected a mapping"),
        ({"a": []}, "a is an empty list, expected at least one choice"),
        ({"a": [1, 2, 1]}, "a has 1 twice, expected each choice once"),
        ({"a": [float("nan")]}, "a is nan, expected finite numbers"),
        ({"a": [lambda: 0]}, "expected a function defined at the top level of a module"),
        ({"a": [object()]}, "expected a number, a string, a function"),
    ],
)
def test_what_is_no_grid_is_told(settings: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        sweep.grid(settings)


def test_random_needs_a_number_of_points() -> None:
    with pytest.raises(ValueError, match="n is 0, expected a whole number, 1 or more"):
        sweep.random({"a": [1]}, 0)
    with pytest.raises(ValueError, match="a is inf, expected finite numbers"):
        sweep.random({"a": scipy.stats.uniform(np.inf)}, 1, 0)


@dataclass(frozen=True)
class Pair:
    one: Any
    other: Any


@pytest.mark.parametrize(
    ("value", "description", "short"),
    [
        (None, None, "none"),
        (0.012345678, 0.012345678, "0.01235"),
        (np.float32(0.5), 0.5, "0.5"),
        (np.int64(3), 3, "3"),
        (True, True, "True"),
        (rnn.orthogonal, "unrolled.rnn.initializers.orthogonal", "orthogonal"),
        (rnn.Tanh, "unrolled.rnn.cells.tanh.Tanh", "Tanh"),
        (rnn.ClipNorm(1.0), "ClipNorm(limit=1.0)", "ClipNorm(limit=1.0)"),
        ((rnn.Tanh(5), rnn.GRU(4)), ["Tanh(hidden=5)", "GRU(hidden=4)"], "[Tanh(hidden=5), GRU(hidden=4)]"),
        ({"W_hh": rnn.identity}, {"W_hh": "unrolled.rnn.initializers.identity"}, "W_hh: identity"),
        (
            Pair(rnn.uniform(-0.5, 0.5), rnn.identity),
            "Pair(one=uniform(low=-0.5, high=0.5), other=unrolled.rnn.initializers.identity)",
            "Pair(one=uniform(low=-0.5, high=0.5), other=identity)",
        ),
    ],
)
def test_every_value_has_a_description_that_lasts_and_a_short_label(value: Any, description: Any, short: str) -> None:
    assert describe(value) == description
    assert type(describe(value)) is type(description)
    assert label(description) == short


class Kind:
    """With methods that have one name, whatever the object."""

    def method(self) -> None: ...

    @classmethod
    def of_the_class(cls) -> None: ...


def _outer() -> Any:
    def inner() -> None: ...

    return inner


@functools.wraps(rnn.orthogonal)
def _posing(shape: Any, rng: Any) -> Any:
    return rnn.orthogonal(shape, rng)


@pytest.mark.parametrize("value", [Kind().method, Kind.of_the_class, _outer(), lambda: 0, _posing, "x".join])
def test_what_another_process_would_not_find_by_its_name_is_told(value: Any) -> None:
    with pytest.raises(ValueError, match="expected a function defined at the top level of a module"):
        describe(value)
    with pytest.raises(ValueError, match=r"trial is .*, expected a function defined at the top level"):
        qualified(value, "trial")


def test_a_module_that_is_no_name_leads_nowhere() -> None:
    def odd() -> None: ...

    odd.__module__ = ["not a name"]  # type: ignore[assignment]
    with pytest.raises(ValueError, match=r"trial is .*, expected a function defined at the top level"):
        qualified(odd, "trial")


def test_a_key_is_that_of_the_numbers_and_not_of_their_order() -> None:
    assert key({"a": 0.1, "b": 2}) == key({"b": 2, "a": 0.1})
    assert len({key({"a": 0.1}), key({"a": 0.1 + 1e-17}), key({"a": 0.10000000000000002}), key({"a": None})}) == 3


def test_a_table_written_earlier_knows_its_trials_again() -> None:
    assert key({"a": [1, 0.5], "b": None}, "ann", 3) == "40da84e1cd33e36bd109"
    assert key({"b": None, "a": [1, 0.5]}, "ann", 3) == "40da84e1cd33e36bd109"
