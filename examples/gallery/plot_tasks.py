"""
The field's standard problems
=============================

Two that need a memory, and two chaotic series, each drawn from a seed.
"""

from matplotlib import pyplot as plt

from unrolled import data

adding = data.tasks.adding(1, T=60, rng=0)
flips = data.tasks.flip_flop(1, rng=0)
mackey_glass = data.tasks.mackey_glass(400, rng=0)
lorenz = data.tasks.lorenz(1500, rng=0)

fig, axes = plt.subplots(2, 2, figsize=(9, 6), layout="constrained")
axes[0, 0].stem(adding.X[0, :, 0], markerfmt=" ", basefmt=" ", linefmt="C7-")
marked = adding.X[0, :, 1] > 0
axes[0, 0].stem(marked.nonzero()[0], adding.X[0, marked, 0], linefmt="C1-", markerfmt="C1o", basefmt=" ")
axes[0, 0].set_title("adding: the two that are marked", loc="left")
axes[0, 1].plot(flips.X[0, :, 0], color="C7", drawstyle="steps-mid", label="pulses")
axes[0, 1].plot(flips.y[0, :, 0], color="C1", drawstyle="steps-mid", label="to be remembered")
axes[0, 1].set_ylim(-1.7, 1.2)
axes[0, 1].legend(loc="lower left", ncols=2)
axes[0, 1].set_title("flip-flop: the sign of the last pulse", loc="left")
axes[1, 0].plot(mackey_glass)
axes[1, 0].set_title("Mackey and Glass", loc="left")
axes[1, 1].plot(lorenz[:, 0], lorenz[:, 2], lw=0.7)
axes[1, 1].set_title("Lorenz, x against z", loc="left")
plt.show()
