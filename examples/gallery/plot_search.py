"""
A search over two settings
==========================

A grid of learning rates, clipping and sizes, measured on people that were not trained on: first as a landscape, mean
beside spread, then with every trial as a line.
"""

from unrolled import data, plots, rnn, sweep

some = data.load_shoulder_exercises().train
points = sweep.grid(
    {"learning_rate": [0.001, 0.01, 0.1], "clip": [None, rnn.ClipNorm(1.0)], "hidden": [4, 8], "epochs": 2}
)
results = sweep.run(points, some, folds=2, seeds=1, n_jobs=1, progress=False)
print(results.table(5))

# %%
# The mean of the accuracy, and its spread over seeds and folds, for each pair of values.
figure = plots.landscape(results, "learning_rate", "clip")

# %%
# Every point of the search is a line through its settings to what was measured.
ax = plots.parallel_coordinates(results)
