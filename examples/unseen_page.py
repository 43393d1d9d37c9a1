"""People never seen: the page, from the rows of the trainings alone."""

from collections.abc import Iterable, Sequence

import numpy as np
import unseen_numbers as numbers
from unseen_claim import BEFORE, CLAIMS, GOALS, GOALS_OF_FIVE, GOALS_OF_TANH
from unseen_recipes import ADDED, BASELINE, EPOCHS, FULL, LEFT_OUT, ROCKET, SINGLE, TANH
from unseen_training import Row
from unseen_verdicts import verdicts
from unseen_windows import MOTIONSENSE, PEOPLE, SHOULDER, TRIALS, WISDM

MOVEMENTS = ("downstairs", "jogging", "sitting", "standing", "upstairs", "walking")
DOWN, UP, NINE = 0, 4, 9
FOLDS = {MOTIONSENSE: 6, SHOULDER: 5, WISDM: 6}
TOLD = {
    MOTIONSENSE: "MotionSense (Malekzadeh et al. 2019): acceleration in g, 50 Hz, windows of 150 steps every 75; 24 "
    "people in six folds of four, at most 500 training windows a movement, all windows of those left out",
    SHOULDER: "Shoulder exercises (Burns et al. 2018), as shipped: acceleration of the watch in g, 50 Hz, windows of "
    "150 steps every 75; ten people in five pairs, who kept time with each other",
    WISDM: "WISDM 2019 (Weiss et al.), a part: acceleration of the telephone in m/s^2, 20 Hz, windows of 198 steps "
    "every 99, 18 activities; at most 200 training windows of each",
}


def folds(rows: Sequence[Row], data: str, names: Iterable[str]) -> list[str]:
    """Return the folds that all of these recipes have."""
    of = [{row["split"] for row in rows if row["data"] == data and row["recipe"] == name} for name in names]
    whole = set.intersection(*of) if of else set[str]()
    return [name for k in range(1, FOLDS[data] + 1) if (name := f"fold {k}") in whole]


def page(rows: Sequence[Row]) -> str:
    """Return the page in Markdown."""
    parts = [
        "# People never seen",
        "What a recurrent network needs to know the movements of people it has never met, and whether it then "
        "knows them "
        f"as well as MiniRocket. The full recipe: {recipe_said()} {EPOCHS} epochs of batches of 64, Adam with a "
        f"cosine, "
        "the gradient's norm clipped at 1, orthogonal recurrent weights. The baseline has none of the ingredients: an "
        "LSTM of 64 units that reads the three axes and the mean of whose states is read; it has the three steps "
        "at once, "
        "too. Seconds are of one core's time; people count alike, however many windows they have. `python "
        "examples/unseen_people.py --data A_DeviceMotion_data.zip --wisdm wisdm2019_part.zip --minirocket "
        ".venv-aeon/bin/python`",
        *(leaving_out(rows, data) for data in (MOTIONSENSE, SHOULDER, WISDM) if folds(rows, data, [FULL.name, ROCKET])),
        ingredients(rows),
        published(rows),
        person_nine(rows),
        claims(rows),
        still_open(rows),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def recipe_said() -> str:
    """Return what the full recipe is."""
    return (
        "channels that do not depend on how the telephone lies beside the axes (sizes, shares along and across the "
        "window's mean direction, their differences), each batch turned about a random axis by up to half a radian and "
        "mirrored, three steps read at once, a bidirectional LSTM of 64 units a direction, of whose states mean and "
        "maximum are read, dropout of 0.3 before the head;"
    )


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines))


def spread(each: numbers.Accuracy) -> str:
    """Return how far seeds are from each other."""
    return f"{np.std(each.seeds, ddof=1):.3f}" if len(each.seeds) > 1 else ""


def line(name: str, each: numbers.Accuracy) -> list[str]:
    """Return a recipe's line of a table."""
    low = min(each.people, key=each.people.__getitem__)
    return [
        name,
        f"{len(each.seeds)}",
        f"**{each.mean:.3f}**",
        spread(each),
        f"{each.people[low]:.3f} (person {low})",
        "" if each.training is None else f"{each.training:.3f}",
        "" if each.seconds is None else f"{each.seconds:.0f}",
        "" if each.parameters is None else f"{each.parameters:,}",
    ]


HEAD = ["recipe", "seeds", "people left out", "sd of seeds", "lowest", "training windows", "seconds", "parameters"]


def leaving_out(rows: Sequence[Row], data: str) -> str:
    """Return the section of a data set: the whole recipes on the folds that all of them have."""
    names = [name for name in (FULL.name, BASELINE.name, ROCKET) if folds(rows, data, [name])]
    splits = folds(rows, data, names)
    of = {name: numbers.accuracy(numbers.chosen(rows, data, name, splits)) for name in names}
    for name in (TANH.name, f"{FULL.name}, ensemble"):
        found = [r for r in rows if r["data"] == data and r["recipe"] == name and r["split"] in splits]
        if {row["split"] for row in found} == set(splits):
            several = f" of {found[0]['seed']}" if name.endswith("ensemble") else ""
            of[name + several] = numbers.accuracy(found)
    told = [f"## {data}", f"{TOLD[data]}. Folds: {len(splits)} of {FOLDS[data]}."]
    told.append(table(HEAD, [line(name, each) for name, each in of.items()]))
    for other in (ROCKET, BASELINE.name):
        it = numbers.paired(of[FULL.name], of[other])
        told.append(
            f"The full recipe beside {other}, paired over {len(of[FULL.name].people)} people: {it.difference:+.3f}, "
            f"ahead with {it.ahead}, behind with {it.behind}; Wilcoxon's signed ranks p = {it.p:.2g}."
        )
    if data == MOTIONSENSE:
        told.append("![Accuracy of each person left out](people.png)")
        told.append("![What windows of people left out were taken for](confusion.png)")
    return "\n\n".join(told)


def ingredients(rows: Sequence[Row]) -> str:
    """Return what each ingredient adds, and what is lost without it, in the same folds and seed."""
    names = [recipe.name for recipe in (BASELINE, *ADDED, FULL, *LEFT_OUT)]
    splits = folds(rows, MOTIONSENSE, names)
    if not splits:
        return ""
    of = {name: numbers.accuracy(numbers.chosen(rows, MOTIONSENSE, name, splits, [0])) for name in names}
    lines = []
    for name, each in of.items():
        beside = BASELINE.name if name.startswith(BASELINE.name) else FULL.name
        it = numbers.paired(each, of[beside])
        told = "" if name == beside else f"{it.difference:+.3f}"
        lines.append([name, f"**{each.mean:.3f}**", told, f"{it.ahead} to {it.behind}" if told else "",
                      f"{each.training:.3f}", f"{each.seconds:.0f}", f"{each.parameters:,}"])  # fmt: skip
    head = [
        "recipe",
        "people left out",
        "difference",
        "people ahead to behind",
        "training windows",
        "seconds",
        "parameters",
    ]
    said = (
        f"MotionSense, {', '.join(splits)}, seed 0, {len(of[FULL.name].people)} people: one seed, so a difference "
        "of 0.01 is noise. Differences are to the baseline, or to the full recipe."
    )
    found = ["## Each ingredient added, and each left out", said, table(head, lines)]
    single = [recipe.name for recipe in SINGLE]
    if some := folds(rows, MOTIONSENSE, [*single, BASELINE.name, FULL.name]):
        single_steps = {
            name: numbers.accuracy(numbers.chosen(rows, MOTIONSENSE, name, some, [0]))
            for name in (*single, BASELINE.name, FULL.name)
        }
        found.append(
            f"Single steps, on {', '.join(some)}, seed 0: "
            + "; ".join(f"{name} {it.mean:.3f} in {it.seconds:.0f} s" for name, it in single_steps.items())
            + "."
        )
    return "\n\n".join(found)


def published(rows: Sequence[Row]) -> str:
    """Return the two published splits beside the goals."""
    lines = []
    for name, goals in ((FULL.name, GOALS), (f"{FULL.name}, ensemble", GOALS_OF_FIVE), (TANH.name, GOALS_OF_TANH),
                        (f"{TANH.name}, ensemble", None), (ROCKET, None)):  # fmt: skip
        of = {s: numbers.chosen(rows, MOTIONSENSE, name, [s]) for s in (TRIALS, PEOPLE)}
        if not all(of.values()):
            continue
        said = [name]
        for split, found in of.items():
            each = [numbers.accuracy([row]).right for row in found]
            sd = f" (sd {np.std(each, ddof=1):.3f})" if len(each) > 1 else ""
            met = (
                "" if goals is None else f"goal {goals[split]}: {'met' if np.mean(each) >= goals[split] else 'not met'}"
            )
            said += [f"**{np.mean(each):.3f}**{sd}", met]
        seconds = numbers.accuracy(of[PEOPLE]).seconds
        lines.append([*said, "" if seconds is None else f"{seconds:.0f}"])
    if not lines:
        return ""
    seeds = len(numbers.chosen(rows, MOTIONSENSE, FULL.name, [PEOPLE]))
    return "\n\n".join([
        "## The published splits, once",
        f"600 test windows, 100 a movement: trials numbered over 10 of all people, and people 21 to 24. {seeds} "
        f"seeds, their "
        "mean; an ensemble is of these. No choice was made on them, but that the sixth fold above has the same "
        "four people.",
        table(["recipe", "unseen trials", "", "unseen people", "", "seconds"], lines),
        f"The best of this library before: {BEFORE[TRIALS]} and {BEFORE[PEOPLE]}.",
    ])  # fmt: skip


def person_nine(rows: Sequence[Row]) -> str:
    """Return what is taken for what of person 9's stairs, and of everybody else's."""
    lines, others = [], []
    for name in (FULL.name, BASELINE.name, ROCKET):
        of = [
            row
            for row in rows
            if row["data"] == MOTIONSENSE and row["recipe"] == name and row["split"].startswith("fold")
        ]
        for each in numbers.recordings(of):
            if (each.person, each.label, each.trial) in {(NINE, DOWN, 2), (NINE, UP, 3)}:
                swap = UP if each.label == DOWN else DOWN
                lines.append([name, f"{MOVEMENTS[each.label]}, trial {each.trial}", f"{each.said[each.label]}",
                              f"{each.said[swap]}", f"{each.said.sum()}"])  # fmt: skip
        swapped = [each for each in numbers.taken_for(of, DOWN, UP) if each.person != NINE]
        named = ", ".join(
            f"person {e.person} {MOVEMENTS[e.label]} {e.trial} ({e.share(DOWN + UP - e.label):.2f})" for e in swapped
        )
        others.append(f"{name}: {named or 'none'}")
    if not lines:
        return ""
    return "\n\n".join([
        "## Person 9's stairs",
        "Windows of the two recordings, over all seeds, by networks that never met person 9. Nothing was changed "
        "in the data.",
        table(["recipe", "recording", "taken for what it is called", "for the other way", "windows"], lines),
        "Recordings of other people on stairs of which more than half was taken for the other way: "
        "" + "; ".join(others) + ".",
    ])  # fmt: skip


def claims(rows: Sequence[Row]) -> str:
    """Return each claim with what was foretold, and what came."""
    told = verdicts(rows)
    parts = ["## What was claimed beforehand, and what came"]
    for claim in CLAIMS:
        verdict, evidence = told.get(claim.name, ("not measured", "no training of it is there"))
        parts.append(
            f"**{claim.said[0].upper()}{claim.said[1:]}: {verdict}.** If true: {claim.if_true}. If false: "
            f"{claim.if_false}. "
            f"Found: {evidence}."
        )
    return "\n\n".join(parts)


def still_open(rows: Sequence[Row]) -> str:
    """Return what was not measured."""
    seeds = (
        len(numbers.chosen(rows, MOTIONSENSE, FULL.name, folds(rows, MOTIONSENSE, [FULL.name]))) // FOLDS[MOTIONSENSE]
    )
    splits = folds(rows, MOTIONSENSE, [recipe.name for recipe in (BASELINE, *ADDED, FULL, *LEFT_OUT)])
    wisdm = folds(rows, WISDM, [FULL.name, ROCKET, BASELINE.name])
    return "\n\n".join([
        "## What stays open",
        f"Five seeds were asked for; the folds have {seeds} of the full recipe and one of the others, the ingredients "
        f"{len(splits)} of six folds, WISDM 2019 {len(wisdm)} of six. The recipe was chosen by earlier looks on "
        f"the training "
        "people, before this study, not by a search within each fold. Layer normalization is no part of it "
        "(`examples/layer_norm.py`), and mixup and changes of speed were not tried on top of the recipe. What the "
        "ceiling looks like: person 9's two recordings cannot be right for anybody, if they are exchanged. The same "
        "call goes on with what is missing.",
    ])  # fmt: skip
