"""The door: each check returns the value in the form wanted, or says in one sentence what was passed and expected.

Checks of one setting are called ``check(value, name, error=...)``: ``name`` is what the message calls the value,
``error`` the type that is raised, which is a ValueError or one of its kind.
:func:`checked_fields` applies them to the fields of a dataclass.
"""

import inspect
from collections.abc import Callable, Collection
from functools import cache, partial
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Kind = TypeVar("Kind")


class Check(Protocol):
    """A check of one value: the value in the form wanted, or ``error`` raised with one sentence."""

    def __call__(self, value: Any, name: str, *, error: type[ValueError] = ValueError) -> Any:
        """Return the value in the form wanted."""
        ...


def whole_number(
    value: Any,
    name: str,
    minimum: int | None = None,
    maximum: int | None = None,
    *,
    error: type[ValueError] = ValueError,
) -> int:
    """Return ``value`` as an int, unless it is not a whole number or is out of range.

    Parameters
    ----------
    value : int or numpy integer
        Of true and false, neither is taken for a number.
    name : str
        What the message calls the value.
    minimum, maximum : int, optional
        The range, both ends included.
    error : type, default ValueError
        What is raised.

    Returns
    -------
    int

    Examples
    --------
    >>> whole_number(50, "hidden", 1)
    50
    >>> whole_number(0, "hidden", 1)
    Traceback (most recent call last):
        ...
    ValueError: hidden is 0, expected a whole number, 1 or more
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
        wanted = "a whole number"
        if minimum is not None:
            wanted += f", {minimum} or more" if maximum is None else f" from {minimum} to {maximum}"
        elif maximum is not None:
            wanted += f", {maximum} or less"
        raise error(f"{name} is {shown(value)}, expected {wanted}")
    return int(value)


def real_number(
    value: Any,
    name: str,
    minimum: float | None = None,
    maximum: float | None = None,
    *,
    above: float | None = None,
    below: float | None = None,
    error: type[ValueError] = ValueError,
) -> float:
    """Return ``value`` as a float, unless it is not a finite number or is out of range.

    Parameters
    ----------
    value : float or int, or NumPy's
        Of true and false, neither is taken for a number.
    name : str
        What the message calls the value.
    minimum, maximum : float, optional
        The range, both ends included.
    above, below : float, optional
        The range, both ends excluded.
    error : type, default ValueError
        What is raised.

    Returns
    -------
    float

    Examples
    --------
    >>> real_number(0.5, "p", 0, below=1)
    0.5
    >>> real_number(0, "limit", above=0)
    Traceback (most recent call last):
        ...
    ValueError: limit is 0, expected a finite number above 0
    """
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    try:
        number = float(value) if real else np.nan
    except OverflowError:  # a whole number of hundreds of digits
        number = np.nan
    if (
        not np.isfinite(number)
        or (minimum is not None and number < minimum)
        or (maximum is not None and number > maximum)
        or (above is not None and not number > above)
        or (below is not None and not number < below)
    ):
        wanted = "a finite number"
        if above is not None and below is not None:
            raise error(f"{name} is {shown(value)}, expected a finite number between {above:g} and {below:g}")
        wanted += f" from {minimum:g}" if minimum is not None else f" above {above:g}" if above is not None else ""
        wanted += f" to {maximum:g}" if maximum is not None else f" to below {below:g}" if below is not None else ""
        raise error(f"{name} is {shown(value)}, expected {wanted}")
    return number


def one_of(value: Any, allowed: Collection[str], name: str, *, error: type[ValueError] = ValueError) -> str:
    """Return ``value`` if it is one of the texts in ``allowed``.

    Examples
    --------
    >>> one_of("people", ("person", "trial"), "split")
    Traceback (most recent call last):
        ...
    ValueError: split is 'people', expected one of 'person', 'trial'
    """
    if not isinstance(value, str) or value not in allowed:
        raise error(f"{name} is {shown(value)}, expected one of {', '.join(map(repr, allowed))}")
    return value


def flag(value: Any, name: str, *, error: type[ValueError] = ValueError) -> bool:
    """Return ``value`` if it is True or False."""
    if not isinstance(value, bool):
        raise error(f"{name} is {shown(value)}, expected True or False")
    return value


def refuse_masked(value: Any, name: str, *, error: type[ValueError] = ValueError) -> None:
    """Raise an error if an array, or one in a list, is masked in places: what lies under a mask would be used.

    Examples
    --------
    >>> refuse_masked(np.ma.masked_equal([1, 2], 2), "y")
    Traceback (most recent call last):
        ...
    ValueError: y is masked in places, expected numbers throughout: fill them, or leave those samples out
    """
    if type(value) is np.ndarray:
        return
    parts = value if isinstance(value, list | tuple) else (value,)
    if any(isinstance(part, np.ma.MaskedArray) and np.ma.is_masked(part) for part in parts):
        raise error(f"{name} is masked in places, expected numbers throughout: fill them, or leave those samples out")


def numeric(value: Any, name: str, *, complex_too: bool = False, error: type[ValueError] = ValueError) -> NDArray[Any]:
    """Return ``value`` as a real array, unless it holds anything but real numbers, or some that are masked.

    With ``complex_too`` a complex array is let through, as networks of complex numbers have them in a gradient check.
    """
    refuse_masked(value, name, error=error)
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as problem:  # ragged lists, objects that refuse to be arrays
        raise error(f"{name} is ragged, expected rows of one length ({problem})") from None
    if array.dtype.kind not in ("biufc" if complex_too else "biuf"):
        raise error(f"{name} holds {array.dtype} values, expected real numbers")
    return array


def sample_weights(value: Any, name: str, *, error: type[ValueError] = ValueError) -> tuple[float, ...]:
    """Return weights as a tuple of floats, unless they are not a row of finite numbers from 0 on, not all 0."""
    array = numeric(value, name, error=error)
    with np.errstate(over="ignore"):
        fine = array.ndim == 1 and array.size and np.isfinite(array.astype(float).sum()) and array.min() >= 0
    if not fine or not array.any():
        raise error(f"{name} are {shown(value)}, expected a row of finite numbers, 0 or more and not all 0")
    return tuple(array.astype(float).tolist())


def implements(value: Kind, protocol: type, name: str, example: str, *, error: type[Exception] = ValueError) -> Kind:
    """Return ``value`` if it has every method and attribute of a protocol, and is an instance, not a class.

    A part that somebody else wrote is checked so where it is handed over, once, rather than by an AttributeError in
    the middle of the work. Signatures are not compared, and nothing is called.

    Parameters
    ----------
    value : object
        A function is an instance of a protocol whose one method is ``__call__``.
    protocol : type
        A ``typing.Protocol``. What it defines itself and what it inherits from other protocols must be there:
        methods must be callable, properties and annotated attributes must exist.
    name : str
        What the message calls the value, such as ``"optimizer"``.
    example : str
        What the message recommends instead, such as ``"rnn.SGD(0.01)"``.
    error : type, default ValueError
        What is raised.

    Returns
    -------
    object
        ``value`` itself.

    Examples
    --------
    >>> class Drawn(Protocol):
    ...     def draw(self) -> str: ...
    >>> class Blank: ...
    >>> implements(Blank(), Drawn, "shape", "Circle(1)")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: shape is <...Blank object at ...>, which has no method draw: expected one such as Circle(1)
    >>> implements(Blank, Drawn, "shape", "Circle(1)")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: shape is <class '...Blank'>, a class: expected one such as Circle(1)
    """
    if isinstance(value, type):
        raise error(f"{name} is {shown(value)}, a class: expected one such as {example}")
    for member, is_method in _members(protocol).items():
        found = getattr(value, member, None)
        if callable(found) or (not is_method and hasattr(value, member)):
            continue
        lack = "cannot be called" if member == "__call__" else f"has no {'method' * is_method or 'attribute'} {member}"
        raise error(f"{name} is {shown(value)}, which {lack}: expected one such as {example}")
    return value


def whole(minimum: int | None = None, maximum: int | None = None) -> Check:
    """Return a :func:`whole_number` check of this range, for :func:`checked_fields`."""
    return partial(whole_number, minimum=minimum, maximum=maximum)


def real(
    minimum: float | None = None,
    maximum: float | None = None,
    *,
    above: float | None = None,
    below: float | None = None,
) -> Check:
    """Return a :func:`real_number` check of this range, for :func:`checked_fields`."""
    return partial(real_number, minimum=minimum, maximum=maximum, above=above, below=below)


def choice(*allowed: str) -> Check:
    """Return a check that a text is one of these, for :func:`checked_fields`."""

    def check(value: Any, name: str, *, error: type[ValueError] = ValueError) -> str:
        return one_of(value, allowed, name, error=error)

    return check


def optional(check: Check) -> Check:
    """Return a check that lets None pass, for :func:`checked_fields`."""

    def check_unless_none(value: Any, name: str, *, error: type[ValueError] = ValueError) -> Any:
        return None if value is None else check(value, name, error=error)

    return check_unless_none


def part(protocol: type, example: str) -> Check:
    """Return a check that a value :func:`implements` a protocol, for :func:`checked_fields`."""

    def check(value: Any, name: str, *, error: type[ValueError] = ValueError) -> Any:
        return implements(value, protocol, name, example, error=error)

    return check


def instance(kind: type, example: str) -> Check:
    """Return a check that a value is an instance of a class, for :func:`checked_fields`."""

    def check(value: Any, name: str, *, error: type[ValueError] = ValueError) -> Any:
        if not isinstance(value, kind):
            raise error(f"{name} is {shown(value)}, expected one such as {example}")
        return value

    return check


def checked_fields(
    error: type[ValueError] = ValueError, named_class: bool = True, **checks: Check
) -> Callable[[type[Kind]], type[Kind]]:
    """Check fields of a dataclass when it is made, and set them to what the checks return.

    It decorates the class below ``@dataclass``. A ``__post_init__`` that the class has is called afterwards.

    Parameters
    ----------
    error : type, default ValueError
        What is raised.
    named_class : bool, default True
        Whether messages name the class before the field; False where users pass the fields to a function.
    **checks : callable
        A check for each field that has one.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... @checked_fields(limit=real(above=0))
    ... class ClipNorm:
    ...     limit: float
    >>> ClipNorm(1)
    ClipNorm(limit=1.0)
    >>> ClipNorm(-1)
    Traceback (most recent call last):
        ...
    ValueError: ClipNorm's limit is -1, expected a finite number above 0
    """

    def decorate(kind: type[Kind]) -> type[Kind]:
        afterwards = getattr(kind, "__post_init__", None)

        def __post_init__(self: Any) -> None:
            name = type(self).__name__
            of = "" if not named_class else f"{name}' " if name.endswith("s") else f"{name}'s "
            for field, check in checks.items():
                object.__setattr__(self, field, check(getattr(self, field), of + field, error=error))
            if afterwards is not None:
                afterwards(self)

        kind.__post_init__ = __post_init__  # type: ignore[attr-defined]  # which the dataclass then calls
        return kind

    return decorate


@cache
def _members(protocol: type) -> dict[str, bool]:
    """Return the names of a protocol's members, in the order they are written, and whether each is a method."""
    members: dict[str, bool] = {}
    for base in reversed(protocol.__mro__):
        if base in (object, Generic, Protocol):
            continue
        defined = {**dict.fromkeys(inspect.get_annotations(base)), **vars(base)}
        for member, definition in defined.items():
            if member in ("__call__", "__len__") or not member.startswith("_"):
                members[member] = inspect.isfunction(definition)
    return members


def shown(value: Any, longest: int = 100) -> str:
    """Return the value as a message shows it: its repr in one line, cut where it is long."""
    try:
        text = repr(value).replace("\n", " ")
    except ValueError:  # a whole number of thousands of digits
        text = f"a {type(value).__name__} of thousands of digits"
    return text if len(text) <= longest else f"{text[:longest]}..."
