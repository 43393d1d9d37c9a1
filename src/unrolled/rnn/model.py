"""What a network is made of: its parts, the shapes and the arrays of its parameters, and how it is saved."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from copy import copy
from os import PathLike
from typing import Any, ClassVar, Literal, TypeAlias, TypeVar, get_args

import numpy as np

from unrolled._support.notebook import html_table
from unrolled._support.validation import implements, one_of, whole_number
from unrolled.rnn import inputs, storage
from unrolled.rnn.arrays import Parameters, ReadOnlyParameters
from unrolled.rnn.cells import Cell, CellOf
from unrolled.rnn.cells.stack import Layers
from unrolled.rnn.engine.buffers import Scratch
from unrolled.rnn.engine.trace import Trace
from unrolled.rnn.initializers import Initializer, initialize
from unrolled.rnn.output import attention
from unrolled.rnn.output.class_weights import resolved
from unrolled.rnn.output.heads import Answers, Head, Sigmoid, answers_of
from unrolled.rnn.output.numbers import Linear
from unrolled.rnn.output.readouts import EachStep, Last, Readout
from unrolled.rnn.parts import to_config
from unrolled.rnn.stacking import Stack, without_stack
from unrolled.rnn.summary import HEAD, Row, rows, short, text

Self = TypeVar("Self", bound="Model")

InitialState: TypeAlias = Literal["zero", "learned"]
"""What stands before the first step where nothing is given."""


class Model:
    """Cells, a readout and a head, and the parameters of all; what they compute is :class:`Network`'s."""

    readout: Readout
    answers_once: ClassVar[bool]
    """Whether a sequence has one answer, or each of its steps."""
    initial_state: InitialState
    stack: Stack
    """How many steps become one in front of the cells; ``Stack(k=1)`` where there is none."""

    def _draw(
        self,
        initializer: Initializer | Mapping[str, Initializer],
        rng: int | np.random.Generator | None,
        dtype: Any,
    ) -> None:
        """Draw the first parameters."""
        self.parameters: Parameters = initialize(
            self.shapes(),
            initializer,
            np.random.default_rng(rng),
            inputs.dtype_of_work(dtype),
            gates=self.layers.gates(),
            biases=self.layers.initial_biases(),
        )

    @classmethod
    def from_parameters(
        cls: type[Self],
        parameters: ReadOnlyParameters,
        cell: Cell | Sequence[Cell | Stack],
        *args: Any,
        **settings: Any,
    ) -> Self:
        """Make a network of parameters that are there already; nothing is drawn.

        Parameters
        ----------
        parameters : mapping of ndarray
            With the names and shapes that such a network has, of one dtype; they are not copied.
        cell, *args, **settings
            As for the class, but for ``initializer``, ``rng`` and ``dtype``.

        Returns
        -------
        ManyToOne or ManyToMany

        Raises
        ------
        ValueError
            If a name is missing or unknown, a shape is another, or the dtypes differ.

        Examples
        --------
        >>> from unrolled import rnn
        >>> net = rnn.ManyToOne(rnn.Tanh(5), n_inputs=3, n_classes=6, rng=0)
        >>> twin = rnn.ManyToOne.from_parameters(net.parameters, rnn.Tanh(5), 3, 6)
        >>> twin.parameters["W_hh"] is net.parameters["W_hh"]
        True
        """
        net = cls.__new__(cls)
        net._assemble(cell, *args, **settings)
        return net.with_parameters(parameters)

    def _assemble(
        self,
        cell: Any,
        n_inputs: Any,
        n_classes: Any = None,
        *,
        n_outputs: Any = None,
        readout: Any = None,
        head: Any = None,
        initial_state: Any = "zero",
    ) -> None:
        cells = tuple(cell) if isinstance(cell, Sequence) and not isinstance(cell, str) else (cell,)
        if not cells:
            raise TypeError("cell is an empty sequence, expected at least one recurrence such as rnn.Tanh(50)")
        self.stack, cells = without_stack(cells)
        if self.stack.k > 1 and not self.answers_once:
            raise ValueError(
                f"cell begins with {self.stack!r}, expected none in a {type(self).__name__}, which answers at every "
                "single step: stacked ones are fewer"
            )
        for each in cells:
            implements(each, CellOf, "cell", "rnn.Tanh(50)", error=TypeError)
        self.cells: tuple[Cell, ...] = cells
        given = Last() if readout is None else readout
        self.readout: Readout = implements(given, Readout, "readout", "rnn.Last()", error=TypeError)
        self.n_inputs = whole_number(n_inputs, "n_inputs", 1)
        if (n_classes is None) == (n_outputs is None):
            found = "neither is given" if n_classes is None else f"both are given, {n_classes!r} and {n_outputs!r}"
            raise ValueError(
                f"of n_classes and n_outputs {found}: expected one of them, n_classes for a class of so many, or "
                "n_outputs for so many numbers"
            )
        given = (Sigmoid() if n_outputs is None else Linear()) if head is None else head
        self.head: Head = implements(given, Head, "head", "rnn.Sigmoid()", error=TypeError)
        numbers = answers_of(self.head) == "numbers"
        self.n_classes: int | None = None if n_classes is None else whole_number(n_classes, "n_classes", 2)
        self.n_outputs: int | None = None if n_outputs is None else whole_number(n_outputs, "n_outputs", 1)
        if numbers != (n_outputs is not None):
            raise ValueError(
                f"head is {self.head!r}, which answers with {'numbers' if numbers else 'classes'}, expected "
                f"{'n_outputs instead of n_classes' if numbers else 'one such as rnn.Linear() for n_outputs'}"
            )
        self.head = resolved(self.head, self.n_logits)
        self.initial_state = one_of(initial_state, get_args(InitialState), "initial_state")  # type: ignore[assignment]  # one of them
        self.layers = Layers(cells, self.stack.k * self.n_inputs)
        # Gates make a part of a batch no more worth a thread: measured.
        self._width = max(cell.hidden for cell in cells)
        self._scratch: Scratch[list[Trace]] = Scratch()

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every parameter, in order."""
        C, learned = self.n_logits, {} if self.initial_state == "zero" else self._state_shapes()
        return {
            **self.layers.shapes(),
            **attention.shapes(self.readout, self.widths[-1]),
            "W_ho": (C, self.readout.width(self.widths[-1])),
            "b_o": (C,),
            **{first_state(name): shape for name, shape in learned.items()},
        }

    @property
    def reader(self) -> Readout:
        """The readout, with its parameters where it has some."""
        return attention.reader(self.readout, self.parameters)

    def _state_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape that each state has of a sample."""
        return {
            full: (cell.hidden,)
            for cell, names in zip(self.cells, self.layers.state_names, strict=True)
            for full in names.values()
        }

    @property
    def n_logits(self) -> int:
        """C: ``n_classes`` or ``n_outputs``, how many numbers the head is handed at a time."""
        return self.n_classes or self.n_outputs or 0

    @property
    def answers(self) -> Answers:
        """What the network answers with: "class", "labels" (several at once), or "numbers"."""
        return answers_of(self.head)

    @property
    def widths(self) -> list[int]:
        """D, behind a ``Stack`` k D, then how many numbers the states of each layer have."""
        return list(self.layers.widths)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the parameters, and so of the work."""
        return self.parameters["W_ho"].dtype

    def __repr__(self) -> str:
        n = sum(W.size for W in self.parameters.values())
        made_of = self._all_cells()
        cells = made_of[0] if len(made_of) == 1 else list(made_of)
        parts = [str(cells), f"n_inputs={self.n_inputs}"]
        parts += [f"n_classes={self.n_classes}"] if self.n_outputs is None else [f"n_outputs={self.n_outputs}"]
        parts += [] if self.readout in (Last(), EachStep()) else [f"readout={self.readout}"]
        parts += [] if self.head in (Sigmoid(), Linear()) else [f"head={self.head}"]
        parts += [] if self.initial_state == "zero" else [f"initial_state={self.initial_state!r}"]
        return f"{type(self).__name__}({', '.join(parts)}): {n} parameters, {self.dtype}"

    def summary(self) -> str:
        """Return a table in text: every layer, what it reads and returns at a step, and its parameters.

        Returns
        -------
        str
            For ``print``; a notebook shows the same for a network at the end of a cell.

        Examples
        --------
        >>> from unrolled import rnn
        >>> print(rnn.ManyToOne(rnn.GRU(50), n_inputs=3, n_classes=7, rng=0).summary())
        layer                reads  returns  parameters  shape      numbers
        GRU(hidden=50)           3       50  W_ih        (150, 3)       450
                                             W_hh        (150, 50)    7,500
                                             b_h         (150,)         150
                                             b_hn        (50,)           50
        Last() to Sigmoid()     50        7  W_ho        (7, 50)        350
                                             b_o         (7,)             7
        8,507 numbers, float32
        """
        return text(self._rows(), self._total())

    def _repr_html_(self) -> str:
        return html_table(HEAD, self._rows(), self._total())

    def _rows(self) -> list[Row]:
        output = f"{short(self.readout)} to {short(self.head)}"
        D, width = self.n_inputs, self.widths[0]
        in_front: list[Row] = [] if self.stack.k == 1 else [(short(self.stack), str(D), str(width), "", "", 0)]
        return in_front + rows(self.cells, self.widths, self.layers.names, output, self.n_logits, self.parameters)

    def _all_cells(self) -> tuple[Any, ...]:
        """Return the cells as they were given, behind the ``Stack``."""
        return self.cells if self.stack.k == 1 else (self.stack, *self.cells)

    def _total(self) -> str:
        return f"{sum(W.size for W in self.parameters.values()):,} numbers, {self.dtype}"

    def copy(self: Self) -> Self:
        """Return a network like this one, with parameters apart from its."""
        return self.astype(self.dtype)

    def astype(self: Self, dtype: Any) -> Self:
        """Return a copy that works in another dtype: float32, float64 or complex128."""
        return self.with_parameters({name: W.astype(dtype, order="C") for name, W in self.parameters.items()})

    def with_parameters(self: Self, parameters: ReadOnlyParameters) -> Self:
        """Return a network of the same make with these parameters (not copied).

        Raises
        ------
        ValueError
            If a name is missing or unknown, a shape is another, or the dtypes differ.
        """
        shapes = self.shapes()
        inputs.fitting(parameters, shapes)
        twin = copy(self)
        twin.parameters = {name: parameters[name] for name in shapes}
        return twin

    def check_parameters(self) -> None:
        """Raise a ValueError unless ``parameters`` has its names and shapes and one dtype of work.

        Every public method does so first, since ``parameters`` is the user's to set.
        """
        inputs.fitting(self.parameters, self.shapes())

    def _made_of(self) -> tuple[Any, ...]:
        """Return what a forward pass was made by: the parts, and a digest of the parameters, which anybody may set."""
        digest = hashlib.blake2b(digest_size=16)
        for name, W in self.parameters.items():
            digest.update(f"{name} {W.dtype}".encode())
            digest.update(np.ascontiguousarray(W).data)
        return self.stack, self.cells, self.readout, self.head, digest.digest()

    def release(self) -> None:
        """Let go of the memory of passes, which the network holds for the next of the same size.

        ``rnn.train`` does so at its end, and predictions hold none. After calls of ``loss_and_gradients`` the memory of
        the last one is held, and of those before it as much as fits into 256 MB.

        Examples
        --------
        >>> import numpy as np
        >>> from unrolled import rnn
        >>> net = rnn.ManyToOne(rnn.GRU(32), n_inputs=3, n_classes=6, rng=0)
        >>> loss, gradients = net.loss_and_gradients(np.ones((30, 150, 3)), np.zeros(30, int))
        >>> net.release()
        """
        self._scratch.release()

    def __getstate__(self) -> dict[str, Any]:
        """Leave the scratch memory out of copies and pickles."""
        return {name: value for name, value in vars(self).items() if name != "_scratch"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _scratch=Scratch())

    def save(self, path: str | PathLike[str]) -> None:
        """Write the network to an HDF5 file, for :func:`unrolled.rnn.load`.

        The file is written beside its place and then renamed, so what stood there stays whole until then.

        Parameters
        ----------
        path : path-like
            Its folder must exist.

        Raises
        ------
        OSError
            If it cannot be written; what stood there before still stands.
        ValueError
            If the parameters do not fit or are complex, or a part of the network could not be read back: it is neither
            a dataclass nor has ``to_config`` and ``from_config``, or a field of it is nothing that a file can hold.

        See Also
        --------
        load : Reads it; parts of one's own are handed over as ``parts=[MGU]``.
        """
        self.check_parameters()
        if self.dtype.kind == "c":
            raise ValueError(f"the network is {self.dtype}, expected float32 or float64: save net.astype(np.float64)")
        storage.write(path, storage.FORMAT, self.to_config(), {"parameters": self.parameters})

    def to_config(self) -> dict[str, Any]:
        """Return what the network is made of, but for the parameters, as values that JSON can hold.

        Raises
        ------
        ValueError
            If a file cannot hold a part: names the part and the field.
        """
        config: dict[str, Any] = {
            "cells": [to_config(cell) for cell in self._all_cells()],
            "n_inputs": self.n_inputs,
            "n_classes": self.n_classes,
            "readout": to_config(self.readout),
            "head": to_config(self.head),
        }
        if self.n_outputs is not None:
            config |= {"n_outputs": self.n_outputs}
        if self.initial_state != "zero":
            config |= {"initial_state": self.initial_state}
        return config


def first_state(name: str) -> str:
    """Return the name of the parameter that a state begins at: ``A_0``, ``C_0_l1``, ``A_0_l1_reverse``."""
    base = re.sub(r"(_l\d+)?(_reverse)?$", "", name)
    return f"{base}_0{name[len(base) :]}"
