"""Points of a search: plain mappings from a setting's name to its value, on a grid or at random."""

import itertools
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from unrolled._support.validation import whole_number
from unrolled.sweep.naming import describe

Point: TypeAlias = dict[str, Any]


def grid(settings: Mapping[str, Any]) -> list[Point]:
    """Return every combination of choices.

    Parameters
    ----------
    settings : mapping
        Under each name a list (or range or array) of choices; anything else is held fixed.

    Returns
    -------
    list of dict
        The last name changes fastest.

    Raises
    ------
    ValueError
        If there is no setting, a list is empty or names a choice twice, or a value has no description that another
        process could recognize.

    See Also
    --------
    random : Points drawn at random.
    run : Trains at each of them.

    Examples
    --------
    >>> grid({"learning_rate": [0.01, 0.1], "hidden": [25, 50], "epochs": 10})[1]
    {'learning_rate': 0.01, 'hidden': 50, 'epochs': 10}
    """
    names = _names(settings)
    lists = [_choices(settings[name], name) or [settings[name]] for name in names]
    for name, choices in zip(names, lists, strict=True):
        seen = [describe(choice, name) for choice in choices]
        for n, one in enumerate(seen):
            if one in seen[:n]:
                raise ValueError(f"{name} has {choices[n]!r} twice, expected each choice once")
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*lists)]


def random(settings: Mapping[str, Any], n: int, rng: int | np.random.Generator | None = None) -> list[Point]:
    """Draw points, each setting on its own.

    Parameters
    ----------
    settings : mapping
        Under each name a distribution of ``scipy.stats`` such as ``loguniform(1e-3, 1)`` or ``randint(10, 100)``, or
        a list (or range or array) of choices, each as likely; anything else is held fixed.
    n : int
        How many, 1 or more.
    rng : None, int or numpy.random.Generator
        Where they are drawn from. Of one seed, what is drawn for a name depends on no other name, and the first points
        of a longer search are those of a shorter one.

    Returns
    -------
    list of dict

    Raises
    ------
    ValueError
        As :func:`grid`, or if n is not a whole number of at least 1.

    See Also
    --------
    grid : Every combination.

    References
    ----------
    J. Bergstra, Y. Bengio, "Random search for hyper-parameter optimization", JMLR 13 (2012).

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> points = random({"learning_rate": loguniform(1e-3, 1), "hidden": [25, 50], "epochs": 10}, n=20, rng=0)
    >>> len(points), sorted(points[0])
    (20, ['epochs', 'hidden', 'learning_rate'])
    """
    names, n = _names(settings), whole_number(n, "n", 1)
    root = int(np.random.default_rng(rng).integers(2**63))
    columns: list[list[Any]] = []
    for name in names:
        value, stream = settings[name], np.random.default_rng([root, *name.encode()])
        choices = _choices(value, name)
        if choices:
            columns.append([choices[stream.integers(len(choices))] for _ in range(n)])
        elif hasattr(value, "rvs"):
            columns.append([np.asarray(value.rvs(random_state=stream)).item() for _ in range(n)])
        else:
            columns.append([value] * n)
        for drawn in columns[-1]:
            describe(drawn, name)
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _names(settings: Mapping[str, Any]) -> list[str]:
    if not isinstance(settings, Mapping) or not settings or not all(isinstance(name, str) for name in settings):
        raise ValueError(f"settings are {settings!r}, expected a mapping from at least one name to its choices")
    return list(settings)


def _choices(value: Any, name: str) -> list[Any]:
    """Return the choices of a list, range or array, as Python values; none of anything else."""
    if not isinstance(value, list | range | np.ndarray):
        return []
    choices = value.tolist() if isinstance(value, np.ndarray) else list(value)
    if not choices:
        raise ValueError(f"{name} is an empty list, expected at least one choice")
    return choices
