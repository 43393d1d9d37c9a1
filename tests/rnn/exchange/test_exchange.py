"""What every export refuses, and that nothing is imported before it is called for."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unrolled import rnn
from unrolled.rnn.exchange.layers import layers_of, network


@dataclass(frozen=True)
class MGU(rnn.Tanh):
    """Somebody else's cell, which is a Tanh to isinstance."""


@dataclass(frozen=True)
class Third(rnn.Last):
    """Somebody else's readout."""


@dataclass(frozen=True)
class Hinge(rnn.Sigmoid):
    """Somebody else's head."""


def test_nothing_is_imported_before_it_is_called_for() -> None:
    code = (
        "import sys, unrolled.rnn as rnn\n"
        "packages = 'torch', 'keras', 'onnx', 'unrolled.rnn.exchange'\n"
        "print([m for m in sys.modules if m.startswith(packages)])\n"
        "rnn.from_torch, rnn.to_torch\n"
        "print([m for m in sys.modules if m.startswith(packages[:3])], 'to_torch' in dir(rnn))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "[]\n[] True\n"


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'to_pytorch'"):
        rnn.to_pytorch  # noqa: B018


def test_a_package_that_is_absent_is_named_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=re.escape("rnn.from_torch needs torch, which is not installed: pip install")):
        rnn.from_torch(None, None)


def test_a_package_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("import of_which_nobody_has_heard")
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match=r"rnn\.to_torch needs torch, which cannot be imported: No module"):
        rnn.to_torch(rnn.ManyToOne(rnn.Tanh(2), 2, 2))


def test_parts_that_somebody_else_wrote_are_refused_by_name() -> None:
    for net, name in (
        (rnn.ManyToOne(MGU(3), 2, 2), "cell is a MGU, expected one of Tanh, ReLU, LSTM, GRU for rnn.to_x"),
        (rnn.ManyToOne([rnn.GRU(2), rnn.Bidirectional(MGU(3))], 2, 2), "cell is a MGU"),
        (rnn.ManyToOne(rnn.Tanh(3), 2, 2, readout=Third()), "readout is a Third, expected one of Last, Mean, Max, "),
        (rnn.ManyToOne(rnn.Tanh(3), 2, 2, head=Hinge()), "head is a Hinge, expected one of Sigmoid, Softmax"),
        (rnn.ManyToMany(rnn.Leaky(3), 2, 2), "cell is a Leaky, expected one of Tanh, ReLU, LSTM, GRU for rnn.to_x"),
    ):
        with pytest.raises(ValueError, match=f"^the network's {re.escape(name)}"):
            layers_of(net, "rnn.to_x")


@pytest.mark.parametrize("kind", [rnn.ManyToOne, rnn.ManyToMany])
def test_states_that_begin_elsewhere_than_at_zero_are_refused(kind: Any) -> None:
    with pytest.raises(ValueError, match=r"a learned initial state, expected one that begins at 0 for rnn\.to_x"):
        layers_of(kind(rnn.Tanh(3), 2, 2, initial_state="learned"), "rnn.to_x")


def test_parameters_that_no_other_library_takes_are_refused() -> None:
    net = rnn.ManyToOne(rnn.Tanh(3), 2, 2)
    with pytest.raises(ValueError, match="the network is complex128, expected float32 or float64"):
        layers_of(net.astype(np.complex128), "rnn.to_x")
    net.parameters["W_hh"][1, 2] = np.inf
    with pytest.raises(ValueError, match=r"parameter W_hh is not finite, expected finite numbers for rnn\.to_x"):
        layers_of(net, "rnn.to_x")
    net.parameters["W_hh"] = np.zeros((2, 2), np.float32)
    with pytest.raises(ValueError, match=re.escape("parameter W_hh has shape (2, 2), expected (3, 3)")):
        layers_of(net, "rnn.to_x")
    with pytest.raises(
        TypeError, match=re.escape("net is Tanh, expected a rnn.ManyToOne or rnn.ManyToMany for rnn.to_x")
    ):
        layers_of(rnn.Tanh(3), "rnn.to_x")  # type: ignore[arg-type]


def test_layers_make_the_network_again() -> None:
    cells: list[rnn.Cell] = [rnn.Bidirectional(rnn.GRU(3)), rnn.LSTM(2), rnn.Bidirectional(rnn.ReLU(2))]
    net = rnn.ManyToOne(cells, 3, 2, rng=0)
    layers = layers_of(net, "rnn.to_x")
    assert [(layer.n_inputs, layer.n_outputs) for layer in layers] == [(3, 6), (6, 2), (2, 4)]
    again = network(layers, net.parameters["W_ho"], net.parameters["b_o"], net.readout, net.head)
    assert type(again) is type(net)
    assert again.cells == net.cells
    assert list(again.parameters) == list(net.parameters)
    for name, W in net.parameters.items():
        np.testing.assert_array_equal(again.parameters[name], W)
        assert not np.shares_memory(again.parameters[name], W)
