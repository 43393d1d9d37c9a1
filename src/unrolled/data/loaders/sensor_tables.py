"""Published tables of several sensors, a file a person, whose columns stand in fixed places: PAMAP2, MHEALTH."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unrolled._support.validation import one_of
from unrolled.data.dataset import Dataset
from unrolled.data.errors import DataError
from unrolled.data.loaders.csv_table import load_csv


@dataclass(frozen=True)
class SensorTables:
    """How a data set is published.

    Parameters
    ----------
    source : str
        What it is called, with its publication, for provenance.
    rate : float
        In Hz.
    activities : mapping of str to str
        What stands in the column of labels, and the name of the class, in the order of the labels. "0" is anything
        else, and left out.
    label : int
        That column.
    columns : mapping of (str, str) to range
        The columns of each signal of each place that has a sensor.
    """

    source: str
    rate: float
    activities: Mapping[str, str]
    label: int
    columns: Mapping[tuple[str, str], range]

    def load(
        self,
        path: str | os.PathLike[str],
        place: str | Sequence[str],
        signal: str | Sequence[str],
        **settings: Any,
    ) -> Dataset:
        """Load the signals of the places as `load_csv` does with these settings, `pattern` among them."""
        places, signals = ([given] if isinstance(given, str) else list(given) for given in (place, signal))
        columns: list[int] = []
        for where in places:
            one_of(where, tuple(dict.fromkeys(at for at, _ in self.columns)), "place", error=DataError)
            for what in signals:
                known = tuple(of for at, of in self.columns if at == where)
                one_of(what, known, f"signal of the {where}", error=DataError)
                columns.extend(self.columns[where, what])
        dataset = load_csv(
            path,
            signal=columns,
            label=self.label,
            rate=self.rate,
            delimiter=" ",
            header=False,
            unlabeled=("0",),
            classes=tuple(self.activities),
            **settings,
        )
        how = dataset.provenance.partition(";")[2]
        return dataclasses.replace(
            dataset,
            classes=tuple(self.activities.values()),
            provenance=f"{self.source}, {', '.join(places)}, {', '.join(signals)};{how}",
        )
