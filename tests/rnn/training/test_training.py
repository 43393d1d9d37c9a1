"""Training: what it learns, what it remembers, and how it stops."""

import pickle
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from easy import easy, network, same_parameters

from unrolled import rnn, textbook
from unrolled.rnn import inputs


def test_learns_an_easy_task() -> None:
    net = network()
    history = rnn.train(
        net,
        easy(),
        test=easy(seed=1),
        optimizer=rnn.SGD(0.2),
        batch_size=10,
        epochs=40,
        rng=1,
        progress=False,
    )
    assert history.loss[-1] < 0.3 * history.loss[0]
    assert history.test is not None
    assert history.test.accuracy[-1] == 1
    assert history.ended == "epochs"
    assert history.seconds > 0


def test_every_update_is_the_reports() -> None:
    """Two epochs by hand: equations, shuffling and rate as documented."""
    X, y = easy(10)
    net = network(dtype=np.float64)
    by_hand = net.copy().parameters
    history = rnn.train(net, (X, y), optimizer=rnn.SGD(0.05), batch_size=4, epochs=2, rng=3, progress=False)
    shuffling = np.random.default_rng(np.random.default_rng(3).integers(2**64, size=2, dtype=np.uint64).tolist())
    losses = []
    for _ in range(2):
        order = shuffling.permutation(10)
        total = 0.0
        for rows in (order[:4], order[4:8], order[8:]):
            loss, gradients = textbook.loss_and_gradients(by_hand, X[rows], np.eye(3)[y[rows]])
            total += loss * len(rows)
            by_hand = {name: W - 0.05 * gradients[name] for name, W in by_hand.items()}
        losses.append(total / 10)
    np.testing.assert_allclose(history.loss, losses, rtol=1e-12)
    for name, W in net.parameters.items():
        np.testing.assert_allclose(W, by_hand[name], rtol=1e-10, atol=1e-13)


def test_a_seed_is_a_result_and_another_seed_is_another() -> None:
    nets = [network() for _ in range(3)]
    rngs: list[int | np.random.Generator] = [0, np.random.default_rng(0), 1]
    for net, rng in zip(nets, rngs, strict=True):
        rnn.train(net, easy(), optimizer=rnn.SGD(0.1), epochs=2, rng=rng, progress=False)
    assert same_parameters(nets[0], nets[1])
    assert not same_parameters(nets[0], nets[2])


def test_measuring_on_the_way_changes_nothing() -> None:
    plain, watched = network(), network()
    rnn.train(plain, easy(), optimizer=rnn.SGD(0.1), epochs=3, rng=0, progress=False)
    rnn.train(
        watched,
        easy(),
        validation=easy(9),
        test=easy(9),
        optimizer=rnn.SGD(0.1),
        epochs=3,
        rng=0,
        progress=False,
    )
    assert same_parameters(plain, watched)


@pytest.mark.parametrize(
    ("epochs", "every", "expected"), [(20, 10, [10, 20]), (7, 3, [3, 6, 7]), (3, 1, [1, 2, 3]), (2, 10, [2])]
)
def test_held_out_samples_are_measured_when_asked(epochs: int, every: int, expected: list[int]) -> None:
    held_out = SimpleNamespace(X=easy(9)[0], y=easy(9)[1])
    net = network()
    history = rnn.train(
        net,
        easy(12),
        validation=held_out,
        test=easy(6),
        optimizer=rnn.SGD(0.1),
        epochs=epochs,
        evaluate_every=every,
        progress=False,
    )
    assert len(history.loss) == epochs
    assert history.validation is not None
    assert history.test is not None
    assert history.validation.epochs == history.test.epochs == expected
    assert (history.validation.loss[-1], history.validation.accuracy[-1]) == net.evaluate(held_out.X, held_out.y)


def test_held_out_samples_are_checked_once_and_not_every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = []
    padded = inputs.padded

    def counted(X: Any, *others: Any) -> Any:
        checked.append(len(X))
        return padded(X, *others)

    monkeypatch.setattr(inputs, "padded", counted)
    rnn.train(
        network(),
        easy(12),
        validation=(*easy(9), np.full(9, 5)),
        test=easy(7),
        optimizer=rnn.SGD(0.1),
        epochs=4,
        progress=False,
    )
    assert checked == [12, 9, 7]


def test_early_stopping_goes_back_to_the_best_epoch() -> None:
    """Labels without a pattern: the validation loss must rise sooner or later."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 5, 3)), rng.integers(0, 3, 40)
    validation = rng.standard_normal((40, 5, 3)), rng.integers(0, 3, 40)
    snapshots = []
    net = network()
    history = rnn.train(
        net,
        (X, y),
        validation=validation,
        test=validation,
        optimizer=rnn.SGD(0.5),
        batch_size=5,
        epochs=200,
        evaluate_every=10,
        early_stopping=rnn.EarlyStopping(patience=7),
        rng=0,
        progress=False,
        on_epoch=lambda *_: snapshots.append(net.copy()),
    )
    assert history.ended == "early stopping"
    assert history.validation is not None
    assert history.test is not None
    losses = history.validation.loss
    assert history.best_epoch == int(np.argmin(losses)) + 1
    assert len(history.loss) == len(losses) == history.best_epoch + 7
    assert history.validation.epochs == list(range(1, len(losses) + 1))
    assert history.test.epochs == [*range(10, len(losses), 10), len(losses)]
    assert same_parameters(net, snapshots[history.best_epoch - 1])
    assert not same_parameters(net, snapshots[-1])
    assert net.evaluate(*validation)[0] == min(losses)


def test_early_stopping_restores_the_best_also_when_epochs_run_out() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 5, 3)), rng.integers(0, 3, 40)
    validation = rng.standard_normal((40, 5, 3)), rng.integers(0, 3, 40)
    net = network()
    stop = rnn.EarlyStopping(100)
    history = rnn.train(
        net,
        (X, y),
        validation=validation,
        optimizer=rnn.SGD(0.5),
        batch_size=5,
        epochs=60,
        early_stopping=stop,
        rng=0,
        progress=False,
    )
    assert history.validation is not None
    assert history.ended == "epochs"
    assert history.best_epoch is not None
    assert history.best_epoch < 60
    assert net.evaluate(*validation)[0] == min(history.validation.loss)


def test_early_stopping_needs_validation_and_patience() -> None:
    with pytest.raises(ValueError, match="without validation samples"):
        rnn.train(network(), easy(), optimizer=rnn.SGD(0.1), early_stopping=rnn.EarlyStopping(), progress=False)
    with pytest.raises(ValueError, match="patience is 0"):
        rnn.EarlyStopping(0)


@pytest.mark.parametrize("name", ["batch_size", "epochs", "evaluate_every"])
@pytest.mark.parametrize("value", [0, -3, 2.5, None])
def test_settings_that_cannot_be_are_refused(name: str, value: Any) -> None:
    net = network()
    with pytest.raises(ValueError, match=f"{name} is {value}, expected a whole number, 1 or more"):
        rnn.train(net, easy(), optimizer=rnn.SGD(0.1), progress=False, **{name: value})
    assert same_parameters(net, network())


def test_divergence_names_epoch_and_batch_and_keeps_the_parameters_before_it() -> None:
    """A rate that throws the parameters beyond float32 in the second batch of the first epoch."""

    class Explodes:
        calls = 0

        def start(self, parameters: Any) -> Any:  # noqa: ARG002
            return {}

        def update(self, parameters: Any, gradients: Any, state: Any, factor: float = 1.0) -> None:  # noqa: ARG002
            self.calls += 1
            if self.calls == 5:
                parameters["W_ho"][...] = np.inf

    net = network()
    with pytest.raises(rnn.DivergenceError, match="became nan at epoch 2, batch 3") as caught:
        rnn.train(net, easy(), optimizer=Explodes(), batch_size=20, epochs=5, rng=0, progress=False)
    assert (caught.value.epoch, caught.value.batch) == (2, 3)
    assert len(caught.value.history.loss) == 1
    assert caught.value.history.ended == "diverged"
    assert same_parameters(net, network())


def test_a_rate_far_too_high_diverges_without_a_warning() -> None:
    net = network()
    with pytest.raises(rnn.DivergenceError, match="smaller learning rate"):
        rnn.train(net, easy(), optimizer=rnn.SGD(1e300), epochs=5, rng=0, progress=False)
    assert all(np.isfinite(W).all() for W in net.parameters.values())


def test_training_in_another_thread_works() -> None:
    nets = [network(), network()]
    rnn.train(nets[0], easy(), optimizer=rnn.SGD(0.1), epochs=2, rng=0, progress=False)
    thread = threading.Thread(
        target=rnn.train,
        args=(nets[1], easy()),
        kwargs={"optimizer": rnn.SGD(0.1), "epochs": 2, "rng": 0, "progress": False},
    )
    thread.start()
    thread.join()
    assert same_parameters(*nets)


def test_what_an_error_elsewhere_leaves_is_the_best_so_far() -> None:
    rng = np.random.default_rng(0)
    data = rng.standard_normal((40, 5, 3)), rng.integers(0, 3, 40)
    validation = rng.standard_normal((40, 5, 3)), rng.integers(0, 3, 40)
    net = network()
    seen: list[rnn.History] = []

    def fail(epoch: int, history: rnn.History, _: object) -> None:
        seen.append(history)
        if epoch == 60:
            raise RuntimeError("the caller's own")

    with pytest.raises(RuntimeError, match="the caller's own"):
        rnn.train(
            net,
            data,
            validation=validation,
            optimizer=rnn.SGD(0.5),
            batch_size=5,
            epochs=500,
            early_stopping=rnn.EarlyStopping(400),
            rng=0,
            progress=False,
            on_epoch=fail,
        )
    assert seen[0].validation is not None
    assert net.evaluate(*validation)[0] == min(seen[0].validation.loss)


def run_with_progress(tqdm: bool) -> str:
    hide = "" if tqdm else "import sys; sys.modules['tqdm'] = None\n"
    code = hide + (
        "import numpy as np; from unrolled import rnn\n"
        "X, y = np.ones((20, 5, 3)), np.arange(20) % 3\n"
        "net = rnn.ManyToOne(rnn.Tanh(2), 3, 3)\n"
        "rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), batch_size=5, epochs=3)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == ""
    return done.stderr


def test_progress_with_tqdm_and_without() -> None:
    pytest.importorskip("tqdm", reason="the extra 'examples' is not installed")
    assert "12/12" in run_with_progress(tqdm=True)
    plain = run_with_progress(tqdm=False)
    assert "12/12 batch" in plain
    assert "s left" in plain
    assert "epoch 3, loss" in plain


def test_silence_on_request(capfd: pytest.CaptureFixture[str]) -> None:
    rnn.train(network(), easy(), optimizer=rnn.SGD(0.1), epochs=2, progress=False)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"early_stopping": 10}, "early_stopping is 10, expected one such as"),
        ({"early_stopping": rnn.EarlyStopping}, "early_stopping is <class"),
        ({"on_epoch": 3}, "on_epoch is 3, expected a function"),
        ({"optimizer": 0.01}, "^optimizer is 0.01, which has no method start: expected one such as"),
        ({"optimizer": SimpleNamespace(start=dict)}, "which has no method update: expected one such as rnn.SGD"),
        ({"schedule": 0.5}, "^schedule is 0.5, which cannot be called: expected one such as rnn.Cosine"),
        ({"clip": SimpleNamespace(clip=1.0)}, "which has no method clip: expected one such as rnn.ClipNorm"),
        ({"dropout": 0.2}, "^dropout is 0.2, expected one such as rnn.Dropout"),
        ({"augment": 3}, "^augment is 3, which cannot be called: expected one such as data.augment.Jitter"),
        ({"bptt_steps": 0}, "^bptt_steps is 0, expected a whole number, 1 or more"),
        ({"optimizer": rnn.SGD}, "optimizer is <class"),
        ({"validation": (1, 2, 3, 4, 5)}, "validation samples are a tuple of 5, expected"),
        ({"validation": SimpleNamespace(train=1)}, "of a Dataset, pass one part"),
    ],
)
def test_settings_of_the_wrong_kind_are_refused_before_anything_is_trained(
    settings: dict[str, Any], message: str
) -> None:
    net = network()
    with pytest.raises(ValueError, match=message):
        rnn.train(net, easy(), progress=False, **{"optimizer": rnn.SGD(0.1), **settings})
    assert same_parameters(net, network())


def test_a_list_of_X_and_y_is_a_pair() -> None:
    assert rnn.train(network(), [*easy()], optimizer=rnn.SGD(0.1), epochs=1, progress=False).ended == "epochs"  # type: ignore[arg-type]


def test_divergence_in_the_very_last_update_is_noticed() -> None:
    net = network()
    with pytest.raises(rnn.DivergenceError, match="parameters became infinite or NaN at epoch 1, batch 1"):
        rnn.train(net, easy(), optimizer=rnn.SGD(1e39), batch_size=60, epochs=1, rng=0, progress=False)
    assert same_parameters(net, network())


def test_divergence_with_early_stopping_keeps_the_best_and_says_so() -> None:
    class Explodes(rnn.SGD):
        calls = 0

        def update(self, parameters: Any, gradients: Any, state: Any, factor: float = 1.0) -> None:
            Explodes.calls += 1
            super().update(parameters, gradients, state, factor)
            if Explodes.calls == 8:
                parameters["W_ho"][...] = np.inf

    net, best = network(), []
    with pytest.raises(rnn.DivergenceError, match="of the parameters, the best ones, of epoch 2, are kept") as caught:
        rnn.train(
            net,
            easy(),
            validation=easy(9),
            optimizer=Explodes(0.05),
            batch_size=20,
            epochs=9,
            early_stopping=rnn.EarlyStopping(5),
            rng=0,
            progress=False,
            on_epoch=lambda *_: best.append(net.copy()),
        )
    assert same_parameters(net, best[1])
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.epoch, again.batch) == (str(caught.value), 3, 3)
    assert again.history == caught.value.history


def test_divergence_of_a_divided_batch_is_without_a_warning_too() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((128, 5, 3)), rng.integers(0, 3, 128)
    net = rnn.ManyToOne(rnn.Tanh(64), 3, 3, rng=0)
    with pytest.raises(rnn.DivergenceError):
        rnn.train(net, (X, y), optimizer=rnn.SGD(1e38), batch_size=128, epochs=9, rng=0, progress=False)


def trained(rng: Any) -> np.ndarray:
    net = network()
    rnn.train(
        net,
        easy(),
        optimizer=rnn.SGD(0.1),
        dropout=rnn.Dropout(inputs=0.2),
        augment=lambda X, rng: X + rng.normal(0, 0.1, X.shape).astype(X.dtype),
        epochs=2,
        rng=rng,
        progress=False,
    )
    return net.parameters["W_hh"]


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_generators_of_one_state_train_alike_whatever_they_were_made_of(bits: Any) -> None:
    made, restored = (np.random.Generator(bits(seed)) for seed in (5, None))
    made.random(7)
    made.spawn(3)
    restored.bit_generator.state = made.bit_generator.state
    np.testing.assert_array_equal(trained(restored), trained(made))


def test_a_generator_that_has_drawn_or_jumped_trains_in_another_way() -> None:
    fresh = trained(np.random.default_rng(5))
    advanced = np.random.default_rng(5)
    advanced.random(1000)
    assert not np.array_equal(trained(advanced), fresh)
    assert not np.array_equal(trained(np.random.Generator(np.random.PCG64(5).jumped())), fresh)
    spawned = np.random.default_rng(5)
    spawned.spawn(3)
    np.testing.assert_array_equal(trained(spawned), fresh)  # which moves nothing that it draws


def test_one_generator_trains_one_network_after_another_in_its_own_way() -> None:
    rng = np.random.default_rng(5)
    assert not np.array_equal(trained(rng), trained(rng))


def test_a_generator_that_cannot_spawn_trains_as_one_of_its_state() -> None:
    old, new = np.random.Generator(np.random.RandomState(0)._bit_generator), np.random.Generator(np.random.MT19937(9))
    new.bit_generator.state = old.bit_generator.state
    np.testing.assert_array_equal(trained(old), trained(new))


@pytest.mark.parametrize("factor", [-5.0, float("nan"), None, "x"])
def test_what_a_schedule_gives_is_checked(factor: Any) -> None:
    with pytest.raises(ValueError, match="schedule's factor is"):
        rnn.train(network(), easy(), optimizer=rnn.SGD(0.1), schedule=lambda epoch, history: factor, progress=False)  # noqa: ARG005


@pytest.mark.parametrize("net", [None, rnn.ManyToOne])
def test_what_is_no_network_is_not_trained(net: Any) -> None:
    with pytest.raises(ValueError, match="expected a network such as"):
        rnn.train(net, easy(), optimizer=rnn.SGD(0.1), progress=False)
