"""A network as a table: its layers, what they read and return, and their parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass

from unrolled.rnn.arrays import ReadOnlyParameters

HEAD = ("layer", "reads", "returns", "parameters", "shape", "numbers")
Row = tuple[str, str, str, str, str, int]


def rows(
    layers: Sequence[object],
    widths: Sequence[int],
    names: Sequence[Mapping[str, str]],
    output: str,
    n_classes: int,
    parameters: ReadOnlyParameters,
) -> list[Row]:
    """Return a row for every parameter; the first one of a layer says which layer it is.

    Parameters
    ----------
    layers : sequence
        The cells.
    widths : sequence of int
        How many numbers a step has before the first layer, and after each.
    names : sequence of mappings
        Of each layer, from the cell's name of a parameter to the network's.
    output : str
        What reads the last layer's states.
    n_classes : int
    parameters : mapping of ndarray

    Returns
    -------
    list of tuples
        As ``HEAD`` names them.
    """
    of_layers = [list(of.values()) for of in names]
    seen = {name for of in of_layers for name in of}
    groups = [
        *zip(map(short, layers), widths[:-1], widths[1:], of_layers, strict=True),
        (output, parameters["W_ho"].shape[1], n_classes, [name for name in parameters if name not in seen]),
    ]
    found: list[Row] = []
    for layer, reads, returns, of in groups:
        for n, name in enumerate(of):
            which = (layer, str(reads), str(returns)) if n == 0 else ("", "", "")
            found.append((*which, name, str(parameters[name].shape), parameters[name].size))
    return found


def short(part: object) -> str:
    """Return what a part is, without the settings that are as they are by default."""
    if not is_dataclass(part) or isinstance(part, type) or hasattr(part, "to_config"):
        return str(part)
    others = [each for each in fields(part) if each.init and getattr(part, each.name) != each.default]
    return f"{type(part).__name__}({', '.join(f'{each.name}={getattr(part, each.name)}' for each in others)})"


def text(table: Sequence[Row], total: str) -> str:
    """Return the rows as lines, with a last line for all of them."""
    cells = [HEAD, *((*row[:-1], f"{row[-1]:,}") for row in table)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEAD))]
    numeric = (1, 2, 5)
    lines = [
        "  ".join(f"{cell:>{widths[n]}}" if n in numeric else f"{cell:<{widths[n]}}" for n, cell in enumerate(row))
        for row in cells
    ]
    return "\n".join([*lines, total])
