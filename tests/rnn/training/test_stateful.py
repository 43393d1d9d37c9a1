"""Training on numbers, labels along the way and long recordings, whose state is carried from window to window."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unrolled import data, rnn
from unrolled.rnn.training.loop import Generators

HOW: dict[str, Any] = {"optimizer": rnn.SGD(0.1), "progress": False}


def recordings(n: int = 5, T: int = 23, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(seed).standard_normal((n, T, 2))
    return X, X.cumsum(1)[..., :1] / 5


@pytest.mark.parametrize("lengths", [None, [23, 7, 16, 1, 21]])
def test_windows_go_on_and_are_constants(lengths: Any) -> None:
    X, y = recordings()
    net = rnn.ManyToMany([rnn.LSTM(4), rnn.Tanh(3)], 2, n_outputs=1, rng=0, dtype=np.float64, initial_state="learned")
    by_hand = net.copy()
    samples = (X, y) if lengths is None else (X, y, lengths)
    history = rnn.train(net, samples, stateful=True, bptt_steps=8, batch_size=2, epochs=2, rng=3, **HOW)
    rng = Generators.drawn(3).shuffling
    n = np.full(5, 23) if lengths is None else np.array(lengths)
    losses = []
    for _ in range(2):
        order, total, amount = rng.permutation(5), 0.0, 0
        for first in range(0, 5, 2):
            states: dict[int, Any] = {}
            for begin in range(0, 23, 8):
                rows = [i for i in order[first : first + 2] if n[i] > begin]
                if not rows:
                    continue
                left = np.minimum(n[rows] - begin, 8)
                state = None
                if begin:
                    state = {name: np.stack([states[i][name] for i in rows]) for name in states[rows[0]]}
                window = X[rows, begin : begin + 8], y[rows, begin : begin + 8]
                if left.max() < window[0].shape[1]:
                    window = window[0][:, : left.max()], window[1][:, : left.max()]
                loss, gradients = by_hand.loss_and_gradients(*window, left, state=state)
                _, end = by_hand.predict(window[0], left, state=state, return_state=True)
                states |= {i: {name: A[k] for name, A in end.items()} for k, i in enumerate(rows)}
                for name, gradient in gradients.items():
                    by_hand.parameters[name] -= 0.1 * gradient
                total, amount = total + loss * left.sum(), amount + left.sum()
        losses.append(total / amount)
    np.testing.assert_allclose(history.loss, losses, rtol=1e-10)
    for name, W in net.parameters.items():
        np.testing.assert_allclose(W, by_hand.parameters[name], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("every", [1, 2])
def test_a_checkpoint_goes_on_within_a_recording(every: int, tmp_path: Path) -> None:
    X, y = recordings()
    lengths = [23, 7, 16, 1, 21]

    def train(path: Path | None, stop: int | None) -> tuple[rnn.Network, rnn.History]:
        net = rnn.ManyToMany(rnn.GRU(4), 2, n_outputs=1, rng=0)
        how = HOW | ({} if path is None else {"checkpoint": path, "checkpoint_every": every})
        history = rnn.train(
            *(net, (X, y, lengths)),
            **how | {"optimizer": rnn.Adam(0.01)},
            stateful=True,
            bptt_steps=4,
            batch_size=2,
            epochs=2,
            rng=1,
            validation=(X, y),
            on_batch=lambda n, *_: (_ for _ in ()).throw(KeyboardInterrupt) if n == stop else None,
        )
        return net, history

    expected, history = train(None, None)
    for stop in (1, 4, 7, 20, 35):
        path = tmp_path / f"{stop}.h5"
        with pytest.raises(KeyboardInterrupt):
            train(path, stop)
        net, again = rnn.resume(path, (X, y, lengths), validation=(X, y), progress=False)
        assert again.loss == history.loss
        assert again.validation == history.validation
        for name, W in net.parameters.items():
            assert (expected.parameters[name] == W).all()


def test_the_history_of_numbers_has_r2_and_no_accuracy() -> None:
    X, y = recordings()
    net = rnn.ManyToOne(rnn.GRU(4), 2, n_outputs=1, rng=0)
    history = rnn.train(net, (X, y[:, -1]), validation=(X, y[:, -1]), epochs=3, **HOW)
    assert history.validation is not None
    assert history.validation.accuracy == []
    assert history.validation.score == ("r2", history.validation.r2)
    assert history.validation.r2
    assert history.validation.r2[-1] == net.evaluate(X, y[:, -1])[1]
    assert "validation r2" in history._repr_html_()


def test_a_task_and_its_weights_are_taken_as_they_are() -> None:
    task = data.tasks.copy_memory(20, T=5, n_symbols=4, n_copied=3, asked="recall", rng=0)
    assert task.sample_weight is not None
    nets = []
    X, y, w = task
    for samples, weights in ((task, None), ((X, y, None, w), None), ((X, y), w)):
        net = rnn.ManyToMany(rnn.GRU(6), 6, n_classes=6, head=rnn.Softmax(), rng=0)
        history = rnn.train(net, samples, sample_weight=weights, epochs=2, batch_size=7, rng=0, **HOW)
        nets.append([history.loss, *(W.tolist() for W in net.parameters.values())])
    assert nets[0] == nets[1] == nets[2]
    net = rnn.ManyToMany(rnn.GRU(6), 6, n_classes=6, rng=0)
    with pytest.raises(ValueError, match=r"third are float64 numbers of shape .*, which stand fourth"):
        rnn.train(net, (X, y, w), **HOW)
    with pytest.raises(ValueError, match="sample_weight was given, and training samples have some: expected them once"):
        rnn.train(net, task, sample_weight=task.sample_weight, **HOW)


@pytest.mark.parametrize("third", [np.ones(5), np.ones(5, int), np.full(5, 0.5), np.ones((5, 23))])
def test_weights_are_not_taken_for_lengths(third: Any) -> None:
    X, y = recordings()
    with pytest.raises(ValueError, match=r"expected (lengths|whole numbers)"):
        rnn.train(rnn.ManyToMany(rnn.Tanh(3), 2, n_outputs=1), (X, y, third), **HOW)


def test_the_threads_divide_steps_and_weights() -> None:
    rng = np.random.default_rng(0)
    X, y, n = rng.standard_normal((400, 6, 2)), rng.standard_normal((400, 6, 1)), rng.integers(1, 7, 400)
    net = rnn.ManyToMany(rnn.GRU(60), 2, n_outputs=1, rng=0, dtype=np.float64, initial_state="learned")
    for w in (None, rng.integers(0, 2, (400, 6)) * (np.arange(6) < n[:, None]).astype(float)):
        one: dict[str, Any] = {}
        many: dict[str, Any] = {}
        loss, gradients = net.step(X, y, lengths=n, weights=w, final_state=one)
        other, others = net.step(X, y, 3, lengths=n, weights=w, final_state=many)
        assert loss == pytest.approx(other, rel=1e-12)
        for name, gradient in gradients.items():
            np.testing.assert_allclose(gradient, others[name], rtol=1e-9, atol=1e-13)
        np.testing.assert_allclose(one["A"], many["A"], rtol=1e-12)


def test_what_stateful_training_cannot_do_is_said() -> None:
    X, y = recordings()
    net = rnn.ManyToMany(rnn.Tanh(3), 2, n_outputs=1)
    with pytest.raises(ValueError, match="stateful is True without bptt_steps"):
        rnn.train(net, (X, y), stateful=True, **HOW)
    with pytest.raises(ValueError, match="stateful is True with accumulate 2"):
        rnn.train(net, (X, y), stateful=True, bptt_steps=3, accumulate=2, **HOW)
    with pytest.raises(ValueError, match=r"expected rnn.ManyToMany for it: ManyToOne answers once"):
        rnn.train(rnn.ManyToOne(rnn.Tanh(3), 2, n_outputs=1), (X, y[:, 0]), stateful=True, bptt_steps=3, **HOW)
    both = rnn.ManyToMany(rnn.Bidirectional(rnn.Tanh(3)), 2, n_outputs=1)
    with pytest.raises(ValueError, match="one direction of time for"):
        rnn.train(both, (X, y), stateful=True, bptt_steps=3, **HOW)
    with pytest.raises(ValueError, match="or reads all of them, but every step has a target of its own"):
        rnn.train(net, (X, y), augment=data.augment.TimeWarp(0.2), **HOW)
