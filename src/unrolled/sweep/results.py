"""What a search leaves behind: a result for each trial, and which points are best."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from unrolled import rnn
from unrolled._support.frames import frame
from unrolled._support.notebook import html_table
from unrolled.sweep.naming import describe, key, label
from unrolled.sweep.points import Point
from unrolled.sweep.training import refitted

Ending: TypeAlias = Literal["done", "diverged", "lost"]
ENDINGS = get_args(Ending)

SHOWN = 20
"""So many points a notebook's table has at most."""


@dataclass(frozen=True)
class Result:
    """What came of one trial.

    Attributes
    ----------
    point : dict
        The settings.
    seed, fold : int
        Which seed, and which fold it was measured on.
    ended : {"done", "diverged", "lost"}
        "lost": its worker died each time it was tried; the same search started again tries it anew.
    metrics : dict
        What the trial measured; empty unless it is done.
    what : str
        Of a trial that is not done: what happened and where.
    seconds : float
        How long it took; two results that differ in nothing else are equal.

    See Also
    --------
    Results : All of a search, with an example.
    Standing : The results of one point.
    """

    point: Point
    seed: int
    fold: int
    ended: Ending
    metrics: Mapping[str, Any]
    what: str = ""
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class Standing:
    """How a point did over its seeds and folds.

    Attributes
    ----------
    point : dict
        The settings.
    mean, spread : float
        Of ``values``: their mean and standard deviation (with n - 1; NaN of fewer than two).
    values : tuple of float
        The objective of every trial that has it.
    trials : int
        How many trials the point has; those without a value diverged, were lost or measured nothing.

    See Also
    --------
    Results : Ranks the points, with an example.
    """

    point: Point
    mean: float
    spread: float
    values: tuple[float, ...]
    trials: int


@dataclass(frozen=True)
class Results(Sequence[Result]):
    """The results of a search, in the order of points, seeds and folds; a sequence of :class:`Result`.

    Parameters
    ----------
    rows : sequence of Result
    objective : str, default "accuracy"
        The name of what is looked at, best when high; with a minus in front, as "-loss", best when low.

    See Also
    --------
    run, read : Where they come from.

    Examples
    --------
    >>> rows = [Result({"a": a}, seed, 0, "done", {"loss": a + 0.1 * seed}) for a in (2, 1) for seed in (0, 1)]
    >>> results = Results(tuple(rows), "-loss")
    >>> results.best
    {'a': 1}
    >>> print(results.table())
    |  | a | loss | spread | measured |
    |---|---|---|---|---|
    | 1 | 1 | 1.0500 | 0.0707 | 2 of 2 |
    | 2 | 2 | 2.0500 | 0.0707 | 2 of 2 |
    <BLANKLINE>
    """

    rows: tuple[Result, ...]
    objective: str = "accuracy"

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        return self.rows[index]

    @property
    def best(self) -> Point:
        """The settings of the point that ranks first.

        Raises
        ------
        ValueError
            If no trial measured the objective.
        """
        ranking = self.ranking()
        if not ranking or not ranking[0].values:
            raise ValueError(f"none of {len(self)} trials measured {name_of(self.objective)!r}")
        return ranking[0].point

    def standings(self) -> list[Standing]:
        """Return every point's standing, in the order of the points.

        Raises
        ------
        ValueError
            If a trial measured the objective as anything but a number.
        """
        name = name_of(self.objective)
        by_point: dict[str, list[Result]] = {}
        for row in self.rows:
            by_point.setdefault(point_key(row.point), []).append(row)
        standings = []
        for rows in by_point.values():
            values = tuple(value for row in rows if (value := measured(row.metrics, name)) is not None)
            with np.errstate(over="ignore"):  # of numbers about 1e308 the sum and the squares are infinite
                mean = float(np.mean(values)) if values else float("nan")
                spread = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
            standings.append(Standing(rows[0].point, mean, spread, values, len(rows)))
        return standings

    def ranking(self) -> list[Standing]:
        """Return the standings, best first.

        Points whose every trial was measured come first, by their mean; then those that lack some, by how
        many were measured: a point that diverges for one seed in five is not one to choose. Equal points stay in
        order.
        """
        sign = -1.0 if self.objective.startswith("-") else 1.0

        def place(standing: Standing) -> tuple[float, float]:
            part = len(standing.values) / standing.trials
            return -part, -sign * standing.mean  # nan where nothing was measured, which leaves the order as it is

        return sorted(self.standings(), key=place)

    def where(self, settings: Mapping[str, Any]) -> "Results":
        """Return the results of the points that have these settings.

        Raises
        ------
        ValueError
            If there are none.
        """
        wanted = {name: describe(value, name) for name, value in settings.items()}
        rows = tuple(
            row
            for row in self.rows
            if all(name in row.point and describe(row.point[name]) == value for name, value in wanted.items())
        )
        if not rows:
            raise ValueError(f"no point has {dict(settings)!r}")
        return Results(rows, self.objective)

    def varying(self) -> dict[str, list[Any]]:
        """Return the settings that differ between points: under each name its values, numbers ascending."""
        names = list(dict.fromkeys(name for row in self.rows for name in row.point))
        columns = {name: distinct(row.point.get(name) for row in self.rows) for name in names}
        return {name: values for name, values in columns.items() if len(values) > 1}

    def to_frame(self) -> Any:
        """Return a row for each trial as a pandas DataFrame; the extra ``pandas`` has what it needs.

        Returns
        -------
        pandas.DataFrame
            The settings of its point, ``seed``, ``fold``, ``ended``, ``seconds``, and what it measured.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> results = Results((Result({"hidden": 5}, 0, 0, "done", {"accuracy": 0.9}),))
        >>> results.to_frame()[["hidden", "accuracy"]].to_numpy().tolist()  # doctest: +SKIP
        [[5.0, 0.9]]
        """
        rows = [
            {**row.point, "seed": row.seed, "fold": row.fold, "ended": row.ended, "seconds": row.seconds, **row.metrics}
            for row in self.rows
        ]
        return frame(rows, "results.to_frame()")

    def refit(
        self,
        point: Point,
        samples: Any,
        *,
        validation: Any = None,
        rng: int | np.random.Generator | None = None,
        progress: bool = True,
    ) -> tuple[rnn.Network, rnn.History]:
        """Train the network of a point, such as ``results.best``, on samples, as the search's own trials do.

        Parameters
        ----------
        point : mapping
            As :func:`unrolled.sweep.train_network` takes it.
        samples, validation : as for :func:`unrolled.rnn.train`
            In memory. A point with ``early_stopping`` needs ``validation``.
        rng : None, int or numpy.random.Generator
            Of the weights, the shuffling and the dropout.
        progress : bool, default True
            Show a bar.

        Returns
        -------
        net : ManyToOne
        history : History

        Raises
        ------
        ValueError
            As :func:`unrolled.sweep.train_network` and :func:`unrolled.rnn.train` do.

        Examples
        --------
        >>> X, y = np.random.default_rng(0).standard_normal((20, 5, 3)), np.arange(20) % 2
        >>> results = Results((Result({"hidden": 5, "epochs": 2}, 0, 0, "done", {"accuracy": 0.9}),))
        >>> net, history = results.refit(results.best, (X, y), rng=0, progress=False)
        >>> net
        ManyToOne(Tanh(hidden=5), n_inputs=3, n_classes=2): 57 parameters, float32
        """
        return refitted(point, samples, validation, np.random.default_rng(rng), progress)

    def _repr_html_(self) -> str:
        try:
            return self._html()
        except ValueError as problem:  # a notebook shows whatever a cell ends with
            return html_table(["trials"], [[len(self)]], f"There is no ranking: {problem}.")

    def _html(self) -> str:
        names, ranking = list(self.varying()), self.ranking()
        rows = [
            [
                place,
                *(label(describe(standing.point.get(name))) for name in names),
                standing.mean,
                standing.spread,
                f"{len(standing.values)} of {standing.trials}",
            ]
            for place, standing in enumerate(ranking[:SHOWN], 1)
        ]
        note = f"the first {SHOWN} of {len(ranking)} points" if len(ranking) > SHOWN else ""
        return html_table(["", *names, name_of(self.objective), "spread", "measured"], rows, note)

    def table(self, top: int | None = None) -> str:
        """Return the ranking as a Markdown table: a row for each point, with the settings that vary.

        Parameters
        ----------
        top : int, optional
            So many points at the most; by default all.

        Returns
        -------
        str
        """
        names = list(self.varying())
        head = ["", *names, name_of(self.objective), "spread", "measured"]
        lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        for place, standing in enumerate(self.ranking()[:top], 1):
            settings = [label(describe(standing.point.get(name))) for name in names]
            numbers = [f"{x:.4f}" if np.isfinite(x) else "-" for x in (standing.mean, standing.spread)]
            cells = [str(place), *settings, *numbers, f"{len(standing.values)} of {standing.trials}"]
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines) + "\n"


def distinct(values: Iterable[Any]) -> list[Any]:
    """Return each value once, NumPy's as Python's: numbers ascending, anything else in the order it is met."""
    plain = (value.item() if isinstance(value, np.generic) else value for value in values)
    found = list({key(describe(value)): value for value in plain}.values())
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in found):
        return sorted(found)
    return found


def name_of(objective: str) -> str:
    """Return the name of what an objective looks at."""
    return objective.removeprefix("-")


def measured(metrics: Mapping[str, Any], name: str) -> float | None:
    """Return a number that was measured; None if it was not, or was not finite.

    Raises
    ------
    ValueError
        If something else was measured under that name, which nothing can be ranked by.
    """
    value = metrics.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float):
        raise ValueError(f"{name!r} was measured as a {type(value).__name__}, expected a number to rank points by")
    return float(value)


def point_key(point: Point) -> str:
    """Return what two points have in common if they are the same."""
    return key(describe(point, "point"))
