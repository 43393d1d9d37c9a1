"""Time and memory: which step comes next, which samples have one, and what is done around it. No equation is here."""

from unrolled.rnn.engine.columns import Columns
from unrolled.rnn.engine.recurrence import Recurrence
from unrolled.rnn.engine.rows import Rows
from unrolled.rnn.engine.trace import Trace

__all__ = ["Columns", "Recurrence", "Rows", "Trace"]
