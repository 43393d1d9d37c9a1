"""Why it jumps: each sentence of the report about why, held against the numbers."""

from collections.abc import Sequence

import jump_numbers as numbers
import numpy as np
from jump_claim import MARGIN, QUIET, jumps
from jump_measures import REPORT
from jump_numbers import Row, regime, sharp

from unrolled import data

STANDING_TYPE = ("downstairs", "standing", "upstairs", "walking")
"""The movements that the report calls of the standing type, by MotionSense's names."""


def sentences(rows: Sequence[Row], around: Sequence[Row], shared: dict[str, data.Dataset]) -> list[str]:
    """Return a paragraph for each."""
    report = [row for row in rows if row["remedy"] == REPORT]
    if not report:
        return ["No training of the report's was measured."]
    return [
        *_vanishing(report, around),
        *_rate(report),
        *_information(rows),
        *_wider(report),
        *_standing(report, shared),
    ]


def _quoted(sentence: str, answer: str) -> list[str]:
    return [f"> {sentence}", "", answer, ""]


def _vanishing(report: Sequence[Row], around: Sequence[Row]) -> list[str]:
    r = regime(report)
    batches = ""
    if around:
        reach = np.concatenate([row["reach"] for row in around])
        batches = (
            f" Batch by batch before jumps, {np.mean(reach < QUIET):.0%} of {len(reach)} measurements vanish so, and "
            f"{np.mean(reach > 1):.1%} explode."
        )
    return _quoted(
        'The "tendency of the architecture to produce vanishing/exploding gradients due to the iteration of the '
        "chain rule "
        'through layers might cause the network to destabilize."',
        f"Vanishing is the rule: at {r.vanishes:.0%} of {r.n} moments less than {QUIET:g} of the last step's "
        f"gradient is "
        f"left at the first, and after {r.memory:.0f} steps back (median) less than 1%. Exploding is the exception: at "
        f"{r.explodes:.1%} the first step's gradient is larger than the last's.{batches}",
    )


def _rate(report: Sequence[Row]) -> list[str]:
    a = [row for row in report if row["part"] == "a"]
    b = [row for row in report if row["part"] != "a"]
    cells = []
    for name, some in (
        ("rates 0.05 and 0.1", a), ("rate 0.01", b),
        ("batch 10", [row for row in report if row["batch_size"] == 10]),
        ("batch 30", [row for row in report if row["batch_size"] == 30]),
    ):  # fmt: skip
        if some:
            share = float(np.mean([sharp(row).mean() for row in some]))
            cells.append(f"{name}: {_jumps(some):.2f} jumps a training, {share:.0%} of the moments above 2 / eta")
    return _quoted(
        'The network "tends to shoot out of local optima. Observing that this behavior is almost the same across '
        "different "
        'batch sizes, this is more likely caused by the learning rate."',
        "; ".join(cells) + ". (Rates differ in the initializer, too.)",
    )


def _information(rows: Sequence[Row]) -> list[str]:
    report = [row for row in rows if row["remedy"] == REPORT]
    by_training = [(float(np.median(row["reach"])), min(numbers.losses(row))) for row in report]
    reach, loss = np.array(by_training).T
    log = np.log10(np.maximum(reach, 1e-300))
    varied = len(log) > 2 and np.ptp(log) > 0 and np.ptp(loss) > 0
    r = float(np.corrcoef(log.argsort().argsort(), loss.argsort().argsort())[0, 1]) if varied else float("nan")
    answer = (
        f"Over {len(report)} trainings the rank correlation of the median reach and the lowest training loss is "
        f"{r:+.2f} "
        "(negative: who sees further learns more)."
    )
    clipped = [row for row in rows if row["remedy"] == "norm clipped at 1"]
    if clipped:
        c, base = numbers.remedied(clipped), {(row["seed"]) for row in clipped}
        plain = [r for r in report if r["data"] == clipped[0]["data"] and r["part"] == "b" and r["seed"] in base]
        plain = [r for r in plain if (r["hidden"], r["batch_size"]) == (50, 30)]
        if plain:
            p = numbers.remedied(plain)
            answer += (
                f" With the norm clipped, the same model reaches the first step more often ({c.arrives:.0%} of the "
                f"moments "
                f"above 0.01, against {p.arrives:.0%}), and its test accuracy is {c.accuracy:.3f} against "
                f"{p.accuracy:.3f}: "
                "to that extent it was not the model's power."
            )
    return _quoted(
        'The bias is "caused by insufficient model power and the information loss during backpropagation through '
        "time as "
        'gradients tend to converge to extremely small or large values."',
        answer,
    )


def _wider(report: Sequence[Row]) -> list[str]:
    narrow, wide = numbers.wide_and_narrow(report)
    if not narrow:
        answer = "Not measured."
    else:
        n, w = regime(narrow), regime(wide)
        more = sum(
            len(jumps(numbers.losses(b))) > len(jumps(numbers.losses(a))) for a, b in zip(narrow, wide, strict=True)
        )
        less = sum(
            len(jumps(numbers.losses(b))) < len(jumps(numbers.losses(a))) for a, b in zip(narrow, wide, strict=True)
        )
        answer = (
            f"Over {len(narrow)} pairs of trainings alike but for the size: with 50 and with 100 units the gradient "
            f"vanishes at {n.vanishes:.0%} and {w.vanishes:.0%} of the moments, explodes at {n.explodes:.1%} and "
            f"{w.explodes:.1%}; sharpness is above 2 / eta at {np.mean([sharp(r).mean() for r in narrow]):.0%} and "
            f"{np.mean([sharp(r).mean() for r in wide]):.0%}; jumps of {MARGIN:.0%} a training are "
            f"{_jumps(narrow):.2f} and "
            f"{_jumps(wide):.2f} (more of them with 100 units in {more} pairs, fewer in {less})."
        )
    return _quoted(
        'The network of 100 units "is more susceptible to vanishing/exploding numerical values due to the '
        "increased number "
        'of parameters and numerical operations."',
        answer,
    )


def _standing(report: Sequence[Row], shared: dict[str, data.Dataset]) -> list[str]:
    answers = []
    for name, movements in shared.items():
        stopped = [row for row in report if row["data"] == name and row["part"] == "c"]
        classes = movements.classes
        some = [classes.index(c) for c in STANDING_TYPE] if set(STANDING_TYPE) <= set(classes) else range(len(classes))
        distances = numbers.from_average(movements.train.X, movements.train.y, list(some))
        order = sorted(zip(distances, [classes[c] for c in some], strict=True))
        answer = (
            "The mean series of each movement and the average of all of them differ (root mean square over steps, "
            "in the "
            "data's units) by " + ", ".join(f"{n} {d:.3f}" for d, n in order) + "."
        )
        if stopped:
            fell = [classes[int(row["leans_to"][0])] for row in stopped]
            names = sorted(set(fell), key=lambda c: -fell.count(c))
            answer += (
                f" Of {len(stopped)} early-stopped networks most errors fall on "
                + ", ".join(f"{c} in {fell.count(c)}" for c in names)
                + f"; on the movement nearest to the average ({order[0][1]}) in {fell.count(order[0][1])}."
            )
        answers.append(f"{movements.provenance.split('(')[0].strip()}: {answer}")
    return _quoted(
        'The networks confuse with standing "because the data for motion 4 is likely the closest to the average '
        "time-series "
        'for standing-type motions, the network overfits to this average."',
        " ".join(answers),
    )


def _jumps(rows: Sequence[Row]) -> float:
    return float(np.mean([len(jumps(numbers.losses(row))) for row in rows])) if rows else float("nan")
