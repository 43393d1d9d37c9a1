import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from easy import easy, network, same_parameters

from unrolled import rnn


def test_callbacks_see_every_batch_and_every_epoch_with_the_network_as_it_is_then() -> None:
    net, seen = network(), []
    weights: list[np.ndarray] = []

    def on_batch(n: int, history: rnn.History, trained: rnn.Network) -> None:
        assert trained is net
        seen.append(("batch", n, len(history.loss)))
        weights.append(trained.parameters["W_hh"].copy())

    def on_epoch(epoch: int, history: rnn.History, trained: rnn.Network) -> str:
        assert trained is net
        seen.append(("epoch", epoch, len(history.loss)))
        return "what is not True goes on"

    rnn.train(
        net, easy(), optimizer=rnn.SGD(0.1), batch_size=25, epochs=2, rng=0, progress=False,
        on_epoch=on_epoch, on_batch=on_batch,
    )  # fmt: skip
    of_epoch = [[("batch", 3 * e + n, e + (n == 3)) for n in (1, 2, 3)] + [("epoch", e + 1, e + 1)] for e in (0, 1)]
    assert seen == [*of_epoch[0], *of_epoch[1]]
    assert all((a != b).any() for a, b in itertools.pairwise(weights))
    unseen = network()
    rnn.train(unseen, easy(), optimizer=rnn.SGD(0.1), batch_size=25, epochs=2, rng=0, progress=False)
    assert same_parameters(net, unseen)


def test_an_epochs_callback_that_returns_true_ends_the_training(tmp_path: Path) -> None:
    net, path = network(), tmp_path / "run.h5"
    history = rnn.train(
        net, easy(), validation=easy(20, 1), optimizer=rnn.Adam(0.01), batch_size=25, epochs=9, rng=0,
        progress=False, checkpoint=path, on_epoch=lambda epoch, *_: epoch == 3,
    )  # fmt: skip
    assert history.ended == "stopped"
    assert len(history.loss) == 3
    shorter = network()
    rnn.train(shorter, easy(), optimizer=rnn.Adam(0.01), batch_size=25, epochs=3, rng=0, progress=False)
    assert same_parameters(net, shorter)
    again, resumed = rnn.resume(path, easy(), validation=easy(20, 1), progress=False)  # it is over, and stays so
    assert same_parameters(net, again)
    assert resumed.ended == "stopped"
    assert resumed.loss == history.loss


def test_a_batchs_callback_that_returns_true_ends_the_training_within_the_epoch(tmp_path: Path) -> None:
    net, path = network(), tmp_path / "run.h5"
    history = rnn.train(
        net, easy(), optimizer=rnn.SGD(0.1), batch_size=25, epochs=9, rng=0, progress=False, checkpoint=path,
        on_batch=lambda n, *_: np.equal(n, 5),
    )  # fmt: skip
    assert history.ended == "stopped"
    assert len(history.loss) == 1
    again, resumed = rnn.resume(path, easy(), progress=False)
    assert same_parameters(net, again)
    assert (resumed.ended, resumed.loss) == ("stopped", history.loss)


def test_a_callback_at_the_end_changes_nothing() -> None:
    how: dict[str, Any] = {"optimizer": rnn.SGD(0.1), "epochs": 2, "progress": False}
    assert rnn.train(network(), easy(), **how, on_epoch=lambda epoch, *_: epoch == 2).ended == "epochs"


@pytest.mark.parametrize("name", ["on_epoch", "on_batch"])
def test_what_is_no_function_is_refused(name: str) -> None:
    bad: dict[str, Any] = {name: 3}
    with pytest.raises(ValueError, match=f"{name} is 3, expected a function of"):
        rnn.train(network(), easy(), optimizer=rnn.SGD(0.1), **bad)
