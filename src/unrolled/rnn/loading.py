"""Networks from files."""

from os import PathLike, fspath
from typing import Any

from unrolled.rnn import storage
from unrolled.rnn.arrays import ReadOnlyParameters
from unrolled.rnn.network import ManyToOne
from unrolled.rnn.parts import CELLS, HEADS, READOUTS, build


def load(path: str | PathLike[str]) -> ManyToOne:
    """Read a network that :meth:`ManyToOne.save` wrote.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    ManyToOne
        With the parameters, to the bit, and the dtype it was saved with.

    Raises
    ------
    StorageError
        A ValueError that names the file: not HDF5, not a network, damaged, or parameters that do not fit.
    FileNotFoundError
        If there is no such file.
    """
    description, parameters = storage.read(path)
    try:
        return network(description, parameters)
    except KeyError as error:
        raise storage.StorageError(f"{fspath(path)}: its description has no {error}") from None
    except (TypeError, ValueError) as error:
        raise storage.StorageError(f"{fspath(path)}: {error}") from None


def network(description: dict[str, Any], parameters: ReadOnlyParameters) -> ManyToOne:
    """Make the network that :meth:`ManyToOne.description` described, with these parameters (not copied).

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is no such description, or the parameters do not fit.
    """
    cells = description["cells"]
    if not isinstance(cells, list):
        raise ValueError(f"its cells are {cells!r}, expected a list")
    net = object.__new__(ManyToOne)
    net._assemble(
        [build(cell, CELLS) for cell in cells],
        description["n_inputs"],
        description["n_classes"],
        build(description["readout"], READOUTS),
        build(description["head"], HEADS),
    )
    return net.with_parameters(parameters)
