"""A data set as a table that one looks at before training."""

from unrolled.data.samples import Samples


def describe_parts(
    train: Samples, test: Samples, classes: tuple[str, ...], rate: float | None, title: str, most: int = 60
) -> str:
    """Return, as text, how many series, people and seconds of each class either part has.

    Seconds are of the series, so that what overlapping windows share counts more than once.
    """
    head = ["class"]
    for name, part in (("training", train), ("test", test)):
        head += [name, *(["people"] if part.person is not None else []), "seconds" if rate is not None else "steps"]
    rows = [head]
    for label, name in [*enumerate(classes[:most]), (-1, "all")]:
        row = [name if len(name) <= 30 else f"{name[:29]}~"]
        for part in (train, test):
            chosen = part.y == label if label >= 0 else part.y >= 0
            steps = int(chosen.sum()) * part.X.shape[1] if part.lengths is None else int(part.lengths[chosen].sum())
            row.append(str(int(chosen.sum())))
            if part.person is not None:
                row.append(str(len(set(part.person[chosen].tolist()))))
            row.append(f"{steps / rate:.0f}" if rate is not None else str(steps))
        rows.append(row)
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = []
    for name, *cells in rows:
        lines.append("  ".join([name.ljust(widths[0]), *map(str.rjust, cells, widths[1:])]))
    if len(classes) > most:
        lines.insert(-1, f"... and {len(classes) - most} more")
    return "\n".join([title, *lines])
