"""What a run is in the middle of, as plain values that JSON can hold, and a run put there again.

What comes from a file is checked before it is taken: types, ranges, and that all of it belongs together.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, get_args

import numpy as np

from unrolled._support.validation import real_number, shown, whole_number
from unrolled.rnn.arrays import Array, Parameters
from unrolled.rnn.parts import NUMBERS, name_of
from unrolled.rnn.training.history import CURVES, Curve, Ending, History
from unrolled.rnn.training.loop import Drawn, Position, Run

STREAMS = ("shuffling", "dropping", "augmenting")
GENERATORS: dict[str, type[np.random.BitGenerator]] = {
    "MT19937": np.random.MT19937,
    "PCG64": np.random.PCG64,
    "PCG64DXSM": np.random.PCG64DXSM,
    "Philox": np.random.Philox,
    "SFC64": np.random.SFC64,
}
"""Whose states a file may hold."""
LARGEST = {"pos": 624, "buffer_pos": 4, "has_uint32": 1, "uinteger": 2**32 - 1, "state": 2**128 - 1, "inc": 2**128 - 1}
"""Of the whole numbers in these states, which NumPy itself does not check: it would read beyond its memory."""
MOST_WORDS, LARGEST_SEED = 1000, 2**1024
"""Of what a generator is seeded with."""
MEASURED = ("loss", "gradient_norm", "clipped")
OPTIMIZER = "optimizer "
"""What stands before the names of an optimizer's arrays."""

Groups = dict[str, Parameters]


def snapshot(run: Run) -> dict[str, Any]:
    """Return what a run is in the middle of, but for the arrays.

    Raises
    ------
    ValueError
        If it draws from a generator whose state a file cannot hold.
    """
    history = run.history
    streams = {name: getattr(run.generators, name).bit_generator for name in STREAMS}
    for name, bits in streams.items():
        if GENERATORS.get(type(bits).__name__) is not type(bits):
            raise ValueError(f"{name} draws from {type(bits).__name__}, expected {', '.join(GENERATORS)} for a file")
    drawn = {name: Drawn.so_far(getattr(run.generators, name)) for name in STREAMS} | {"shuffling": run.epoch_began}
    return {
        "history": {
            **{name: [_to_json(number) for number in getattr(history, name)] for name in MEASURED},
            **{name: _curve_to_json(getattr(history, name)) for name in CURVES},
            "best_epoch": history.best_epoch,
            "ended": history.ended,
            "seconds": float(history.seconds),
        },
        "position": {name: _to_json(number) for name, number in asdict(run.at).items()},
        "best": _to_json(run.best.value),
        "streams": {
            name: {
                "state": _plain(at.state),
                "seed": _seed_to_json(at.seed, name),
            }
            for name, at in drawn.items()
        },
        "done": run.done,
    }


def arrays(run: Run) -> Groups:
    """Return the arrays of a run, by group."""
    groups = {"parameters": run.net.parameters, "kept": run.last_finite, "best": run.best.parameters}
    if run.settings.averaging is not None:
        groups["average"] = run.average
    if run.carried:
        groups["carried"] = run.carried
    return {**groups, **{OPTIMIZER + name: state for name, state in run.state.items()}}


def restore(run: Run, description: Any, groups: Groups) -> None:
    """Put a new run where :func:`snapshot` was taken.

    Raises
    ------
    ValueError
        If anything is not as :func:`snapshot` and :func:`arrays` give it for such a run.
    """
    found = _entries(description, {"history", "position", "best", "streams", "done"}, "its state")
    at, epochs = _position(found["position"], run), run.settings.epochs
    history = _history(found["history"], at.epoch, run)
    done = found["done"]
    if not isinstance(done, bool) or done != (at.epoch == epochs or history.ended in ("early stopping", "stopped")):
        raise ValueError(f"done is {shown(done)} after {at.epoch} of {epochs} epochs, which end by {history.ended}")
    streams = _entries(found["streams"], set(STREAMS), "its streams")
    restored = {name: _generator(streams[name], f"the stream for {name}") for name in STREAMS}
    best = _from_json(found["best"], "best")
    run.carried = _carried(groups.get("carried", {}), at, run)
    known = {"parameters", "kept", "best", "carried", *(() if run.settings.averaging is None else ("average",))}
    of_optimizer = {name: each for name, each in groups.items() if name not in known}
    if not all(name.startswith(OPTIMIZER) for name in of_optimizer):
        raise ValueError(
            f"it has the groups {shown(sorted(groups))}, expected {', '.join(sorted(known))} and an optimizer's"
        )
    fill(run.last_finite, groups.get("kept", {}), "kept")
    fill(run.best.parameters, groups.get("best", {}), "best")
    if run.settings.averaging is not None:
        fill(run.average, groups.get("average", {}), "average")
    _fill_state(run, {name.removeprefix(OPTIMIZER): each for name, each in of_optimizer.items()}, at)
    vars(run.history).update(vars(history))
    if history.ended == "interrupted":
        run.history.ended = "epochs"
    run.at, run.done, run.best.value = at, done, best
    for name, bits in restored.items():
        setattr(run.generators, name, np.random.Generator(bits))
    run.epoch_began = Drawn.so_far(run.generators.shuffling)


def _position(given: Any, run: Run) -> Position:
    found = _entries(given, set(vars(Position())), "its position")
    at = Position(
        epoch=whole_number(found["epoch"], "epoch", 0, run.settings.epochs),
        batch=whole_number(found["batch"], "batch", 0, run.n_batches - 1),
        loss=_from_json(found["loss"], "loss"),
        norm=_from_json(found["norm"], "norm"),
        clipped=whole_number(found["clipped"], "clipped", 0, run.n_batches),
        amount=_from_json(found["amount"], "amount"),
    )
    if at.epoch == run.settings.epochs and at.batch:
        raise ValueError(f"it is at batch {at.batch} after the last epoch")
    return at


def _history(given: Any, epoch: int, run: Run) -> History:
    found = _entries(given, set(vars(History())) - {"state"}, "its history")
    measured = {name: _numbers(found[name], f"history's {name}", epoch) for name in MEASURED}
    curves: dict[str, Curve | None] = {}
    metrics = tuple(run.settings.metrics or ())
    for name in CURVES:
        if (found[name] is None) != (getattr(run.history, name) is None):
            raise ValueError(f"its history has {name} {shown(found[name])}, which was {name} samples or none")
        curves[name] = (
            None if found[name] is None else _curve(found[name], name, epoch, metrics, run.net.answers == "numbers")
        )
    best = found["best_epoch"]
    if best is not None and (whole_number(best, "best_epoch", 1, epoch) and run.settings.early_stopping is None):
        raise ValueError(f"best_epoch is {best} without early stopping, expected null")
    ended = found["ended"]
    if not isinstance(ended, str) or ended not in get_args(Ending):
        raise ValueError(f"ended is {shown(ended)}, expected one of {', '.join(get_args(Ending))}")
    seconds = real_number(found["seconds"], "seconds", 0, 1e12)
    return History(**measured, **curves, best_epoch=best, ended=ended, seconds=seconds)  # type: ignore[arg-type]  # one of them


def _curve(given: Any, name: str, epoch: int, metrics: tuple[str, ...], of_numbers: bool) -> Curve:
    found = _entries(given, set(vars(Curve())), f"history's {name}")
    epochs = found["epochs"]
    if not isinstance(epochs, list) or len(epochs) > epoch:
        raise ValueError(f"{name}'s epochs are {shown(epochs)}, expected at most {epoch} of them")
    for before, each in zip([0, *epochs], epochs, strict=False):
        whole_number(each, f"an epoch of {name}", before + 1, epoch)
    loss = _numbers(found["loss"], f"{name}'s loss", len(epochs))
    if (found["r2"] is None) == of_numbers:
        raise ValueError(f"{name}'s r2 is {shown(found['r2'])}, expected {'numbers' if of_numbers else 'null'}")
    accuracy = _numbers(found["accuracy"], f"{name}'s accuracy", 0 if of_numbers else len(epochs))
    r2 = _numbers(found["r2"], f"{name}'s r2", len(epochs)) if of_numbers else None
    of_metrics = _entries(found["metrics"], set(metrics), f"{name}'s metrics")
    values = {each: _numbers(of_metrics[each], f"{name}'s {each}", len(epochs)) for each in metrics}
    return Curve(epochs, loss, accuracy, values, r2)


def _curve_to_json(curve: Curve | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    return {
        "epochs": curve.epochs,
        **{name: list(map(_to_json, getattr(curve, name))) for name in ("loss", "accuracy")},
        "r2": None if curve.r2 is None else list(map(_to_json, curve.r2)),
        "metrics": {name: list(map(_to_json, values)) for name, values in curve.metrics.items()},
    }


def _generator(given: Any, what: str) -> np.random.BitGenerator:
    """Make a bit generator that draws and spawns as the one that was saved; its state is checked against its kind's."""
    found = _entries(given, {"state", "seed"}, what)
    name = found["state"].get("bit_generator") if isinstance(found["state"], dict) else None
    if not isinstance(name, str) or name not in GENERATORS:
        raise ValueError(f"{what} draws from {shown(name)}, expected one of {', '.join(GENERATORS)}")
    bits = GENERATORS[name](_seed(found["seed"], f"{what}'s seed"))
    bits.state = _alike(found["state"], dict(bits.state), what)
    return bits


def _seed_to_json(seed: Any, name: str) -> dict[str, Any]:
    """Return what a generator spawns others from."""
    if type(seed) is not np.random.SeedSequence:
        raise ValueError(f"{name} was seeded by a {type(seed).__name__}, expected a SeedSequence for a file")
    plain = {
        "entropy": np.ravel(np.array(seed.entropy, object)).tolist(),
        "spawn_key": list(seed.spawn_key),
        "pool_size": seed.pool_size,
        "n_children_spawned": seed.n_children_spawned,
    }
    found = {key: [int(n) for n in value] if isinstance(value, list) else int(value) for key, value in plain.items()}
    _seed(found, f"the seed that {name} was drawn from")
    return found


def _seed(given: Any, what: str) -> np.random.SeedSequence:
    """Make what a generator spawns others from."""
    found = _entries(given, {"entropy", "spawn_key", "pool_size", "n_children_spawned"}, what)
    for name in ("entropy", "spawn_key"):
        if not isinstance(found[name], list) or len(found[name]) > MOST_WORDS:
            raise ValueError(f"{what} has {name} {shown(found[name])}, expected at most {MOST_WORDS} whole numbers")
        for number in found[name]:
            whole_number(number, f"{what}'s {name}", 0, LARGEST_SEED)
    entropy = found["entropy"]
    return np.random.SeedSequence(
        entropy[0] if len(entropy) == 1 else entropy,
        spawn_key=found["spawn_key"],
        pool_size=whole_number(found["pool_size"], f"{what}'s pool_size", 4, MOST_WORDS),
        n_children_spawned=whole_number(found["n_children_spawned"], f"{what}'s n_children_spawned", 0, 2**31),
    )


def _alike(given: Any, sample: Any, what: str) -> Any:
    """Return what a file has for a state, of the types, keys and sizes of a sample, and within its ranges."""
    if isinstance(sample, dict):
        found = _entries(given, set(sample), what)
        return {key: _alike(found[key], each, key) for key, each in sample.items()}
    if isinstance(sample, np.ndarray):
        if not isinstance(given, list) or len(given) != len(sample):
            raise ValueError(f"{what} is {shown(given)}, expected {len(sample)} whole numbers")
        largest = int(np.iinfo(sample.dtype).max)
        return np.array([whole_number(number, what, 0, largest) for number in given], sample.dtype)
    return given if isinstance(sample, str) else whole_number(given, what, 0, LARGEST[what])


def _plain(state: Any) -> Any:
    """Return the state of a bit generator with lists for its arrays."""
    if isinstance(state, dict):
        return {key: _plain(value) for key, value in state.items()}
    return state.tolist() if isinstance(state, np.ndarray | np.generic) else state


def _fill_state(run: Run, found: Groups, at: Position) -> None:
    """Set a run's optimizer's arrays; those of the library's optimizers are known, those of others are taken."""
    if not name_of(type(run.settings.optimizer)).startswith("rnn."):
        run.state.clear()
        run.state.update(found)
        return
    if run.state.keys() != found.keys():
        raise ValueError(f"its optimizer has {shown(sorted(found))}, expected {sorted(run.state)}")
    updates = at.epoch * run.n_batches + at.batch
    for name, each in run.state.items():
        fill(each, found[name], OPTIMIZER + name)
        for of, array in each.items():
            fewer = run.settings.stateful and (array >= 0).all() and (array <= updates).all()  # where all had ended
            if array.dtype.kind == "i" and not fewer and not (array == updates).all():
                raise ValueError(f"{OPTIMIZER}{name}/{of} is {shown(array)}, expected {updates}, as many as were made")


def _carried(found: Parameters, at: Position, run: Run) -> Parameters:
    """Return what a stateful training carries on from the window before."""
    shapes = run.net._state_shapes()
    if not found:
        if run.settings.stateful and at.batch:
            raise ValueError(f"it carries no state on, expected one at batch {at.batch} of an epoch")
        return {}
    m = min(len(next(iter(found.values()))), len(run.training))
    wanted = {name: np.empty((m, *shape), run.net.dtype) for name, shape in shapes.items()}
    if not run.settings.stateful or not at.batch:
        raise ValueError(f"it carries {shown(sorted(found))} on, expected nothing at batch {at.batch} of an epoch")
    fill(wanted, found, "carried")
    return wanted


def fill(target: Parameters, found: Mapping[str, Any], name: str) -> None:
    """Overwrite arrays by those of the same names, shapes and dtypes.

    Raises
    ------
    ValueError
        If they are not.
    """
    if target.keys() != found.keys():
        raise ValueError(f"{name} has the arrays {shown(sorted(found))}, expected {shown(sorted(target))}")
    for of, array in target.items():
        given: Array = np.asarray(found[of])
        if given.shape != array.shape or given.dtype != array.dtype:
            raise ValueError(
                f"{name}/{of} is {given.dtype} of shape {given.shape}, expected {array.dtype} of shape {array.shape}"
            )
        np.copyto(array, given)


def _entries(given: Any, wanted: set[str], what: str) -> dict[str, Any]:
    if not isinstance(given, dict) or given.keys() != wanted:
        raise ValueError(f"{what} is {shown(given)}, expected {', '.join(sorted(wanted))}")
    return given


def _numbers(given: Any, what: str, n: int) -> list[float]:
    if not isinstance(given, list) or len(given) != n:
        raise ValueError(f"{what} is {shown(given)}, expected {n} numbers")
    return [_from_json(number, what) for number in given]


def _to_json(number: float) -> float | str:
    """Return a number, or its name where it is infinite or NaN."""
    number = int(number) if isinstance(number, int | np.integer) else float(number)
    return number if math.isfinite(number) else str(number)


def _from_json(given: Any, what: str) -> float:
    return NUMBERS[given] if isinstance(given, str) and given in NUMBERS else real_number(given, what)
