"""A training and a test part with what is known about them."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from unrolled.data.errors import DataError
from unrolled.data.samples import Samples, steps
from unrolled.data.scaling import Scaling
from unrolled.data.summary import Summary


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Recordings ready for training: two parts, the names of the classes, and where it all comes from.

    Parameters
    ----------
    train, test : Samples
        Neither is empty; both have the same number of axes D.
    classes : tuple of str
        The name of label 0, 1, ...; no name twice.
    rate : float, optional
        Steps a second (Hz), if known.
    provenance : str
        Source, selection and split, in words.
    scaling : Scaling, optional
        The standardisation already applied to both parts; ``scaling.invert(X)`` gives raw units again.
    summary : Summary, optional
        What was kept and what was dropped, and why, on the way from the files to here.

    Raises
    ------
    DataError
        If a part is empty, the parts differ in D, a label has no class name, or a name, the rate or the
        scaling does not fit.
    """

    train: Samples
    test: Samples
    classes: tuple[str, ...]
    rate: float | None = None
    provenance: str = ""
    scaling: Scaling | None = None
    summary: Summary | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", class_names(self.classes))
        d = self.train.X.shape[2]
        if self.test.X.shape[2] != d:
            raise DataError(f"train has {d} axes and test has {self.test.X.shape[2]}, expected the same number")
        for name, part in (("train", self.train), ("test", self.test)):
            if not len(part):
                raise DataError(f"{name} has no samples")
            if part.y.max() >= len(self.classes):
                row = int(part.y.argmax())
                raise DataError(
                    f"{name} has label {part.y[row]} at row {row}, expected 0 to {len(self.classes) - 1}: "
                    f"there are {len(self.classes)} classes"
                )
        if self.rate is not None and not (np.isfinite(self.rate) and self.rate > 0):
            raise DataError(f"rate is {self.rate}, expected a finite number of Hz greater than 0, or None")
        if self.scaling is not None and self.scaling.mean.shape != (d,):
            raise DataError(f"scaling is for {len(self.scaling.mean)} axes, expected {d} as in train")

    def __repr__(self) -> str:
        return (
            f"Dataset({len(self.train)} training and {len(self.test)} test series of {steps(self.train, self.test)} "
            f"steps x {self.train.X.shape[2]} axes"
            f"{'' if self.rate is None else f' at {self.rate:g} Hz'}, "
            f"{'raw' if self.scaling is None else 'standardised'}; classes: {', '.join(self.classes)})"
        )

    def standardised(self) -> "Dataset":
        """Return the data set with each axis at mean 0 and standard deviation 1, measured on `train` alone.

        Padding is not measured, and stays zero.

        Raises
        ------
        DataError
            If it is standardised already.
        """
        if self.scaling is not None:
            raise DataError("the data set is standardised already, expected one in raw units")
        scaling = Scaling.fit(self.train.X, self.train.lengths)
        train, test = (dataclasses.replace(part, X=scaling.apply(part.X)) for part in (self.train, self.test))
        return dataclasses.replace(self, train=train, test=test, scaling=scaling)


def class_names(names: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Return `names` as a tuple, or raise a DataError unless they are different, non-empty strings."""
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise DataError(f"classes are {names!r}, expected a tuple of names")
    names = tuple(map(str, names))
    if not names or "" in names:
        raise DataError(f"classes are {names!r}, expected at least one name and none empty")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"classes name {twice!r} twice, expected different names")
    return names
