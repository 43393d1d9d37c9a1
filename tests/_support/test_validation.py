"""What is refused at the door, and in which words."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Protocol

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled._support.validation import (
    checked_fields,
    choice,
    flag,
    implements,
    instance,
    numeric,
    one_of,
    optional,
    part,
    real,
    real_number,
    sample_weights,
    whole,
    whole_number,
)


class OwnError(ValueError):
    pass


@pytest.mark.parametrize("value", [True, 1.0, "1", None, np.bool_(True), 0, -1, 10**30])
def test_what_is_no_whole_number_in_range_is_named(value: Any) -> None:
    with pytest.raises(OwnError, match=r"n is .*, expected a whole number from 1 to 9$"):
        whole_number(value, "n", 1, 9, error=OwnError)


@given(st.integers(-(2**40), 2**40))
def test_whole_numbers_come_back_as_int(value: int) -> None:
    assert whole_number(np.int64(value), "n") == value
    assert type(whole_number(np.int64(value), "n")) is int


@pytest.mark.parametrize("value", [True, "1", None, np.nan, np.inf, 10**400, -0.1, 1, 1 + 0j])
def test_what_is_no_number_in_range_is_named(value: Any) -> None:
    with pytest.raises(OwnError, match=r"p is .*, expected a finite number from 0 to below 1$"):
        real_number(value, "p", 0, below=1, error=OwnError)


def test_both_kinds_of_ends() -> None:
    assert real_number(np.float32(0.5), "x", 0.5, 0.5) == 0.5
    for value in (0, 1):
        with pytest.raises(ValueError, match=f"x is {value}, expected a finite number between 0 and 1"):
            real_number(value, "x", above=0, below=1)


def test_messages_are_short_whatever_was_passed() -> None:
    for value in ("x" * 10**6, 10**10_000, list(range(10**5))):
        for check in (whole(None, 9), real()):
            with pytest.raises(ValueError, match="n is") as told:
                check(value, "n")
            assert len(str(told.value)) < 200
    with pytest.raises(ValueError, match=r"split is .*, expected one of 'a', 'b'"):
        one_of(["a"], ("a", "b"), "split")


def test_arrays() -> None:
    with pytest.raises(OwnError, match="X is ragged"):
        numeric([[1], [1, 2]], "X", error=OwnError)
    with pytest.raises(OwnError, match="X holds <U1 values, expected real numbers"):
        numeric(["a"], "X", error=OwnError)
    assert sample_weights([1, 2], "w") == (1.0, 2.0)
    for wrong in ([], [0, 0], [-1, 2], [np.nan, 1], [[1]], 1):
        with pytest.raises(ValueError, match=r"w are .*, expected a row of finite numbers, 0 or more and not all 0"):
            sample_weights(wrong, "w")


def test_fields_are_checked_and_set() -> None:
    @dataclass(frozen=True)
    @checked_fields(OwnError, n=whole(1), p=optional(real(above=0)), kind=choice("a", "b"))
    class Bias:
        n: int
        p: float | None = None
        kind: str = "a"

        def __post_init__(self) -> None:
            assert isinstance(self.n, int)

    assert Bias(np.int64(3), np.float32(0.5)) == Bias(3, 0.5)
    assert type(Bias(np.int64(3)).n) is int
    assert Bias(1).p is None
    for wrong, message in (
        ({"n": 0}, "Bias' n is 0, expected a whole number, 1 or more"),
        ({"n": 1, "p": 0}, "Bias' p is 0, expected a finite number above 0"),
        ({"n": 1, "kind": "c"}, "Bias' kind is 'c', expected one of 'a', 'b'"),
    ):
        with pytest.raises(OwnError, match=message):
            Bias(**wrong)


class Drawn(Protocol):
    """What a drawing asks of a shape."""

    color: str

    def draw(self) -> str:
        """Return it."""
        ...

    @property
    def area(self) -> float:
        """How much ink."""
        ...


class Moved(Drawn, Protocol):
    """One that moves too, and is called."""

    def __call__(self) -> int:
        """Move."""
        ...


class Shape:
    """Has all of it."""

    color = "red"
    area = 0.0

    def draw(self) -> str:
        """Return nothing."""
        return ""


class Moving(Shape):
    """Has all of that."""

    def __call__(self) -> int:
        """Stay."""
        return 1


def test_what_implements_a_protocol_is_returned_itself() -> None:
    shape, moving = Shape(), Moving()
    assert implements(shape, Drawn, "shape", "Shape()") is shape
    assert implements(moving, Moved, "shape", "Moving()") is moving


@pytest.mark.parametrize(
    ("value", "protocol", "said"),
    [
        (Shape, Drawn, r"shape is <class .*Shape'>, a class: expected one such as Shape\(\)"),
        (SimpleNamespace(color="red", area=1), Drawn, "which has no method draw: expected one such as"),
        (SimpleNamespace(color="red", area=1, draw=3), Drawn, "which has no method draw"),
        (SimpleNamespace(color="red", draw=print), Drawn, "which has no attribute area"),
        (SimpleNamespace(area=0, draw=print), Drawn, "which has no attribute color"),
        (Shape(), Moved, "which cannot be called"),
        (3, Moved, "shape is 3, which has no attribute color"),
    ],
)
def test_what_lacks_a_member_of_a_protocol_is_refused_by_its_name(value: Any, protocol: type, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        implements(value, protocol, "shape", "Shape()", error=TypeError)


@dataclass(frozen=True)
@checked_fields(
    named_class=False, shape=part(Drawn, "Shape()"), count=optional(instance(int, "1")), shown=flag, error=OwnError
)
class Page:
    """Settings whose class users never see."""

    shape: Drawn
    count: int | None = None
    shown: bool = True


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"shape": Shape}, "^shape is <class .*, a class: expected one such as"),
        ({"shape": None}, "^shape is None, which has no attribute color: expected one such as"),
        ({"count": "1"}, "^count is '1', expected one such as 1$"),
        ({"shown": 1}, "^shown is 1, expected True or False$"),
    ],
)
def test_fields_of_a_class_that_users_never_see_are_named_alone(settings: dict[str, Any], said: str) -> None:
    shape = Shape()
    assert Page(shape).shape is shape
    with pytest.raises(OwnError, match=said):
        Page(**{"shape": shape, **settings})
