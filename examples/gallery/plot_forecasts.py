"""
Forecasts, some steps ahead and in closed loop
==============================================

A network reads a chaotic series, Mackey and Glass's. Trained to say what comes fifty steps later it hears the truth
all the while; in closed loop it hears what it has said itself, and leaves the truth after a while.
"""

from typing import Any

from unrolled import data, plots, rnn

series = data.tasks.mackey_glass(2700, rng=0)
heard, ahead = series[:2000], series[2000:]

# %%
# Echo state networks: the recurrent weights stay as they were drawn, and the readout is fitted in closed form.
drawn: dict[str, Any] = {"W_hh": rnn.spectral_radius(1.2, density=0.1), "W_ih": rnn.uniform(-1, 1)}
far, near = (
    rnn.ManyToMany(rnn.Leaky(n, leak=0.3), n_inputs=1, n_outputs=1, initializer=drawn, rng=0, dtype=float)
    for n in (30, 100)
)
rnn.fit_readout(far, heard[None, :-50], heard[None, 50:], ridge=1e-6, washout=100)
rnn.fit_readout(near, heard[None, :-1], heard[None, 1:], ridge=1e-6, washout=100)

# %%
# Fifty steps ahead.
said = far.predict(series[None, :-50])[0]
figure = plots.over_time(series[2050:2250], said[2000:2200], names=["Mackey and Glass"])

# %%
# One step ahead, in closed loop: the line is where the error exceeds 0.4 of the series' own spread.
said = rnn.generate(near, heard[None], len(ahead))[0]
print(plots.valid_steps(ahead, said), "steps before the forecast leaves the truth")
figure = plots.forecast(ahead, said, past=heard[-60:], names=["Mackey and Glass"])
