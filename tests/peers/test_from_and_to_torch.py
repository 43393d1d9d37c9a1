"""Networks from PyTorch's modules and as one: the same outputs, both ways, in both precisions."""

import copy
import io
import itertools
import re
from typing import Any

import numpy as np
import pytest
from exchanged import BOTH_WAYS, CELLS, NETWORKS, C, D, assert_says, batch, network, says

from unrolled import rnn

torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install 'unrolled[torch]')")

TOLERANCES: dict[type, float] = {np.float32: 1e-6, np.float64: 1e-12}
KINDS = {
    "tanh": (torch.nn.RNN, {"nonlinearity": "tanh"}),
    "relu": (torch.nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (torch.nn.LSTM, {}),
    "gru": (torch.nn.GRU, {}),
}


def outputs(module: Any, X: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
    with torch.no_grad():
        tensors = [torch.from_numpy(each) for each in ([X] if lengths is None else [X, lengths])]
        return np.asarray(module(*tensors).numpy())


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize(("cells", "readout", "head"), NETWORKS)
def test_to_torch_has_the_same_outputs_and_comes_back(cells: str, readout: str, head: str, dtype: type) -> None:
    net, (X, lengths) = network(cells, readout, head, dtype), batch(dtype)
    module = rnn.to_torch(net)
    for given in (None, lengths):
        theirs = outputs(module, X, given)
        assert theirs.dtype == dtype
        assert_says(theirs, net, X, given, TOLERANCES[dtype])
    again = rnn.from_torch(module)
    assert type(again) is type(net)
    assert (again.cells, again.readout, again.head) == (net.cells, net.readout, net.head)
    for name, W in net.parameters.items():
        np.testing.assert_array_equal(again.parameters[name], W, err_msg=name)


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize(
    ("kind", "layers", "both", "bias", "batch_first"), list(itertools.product(KINDS, [1, 2], *[[False, True]] * 3))
)
def test_from_torch_has_the_same_outputs(
    kind: str, layers: int, both: bool, bias: bool, batch_first: bool, dtype: type
) -> None:
    torch.manual_seed(0)
    make, settings = KINDS[kind]
    there = {"dtype": torch.float32 if dtype == np.float32 else torch.float64}
    module = make(D, 5, num_layers=layers, bidirectional=both, bias=bias, batch_first=batch_first, **settings, **there)
    linear = torch.nn.Linear(5 * (1 + both), C, bias=bias, **there)
    X, _ = batch(dtype)
    with torch.no_grad():
        _, end = module(torch.from_numpy(X if batch_first else np.ascontiguousarray(X.swapaxes(0, 1))))
        h = end[0] if kind == "lstm" else end
        Z = linear(torch.cat([*h[-2:]], 1) if both else h[-1])
        outputs: list[tuple[rnn.Head, Any]] = [(rnn.Softmax(), torch.softmax(Z, 1)), (rnn.Sigmoid(), torch.sigmoid(Z))]
    for head, expected in outputs:
        net = rnn.from_torch(module, linear, output=head)
        assert net.dtype == dtype
        np.testing.assert_allclose(net.predict_proba(X), expected.numpy(), rtol=0, atol=TOLERANCES[dtype])
    assert rnn.from_torch(module, linear).head == rnn.Softmax()


def test_from_torch_takes_modules_one_above_the_other_and_copies() -> None:
    torch.manual_seed(0)
    below = torch.nn.GRU(D, 6, bidirectional=True, batch_first=True)
    above, linear = torch.nn.LSTM(12, 5, batch_first=True), torch.nn.Linear(5, C)
    X, _ = batch()
    with torch.no_grad():
        states, _ = above(below(torch.from_numpy(X))[0])
        expected = torch.softmax(linear(states).mean(1), 1).numpy()
        net = rnn.from_torch([below, above], linear, readout=rnn.Mean())
        for tensor in (*below.parameters(), *above.parameters(), *linear.parameters()):
            tensor.zero_()
    assert net.cells == (rnn.Bidirectional(rnn.GRU(6)), rnn.LSTM(5))
    np.testing.assert_allclose(net.predict_proba(X), expected, rtol=0, atol=1e-6)


def test_from_torch_of_numbers_and_of_every_step() -> None:
    torch.manual_seed(0)
    lstm, linear = (
        torch.nn.LSTM(D, 5, batch_first=True, dtype=torch.float64),
        torch.nn.Linear(5, 1, dtype=torch.float64),
    )
    X, _ = batch(np.float64)
    with torch.no_grad():
        S, _ = lstm(torch.from_numpy(X))
        Z = linear(S).numpy()
    net = rnn.from_torch(lstm, linear, output=rnn.Linear(loss="huber"), every_step=True)
    assert (type(net), net.n_outputs, net.head) == (rnn.ManyToMany, 1, rnn.Linear(loss="huber"))
    np.testing.assert_allclose(net.predict(X), Z, rtol=0, atol=1e-12)
    of_the_last = rnn.from_torch(lstm, linear, output=rnn.Poisson())
    np.testing.assert_allclose(of_the_last.predict(X), np.exp(Z[:, -1]), rtol=1e-12, atol=0)


@pytest.mark.parametrize("head", ["softmax", "numbers"])
def test_a_module_of_every_step_is_trained_in_pytorch_and_comes_back(head: str) -> None:
    net, (X, lengths) = network("three kinds both ways", "each step", head), batch()
    module, there = rnn.to_torch(net), (torch.from_numpy(X), torch.from_numpy(lengths))
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    targets = torch.zeros(len(X), X.shape[1], C)
    targets[:, :, 1] = 1
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(module(*there), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(says(rnn.from_torch(module), X, lengths), outputs(module, X, lengths), rtol=0, atol=1e-6)


@pytest.mark.parametrize("readout", ["last", "mean", "mean and max", "every step"])
@pytest.mark.parametrize("cells", [*CELLS, *BOTH_WAYS])
def test_the_module_is_trained_in_pytorch_and_comes_back(cells: str, readout: str) -> None:
    net, (X, lengths) = network(cells, readout, "softmax"), batch()
    module = rnn.to_torch(net)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    y = torch.arange(len(X)) % C
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = torch.nn.functional.nll_loss(torch.log(module(torch.from_numpy(X), torch.from_numpy(lengths))), y)
        loss.backward()
        assert all(parameter.grad is not None for parameter in module.parameters())
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(
        rnn.from_torch(module).predict_proba(X, lengths), outputs(module, X, lengths), rtol=0, atol=1e-6
    )


def test_logits_are_what_the_head_reads() -> None:
    X, lengths = batch(np.float64)
    for readout in ("last", "mean", "max", "mean and max", "every step"):
        net = network("gru", readout, "sigmoid", np.float64)
        with torch.no_grad():
            Z = rnn.to_torch(net).logits(torch.from_numpy(X), torch.from_numpy(lengths)).numpy()
        if readout == "every step":
            assert Z.shape == (len(X), X.shape[1], C)
            Z = Z[np.arange(len(X)), lengths - 1]
            net = net_of_last(net)
        np.testing.assert_allclose(Z, net.forward(X, lengths).logits, rtol=0, atol=1e-12)


def net_of_last(net: rnn.ManyToOne | rnn.ManyToMany) -> rnn.ManyToOne:
    return rnn.ManyToOne(net.cells, D, C, dtype=net.dtype).with_parameters(net.parameters)


def test_the_module_is_saved_and_copied_and_torchs_random_numbers_stay() -> None:
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    net, (X, _) = network("three kinds", "weighted", "softmax"), batch()
    module = rnn.to_torch(net)
    assert torch.equal(torch.random.get_rng_state(), before)
    kept = io.BytesIO()
    torch.save(module.state_dict(), kept)
    kept.seek(0)
    other = rnn.to_torch(rnn.ManyToOne(net.cells, D, C, readout=net.readout, head=net.head))
    other.load_state_dict(torch.load(kept, weights_only=True))
    for each in (other, copy.deepcopy(module)):
        np.testing.assert_array_equal(outputs(each, X), outputs(module, X))
    assert "weights=(0.0" in repr(module)


def test_more_steps_than_weights_are_refused() -> None:
    module = rnn.to_torch(network("tanh", "weighted", "softmax"))
    with pytest.raises(ValueError, match=re.escape("13 steps, expected at most 12, as EveryStep's weights")):
        module(torch.zeros(2, 13, D))
    assert module(torch.zeros(2, 13, D), torch.tensor([12, 3])).shape == (2, C)


Scaled = type("Scaled", (torch.nn.LSTM,), {})  # might compute anything

LSTM, LINEAR = torch.nn.LSTM(D, 5), torch.nn.Linear(5, C)


@pytest.mark.parametrize(
    ("module", "head", "error", "message"),
    [
        (torch.nn.LSTM(D, 5, proj_size=2), torch.nn.Linear(2, C), ValueError, "proj_size 2, expected 0"),
        (Scaled(D, 5), LINEAR, TypeError, "Scaled, expected exactly torch.nn.RNN, torch.nn.LSTM or torch.nn.GRU"),
        (torch.nn.Linear(D, 5), LINEAR, TypeError, "Linear, expected exactly"),
        (torch.nn.LSTMCell(D, 5), LINEAR, TypeError, "LSTMCell, expected exactly"),
        (LSTM, None, TypeError, "head is left out, expected a torch.nn.Linear"),
        (LSTM, torch.nn.Sequential(LINEAR), TypeError, "Sequential, expected a torch.nn.Linear"),
        (LSTM, torch.nn.Linear(6, C), ValueError, "the head reads 6 numbers, expected 5"),
        (LSTM, torch.nn.Linear(5, 1), ValueError, "the head has 1 output, expected one for each of 2 or more"),
        ([LSTM, torch.nn.GRU(7, 5)], LINEAR, ValueError, "layer 1 reads 7 numbers a step, expected 5"),
        ([], LINEAR, TypeError, "an empty sequence"),
        (torch.nn.LSTM(D, 5).half(), LINEAR, ValueError, "float16, expected float32 or float64"),
        (torch.nn.LSTM(D, 5).double(), LINEAR, ValueError, "dtype"),
    ],
)
def test_what_cannot_be_represented_is_refused(module: Any, head: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        rnn.from_torch(module, head)


def test_weights_that_are_not_finite_and_a_second_head_are_refused() -> None:
    module = torch.nn.GRU(D, 5)
    with torch.no_grad():
        module.weight_hh_l0[0, 0] = torch.nan
    with pytest.raises(ValueError, match="the weights that become W_hh are not finite"):
        rnn.from_torch(module, LINEAR)
    module = rnn.to_torch(network("gru", "last", "softmax"))
    for beside in ({"head": LINEAR}, {"every_step": True}):
        with pytest.raises(TypeError, match="expected no head, readout, output or every_step beside it"):
            rnn.from_torch(module, **beside)
    with pytest.raises(ValueError, match=re.escape("readout is Last() and every_step is True, expected one of both")):
        rnn.from_torch(LSTM, LINEAR, readout=rnn.Last(), every_step=True)
    with pytest.raises(ValueError, match="every_step is 1, expected True or False"):
        rnn.from_torch(LSTM, LINEAR, every_step=1)  # type: ignore[arg-type]
