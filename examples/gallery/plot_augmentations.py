"""
Random changes of a window
==========================

What each augmentation makes of one window of acceleration, three draws over the original.
"""

import numpy as np
from matplotlib import pyplot as plt

from unrolled import data

augment = data.augment
window = data.load_shoulder_exercises(scale=False).train.X[:1]
changes: list[augment.Augmentation] = [
    augment.Jitter(0.05),
    augment.Scale(0.2),
    augment.Rotation(0.5),
    augment.MagnitudeWarp(0.3),
    augment.TimeWarp(0.3),
    augment.WindowSlice(0.7),
]

fig, axes = plt.subplots(2, 3, figsize=(9, 5), sharex=True, sharey=True, layout="constrained")
for ax, change in zip(axes.flat, changes, strict=True):
    for seed in range(3):
        ax.plot(change(window, np.random.default_rng(seed))[0, :, 0], color="C0", alpha=0.5, lw=1)
    ax.plot(window[0, :, 0], color="C1", lw=1.5)
    ax.set_title(type(change).__name__, loc="left")
fig.supxlabel("step (1/50 s)")
fig.supylabel("x axis, g")
plt.show()
