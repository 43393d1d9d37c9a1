"""Networks as C: one header, one step at a time, for a microcontroller."""

import re
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from unrolled._support.atomic_write import replacing
from unrolled.rnn.cells import Leaky
from unrolled.rnn.exchange.c_source import header
from unrolled.rnn.exchange.layers import CELLS, layers_of
from unrolled.rnn.many_to_many import ManyToMany
from unrolled.rnn.many_to_one import ManyToOne


class Footprint(NamedTuple):
    """What a network takes of a microcontroller's memory.

    Attributes
    ----------
    flash : int
        Bytes of constants: the parameters, in float32. The code comes on top, and expf and tanhf where nothing else
        uses them.
    ram : int
        Bytes of states and scratch memory, with an unsigned long of 4 bytes.
    """

    flash: int
    ram: int


def to_c(net: ManyToOne | ManyToMany, path: str | PathLike[str]) -> Footprint:
    """Write the network as one C99 header that is fed one step at a time, as :meth:`ManyToOne.stream` is.

    The header stands alone: float32, no heap, static states, nothing but ``expf`` and ``tanhf`` of ``math.h``. Of
    ``gestures.h``, all names begin with ``gestures_``: ``gestures_feed(x, y)`` takes x (D,), writes the probabilities
    as of now to y (C,), or the numbers, and returns 0; of a network of many to many those of this step.
    ``gestures_reset()`` begins a new sequence; ``GESTURES_N_INPUTS`` and ``GESTURES_N_CLASSES`` are D and C, or
    ``GESTURES_N_OUTPUTS`` is, where answers are numbers. Where an ``EveryStep`` readout has no weight for another step,
    ``feed`` returns 1 and leaves y as it was. It checks nothing else: x must be finite. Include it in one source file,
    whose network it is then.

    Parameters
    ----------
    net : ManyToOne or ManyToMany
        Of this library's cells of one direction, readouts and heads; its states begin at 0. A float64 network is
        rounded.
    path : path-like
        Its name ends in ``.h``, and what comes before is a name in C, since it begins all others. The header is
        written beside its place and then renamed.

    Returns
    -------
    Footprint
        Bytes of ``flash`` and ``ram``; the header's comment has them too.

    Raises
    ------
    OSError
        If it cannot be written; what stood there before still stands.
    ValueError
        If the path's name is not as described, a cell needs the whole sequence, a part of the network is not one of
        this library's, the state before the first step is learned, or a parameter is not finite in float32.

    See Also
    --------
    ManyToOne.stream : The same in Python.
    to_onnx : For runtimes that have memory to spare.

    Examples
    --------
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.GRU(16), n_inputs=3, n_classes=7, rng=0)
    >>> rnn.to_c(net, "gestures.h")
    Footprint(flash=4380, ram=320)

    In the program: ``#include "gestures.h"``, and with each measurement x,

    .. code-block:: c

        float y[GESTURES_N_CLASSES];
        gestures_feed(x, y);
    """
    layers = layers_of(net, "rnn.to_c", (*CELLS, Leaky))
    for cell in net.cells:
        if not cell.causal:
            raise ValueError(f"the network has {cell}, expected cells of one direction of time for rnn.to_c")
    name = Path(path).name
    stem, dot, ending = name.rpartition(".")
    if (dot + ending).lower() != ".h" or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", stem):
        raise ValueError(
            f"the file is called {name!r}, expected a name in C, of letters, digits and underscores, and then .h"
        )
    source, flash, ram = header(net, layers, stem)
    with replacing(path) as temporary:
        temporary.write_bytes(source.encode("ascii"))
    return Footprint(flash, ram)
