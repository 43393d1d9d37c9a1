"""Ctrl-C during a training."""

import os
import signal
import time
from typing import Any

import numpy as np
import pytest
from easy import easy, network, same_parameters

from unrolled import rnn

pytestmark = pytest.mark.usefixtures("ctrl_c")


def test_ctrl_c_ends_training_after_the_batch_and_keeps_everything() -> None:
    net = network()

    def press(epoch: int, *_: object) -> None:
        if epoch == 3:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    history = rnn.train(net, easy(), optimizer=rnn.SGD(0.1), epochs=50, rng=0, progress=False, on_epoch=press)
    assert history.ended == "interrupted"
    assert len(history.loss) == 3
    assert signal.getsignal(signal.SIGINT) is before
    three = network()
    rnn.train(three, easy(), optimizer=rnn.SGD(0.1), epochs=3, rng=0, progress=False)
    assert not same_parameters(net, network())
    assert abs(net.parameters["W_ho"] - three.parameters["W_ho"]).max() < 0.1  # one batch further at most


def test_ctrl_c_with_early_stopping_gives_back_the_best() -> None:
    rng = np.random.default_rng(0)
    data = rng.standard_normal((40, 5, 3)), rng.integers(0, 3, 40)
    validation = rng.standard_normal((40, 5, 3)), rng.integers(0, 3, 40)
    net = network()
    history = rnn.train(
        net,
        data,
        validation=validation,
        optimizer=rnn.SGD(0.5),
        batch_size=5,
        epochs=500,
        early_stopping=rnn.EarlyStopping(400),
        rng=0,
        progress=False,
        on_epoch=lambda epoch, *_: os.kill(os.getpid(), signal.SIGINT) if epoch == 60 else None,
    )
    assert history.ended == "interrupted"
    assert history.validation is not None
    assert net.evaluate(*validation)[0] == min(history.validation.loss)


def test_ctrl_c_in_the_last_batch_keeps_the_finished_epoch() -> None:
    class Presses(rnn.SGD):
        def update(self, parameters: Any, gradients: Any, state: Any, factor: float = 1.0) -> None:
            super().update(parameters, gradients, state, factor)
            os.kill(os.getpid(), signal.SIGINT)

    history = rnn.train(
        network(), easy(), test=easy(9), optimizer=Presses(0.1), batch_size=60, epochs=5, rng=0, progress=False
    )
    assert history.ended == "interrupted"
    assert len(history.loss) == 1
    assert history.test is not None
    assert history.test.epochs == [1]


def test_a_second_ctrl_c_interrupts_at_once() -> None:
    def press_twice(*_others: object) -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        rnn.train(network(), easy(), optimizer=rnn.SGD(0.1), epochs=5, progress=False, on_epoch=press_twice)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_programs_own_handling_of_ctrl_c_is_left_alone() -> None:
    pressed = []
    before = signal.signal(signal.SIGINT, lambda *_: pressed.append(True))
    try:
        history = rnn.train(
            network(),
            easy(),
            optimizer=rnn.SGD(0.1),
            epochs=2,
            progress=False,
            on_epoch=lambda *_: os.kill(os.getpid(), signal.SIGINT),
        )
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(pressed) == 2
    assert history.ended == "epochs"
