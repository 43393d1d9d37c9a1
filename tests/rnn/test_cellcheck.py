"""Cells that are broken in one place each: every one is found, and what is broken is said."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from own_cell import MGU

from unrolled import rnn
from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters, State
from unrolled.rnn.contract import _differ
from unrolled.rnn.engine import Recurrence, Rows


@pytest.mark.parametrize(
    "cell", [rnn.Tanh(5), rnn.ReLU(4), rnn.LSTM(3), rnn.GRU(5), MGU(5), rnn.Bidirectional(MGU(2))], ids=repr
)
def test_right_cells_pass(cell: Any) -> None:
    check = rnn.check_cell(cell)
    assert check.passed, check
    assert str(check).startswith(f"{cell!r}: all {len(check.findings)} checks passed\n")


def test_what_is_empty_does_not_differ() -> None:
    assert not _differ(np.zeros((0, 2)), np.zeros((0, 2)))
    assert _differ(np.zeros((0, 2)), np.zeros((1, 2)))


@dataclass(frozen=True)
class Plain(Recurrence):
    """Right, and as plain as can be: what the broken ones are made of."""

    hidden: int

    def forward(self, parameters: ReadOnlyParameters, trace: Rows) -> None:
        W_ih, W_hh, b_h = (parameters[name] for name in ("W_ih", "W_hh", "b_h"))
        for segment in trace.forward_segments():
            for X, seen, A in segment.steps("X", "seen", "A"):
                A[...] = self.f(X @ W_ih.T + seen @ W_hh.T + b_h)

    def f(self, Z: Array) -> Array:
        return np.asarray(np.tanh(Z))

    def backward(self, parameters: ReadOnlyParameters, trace: Rows) -> Parameters:
        W_hh = parameters["W_hh"]
        dW, dW_hh = np.zeros((self.hidden, trace.D + 1), W_hh.dtype), np.zeros_like(W_hh)
        for chunk in trace.backward_chunks():
            for A, delta, dA in chunk.steps("A", "delta", "dA"):
                delta[...] = dA * (1 - A**2)
                dA[...] = delta @ W_hh
            dW += chunk.outer("delta", "inputs")
            dW_hh += chunk.outer("delta", "seen")
        return {"W_ih": dW[:, :-1], "W_hh": dW_hh, "b_h": dW[:, -1]}


def test_the_plain_one_passes() -> None:
    assert rnn.check_cell(Plain(4)).passed


class WrongWeight(Plain):
    def backward(self, parameters: ReadOnlyParameters, trace: Rows) -> Parameters:
        found = super().backward(parameters, trace)
        return {**found, "W_hh": found["W_hh"] * found["W_hh"].dtype.type(1.01)}


class SlightlyWrong(Plain):
    def backward(self, parameters: ReadOnlyParameters, trace: Rows) -> Parameters:
        found = super().backward(parameters, trace)
        return {**found, "b_h": found["b_h"] * found["b_h"].dtype.type(1 + 1e-7)}


class ForgottenBias(Plain):
    def backward(self, parameters: ReadOnlyParameters, trace: Rows) -> Parameters:
        return {**super().backward(parameters, trace), "b_h": np.zeros_like(parameters["b_h"])}


class MissingGradient(Plain):
    def backward(self, parameters: ReadOnlyParameters, trace: Rows) -> Parameters:
        found = super().backward(parameters, trace)
        del found["b_h"]
        return found


class MisshapenGradient(Plain):
    def backward(self, parameters: ReadOnlyParameters, trace: Rows) -> Parameters:
        found = super().backward(parameters, trace)
        return {**found, "W_ih": found["W_ih"].T}


class WrongLast(Rows):
    @property
    def A_T(self) -> Array:
        return np.asarray(self.A[-2])


class WrongFinal(Rows):
    @property
    def final_state(self) -> State:
        return {"A": self.A[-1] * 0}


class WrongBegun(Rows):
    """The gradient in what stands before the first step is right of samples of full length."""

    @property
    def dstate(self) -> State:
        return self._dstate

    @dstate.setter
    def dstate(self, found: State) -> None:
        whole = 1 if vars(self).get("_batch_sizes") is not None else self.m
        self._dstate = {name: np.where(np.arange(self.m)[:, None] < whole, dA, 0) for name, dA in found.items()}


class UnmaskedBegun(Rows):
    """What stands before the first step is seen past dropout's mask."""

    def _set_first(self) -> None:
        super()._set_first()
        self._seen[0] = self.A[0]


class LastOfAll(Rows):
    """The last steps of an array that nobody may read where lengths differ."""

    @property
    def A_T(self) -> Array:
        return np.asarray(self["A"][0]) if self._batch_sizes else super().A_T


def with_trace(kind: type[Rows]) -> Any:
    class WithTrace(Plain):
        def trace(self, T: int, m: int, D: int, dtype: Any) -> Rows:
            return kind(T, m, D, self.hidden, dtype)

    return WithTrace(4)


class NoBiasInStream(Plain):
    def states(
        self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int, state: State | None = None
    ) -> Iterator[Array]:
        return super().states({**parameters, "b_h": 0 * parameters["b_h"]}, steps, m, state)


class WrongLater(Plain):
    """Right for as many steps as most would try."""

    def states(
        self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int, state: State | None = None
    ) -> Iterator[Array]:
        for t, A in enumerate(super().states(parameters, steps, m, state)):
            yield A if t < 10 else 2 * A


class MixedInStream(Plain):
    """Right for one sequence."""

    def states(
        self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int, state: State | None = None
    ) -> Iterator[Array]:
        return (A[::-1] for A in super().states(parameters, steps, m, state))


class BeginsFromZero(Plain):
    def states(
        self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int, state: State | None = None
    ) -> Iterator[Array]:
        if state:
            state["A"] = 0 * state["A"]
        return super().states(parameters, steps, m, state)


class LeavesNoState(Plain):
    def states(
        self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int, state: State | None = None
    ) -> Iterator[Array]:
        return super().states(parameters, steps, m, None if state is None else dict(state))


class TakesNoState(Plain):
    def states(self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int) -> Iterator[Array]:  # type: ignore[override]
        return super().states(parameters, steps, m)


class LastChunkAlone(Plain):
    """Forgets what the chunks before have summed: right of up to 16 steps."""

    def backward(self, parameters: ReadOnlyParameters, trace: Rows) -> Parameters:
        W_hh, found = parameters["W_hh"], {}
        for chunk in trace.backward_chunks():
            for A, delta, dA in chunk.steps("A", "delta", "dA"):
                delta[...] = dA * (1 - A**2)
                dA[...] = delta @ W_hh
            dW = chunk.outer("delta", "inputs")
            found = {"W_ih": dW[:, :-1], "W_hh": chunk.outer("delta", "seen"), "b_h": dW[:, -1]}
        return found


class MaskedInputs(Plain):
    """The gradient in the inputs is right without dropout's mask."""

    def dX(self, parameters: ReadOnlyParameters, trace: Rows) -> Array:
        found = super().dX(parameters, trace)
        return found if trace._mask is None else 0 * found


class UnseenMask(Plain):
    """Reads and differentiates A_{t-1} past dropout's mask."""

    def forward(self, parameters: ReadOnlyParameters, trace: Rows) -> None:
        W_ih, W_hh, b_h = (parameters[name] for name in ("W_ih", "W_hh", "b_h"))
        for segment in trace.forward_segments():
            for X, A_before, A in segment.steps("X", "A_before", "A"):
                A[...] = self.f(X @ W_ih.T + A_before @ W_hh.T + b_h)


class Mixes(Plain):
    def f(self, Z: Array) -> Array:
        return np.asarray(np.tanh(Z - Z.mean(0)))


class NotAnalytic(Plain):
    def f(self, Z: Array) -> Array:
        return np.asarray(np.tanh(Z.real) + 0 * Z)


class Doubles(Plain):
    """Forgets that networks may be float32."""

    def backward(self, parameters: ReadOnlyParameters, trace: Rows) -> Parameters:
        found = super().backward(parameters, trace)
        return {name: gradient + np.zeros(1) for name, gradient in found.items()}


class WrongInputs(Plain):
    def dX(self, parameters: ReadOnlyParameters, trace: Rows) -> Array:
        return 2 * super().dX(parameters, trace)


class LooksAhead(Plain):
    def forward(self, parameters: ReadOnlyParameters, trace: Rows) -> None:
        X = trace["X"]
        X += X.mean(0)
        super().forward(parameters, trace)


class IgnoresLengths(Plain):
    def forward(self, parameters: ReadOnlyParameters, trace: Rows) -> None:
        W_ih, W_hh, b_h = (parameters[name] for name in ("W_ih", "W_hh", "b_h"))
        for segment in trace.forward_segments():
            for _ in segment.steps("A"):
                pass
        for t in range(trace.T):
            trace.A[t + 1] = self.f(trace["X"][t] @ W_ih.T + trace["seen"][t] @ W_hh.T + b_h)


class Leftover(Plain):
    """Adds to what an earlier pass left in its array."""

    arrays: ClassVar[dict[str, int]] = {"sum": 1}

    def forward(self, parameters: ReadOnlyParameters, trace: Rows) -> None:
        super().forward(parameters, trace)
        trace["sum"][...] += trace["A"]
        trace["A"][...] = trace["sum"]


class LeftoverGradient(Plain):
    def backward(self, parameters: ReadOnlyParameters, trace: Any) -> Parameters:
        found = super().backward(parameters, trace)
        left = vars(trace).setdefault("left", np.zeros_like(found["b_h"]))
        left += found["b_h"]
        return {**found, "b_h": left.copy()}


class HiddenMemory(Plain):
    """A second state, half of it carried on in a variable of its own."""

    arrays: ClassVar[dict[str, int]] = {"tanh": 1}

    def forward(self, parameters: ReadOnlyParameters, trace: Rows) -> None:
        W_ih, W_hh, b_h = (parameters[name] for name in ("W_ih", "W_hh", "b_h"))
        carried = np.zeros((trace.m, self.hidden), W_hh.dtype)
        for segment in trace.forward_segments():
            for X, seen, tanh, A in segment.steps("X", "seen", "tanh", "A"):
                n = len(A)
                tanh[...] = np.tanh(X @ W_ih.T + seen @ W_hh.T + b_h)
                carried[:n] = carried[:n] / 2 + tanh
                A[...] = carried[:n]

    def backward(self, parameters: ReadOnlyParameters, trace: Rows) -> Parameters:
        W_hh = parameters["W_hh"]
        dW, dW_hh = np.zeros((self.hidden, trace.D + 1), W_hh.dtype), np.zeros_like(W_hh)
        carried = np.zeros((trace.m, self.hidden), W_hh.dtype)
        for chunk in trace.backward_chunks():
            for tanh, delta, dA in chunk.steps("tanh", "delta", "dA"):
                n = len(dA)
                carried[:n] += dA
                delta[...] = carried[:n] * (1 - tanh**2)
                carried[:n] /= 2
                dA[...] = delta @ W_hh
            dW += chunk.outer("delta", "inputs")
            dW_hh += chunk.outer("delta", "seen")
        return {"W_ih": dW[:, :-1], "W_hh": dW_hh, "b_h": dW[:, -1]}


@dataclass(frozen=True)
class Holds(Plain):
    """A field that no file can hold."""

    thing: Any = max


class WrongDelta(Plain):
    def backward(self, parameters: ReadOnlyParameters, trace: Rows) -> Parameters:
        found = super().backward(parameters, trace)
        trace["delta"][...] *= 2
        return found

    def dX(self, parameters: ReadOnlyParameters, trace: Rows) -> Array:
        return super().dX(parameters, trace) / 2


BROKEN: dict[str, tuple[Any, dict[str, str]]] = {
    "wrong weight": (WrongWeight(4), {"gradients": "gradients of W_hh are wrong, that of W_hh by 1e-02 of its size"}),
    "slightly wrong": (
        SlightlyWrong(4),
        {"gradients": "gradients of b_h agree with central .* are a little wrong, or"},
    ),
    "forgotten bias": (ForgottenBias(4), {"gradients": "gradients of b_h are wrong", "both directions": "b_h_reverse"}),
    "missing gradient": (MissingGradient(4), {"a network of it": "raised .*b_h"}),
    "misshapen gradient": (MisshapenGradient(4), {"a network of it": r"raised .*W_ih.*\(3, 4\).*\(4, 3\)"}),
    "wrong last": (
        with_trace(WrongLast),
        {"the final state": "A_T is not the state after each sample's last step: the"},
    ),
    "wrong last of different lengths": (
        with_trace(LastOfAll),
        {"the final state": "A_T is not .* last step where lengths differ"},
    ),
    "wrong final state": (
        with_trace(WrongFinal),
        {"the final state": "final_state is not the state", "states handed on": "final_state, has other states"},
    ),
    "stream": (NoBiasInStream(4), {"the stream": r"states\(\) and forward\(\) differ, from step 1 on"}),
    "wrong gradient in the state": (
        with_trace(WrongBegun),
        {"gradients into every state": "gradients of A_0 are wrong"},
    ),
    "state past the mask": (with_trace(UnmaskedBegun), {"dropout on the recurrence": "gradients of .*A_0"}),
    "stream, later": (WrongLater(4), {"the stream": r"states\(\) and forward\(\) differ, from step 11 on"}),
    "stream, mixed": (MixedInStream(4), {"the stream": r"states\(\) and forward\(\) differ, from step 1 on"}),
    "stream from zero": (BeginsFromZero(4), {"the stream": r"states\(\) does not begin with the state it is given"}),
    "stream without end": (LeavesNoState(4), {"the stream": r"states\(\) does not leave .*: A is another"}),
    "stream without state": (TakesNoState(4), {"the stream": r"states\(\) takes no state"}),
    "last chunk alone": (LastChunkAlone(4), {"gradients": "gradients of W_ih, W_hh, b_h are wrong"}),
    "masked inputs": (MaskedInputs(4), {"dropout on the recurrence": "gradients of W_ih, W_hh, b_h, A_0 are wrong"}),
    "mask": (UnseenMask(4), {"dropout on the recurrence": "changes nothing: the step's products must read seen"}),
    "mixes": (Mixes(4), {"one sample, one result": "forward mixes the samples"}),
    "not analytic": (NotAnalytic(4), {"gradients": "agree with central differences but not with the complex step"}),
    "doubles": (Doubles(4), {"dtypes": "a float32 network has gradients of float64 for W_ih, W_hh, b_h"}),
    "wrong inputs": (
        WrongInputs(4),
        {"gradient in the inputs": "dX is not", "depth": "gradients of W_ih, W_hh, b_h are"},
    ),
    "looks ahead": (LooksAhead(4), {"causality": "states depend on later inputs, though causal is True"}),
    "ignores lengths": (
        IgnoresLengths(4),
        {"different lengths": "other probabilities among others of different lengths"},
    ),
    "leftover": (Leftover(4), {"memory used again": "forward reads what an earlier pass left"}),
    "leftover gradient": (
        LeftoverGradient(4),
        {"memory used again": "other gradients of b_h: backward reads what is left"},
    ),
    "hidden memory": (
        HiddenMemory(4),
        {"states handed on": "is not among state_names", "truncation": "with bptt_steps=1, gradients of"},
    ),
    "no file": (
        Holds(4),
        {"copies, pickles and files": "Holds's thing is <built-in function max>, which a file cannot"},
    ),
    "no pickle": (with_trace(Rows), {"copies, pickles and files": "cannot be pickled: .*a class at the top level"}),
    "wrong delta": (WrongDelta(4), {"recording": "delta is not the gradient in W_ih X_t"}),
    "no cell": (3, {"a network of it": "raised TypeError: cell is 3"}),
    "a class": (Plain, {"a network of it": "raised TypeError: cell is <class"}),
}


@pytest.mark.parametrize(
    "kind", [kind if n % 2 else pytest.param(kind, marks=pytest.mark.long) for n, kind in enumerate(BROKEN)]
)
def test_what_is_broken_is_said(kind: str) -> None:
    cell, expected = BROKEN[kind]
    check = rnn.check_cell(cell)
    assert not check.passed
    for what, message in expected.items():
        assert what in check.problems, check
        with pytest.raises(AssertionError, match=message):
            raise AssertionError(check.problems[what])
        assert check.problems[what] in str(check)
    assert "checks failed" in str(check).splitlines()[0]


def test_numbers_of_inputs_are_checked() -> None:
    with pytest.raises(ValueError, match="n_inputs is 0, expected a whole number"):
        rnn.check_cell(rnn.Tanh(3), n_inputs=0)


def test_a_gradient_check_says_whether_it_passed() -> None:
    X, y = np.random.default_rng(0).standard_normal((3, 5, 2)), [0, 1, 2]
    right = rnn.check_gradients(rnn.ManyToOne(Plain(4), 2, 3, rng=0), X, y)
    assert right.passed
    assert str(right).splitlines()[-1].startswith("passed (expected at most 1e-06 and 1e-09)")
    wrong = rnn.check_gradients(rnn.ManyToOne(WrongWeight(4), 2, 3, rng=0), X, y)
    assert (wrong.passed, wrong.failed) == (False, ["W_hh"])
    assert str(wrong).splitlines()[-1].startswith("failed: W_hh (")
