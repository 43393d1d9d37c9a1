"""Tables that a notebook shows for what stands at the end of a cell."""

from collections.abc import Iterable, Sequence
from html import escape


def html_table(head: Sequence[object], rows: Iterable[Sequence[object]], note: str = "") -> str:
    """Return a table in HTML; whatever is in it is shown as text.

    Parameters
    ----------
    head : sequence
        The columns' names.
    rows : iterable of sequences
        Floats are written with four digits, NaN and None as nothing; the first column is a row's name.
    note : str, optional
        A line beneath.

    Returns
    -------
    str

    Examples
    --------
    >>> html_table(["epoch", "loss"], [[1, 0.25]])
    '<table><thead><tr><th>epoch</th><th>loss</th></tr></thead><tbody><tr><th>1</th><td>0.25</td></tr></tbody></table>'
    """
    columns = "".join(f"<th>{escape(str(name))}</th>" for name in head)
    body = "".join(
        f"<tr><th>{_text(row[0])}</th>{''.join(f'<td>{_text(value)}</td>' for value in row[1:])}</tr>" for row in rows
    )
    beneath = f"<p>{escape(note)}</p>" if note else ""
    return f"<table><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>{beneath}"


def _text(value: object) -> str:
    if value is None or value != value:  # NaN
        return ""
    return escape(f"{value:.4g}" if isinstance(value, float) else str(value))
