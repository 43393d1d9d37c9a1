"""The report's observations, on histories made to show them and not to show them."""

import numpy as np
import observations
from observations import Trained

CLASSES = ("one", "two", "three")


def trained(
    part: str = "b",
    *,
    title: str = "(50, 0.01, 30)",
    hidden: int = 50,
    losses: tuple[float, ...] = (3.0, 2.0, 1.0),
    counts: object = None,
) -> Trained:
    return Trained(
        part, title, hidden, losses, None, np.asarray(np.eye(3) * 10 if counts is None else counts, np.int64)
    )


STUCK = trained("a", counts=[[10, 0, 0]] * 3)
GOOD = trained("a")


def test_stuck_counts_networks_that_give_one_class() -> None:
    assert observations.stuck([STUCK, STUCK, GOOD]).found
    assert not observations.stuck([STUCK, GOOD, GOOD]).found
    assert "1 of 3" in observations.stuck([STUCK, GOOD, GOOD]).evidence
    assert (STUCK.share, GOOD.share) == (1, 1 / 3)


def test_a_jump_is_measured_from_the_lowest_loss_before() -> None:
    assert trained(losses=(3.0, 2.0, 3.0, 2.5)).jump == (0.5, 3)
    assert trained(losses=(3.0, 1.0, 1.1, 1.5, 1.4)).jump == (0.5, 4)
    assert trained(losses=(3.0,)).jump == (0.0, 1)
    assert observations.jumps([trained(losses=(3.0, 2.0, 3.0))]).found
    assert not observations.jumps([trained(losses=(3.0, 2.0, 3.0)), trained(losses=(3.0, 2.0, 2.1))]).found


def test_steadiness_compares_the_two_parts() -> None:
    rough, smooth = trained(losses=(2.0, 1.0, 2.0, 1.0)), trained(losses=(2.0, 1.9, 1.8))
    assert observations.steadier([rough], [smooth]).found
    assert not observations.steadier([smooth], [rough]).found


def test_early_stopping_is_compared_with_the_same_network() -> None:
    worse, better = trained(counts=[[5, 5, 0]] * 3), trained("c")
    assert observations.early_stopping_helps([worse, trained(title="other")], [better]).found
    assert not observations.early_stopping_helps([trained()], [better]).found


def test_wider_is_worse_only_below_every_narrow_one() -> None:
    bad = [[0, 10, 0]] * 3
    assert observations.wider_is_worse([trained(), trained(hidden=100, counts=bad)]).found
    assert not observations.wider_is_worse([trained(counts=bad), trained(hidden=100)]).found


def test_leaning_names_the_class_that_errors_fall_on() -> None:
    leaning = observations.leans_to_one_class([trained("c", counts=[[5, 5, 0], [0, 10, 0], [1, 9, 0]])], CLASSES)
    assert leaning.found
    assert "93% on two" in leaning.evidence
    even = observations.leans_to_one_class([trained("c", counts=[[0, 5, 5], [5, 0, 5], [5, 5, 0]])], CLASSES)
    assert not even.found


def test_observe_holds_all_six() -> None:
    everything = [STUCK, GOOD, trained(), trained(title="w", hidden=100), trained("c")]
    assert len(observations.observe(everything, CLASSES)) == 6


def test_seeds_are_counted_sentence_by_sentence() -> None:
    yes, no = (
        observations.Observation("It jumps.", True, "by 30%"),
        observations.Observation("It jumps.", False, "by 1%"),
    )
    (several,) = observations.counted({3: [yes], 4: [no], 5: [yes]})
    assert str(several).splitlines() == [
        "- **Found again in 2 of 3 seeds.** It jumps.",
        "  - Seed 3, yes: by 30%.",
        "  - Seed 4, no: by 1%.",
        "  - Seed 5, yes: by 30%.",
    ]
    assert str(observations.counted({0: [no]})[0]) == "- **Not found.** It jumps. Here: by 1%."
    assert str(observations.counted({0: [no], 1: [no]})[0]).startswith("- **Not found in any of 2 seeds.**")
