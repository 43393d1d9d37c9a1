"""Networks from PyTorch's modules, and as one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled._support.packages import imported
from unrolled._support.validation import flag
from unrolled.rnn.arrays import Array
from unrolled.rnn.cells import GRU, LSTM, Cell, ReLU, Tanh
from unrolled.rnn.exchange.layers import Direction, Layer, layers_of, network
from unrolled.rnn.many_to_many import ManyToMany
from unrolled.rnn.many_to_one import ManyToOne
from unrolled.rnn.output.heads import Head, Softmax
from unrolled.rnn.output.readouts import EachStep, Last, Readout

if TYPE_CHECKING:
    from unrolled.rnn.exchange.torch_module import RecurrentNetwork


def from_torch(
    module: Any,
    head: Any = None,
    *,
    readout: Readout | None = None,
    output: Head | None = None,
    every_step: bool = False,
) -> ManyToOne | ManyToMany:
    """Return the network that a recurrent module of PyTorch's and a linear head make, with the same outputs.

    What a module does in training alone, such as dropout between layers, is not carried over.

    Parameters
    ----------
    module : torch.nn.RNN, torch.nn.LSTM or torch.nn.GRU, or a sequence of them, or what :func:`to_torch` returned
        Any number of layers, one direction or both, with biases or without, batch first or not. Of a sequence each
        reads the states of the one before.
    head : torch.nn.Linear
        From the states to the logits of C classes, 2 or more, or to numbers. Of what :func:`to_torch` returned, leave
        it out.
    readout : Last, Mean, Max, MeanMax or EveryStep, default Last()
        Which states the head reads. ``Last()`` is the state after each direction has read everything: PyTorch's
        ``h_n``, which for both directions is not ``output[:, -1]``.
    output : Softmax, Sigmoid, Linear or Poisson, default Softmax()
        What makes probabilities of the logits, and the loss if training goes on: ``Softmax()`` for networks trained
        with ``CrossEntropyLoss``, ``Sigmoid()`` for ``BCEWithLogitsLoss`` (``multilabel=True`` for several labels),
        ``Linear()`` for ``MSELoss``, ``Poisson()`` for ``PoissonNLLLoss``.
    every_step : bool, default False
        Whether the head answers at every step of a sequence, with no readout.

    Returns
    -------
    ManyToOne, or ManyToMany with ``every_step``
        Of the modules' dtype, with copies of their weights. Two biases of PyTorch's become their sum, where the
        equations add them.

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    TypeError
        If a module is of another class, to the exact one: a subclass may compute something else.
    ValueError
        If it has projections (``proj_size``), is neither float32 nor float64, or parts do not fit each other.

    See Also
    --------
    to_torch : The other way.
    from_keras : The same for Keras.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> import torch  # doctest: +SKIP
    >>> lstm, linear = torch.nn.LSTM(3, 50, num_layers=2, batch_first=True), torch.nn.Linear(50, 7)  # doctest: +SKIP
    >>> rnn.from_torch(lstm, linear).predict_proba(np.zeros((2, 150, 3))).shape  # doctest: +SKIP
    (2, 7)
    """
    torch = imported("torch", "rnn.from_torch")
    from unrolled.rnn.exchange.torch_module import RecurrentNetwork

    if isinstance(module, RecurrentNetwork):
        if head is not None or readout is not None or output is not None or every_step:
            raise TypeError(
                "module is what rnn.to_torch returned: expected no head, readout, output or every_step beside it"
            )
        recurrences, head, readout, output = module.recurrences, module.linear, module.readout, module.head
    else:
        recurrences = module if isinstance(module, Sequence | torch.nn.ModuleList) else [module]
        if flag(every_step, "every_step"):
            if readout is not None:
                raise ValueError(f"readout is {readout} and every_step is True, expected one of both")
            readout = EachStep()
    if type(head) is not torch.nn.Linear:
        raise TypeError(f"head is {_named(head)}, expected a torch.nn.Linear from the states to the classes")
    if not len(recurrences):
        raise TypeError("module is an empty sequence, expected a torch.nn.RNN, LSTM or GRU")
    layers = [layer for each in recurrences for layer in _layers(torch, each)]
    W_ho = _array(head.weight)
    b_o = np.zeros(len(W_ho), W_ho.dtype) if head.bias is None else _array(head.bias)
    return network(layers, W_ho, b_o, readout or Last(), output or Softmax())


def to_torch(net: ManyToOne | ManyToMany) -> "RecurrentNetwork":
    """Return the network as a module of PyTorch's, with the same outputs, to be trained on or served there.

    ``module(X, lengths)`` takes X (N, T, D) and, if wanted, a tensor of lengths (N,), and returns **probabilities**
    (N, C), what ``predict_proba`` returns; numbers, what ``predict`` returns, if those are the network's answers; and
    (N, T, C) of a network of many to many, 0 after a sample's last step. ``module.logits(X, lengths)`` returns logits,
    for PyTorch's losses: (N, C), or (N, T, C) of an ``EveryStep`` readout and of many to many. It is made of
    ``torch.nn.RNN``, ``LSTM`` and ``GRU`` with a ``torch.nn.Linear`` head, in ``module.recurrences`` (consecutive
    equal layers are one module of so many layers) and ``module.linear``.

    Parameters
    ----------
    net : ManyToOne or ManyToMany
        Of ``Tanh``, ``ReLU``, ``LSTM`` and ``GRU`` cells in one direction or both, and this library's readouts and
        heads; its states begin at 0.

    Returns
    -------
    RecurrentNetwork
        A ``torch.nn.Module`` of the network's dtype, with copies of its parameters. PyTorch's second biases are 0,
        but for a GRU's ``b_hn``. Class weights and label smoothing, which belong to the loss, are not in it.

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    ValueError
        If a part of the network is not one of those, or the parameters are complex or not finite.

    See Also
    --------
    from_torch : The other way; it takes what this returned, too.
    to_onnx : For a runtime without Python.

    Examples
    --------
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.GRU(50), n_inputs=3, n_classes=7, rng=0)
    >>> module = rnn.to_torch(net)  # doctest: +SKIP
    >>> loss = torch.nn.functional.cross_entropy(module.logits(torch.zeros(2, 150, 3)), y)  # doctest: +SKIP
    """
    torch = imported("torch", "rnn.to_torch")
    from unrolled.rnn.exchange.torch_module import RecurrentNetwork

    layers = layers_of(net, "rnn.to_torch")
    dtype = getattr(torch, str(net.dtype))
    with torch.no_grad(), torch.random.fork_rng(devices=[]):  # the weights that are drawn here are written over
        recurrences = []
        for group in _alike(layers):
            recurrence = _recurrence(torch, group, dtype)
            for n, layer in enumerate(group):
                for way, direction in zip(("", "_reverse"), layer.directions, strict=False):
                    _write(torch, recurrence, f"_l{n}{way}", direction)
            recurrences.append(recurrence)
        linear = torch.nn.Linear(net.parameters["W_ho"].shape[1], net.n_logits, dtype=dtype, device="cpu")
        _copy(torch, linear.weight, net.parameters["W_ho"])
        _copy(torch, linear.bias, net.parameters["b_o"])
    return RecurrentNetwork(recurrences, linear, net.readout, net.head)


# ------------------------------------------------------------------------- from


def _layers(torch: Any, module: Any) -> list[Layer]:
    """Return the layers of one of PyTorch's modules."""
    if type(module) not in (torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU):
        raise TypeError(f"module is {_named(module)}, expected exactly torch.nn.RNN, torch.nn.LSTM or torch.nn.GRU")
    if module.proj_size:
        raise ValueError(
            f"the LSTM has proj_size {module.proj_size}, expected 0: no cell of this library projects its states"
        )
    ways = ("", "_reverse") if module.bidirectional else ("",)
    cell = _cell(torch, module)
    return [
        Layer(cell, tuple(_direction(module, cell, f"_l{n}{way}") for way in ways)) for n in range(module.num_layers)
    ]


def _cell(torch: Any, module: Any) -> Cell:
    H = module.hidden_size
    if type(module) is torch.nn.LSTM:
        return LSTM(H)
    if type(module) is torch.nn.GRU:
        return GRU(H)
    return Tanh(H) if module.nonlinearity == "tanh" else ReLU(H)


def _direction(module: Any, cell: Cell, its: str) -> Direction:
    W_ih, W_hh = _array(getattr(module, "weight_ih" + its)), _array(getattr(module, "weight_hh" + its))
    b_ih, b_hh = np.zeros((2, len(W_ih)), W_ih.dtype)
    if module.bias:
        b_ih, b_hh = _array(getattr(module, "bias_ih" + its)), _array(getattr(module, "bias_hh" + its))
    if type(cell) is not GRU:
        return Direction(W_ih, W_hh, b_ih + b_hh)
    rz = 2 * cell.hidden  # the bias of n's recurrent product is inside the reset
    return Direction(W_ih, W_hh, np.concatenate([b_ih[:rz] + b_hh[:rz], b_ih[rz:]]), b_hh[rz:])


def _array(tensor: Any) -> Array:
    kind = str(tensor.dtype).removeprefix("torch.")
    if kind not in ("float32", "float64"):
        raise ValueError(f"the module's weights are {kind}, expected float32 or float64: module.float() rounds them")
    return np.array(tensor.detach().cpu().numpy())


def _named(given: Any) -> str:
    return "left out" if given is None else f"a {type(given).__module__}.{type(given).__qualname__}"


# --------------------------------------------------------------------------- to


def _alike(layers: list[Layer]) -> list[list[Layer]]:
    """Return the layers in groups of consecutive ones that are of one make."""
    groups: list[list[Layer]] = []
    for layer in layers:
        below = groups[-1][-1] if groups else None
        same = below is not None and (type(below.cell), below.n_outputs, len(below.directions)) == (
            type(layer.cell),
            layer.n_outputs,
            len(layer.directions),
        )
        if same:
            groups[-1].append(layer)
        else:
            groups.append([layer])
    return groups


def _recurrence(torch: Any, group: list[Layer], dtype: Any) -> Any:
    cell, both = group[0].cell, len(group[0].directions) == 2
    make, kind = {
        "Tanh": (torch.nn.RNN, {"nonlinearity": "tanh"}),
        "ReLU": (torch.nn.RNN, {"nonlinearity": "relu"}),
        "LSTM": (torch.nn.LSTM, {}),
        "GRU": (torch.nn.GRU, {}),
    }[type(cell).__name__]
    return make(
        group[0].n_inputs,
        cell.hidden,
        num_layers=len(group),
        bidirectional=both,
        batch_first=True,
        dtype=dtype,
        device="cpu",
        **kind,
    )


def _write(torch: Any, recurrence: Any, its: str, direction: Direction) -> None:
    _copy(torch, getattr(recurrence, "weight_ih" + its), direction.W_ih)
    _copy(torch, getattr(recurrence, "weight_hh" + its), direction.W_hh)
    _copy(torch, getattr(recurrence, "bias_ih" + its), direction.b_h)
    b_hh = np.zeros_like(direction.b_h)
    if direction.b_hn is not None:
        b_hh[-len(direction.b_hn) :] = direction.b_hn
    _copy(torch, getattr(recurrence, "bias_hh" + its), b_hh)


def _copy(torch: Any, tensor: Any, W: Array) -> None:
    tensor.copy_(torch.from_numpy(np.array(W, order="C")))
