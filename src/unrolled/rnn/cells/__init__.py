"""Recurrences: one file each, forward and backward through time side by side."""

from unrolled.rnn.cells.bidirectional import Bidirectional
from unrolled.rnn.cells.gru import GRU
from unrolled.rnn.cells.leaky import Leaky
from unrolled.rnn.cells.lstm import LSTM
from unrolled.rnn.cells.protocol import Cell, CellOf
from unrolled.rnn.cells.relu import ReLU
from unrolled.rnn.cells.tanh import Tanh

__all__ = ["GRU", "LSTM", "Bidirectional", "Cell", "CellOf", "Leaky", "ReLU", "Tanh"]
