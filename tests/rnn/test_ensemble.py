"""An ensemble says the mean of what its networks say."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import dynamics, metrics, plots, rnn
from unrolled.rnn import storage

RNG = np.random.default_rng(0)
X, LENGTHS = RNG.standard_normal((7, 6, 2)), np.array([6, 1, 3, 6, 2, 5, 4])
HEADS = [rnn.Softmax(), rnn.Softmax(label_smoothing=0.1, class_weights=(1, 2, 3)), rnn.Sigmoid()]
HEADS += [rnn.Sigmoid(multilabel=True), rnn.Linear(), rnn.Linear("absolute"), rnn.Poisson()]


def nets(kind: Any = rnn.ManyToOne, head: Any = None, n: int = 3, **given: Any) -> list[Any]:
    head = rnn.Softmax() if head is None else head
    width = {"n_outputs": 3} if isinstance(head, rnn.Linear | rnn.Poisson) else {"n_classes": 3}
    cells = [rnn.GRU(4), rnn.Tanh(3), rnn.LSTM(2)]
    return [kind(cells[k % 3], n_inputs=2, head=head, rng=k, **width, **given) for k in range(n)]


def said(net: Any, *args: Any) -> Any:
    return net.predict(*args) if net.answers == "numbers" else net.predict_proba(*args)


def targets(net: Any, rng: np.random.Generator) -> Any:
    axes = X.shape[:1] if net.answers_once else X.shape[:2]
    if net.answers == "class":
        return rng.integers(3, size=axes)
    return rng.integers(2, size=(*axes, 3))


@pytest.mark.parametrize("kind", [rnn.ManyToOne, rnn.ManyToMany])
@pytest.mark.parametrize("head", HEADS, ids=str)
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_the_mean_and_what_it_is_worth(kind: Any, head: Any, lengths: Any) -> None:
    ensemble = rnn.Ensemble(nets(kind, head))
    mean = np.mean([said(net, X, lengths).astype(float) for net in ensemble], 0)
    np.testing.assert_allclose(said(ensemble, X, lengths), mean, rtol=1e-6)
    answers, y = ensemble.predict(X, lengths), targets(ensemble, np.random.default_rng(1))
    there = np.ones(X.shape[:2], bool) if lengths is None else np.arange(6) < lengths[:, None]
    there = there[:, 0] if ensemble.answers_once else there
    if ensemble.answers == "class":
        assert (answers == np.where(there, mean.argmax(-1), -1)).all()
        right = (answers == y)[there].mean()
    elif ensemble.answers == "labels":
        assert (answers == (mean >= 0.5)).all()
        right = (answers == y)[there].mean()
    else:
        right = metrics.r2_score(y[there], answers[there])
    weights = np.arange(1.0, 8)
    loss, score = ensemble.evaluate(X, y, lengths)
    assert score == pytest.approx(right, abs=1e-6)
    # The loss of the mean, by the head, from logits of which it is the probabilities.
    P, Y = mean[there], np.eye(3)[y[there]] if ensemble.answers == "class" else y[there].astype(float)
    with np.errstate(divide="ignore"):
        Z = {"Softmax": np.log, "Poisson": np.log}.get(type(head).__name__, lambda P: P)(P)
        Z = np.log(P / (1 - P)) if isinstance(head, rnn.Sigmoid) else Z
    each = np.full(len(Y), 1 / len(Y)) * (Y @ (head.class_weights or [1, 1, 1]) if head.class_weights else 1)
    assert loss == pytest.approx(head.loss(Z, head.targets(Y), each)[0], rel=1e-5)
    single = [net.evaluate(X, y, lengths, sample_weight=weights)[0] for net in ensemble]
    assert ensemble.evaluate(X, y, lengths, sample_weight=weights)[0] <= np.mean(single) + 1e-6  # Jensen


@pytest.mark.parametrize("kind", [rnn.ManyToOne, rnn.ManyToMany])
@pytest.mark.parametrize("head", HEADS, ids=str)
def test_one_network_is_itself_to_the_bit(kind: Any, head: Any) -> None:
    (net,) = nets(kind, head, 1)
    ensemble, y = rnn.Ensemble([net]), targets(net, np.random.default_rng(2))
    assert (said(ensemble, X, LENGTHS) == said(net, X, LENGTHS)).all()
    assert (ensemble.predict(X, LENGTHS) == net.predict(X, LENGTHS)).all()
    assert ensemble.evaluate(X, y, LENGTHS) == net.evaluate(X, y, LENGTHS)
    one, other = ensemble.stream(), net.stream()
    assert all((one.feed(x) == other.feed(x)).all() for x in X[0])


def test_every_step_that_is_read_counts_as_the_readout_says() -> None:
    y = np.arange(7) % 3
    members = nets(readout=rnn.EveryStep((0, 0, 1, 1, 2, 2)), dtype=np.float64)
    steps = [rnn.ManyToMany.from_parameters(n.parameters, n.cells, 2, 3, head=rnn.Softmax()) for n in members]
    P = np.mean([net.predict_proba(X) for net in steps], 0)
    expected = -np.log(P[np.arange(7), :, y]).mean(0) @ (0, 0, 1, 1, 2, 2) / 6
    assert rnn.Ensemble(members).evaluate(X, y)[0] == pytest.approx(expected, rel=1e-12)
    mixed = rnn.Ensemble([members[0], *nets()[1:]])
    assert mixed.predict(X).shape == (7,)
    with pytest.raises(ValueError, match=r"member 1 has the readout Last\(\), expected EveryStep"):
        mixed.evaluate(X, y)


def test_probabilities_that_round_to_one_keep_the_class_and_a_finite_loss() -> None:
    ensemble = rnn.Ensemble(nets(head=rnn.Sigmoid()))
    for net in ensemble:
        net.parameters["W_ho"][:] = 0
        net.parameters["b_o"][:] = -200, 20, 30
    assert ensemble.predict(X).tolist() == 7 * [2]
    assert ensemble.predict_proba(X).argmax(1).tolist() == 7 * [2]
    assert ensemble.evaluate(X, np.zeros(7, int))[0] == pytest.approx(250, rel=1e-6)


@settings(max_examples=15, deadline=None)
@given(
    st.integers(1, 4),
    st.sampled_from([rnn.ManyToOne, rnn.ManyToMany]),
    st.sampled_from(HEADS),
    st.lists(st.sampled_from([np.float32, np.float64]), min_size=4, max_size=4),
    st.integers(1, 300),
)
def test_dtypes_and_any_number_of_samples(n: int, kind: Any, head: Any, dtypes: Any, m: int) -> None:
    ensemble = rnn.Ensemble(net.astype(dtype) for net, dtype in zip(nets(kind, head, n), dtypes, strict=False))
    assert ensemble.dtype == np.result_type(*dtypes[:n])
    big = np.resize(X, (m, 3, 2))
    Y_hat = said(ensemble, big)
    assert Y_hat.dtype == ensemble.dtype
    mean = np.mean([said(net, big).astype(float) for net in ensemble], 0)
    np.testing.assert_allclose(Y_hat, mean, rtol=1e-6)
    if ensemble.answers == "class":
        assert (ensemble.predict(big) == Y_hat.argmax(-1)).all()
        y = Y_hat.argmin(-1)
        assert ensemble.evaluate(big, y)[1] == 0


@pytest.mark.parametrize("kind", [rnn.ManyToOne, rnn.ManyToMany])
def test_a_stream_says_what_the_whole_sequence_says(kind: Any) -> None:
    ensemble = rnn.Ensemble(net.astype(dtype) for net, dtype in zip(nets(kind), ["f4", "f8", "f4"], strict=True))
    stream = ensemble.stream(7)
    for t in range(6):
        Y_hat = stream.feed(X[:, t])
        whole = ensemble.predict_proba(X[:, : t + 1])
        np.testing.assert_allclose(Y_hat, whole if ensemble.answers_once else whole[:, t], rtol=1e-5)
    twin = stream.copy()
    with pytest.raises(ValueError, match="expected finite numbers"):
        stream.feed(np.full((7, 2), 1e300))  # float64 has it, float32 does not: no network is fed
    assert (stream.feed(X[:, 0]) == twin.feed(X[:, 0])).all()
    stream.reset()
    assert (stream.feed(X[:, 0]) == ensemble.stream(7).feed(X[:, 0])).all()
    with pytest.raises(ValueError, match=r"member 1: the network has Bidirectional"):
        rnn.Ensemble([nets()[0], rnn.ManyToOne(rnn.Bidirectional(rnn.Tanh(2)), 2, 3)]).stream()


@dataclass
class Blocks:
    read: int = 0

    def __len__(self) -> int:
        return len(X)

    def batches(self, batch_size: int, rng: Any, start: int = 0) -> Iterator[Any]:
        raise NotImplementedError

    def blocks(self, size: int) -> Iterator[tuple[Any, ...]]:
        assert size > 3
        self.read += 1
        yield X[:3], np.zeros(3), LENGTHS[:3]
        yield X[3:], np.zeros(4), LENGTHS[3:]

    def fingerprint(self) -> str:
        return ""


def test_a_source_is_read_once() -> None:
    ensemble, source = rnn.Ensemble(nets(rnn.ManyToMany)), Blocks()
    np.testing.assert_allclose(ensemble.predict_proba(source), ensemble.predict_proba(X, LENGTHS), rtol=1e-6)
    assert source.read == 1
    assert (ensemble.predict(source) == ensemble.predict(X, LENGTHS)).all()
    with pytest.raises(ValueError, match="X is a source"):
        ensemble.evaluate(source, np.zeros(7))


def test_it_is_a_sequence() -> None:
    members = nets(n=4)
    ensemble = rnn.Ensemble(iter(members))
    assert len(ensemble) == 4
    assert list(ensemble) == members
    assert ensemble[-1] is members[3]
    assert list(ensemble[1:3]) == members[1:3]
    assert repr(rnn.Ensemble([members[0], *members])).startswith("Ensemble(3 of ManyToOne(GRU(hidden=4), n_inputs=2")
    assert "; 1 of ManyToOne(LSTM" in repr(ensemble)
    assert not hasattr(ensemble, "decision_function")


def broken() -> Any:
    """Return a network whose parameters are none."""
    net = nets()[0].copy()
    net.parameters["b_o"] = net.parameters["b_o"][:-1]
    return net


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([], "networks is empty, expected at least one network"),
        (nets()[0], r"networks is ManyToOne\(.*, expected a list of networks"),
        (3, "networks is 3, expected a list"),
        ([nets()[0], 3], "member 1 is 3, expected a network"),
        ([rnn.Ensemble(nets())], r"member 0 is Ensemble\(.*, expected a network"),
        ([*nets(), *nets(rnn.ManyToMany)], "member 3 has an answer at every step, expected at the end, as member 0"),
        ([nets()[0], rnn.ManyToOne(rnn.Tanh(2), 5, 3)], "member 1 has n_inputs 5, expected 2, as member 0 has"),
        ([nets()[0], rnn.ManyToOne(rnn.Tanh(2), 2, 4)], "member 1 has n_classes 4, expected 3"),
        ([*nets(head=rnn.Linear()), rnn.ManyToOne(rnn.Tanh(2), 2, n_outputs=1)], "member 3 has n_outputs 1, expected"),
        (nets()[:2] + nets(head=rnn.Linear()), "member 2 has answers of the kind 'numbers', expected 'class'"),
        (nets()[:1] + nets(head=HEADS[3]), "member 1 has answers of the kind 'labels', expected 'class'"),
        ([nets()[0], broken()], "^member 1: .*b_o"),
        ([nets()[0].astype(complex)], "member 0 is complex128, expected float32 or float64"),
    ],
)
def test_what_is_no_ensemble(members: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rnn.Ensemble(members)


def test_what_it_cannot_answer() -> None:
    ensemble = rnn.Ensemble(nets())
    with pytest.raises(ValueError, match=r"^X has shape"):
        ensemble.predict(X[..., :1])
    with pytest.raises(ValueError, match=r"expected ensemble\.predict"):
        rnn.Ensemble(nets(head=rnn.Linear())).predict_proba(X)
    with pytest.raises(ValueError, match=r"member 1 has the head Softmax\(class_weights=\(1"):
        rnn.Ensemble(nets()[:1] + nets(head=HEADS[1])).evaluate(X, np.zeros(7, int))
    ensemble[1].parameters["b_o"][0] = np.nan
    for asked in (ensemble.predict, lambda X: ensemble.evaluate(X, np.zeros(7, int))):
        with pytest.raises(ValueError, match="member 1: parameter b_o holds nan"):
            asked(X)


@pytest.mark.parametrize(
    "taking",
    [
        lambda net: rnn.train(net, (X, np.zeros(7, int)), optimizer=rnn.SGD(0.1)),
        lambda net: rnn.check_gradients(net, X, np.zeros(7, int)),
        lambda net: rnn.generate(net, X, 2),
        lambda net: rnn.find_learning_rate(net, (X, np.zeros(7, int)), optimizer=rnn.SGD(0.1)),
        lambda net: rnn.to_c(net, "net.h"),
        lambda net: rnn.to_onnx(net, "net.onnx"),
        lambda net: dynamics.System(net),
        lambda net: dynamics.states(net, X),
        lambda net: dynamics.jacobians(net, X),
        lambda net: dynamics.gradient_profile(net, X, np.zeros(7, int)),
        lambda net: dynamics.fixed_points(net, X[0, 0]),
        lambda net: dynamics.lyapunov_spectrum(net, X[0]),
        lambda net: dynamics.curvature(net, X, np.zeros(7, int)),
        lambda net: plots.gates(net, X[0]),
        lambda net: dynamics.loss_slice(net, X, np.zeros(7, int)),
    ],
)
def test_what_takes_a_network_alone_says_so(taking: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=r"net is Ensemble.*expected a (network|rnn\.)"):
        taking(rnn.Ensemble(nets()))


@dataclass(frozen=True)
class Own(rnn.Softmax):
    """A head of one's own."""


def test_one_file_for_all(tmp_path: Path) -> None:
    path = tmp_path / "e.h5"
    members = [*nets(rnn.ManyToMany), nets(rnn.ManyToMany)[0].astype(np.float64)]
    rnn.Ensemble(members).save(path)
    assert [each.name for each in tmp_path.iterdir()] == ["e.h5"]
    again = rnn.Ensemble.load(path)
    assert repr(again) == repr(rnn.Ensemble(members))
    assert (again.predict_proba(X, LENGTHS) == rnn.Ensemble(members).predict_proba(X, LENGTHS)).all()
    with pytest.raises(rnn.StorageError, match=r"but one for rnn\.Ensemble\.load"):
        rnn.load(path)
    own = rnn.Ensemble(nets(head=Own()))
    own.save(path)
    assert (rnn.Ensemble.load(path, parts=[Own]).predict_proba(X) == own.predict_proba(X)).all()
    with pytest.raises(rnn.StorageError, match="Own"):
        rnn.Ensemble.load(path)
    with pytest.raises(ValueError, match="the head is Own"):
        own.evaluate(X, np.zeros(7, int))
    nets()[0].save(path)
    with pytest.raises(rnn.StorageError, match=r"but one for rnn\.load"):
        rnn.Ensemble.load(path)
    with pytest.raises(ValueError, match="65 networks, expected at most 64"):
        rnn.Ensemble(65 * nets(n=1)).save(path)


@pytest.mark.parametrize(
    ("description", "message"),
    [
        (lambda given: {"networks": given["networks"] * 1000}, "it has 2000 networks and the groups"),
        (lambda given: {"networks": given["networks"][:1]}, "it has 1 networks and the groups"),
        (lambda _: {"networks": 10**9}, "expected a list of networks"),
        (lambda given: {**given, "n": 2}, "expected a list of networks"),
        (lambda given: {"networks": [given["networks"][0], 7]}, "the network is described by 7"),
        (lambda given: {"networks": given["networks"][::-1]}, "parameter"),
    ],
)
def test_what_a_file_says_is_not_believed(tmp_path: Path, description: Any, message: str) -> None:
    members = nets()[:2]
    form = "unrolled ensemble 1"
    given = description({"networks": [net.to_config() for net in members]})
    storage.write(tmp_path / "e.h5", form, given, {str(n): net.parameters for n, net in enumerate(members)})
    tracemalloc.start()
    try:
        with pytest.raises(rnn.StorageError, match=message):
            rnn.Ensemble.load(tmp_path / "e.h5")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_damage_and_no_network_at_all(tmp_path: Path) -> None:
    path = tmp_path / "e.h5"
    rnn.Ensemble(nets()).save(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(rnn.StorageError):
        rnn.Ensemble.load(path)
    storage.write(path, "unrolled ensemble 1", {"networks": []}, {})
    with pytest.raises(rnn.StorageError, match="networks is empty"):
        rnn.Ensemble.load(path)
    rnn.Ensemble(nets()[:2]).save(path)
    with h5py.File(path, "r+") as file:  # one network's arrays in the place of another's, a copy of no bytes
        del file["1"]
        file["1"] = file["0"]
    path.write_bytes(storage.sealed(path.read_bytes()))
    with pytest.raises(rnn.StorageError):
        rnn.Ensemble.load(path)
