"""The field's standard problems, each a pure function of its sizes and ``rng``, with its source.

Sequences to remember something from, each a `Task` of ``n`` samples:

- `adding`, `temporal_order`: one answer at the end (Hochreiter and Schmidhuber 1997);
- `copy_memory`: a label at every step (Arjovsky, Shah and Bengio 2016);
- `flip_flop`, `sine_generation`: numbers at every step (Sussillo and Barak 2013).

Long series, float64 arrays of ``n`` steps:

- `narma10`: input and target (Atiya and Parlos 2000);
- `mackey_glass`, `lorenz`: chaotic, to be forecast (`unrolled.data.forecasting_windows` cuts samples from them).

The same ``rng`` gives the same numbers; different ones for training and test give samples that were drawn apart.

Examples
--------
>>> from unrolled import data
>>> train = data.tasks.adding(1000, T=150, rng=0)
>>> train
Task(X (1000, 150, 2) float64, y (1000,) float64)
>>> X, y = data.forecasting_windows(data.tasks.mackey_glass(500, rng=0), past=50, ahead=6)
>>> X.shape, y.shape
((445, 50, 1), (445, 1))
"""

from unrolled.data.tasks.sequences import adding, copy_memory, temporal_order
from unrolled.data.tasks.series import lorenz, mackey_glass, narma10
from unrolled.data.tasks.signals import flip_flop, sine_generation
from unrolled.data.tasks.task import Task

__all__ = [
    "Task",
    "adding",
    "copy_memory",
    "flip_flop",
    "lorenz",
    "mackey_glass",
    "narma10",
    "sine_generation",
    "temporal_order",
]
