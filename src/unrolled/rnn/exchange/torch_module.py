"""The module that :func:`unrolled.rnn.to_torch` returns; imports PyTorch."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from unrolled.rnn.output.heads import Head, Sigmoid, Softmax
from unrolled.rnn.output.numbers import Linear, Poisson
from unrolled.rnn.output.pooling import Max, MeanMax
from unrolled.rnn.output.readouts import EachStep, EveryStep, Last, Mean, Readout

ANSWERS: dict[type, Callable[[Any], Any]] = {
    Softmax: lambda Z: torch.softmax(Z, -1),
    Sigmoid: torch.sigmoid,
    Linear: lambda Z: Z,
    Poisson: torch.exp,
}
"""From logits to what each head says."""


POOLED = {Mean: ("mean",), Max: ("max",), MeanMax: ("mean", "max")}
"""What stands side by side of the states, over the steps."""


class RecurrentNetwork(torch.nn.Module):  # type: ignore[misc]  # PyTorch is not looked into, since it may be absent
    """Recurrences, a readout and a head, as :class:`unrolled.rnn.ManyToOne` and ``ManyToMany`` have them.

    Parameters
    ----------
    recurrences : sequence of torch.nn.RNN, LSTM or GRU
        Batch first, each reading the states of the one before.
    linear : torch.nn.Linear
    readout : Last, Mean, Max, MeanMax or EveryStep; EachStep where every step is an answer
    head : Sigmoid, Softmax, Linear or Poisson

    See Also
    --------
    unrolled.rnn.to_torch : Makes one of a network.
    """

    def __init__(self, recurrences: Sequence[Any], linear: Any, readout: Readout, head: Head) -> None:
        super().__init__()
        self.recurrences, self.linear = torch.nn.ModuleList(recurrences), linear
        self.readout, self.head = readout, head

    def extra_repr(self) -> str:
        """Return what PyTorch prints beside the modules."""
        return f"readout={self.readout}, head={self.head}"

    def forward(self, X: Any, lengths: Any = None) -> Any:
        """Return the probability of each class, or numbers.

        Parameters
        ----------
        X : Tensor, shape (N, T, D)
        lengths : Tensor of int, shape (N,), optional
            How many steps each sample has; all T by default.

        Returns
        -------
        Tensor, shape (N, C), or (N, T, C) where every step is an answer
        """
        Y_hat = ANSWERS[type(self.head)](self.logits(X, lengths))
        if type(self.readout) is EachStep and lengths is not None:
            steps = torch.arange(X.shape[1], device=X.device)
            return torch.where((steps < lengths.to(X.device)[:, None])[:, :, None], Y_hat, 0.0)
        if type(self.readout) is EveryStep:
            return (self.shares(X, lengths)[:, :, None] * Y_hat).sum(1)
        return Y_hat

    def logits(self, X: Any, lengths: Any = None) -> Any:
        """Return the logits (N, C); of ``EveryStep``, and where every step is an answer, (N, T, C).

        Parameters
        ----------
        X, lengths
            As for :meth:`forward`.
        """
        S, last = self.states(X, lengths)
        if type(self.readout) is Last:
            return self.linear(last)
        if type(self.readout) in POOLED:
            pooled = [self.pooled(each, S, X, lengths) for each in POOLED[type(self.readout)]]
            return self.linear(torch.cat(pooled, 1))
        return self.linear(S)

    def pooled(self, by: str, S: Any, X: Any, lengths: Any) -> Any:
        """Return the mean or the largest of the states (N, T, H) of each sample, (N, H)."""
        shares = self.shares(X, lengths)[:, :, None]
        return (shares * S).sum(1) if by == "mean" else S.masked_fill(shares == 0, -torch.inf).max(1).values

    def states(self, X: Any, lengths: Any = None) -> tuple[Any, Any]:
        """Return the states of the last layer (N, T, H), 0 after a sample's last step, and the last ones (N, H)."""
        S, end = X, X
        if lengths is not None:
            S = torch.nn.utils.rnn.pack_padded_sequence(S, lengths.cpu(), batch_first=True, enforce_sorted=False)
        for recurrence in self.recurrences:
            S, end = recurrence(S)
        if lengths is not None:
            S, _ = torch.nn.utils.rnn.pad_packed_sequence(S, batch_first=True, total_length=X.shape[1])
        h = end[0] if isinstance(end, tuple) else end  # an LSTM has c_n beside h_n
        return S, torch.cat([*h[-2:]], 1) if self.recurrences[-1].bidirectional else h[-1]

    def shares(self, X: Any, lengths: Any = None) -> Any:
        """Return how much each step of each sample weighs in the readout, (N, T), rows summing to 1.

        Raises
        ------
        ValueError
            If a sample has more steps than ``EveryStep`` has weights.
        """
        N, T = X.shape[:2]
        lengths = torch.full((N,), T, device=X.device) if lengths is None else lengths.to(X.device)
        steps = torch.arange(T, device=X.device)
        weights = torch.ones(T, dtype=torch.float64, device=X.device)
        given = self.readout.weights if type(self.readout) is EveryStep else None
        if given is not None:
            if int(lengths.max()) > len(given):
                raise ValueError(
                    f"a sequence has {int(lengths.max())} steps, expected at most {len(given)}, as EveryStep's weights"
                )
            weights = weights.new_zeros(max(T, len(given)))
            weights[: len(given)] = weights.new_tensor(given)
        shares = torch.where(steps < lengths[:, None], weights[:T], 0.0)
        total = shares.sum(1, keepdim=True)
        at_the_end = (steps == lengths[:, None] - 1).to(shares.dtype)  # where the weights so far are all 0
        return torch.where(total == 0, at_the_end, shares / torch.where(total == 0, 1.0, total)).to(X.dtype)
