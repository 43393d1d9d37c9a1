"""A data set as a table that one looks at before training."""

from typing import Any

from unrolled.data.samples import steps

MOST = 60  # classes that are shown


def describe_parts(dataset: Any) -> str:
    """Return, as text, how many series, people and seconds of each class either part has.

    Seconds are of the series, so that what overlapping windows share counts more than once.

    Parameters
    ----------
    dataset : Dataset or StoredDataset
    """
    parts, classes, rate = (dataset.train, dataset.test), dataset.classes, dataset.rate
    people = [getattr(part, "person", None) for part in parts]
    head = ["class"]
    for name, person in zip(("training", "test"), people, strict=True):
        head += [name, *(["people"] if person is not None else []), "seconds" if rate is not None else "steps"]
    rows = [head]
    for label, name in [*enumerate(classes[:MOST]), (-1, "all")]:
        row = [name if len(name) <= 30 else f"{name[:29]}~"]
        for part, person in zip(parts, people, strict=True):
            chosen = part.y == label if label >= 0 else part.y >= 0
            n = int(chosen.sum()) * part.X.shape[1] if part.lengths is None else int(part.lengths[chosen].sum())
            row.append(str(int(chosen.sum())))
            if person is not None:
                row.append(str(len(set(person[chosen].tolist()))))
            row.append(f"{n / rate:.0f}" if rate is not None else str(n))
        rows.append(row)
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = []
    for name, *cells in rows:
        lines.append("  ".join([name.ljust(widths[0]), *map(str.rjust, cells, widths[1:])]))
    if len(classes) > MOST:
        lines.insert(-1, f"... and {len(classes) - MOST} more")
    return "\n".join([_title(dataset), *lines])


def _title(dataset: Any) -> str:
    rate = "" if dataset.rate is None else f" at {dataset.rate:g} Hz"
    raw = "raw" if dataset.scaling is None else "standardized"
    axes = "axes" if dataset.channels is None else "channels"
    return f"series of {steps(dataset.train, dataset.test)} steps x {dataset.train.X.shape[2]} {axes}{rate}, {raw}"
