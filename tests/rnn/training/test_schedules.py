"""What the learning rate is multiplied by, and when the training asks."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import rnn

NOTHING = rnn.History()
epochs = st.floats(0, 1e4)


def measured(*losses: float) -> rnn.History:
    return rnn.History(loss=list(losses))


@pytest.mark.parametrize(
    ("schedule", "at"),
    [
        (rnn.Constant(), {0: 1, 3.5: 1, 1e6: 1}),
        (rnn.StepDecay(2, 0.5), {0: 1, 1.99: 1, 2: 0.5, 3.99: 0.5, 4: 0.25, 10: 1 / 32}),
        (rnn.StepDecay(3), {2.9: 1, 3: 0.1, 6: 0.01}),
        (rnn.Cosine(10), {0: 1, 2.5: (1 + math.sqrt(0.5)) / 2, 5: 0.5, 10: 0, 11: 0, 1e6: 0}),
        (rnn.Cosine(10, 0.2), {0: 1, 5: 0.6, 10: 0.2, 99: 0.2}),
        (rnn.WarmUp(4), {0: 0.1, 1: 0.325, 4: 1, 100: 1}),
        (rnn.WarmUp(0.5, start=0.2), {0: 0.2, 0.25: 0.6, 0.5: 1, 7: 1}),
        (rnn.WarmUp(4, rnn.StepDecay(2, 0.5), start=0), {0: 0, 1: 0.25, 2: 0.25, 3: 0.375, 4: 0.25, 6: 0.125}),
        (rnn.WarmUp(2, lambda epoch, history: 10 * epoch + len(history.loss), start=0), {1: 5, 2: 20, 3: 30}),
    ],
)
def test_factors(schedule: rnn.Schedule, at: dict[float, float]) -> None:
    for epoch, factor in at.items():
        assert schedule(epoch, NOTHING) == pytest.approx(factor, abs=1e-15), epoch


@settings(max_examples=50)
@given(
    schedule=st.one_of(
        st.builds(rnn.StepDecay, st.integers(1, 50), st.floats(0.01, 1)),
        st.builds(rnn.Cosine, st.integers(1, 1000), st.floats(0, 1)),
        st.builds(rnn.WarmUp, st.floats(1e-3, 100), start=st.floats(0, 1)),
    ),
    pair=st.tuples(epochs, epochs),
)
def test_factors_stay_within_0_and_1_and_go_one_way(schedule: rnn.Schedule, pair: tuple[float, float]) -> None:
    earlier, later = (schedule(epoch, NOTHING) for epoch in sorted(pair))
    if isinstance(schedule, rnn.WarmUp):
        earlier, later = later, earlier
    assert 0 <= later <= earlier + 1e-15
    assert earlier <= 1
    assert isinstance(later, float)


# ------------------------------------------------------------------------ plateau


@settings(max_examples=50)
@given(n=st.integers(0, 60), patience=st.integers(0, 10), factor=st.floats(0.1, 0.9))
def test_a_loss_that_stands_still_costs_a_factor_after_each_patience_and_one(
    n: int, patience: int, factor: float
) -> None:
    plateau = rnn.ReduceOnPlateau(factor, patience)
    falls = max(0, n - 1) // (patience + 1)  # the first is a new best
    assert plateau(float(n), measured(*[0.7] * n)) == pytest.approx(factor**falls, rel=1e-12)


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1e6), max_size=30), st.integers(0, 4), st.sampled_from([0.0, 1e-4, 0.5]))
def test_the_plateaus_factor_never_rises_and_falls_by_one_step(
    losses: list[float], patience: int, share: float
) -> None:
    plateau = rnn.ReduceOnPlateau(0.5, patience, share)
    factors = [plateau(n, measured(*losses[:n])) for n in range(len(losses) + 1)]
    assert factors[0] == 1
    for earlier, later in pairwise(factors):
        assert later in (earlier, earlier / 2)


@pytest.mark.parametrize(
    ("losses", "falls"),
    [
        ([3, 2, 1, 0.5], 0),
        ([1, 2, 2], 0),  # two are borne
        ([1, 2, 2, 2], 1),
        ([1, 2, 2, 0.8, 2, 2], 0),  # the count begins anew with a new best ...
        ([1, 2, 2, 2, 2, 2], 1),  # ... and with a fall
        ([1, 2, 2, 2, 2, 2, 2], 2),
        ([1, 1, 1, 1], 1),  # as low as the best is not below it
        ([1, 0.95, 0.92, 0.91], 1),  # not below 0.9: best stays 1
        ([1, 0.95, 0.92, 0.89], 0),
        ([1, math.nan, math.nan, math.nan], 1),
        ([0, 0, 0, 0], 1),
    ],
)
def test_plateaus(losses: list[float], falls: int) -> None:
    assert rnn.ReduceOnPlateau(0.5, patience=2, threshold=0.1)(9, measured(*losses)) == 0.5**falls


def test_the_plateau_looks_at_the_validation_loss_alone_where_there_is_one() -> None:
    plateau, still, falling = rnn.ReduceOnPlateau(patience=1), [1.0] * 9, [0.5**n for n in range(9)]
    assert plateau(9, rnn.History(loss=falling, validation=rnn.Curve(loss=still))) == pytest.approx(1e-4)
    assert plateau(9, rnn.History(loss=still, validation=rnn.Curve(loss=falling))) == 1
    assert plateau(9, rnn.History(loss=still, validation=rnn.Curve())) == 1  # not measured yet


# ------------------------------------------------------------------------ settings


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: rnn.StepDecay(0), "StepDecay's every is 0, expected a whole number"),
        (lambda: rnn.StepDecay(2.5), "StepDecay's every is 2.5"),  # type: ignore[arg-type]
        (lambda: rnn.StepDecay(2, 0), "StepDecay's factor is 0, expected a finite number above 0"),
        (lambda: rnn.StepDecay(2, math.inf), "StepDecay's factor is inf"),
        (lambda: rnn.Cosine(0), "Cosine's epochs is 0"),
        (lambda: rnn.Cosine(True), "Cosine's epochs is True"),
        (lambda: rnn.Cosine(5, -0.1), "Cosine's floor is -0.1, expected a finite number from 0 to 1"),
        (lambda: rnn.Cosine(5, 1.1), "Cosine's floor is 1.1"),
        (lambda: rnn.Cosine(5, math.nan), "Cosine's floor is nan"),
        (lambda: rnn.WarmUp(0), "WarmUp's epochs is 0, expected a finite number above 0"),
        (lambda: rnn.WarmUp("3"), "WarmUp's epochs is '3'"),  # type: ignore[arg-type]
        (lambda: rnn.WarmUp(3, start=2), "WarmUp's start is 2, expected a finite number from 0 to 1"),
        (lambda: rnn.WarmUp(3, 0.5), "WarmUp's then is 0.5, which cannot be called: expected one such as"),  # type: ignore[arg-type]
        (lambda: rnn.WarmUp(3, rnn.Cosine), "WarmUp's then is <class"),  # type: ignore[arg-type]
        (lambda: rnn.ReduceOnPlateau(1), "ReduceOnPlateau's factor is 1, expected a finite number between 0 and 1"),
        (lambda: rnn.ReduceOnPlateau(0), "ReduceOnPlateau's factor is 0"),
        (lambda: rnn.ReduceOnPlateau(patience=-1), "ReduceOnPlateau's patience is -1"),
        (lambda: rnn.ReduceOnPlateau(threshold=1), "ReduceOnPlateau's threshold is 1, expected a finite number from 0"),
        (lambda: rnn.ReduceOnPlateau(threshold=-1e-9), "ReduceOnPlateau's threshold is -1e-09"),
    ],
)
def test_impossible_settings_are_refused_with_their_name(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


# ------------------------------------------------------------------------ training


def samples(n: int = 10) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, 4, 2)), rng.integers(0, 3, n)


def network() -> rnn.ManyToOne:
    return rnn.ManyToOne(rnn.Tanh(3), 2, 3, rng=0, dtype=np.float64)


class Still:
    """An optimizer that moves nothing and keeps the factors it was given."""

    def __init__(self) -> None:
        self.factors: list[float] = []

    def start(self, parameters: Any) -> Any:  # noqa: ARG002 - every optimizer's
        return {}

    def update(self, parameters: Any, gradients: Any, state: Any, factor: float = 1.0) -> None:  # noqa: ARG002 - every optimizer's
        self.factors.append(factor)


def factors(epochs: int = 3, batch_size: int = 4, **settings: Any) -> list[float]:
    """Give what the optimizer was given, at losses that stand still."""
    still = Still()
    rnn.train(
        network(), samples(), optimizer=still, batch_size=batch_size, epochs=epochs, progress=False, **settings
    )  # fmt: skip
    return still.factors


def test_is_asked_before_every_batch_with_what_is_behind() -> None:
    asked = []

    def schedule(epoch: float, history: rnn.History) -> float:
        asked.append((epoch, len(history.loss)))
        return 1 / (1 + epoch)

    found, behind = factors(schedule=schedule), np.arange(9) / 3  # three batches an epoch
    np.testing.assert_allclose([epoch for epoch, _ in asked], behind, rtol=1e-15)
    assert [completed for _, completed in asked] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    np.testing.assert_allclose(found, 1 / (1 + behind), rtol=1e-15)
    assert factors() == [1.0] * 9
    assert factors(schedule=rnn.WarmUp(1, start=0))[:4] == [0, pytest.approx(1 / 3), pytest.approx(2 / 3), 1]
    assert factors(schedule=rnn.StepDecay(1, 0.5)) == [1] * 3 + [0.5] * 3 + [0.25] * 3


def test_half_the_rate_by_schedule_is_half_the_rate() -> None:
    nets = [network() for _ in range(2)]
    for net, rate, schedule in zip(nets, (0.4, 0.2), (lambda *_: 0.5, None), strict=True):
        rnn.train(net, samples(), optimizer=rnn.Adam(rate), epochs=2, schedule=schedule, rng=0, progress=False)
    for name, W in nets[0].parameters.items():
        np.testing.assert_array_equal(W, nets[1].parameters[name])
        assert not np.array_equal(W, network().parameters[name])


def test_a_plateau_counts_epochs_or_where_there_are_validation_samples_measurements() -> None:
    plateau = rnn.ReduceOnPlateau(0.5, patience=1)
    settings: dict[str, Any] = {"batch_size": 10, "epochs": 8, "schedule": plateau}
    by_epoch = [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125]  # the first is a best, one is borne, the third costs
    assert factors(**settings) == by_epoch
    assert factors(**settings, evaluate_every=2) == by_epoch
    assert factors(**settings, validation=samples()) == by_epoch
    assert factors(**settings, validation=samples(), evaluate_every=2) == [1] * 6 + [0.5] * 2


@pytest.mark.parametrize("schedule", [0.5, rnn.Cosine, "cosine"])
def test_what_is_no_schedule_is_refused(schedule: Any) -> None:
    with pytest.raises(ValueError, match=r"^schedule is .*, (which cannot be called|a class): expected one such as"):
        factors(schedule=schedule)
