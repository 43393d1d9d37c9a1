"""Networks from files."""

from collections.abc import Iterable
from os import PathLike, fspath
from typing import Any

from unrolled._support.validation import shown, whole_number
from unrolled.rnn import storage
from unrolled.rnn.arrays import ReadOnlyParameters
from unrolled.rnn.cells import GRU, LSTM, Bidirectional, Leaky, ReLU, Tanh
from unrolled.rnn.many_to_many import ManyToMany
from unrolled.rnn.many_to_one import ManyToOne
from unrolled.rnn.network import Network
from unrolled.rnn.output.attention import Attention
from unrolled.rnn.output.heads import Sigmoid, Softmax
from unrolled.rnn.output.numbers import Linear, Poisson
from unrolled.rnn.output.pooling import Max, MeanMax
from unrolled.rnn.output.readouts import EveryStep, Last, Mean
from unrolled.rnn.parts import Known, from_config, table, with_given
from unrolled.rnn.stacking import Stack

CELLS = (Tanh, ReLU, Leaky, LSTM, GRU, Bidirectional)
PARTS = table(*CELLS, Stack, Last, Mean, Max, MeanMax, Attention, EveryStep, Sigmoid, Softmax, Linear, Poisson)
"""What a network's file may name without being handed it."""

KEYS = {"cells", "n_inputs", "n_classes", "readout", "head"}
FURTHER = {"network", "n_outputs", "initial_state"}
"""What only the networks have that need it."""
LARGEST = 2**31 - 1


def load(path: str | PathLike[str], *, parts: Iterable[type] = ()) -> Network:
    """Read a network that :meth:`ManyToOne.save` wrote.

    Parameters
    ----------
    path : path-like
    parts : iterable of type
        The classes of cells, readouts and heads of one's own that the file names. A file can make nothing else be
        imported or called.

    Returns
    -------
    ManyToOne or ManyToMany
        With the parameters, to the bit, and the dtype it was saved with.

    Raises
    ------
    StorageError
        A ValueError that names the file: not HDF5, not a network, damaged, parameters that do not fit, or a part that
        is neither the library's nor among ``parts``.
    FileNotFoundError
        If there is no such file.

    See Also
    --------
    ManyToOne.save : Writes the file.
    resume : Goes on with a training from its checkpoint.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.GRU(4), n_inputs=3, n_classes=2, rng=0)
    >>> with TemporaryDirectory() as folder:
    ...     net.save(Path(folder) / "net.h5")
    ...     again = rnn.load(Path(folder) / "net.h5")
    >>> again
    ManyToOne(GRU(hidden=4), n_inputs=3, n_classes=2): 110 parameters, float32
    """
    known = with_given(parts, PARTS)
    description, groups = storage.read(path, storage.FORMAT, "a network that this version saved")
    try:
        if groups.keys() != {"parameters"}:
            raise ValueError(f"it has the groups {shown(sorted(groups))}, expected parameters")
        return network(description, groups["parameters"], known)
    except (TypeError, ValueError) as error:
        raise storage.StorageError(f"{fspath(path)}: {str(error)[:300]}") from None


def network(config: Any, parameters: ReadOnlyParameters, known: Known) -> Network:
    """Make the network that :meth:`ManyToOne.to_config` described, with these parameters (not copied).

    Raises
    ------
    TypeError, ValueError
        If it is no such description, or the parameters do not fit.
    """
    many = isinstance(config, dict) and "network" in config
    keys = KEYS - {"readout"} if many else KEYS
    if not isinstance(config, dict) or not keys <= config.keys() <= keys | FURTHER:
        raise ValueError(f"the network is described by {shown(config)}, expected {', '.join(sorted(keys))}")
    if many and config["network"] != "many to many":
        raise ValueError(f"it is a network of {shown(config['network'])}, expected one of many to many, or none named")
    if not isinstance(config["cells"], list):
        raise ValueError(f"its cells are {shown(config['cells'])}, expected a list")
    if len(config["cells"]) > len(parameters):
        raise ValueError(f"it has {len(config['cells'])} cells and {len(parameters)} parameters")
    if "n_outputs" in config and config["n_classes"] is not None:
        raise ValueError(f"it has n_classes {shown(config['n_classes'])} and n_outputs, expected one of them")
    least = {"n_outputs": 1} if "n_outputs" in config else {"n_classes": 2}
    settings = {name: whole_number(config[name], name, minimum, LARGEST) for name, minimum in least.items()}
    settings |= {name: config[name] for name in ("initial_state",) if name in config}
    settings |= {} if many else {"readout": from_config(config["readout"], known)}
    return (ManyToMany if many else ManyToOne).from_parameters(
        parameters,
        [from_config(cell, known) for cell in config["cells"]],
        whole_number(config["n_inputs"], "n_inputs", 1, LARGEST),
        head=from_config(config["head"], known),
        **settings,
    )
