"""Windows of long series whose own future is the target."""

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from unrolled._support.validation import numeric, one_of, whole_number
from unrolled.data.checks import FloatArray
from unrolled.data.errors import DataError

Targets: TypeAlias = Literal["last", "horizon", "every_step"]


def forecasting_windows(
    series: ArrayLike, past: int, ahead: int, step: int = 1, *, targets: Targets = "last"
) -> tuple[FloatArray, FloatArray]:
    """Return windows of a long series, or of several, and the values that follow each.

    A window is ``past`` steps, s to s + past - 1; the forecast reaches ``ahead`` steps beyond its last, to
    s + past - 1 + ahead. A series of n steps has windows at s = 0, step, 2 step, ... as long as that is below n:
    ``(n - past - ahead) // step + 1``, none if n is less than past + ahead. No window reaches from one series into
    another.

    Parameters
    ----------
    series : array, shape (n,) or (n, K), or list of such arrays
        Finite. One series, or a list or tuple of NumPy arrays, each a series, all with the same K; (n,) is K = 1.
        float64 is kept, anything else becomes float32.
    past : int
        Steps of a window, at least 1.
    ahead : int
        How far the forecast reaches, at least 1, which is the step after the window.
    step : int, default 1
        From the beginning of a window to that of the next, at least 1.
    targets : {"last", "horizon", "every_step"}
        What y has: the one value ``ahead`` steps after the window's last; all ``ahead`` values after it; or, for a
        target at every step, to each step of the window the value ``ahead`` steps after it.

    Returns
    -------
    X : array, shape (N, past, K)
        The windows, in the order of the series and of time.
    y : array, shape (N, K), (N, ahead, K) or (N, past, K)
        The targets: "last", "horizon", "every_step". Of one series that is float64 or float32, X and y are views
        that cannot be written to, and no number is copied, however much windows overlap.

    Raises
    ------
    DataError
        If the series has another rank or a number that is not finite, the list is empty or its series differ in K,
        no series is long enough for one window, or a setting is not as described.

    See Also
    --------
    cut_windows : Labeled windows of recordings.
    tasks.mackey_glass, tasks.lorenz : Series to forecast.

    Notes
    -----
    Windows that overlap share steps. Divide the series in time, not the windows at random: else what is tested was
    trained on.

    Examples
    --------
    >>> X, y = forecasting_windows(np.arange(7.0), past=3, ahead=2)
    >>> X[:, :, 0].tolist()
    [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0], [2.0, 3.0, 4.0]]
    >>> y[:, 0].tolist()
    [4.0, 5.0, 6.0]
    >>> forecasting_windows(np.arange(7.0), past=3, ahead=2, targets="horizon")[1][:, :, 0].tolist()
    [[3.0, 4.0], [4.0, 5.0], [5.0, 6.0]]
    >>> forecasting_windows(np.arange(7.0), past=3, ahead=2, targets="every_step")[1][:, :, 0].tolist()
    [[2.0, 3.0, 4.0], [3.0, 4.0, 5.0], [4.0, 5.0, 6.0]]
    """
    past = whole_number(past, "past", 1, error=DataError)
    ahead = whole_number(ahead, "ahead", 1, error=DataError)
    step = whole_number(step, "step", 1, error=DataError)
    one_of(targets, ("last", "horizon", "every_step"), "targets", error=DataError)
    checked = _all_checked(series)
    whole = past + ahead
    windows = [
        sliding_window_view(each, whole, axis=0)[::step].swapaxes(1, 2) for each in checked if len(each) >= whole
    ]
    if not windows:
        longest = max(map(len, checked))
        raise DataError(f"series has {longest} steps, expected {whole} or more: {past} of past and {ahead} ahead")
    joined = windows[0] if len(windows) == 1 else np.concatenate(windows)
    first = {"last": whole - 1, "horizon": past, "every_step": ahead}[targets]
    y = joined[:, first] if targets == "last" else joined[:, first:]
    return joined[:, :past], y


def _all_checked(series: Any) -> list[FloatArray]:
    """Return one series, or each of a list of them, as :func:`_checked` does, all with as many columns."""
    if not isinstance(series, list | tuple) or not all(isinstance(each, np.ndarray) and each.ndim for each in series):
        return [_checked(series, "series")]
    if not series:
        raise DataError("series is empty, expected an array (n,) or (n, K), or a list of them")
    checked = [_checked(each, f"series {i}") for i, each in enumerate(series)]
    for i, each in enumerate(checked):
        if each.shape[1] != checked[0].shape[1]:
            raise DataError(f"series {i} has {each.shape[1]} columns, expected {checked[0].shape[1]} as in series 0")
    return checked


def _checked(series: Any, name: str) -> FloatArray:
    """Return a series as finite float64 (if it is that) or float32, shape (n, K)."""
    array = numeric(series, name, error=DataError)
    if array.ndim not in (1, 2) or 0 in array.shape[1:]:
        hint = "; for several series, a list of them" if array.ndim == 3 else ""
        raise DataError(f"{name} has shape {array.shape}, expected (n,) or (n, K), K at least 1{hint}")
    with np.errstate(over="ignore"):  # what is beyond float32 becomes inf, and is reported below
        double = array.dtype.kind == "f" and array.dtype.itemsize == 8  # in either byte order
        array = array.astype(np.float64 if double else np.float32, copy=False)
    finite = np.isfinite(array)
    if not finite.all():
        row = int(np.argwhere(~finite)[0, 0])
        raise DataError(f"{name} has {array[row]} at step {row}, expected finite numbers")
    return array if array.ndim == 2 else array[:, np.newaxis]
