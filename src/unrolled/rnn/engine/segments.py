"""Steps of time cut into pieces: segments that have the same samples, chunks that stay in the processor's cache."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple


class Span(NamedTuple):
    """Steps one after the other that have the same samples, the first ones of the batch.

    Attributes
    ----------
    start, stop : int
        The steps, counted from 0, ``stop`` not among them.
    n_samples : int
        How many samples have these steps, from 0 to m.
    """

    start: int
    stop: int
    n_samples: int


def segments(batch_sizes: Sequence[int], start: int = 0, stop: int | None = None) -> list[Span]:
    """Cut steps where the number of samples changes.

    Parameters
    ----------
    batch_sizes : sequence of int
        How many samples, the first ones, have each step.
    start, stop : int
        Which steps; all by default.

    Returns
    -------
    list of Span
        In order; together they are these steps.

    Examples
    --------
    >>> [tuple(span) for span in segments([1, 1, 3, 4], 1)]
    [(1, 2, 1), (2, 3, 3), (3, 4, 4)]
    """
    spans = []
    for n_samples, steps in groupby(batch_sizes[start:stop]):
        end = start + len(list(steps))
        spans.append(Span(start, end, n_samples))
        start = end
    return spans


def begins(spans: Sequence[Span]) -> list[tuple[int, slice]]:
    """Return where samples begin: a segment's first step, counted from 0, and which samples have none before it.

    Examples
    --------
    >>> begins([Span(0, 2, 3), Span(2, 3, 4), Span(3, 5, 4)])
    [(0, slice(0, 3, None)), (2, slice(3, 4, None))]
    """
    found, n = [], 0
    for start, _, n_samples in spans:
        if n_samples > n:
            found.append((start, slice(n, n_samples)))
            n = n_samples
    return found


def chunks(n_steps: int, size: int) -> list[slice]:
    """Cut steps into chunks of one size, the last steps first; the first steps may be fewer.

    Examples
    --------
    >>> chunks(5, 2)
    [slice(3, 5, None), slice(1, 3, None), slice(0, 1, None)]
    """
    return [slice(max(0, stop - size), stop) for stop in range(n_steps, 0, -size)]
