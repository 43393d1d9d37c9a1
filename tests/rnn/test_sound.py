"""Parameters that cannot be trained, numbers that are not finite, and probabilities that tie."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from unrolled import rnn
from unrolled.rnn.answering import untied
from unrolled.rnn.arrays import Parameters

X, Y = np.random.default_rng(0).standard_normal((6, 5, 3)), np.arange(6) % 3


def network(cell: Any = None, **others: Any) -> rnn.ManyToOne:
    return rnn.ManyToOne(rnn.Tanh(3) if cell is None else cell, n_inputs=3, n_classes=3, rng=0, **others)


def share(p: Parameters) -> None:
    p["W_ih"] = p["W_hh"]


def overlap(p: Parameters) -> None:
    memory = np.zeros(20, np.float32)
    p["b_h"], p["b_o"] = memory[0:3], memory[2:5]


def read_only(p: Parameters) -> None:
    p["W_hh"].flags.writeable = False


def broadcast(p: Parameters) -> None:
    p["b_h"] = np.broadcast_to(np.float32(1), 3)


def one_place(p: Parameters) -> None:
    p["W_hh"] = np.lib.stride_tricks.as_strided(np.zeros(9, np.float32), (3, 3), (8, 4))


def masked(p: Parameters) -> None:
    p["W_hh"] = np.ma.masked_array(p["W_hh"], p["W_hh"] > 0)


class Named(np.ndarray):
    """A subclass of arrays."""


def named(p: Parameters) -> None:
    p["W_hh"] = p["W_hh"].view(Named)


def swapped(p: Parameters) -> None:
    for name, W in p.items():
        p[name] = W.astype(W.dtype.newbyteorder())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (share, "parameters W_ih and W_hh share memory, expected an array for each"),
        (overlap, "parameters b_h and b_o share memory"),
        (read_only, "parameter W_hh is read-only"),
        (broadcast, "parameter b_h is read-only"),
        (one_place, "parameter W_hh has entries that lie in one place of memory"),
        (masked, "parameter W_hh is a MaskedArray, expected a plain array"),
        (named, "parameter W_hh is a Named, expected a plain array"),
        (swapped, "dtype is [<>]f4, expected float32"),
    ],
)
def test_parameters_that_cannot_be_trained_are_refused_and_nothing_is_changed(
    change: Callable[[Parameters], None], message: str
) -> None:
    net = network()
    change(net.parameters)
    before = {name: np.array(W) for name, W in net.parameters.items()}
    with pytest.raises(ValueError, match=message):
        rnn.train(net, (X, Y), optimizer=rnn.Adam(), epochs=1, progress=False)
    for name, W in net.parameters.items():
        np.testing.assert_array_equal(W, before[name])


def test_views_that_lie_apart_are_trained() -> None:
    net, twin = network(), network()
    net.parameters["W_hh"] = np.asfortranarray(net.parameters["W_hh"])
    memory = np.zeros((8, 6), np.float32)
    net.parameters["b_h"], net.parameters["b_o"] = memory[::2, 0][:3], memory[::-2, 1][:3]
    for each in (net, twin):
        rnn.train(each, (X, Y), optimizer=rnn.Adam(), epochs=2, rng=0, progress=False)
    for name, W in net.parameters.items():
        np.testing.assert_allclose(W, twin.parameters[name], rtol=1e-5, atol=1e-7)


USES: list[Callable[[rnn.ManyToOne, Any], Any]] = [
    lambda net, X: net.predict(X),
    lambda net, X: net.predict_proba(X),
    lambda net, X: net.decision_function(X),
    lambda net, X: net.evaluate(X, Y),
    lambda net, X: net.predict_proba(X, np.full(6, 4)),
]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("name", ["W_ih", "W_hh", "b_h", "W_ho", "b_o"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_parameter_that_is_not_finite_predicts_nothing(use: Callable[..., Any], name: str, bad: float) -> None:
    net = network(rnn.ReLU(3))
    net.parameters[name].flat[-1] = bad
    with pytest.raises(ValueError, match=rf"parameter {name} holds (nan|inf) at \([\d, ]+\), expected finite numbers"):
        use(net, np.abs(X))
    with pytest.raises(ValueError, match=f"parameter {name} holds"):
        net.stream()


@pytest.mark.parametrize("use", USES)
def test_numbers_that_outgrow_the_dtype_predict_nothing(use: Callable[..., Any]) -> None:
    net = network(rnn.ReLU(3))
    net.parameters["W_ih"][:], net.parameters["W_ho"][:] = 1e30, 1e30
    with pytest.raises(ValueError, match=r"logits of sample 2 are infinite or NaN.*within float32's range"):
        use(net, np.where((np.arange(6) == 2)[:, None, None], np.abs(X), 0))
    assert np.isfinite(net.astype(np.float64).predict_proba(np.abs(X))).all()


@pytest.mark.parametrize("kind", [rnn.ManyToOne, rnn.ManyToMany])
def test_an_exponential_that_outgrows_the_dtype_predicts_nothing(kind: Any) -> None:
    net = kind(rnn.Tanh(3), 2, n_outputs=1, head=rnn.Poisson(), rng=0)
    net.parameters["W_ih"][...], net.parameters["W_ho"][...] = 1, 99
    few = np.zeros((3, 4, 2))
    few[1] = 5
    with pytest.raises(ValueError, match="the answer to sample 1 is infinite though its logits are finite"):
        net.predict(few)
    with pytest.raises(ValueError, match="is infinite though its logits are finite"):
        net.stream().feed([5, 5])
    assert np.isfinite(net.astype(np.float64).predict(few)).all()


def test_what_is_padding_may_outgrow_it() -> None:
    net = network(rnn.ReLU(3), readout=rnn.EveryStep())
    net.parameters["W_ih"][:], net.parameters["W_ho"][:] = 1e30, 1e30
    late = np.where((np.arange(5) == 4)[:, None], np.abs(X), 0)
    assert net.predict(late, np.full(6, 4)).shape == (6,)
    with pytest.raises(ValueError, match="logits of sample 0"):
        net.predict(late)
    with pytest.raises(ValueError, match="has logits at every step"):
        net.decision_function(late)


def test_parameters_that_are_not_finite_are_not_trained() -> None:
    net = network()
    net.parameters["W_hh"][1, 0] = np.inf
    with pytest.raises(ValueError, match=r"parameter W_hh holds inf at \(1, 0\), expected finite numbers"):
        rnn.train(net, (X, np.arange(6) % 2), optimizer=rnn.SGD(0.1), epochs=1, progress=False)


@pytest.mark.parametrize("level", [25, -130, 0])
@pytest.mark.parametrize("head", [rnn.Sigmoid(), rnn.Softmax()])
def test_the_most_probable_class_is_the_largest_logit_s_where_probabilities_tie(head: Any, level: int) -> None:
    net = network(head=head)
    net.parameters["b_o"][:] = level
    net.parameters["W_ho"] *= np.float32(2e-7) if level == 0 else 1
    many = np.random.default_rng(1).standard_normal((500, 5, 3))
    logits, scores = net.decision_function(many), net.predict_proba(many)
    classes = logits.argmax(1)
    assert len(set(classes.tolist())) == 3
    np.testing.assert_array_equal(net.predict(many), classes)
    np.testing.assert_array_equal(scores.argmax(1), classes)
    forward = net.forward(many)  # where blocks do not round otherwise
    np.testing.assert_array_equal(forward.Y_hat.argmax(1), forward.logits.argmax(1))
    assert net.evaluate(many, classes)[1] == 1
    step = np.spacing(scores.max())
    np.testing.assert_allclose(scores, head.probabilities(logits), rtol=0, atol=step)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_probabilities_that_do_not_tie_are_not_touched() -> None:
    probabilities = np.random.default_rng(0).random((20, 3))
    assert untied(probabilities, probabilities * 7 - 3) is probabilities


@pytest.mark.parametrize("head", [rnn.Sigmoid(), rnn.Softmax()])
def test_the_decision_function_is_the_logits_of_forward(head: Any) -> None:
    net, lengths = network(head=head), np.array([5, 2, 3, 1, 5, 4])
    np.testing.assert_allclose(net.decision_function(X, lengths), net.forward(X, lengths).logits, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(head.probabilities(net.decision_function(X)), net.predict_proba(X), rtol=1e-6)


def test_a_forward_of_other_parameters_does_not_go_back() -> None:
    net = network()
    forward = net.forward(X)
    assert net.copy().backward(forward, Y).loss == net.backward(forward, Y).loss
    net.parameters["W_hh"][0, 0] += 1e-3
    with pytest.raises(ValueError, match="forward was made with other parameters, expected those the network has now"):
        net.backward(forward, Y)
    net.parameters["W_hh"][0, 0] = network().parameters["W_hh"][0, 0]
    assert np.isfinite(net.backward(forward, Y).loss)


@pytest.mark.parametrize("others", [{"cell": rnn.ReLU(3)}, {"readout": rnn.Mean()}, {"head": rnn.Softmax()}])
def test_a_forward_of_another_network_does_not_go_back(others: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="forward was made by another network"):
        network().backward(network(**others).forward(X), Y)


@pytest.mark.parametrize("optimizer", [rnn.Adam(epsilon=1e-46), rnn.AdamW(epsilon=1e-39), rnn.RMSProp(epsilon=1e-40)])
def test_an_epsilon_that_is_nothing_in_the_dtype_is_refused(optimizer: Any) -> None:
    net = network()
    with pytest.raises(ValueError, match=r"epsilon is 1e-\d+, expected at least 1\.18e-38, .*float32"):
        rnn.train(net, (X, Y), optimizer=optimizer, epochs=1, progress=False)
    with pytest.raises(ValueError, match="epsilon is"):
        optimizer.start(net.parameters)
    assert optimizer.start(net.astype(np.float64).parameters)


@pytest.mark.parametrize("third", [np.ones(6), [1] * 6, np.array([1.0, 2, 3, 1, 1, 1])])
def test_weights_of_samples_are_not_taken_for_lengths(third: Any) -> None:
    for role in ("samples", "validation"):
        given: dict[str, Any] = {"samples": (X, Y), role: (X, Y, third)}
        with pytest.raises(ValueError, match="as weights of samples would be, which stand fourth"):
            rnn.train(network(), given.pop("samples"), optimizer=rnn.SGD(0.1), progress=False, **given)


def test_lengths_of_one_are_taken_where_there_is_one_step() -> None:
    assert rnn.train(network(), (X[:, :1], Y, [1] * 6), optimizer=rnn.SGD(0.1), epochs=1, progress=False).loss


def hole(values: Any) -> Any:
    array = np.ma.array(values)
    array[(0,) * array.ndim] = np.ma.masked
    return array


@pytest.mark.parametrize("where", [0, 1, 2])
def test_masked_samples_are_refused(where: int) -> None:
    samples = [X, Y, np.full(6, 4)]
    whole = [np.ma.array(each) for each in samples]  # nothing is masked in these
    assert network().loss(*whole) == network().loss(*samples)
    samples[where] = hole(samples[where])
    uses: list[Callable[[], object]] = [
        lambda: network().loss(*samples),
        lambda: network().evaluate(*samples),
        lambda: rnn.train(network(), tuple(samples), optimizer=rnn.SGD(0.1), progress=False),  # type: ignore[arg-type]
    ]
    if where != 1:
        uses += [lambda: network().predict(samples[0], samples[2]), lambda: network().forward(samples[0], samples[2])]
    if where == 0:
        uses += [lambda: network().predict(list(samples[0])), lambda: network().stream().feed(samples[0][0, 0])]
    for use in uses:
        with pytest.raises(ValueError, match="masked"):
            use()


def test_masked_dropout_masks_are_refused() -> None:
    net = network()
    drawn = rnn.Dropout(0.2, 0.2, 0.2).draw(6, net.widths, rng=0, dtype=np.float64)
    inputs: list[Any] = list(map(np.ma.array, drawn.inputs))
    recurrence: list[Any] = list(map(np.ma.array, drawn.recurrence))
    whole = rnn.Masks(inputs, recurrence)
    assert net.loss(X, Y, masks=whole) == net.loss(X, Y, masks=drawn)
    for name in ("inputs", "recurrence"):
        masks = rnn.Masks(list(drawn.inputs), list(drawn.recurrence))
        getattr(masks, name)[0] = hole(getattr(masks, name)[0])
        for use in (net.loss, net.loss_and_gradients):
            with pytest.raises(ValueError, match=rf"masks\.{name}\[0\] is masked in places, expected numbers"):
                use(X, Y, masks=masks)


class Holes:
    """Masks a number of what it is handed, and a target where it changes targets."""

    def __call__(self, X: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG002
        return hole(X)  # type: ignore[no-any-return]


class HolesInTargets(Holes):
    def with_targets(self, X: np.ndarray, Y: np.ndarray, rng: object) -> tuple[np.ndarray, np.ndarray]:  # noqa: ARG002
        return X, hole(Y)


@pytest.mark.parametrize(("augment", "what"), [(Holes(), "what augment gave"), (HolesInTargets(), "as targets")])
def test_an_augmentation_that_masks_numbers_is_refused(augment: Any, what: str) -> None:
    net = network()
    before = {name: W.copy() for name, W in net.parameters.items()}
    with pytest.raises(ValueError, match=f"{what} is masked in places"):
        rnn.train(net, (X, Y), optimizer=rnn.SGD(0.1), augment=augment, epochs=1, progress=False)
    for name, W in net.parameters.items():
        np.testing.assert_array_equal(W, before[name])
