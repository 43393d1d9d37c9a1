"""Forecasting in closed loop: Mackey-Glass by a network that is trained along one long series, and by an echo state."""

import matplotlib.pyplot as plt

from unrolled import data, plots, rnn

N, STEPS, EPOCHS = 5000, 300, 800
series = data.tasks.mackey_glass(N + STEPS, rng=0)
X, y, ahead = series[None, : N - 1], series[None, 1:N], series[N:]

# By gradient: twenty parts of it side by side, 50 steps at a time, the state carried on.
X_rows, y_rows = (each[:, : (N - 1) // 20 * 20].reshape(20, -1, 1) for each in (X, y))
net = rnn.ManyToMany(rnn.GRU(32), n_inputs=1, n_outputs=1, head=rnn.Linear(), rng=0)
rnn.train(
    net,
    (X_rows, y_rows),
    stateful=True,
    bptt_steps=50,
    optimizer=rnn.Adam(0.02),
    schedule=rnn.Cosine(EPOCHS),
    clip=rnn.ClipNorm(1.0),
    epochs=EPOCHS,
    rng=0,
)

# In closed form: a reservoir as it was drawn, and a readout.
reservoir = rnn.ManyToMany(
    rnn.Leaky(300, leak=0.3),
    n_inputs=1,
    n_outputs=1,
    initializer={"W_hh": rnn.spectral_radius(1.2, density=0.1), "W_ih": rnn.uniform(-1, 1)},
    rng=0,
    dtype=float,
)
rnn.fit_readout(reservoir, X, y, ridge=1e-6, washout=100)

for name, each in (("GRU", net), ("echo state", reservoir)):
    said = rnn.generate(each, series[None, :N], STEPS)[0]
    print(f"{name}: {plots.valid_steps(ahead, said)} steps before the forecast leaves the truth")
    plots.forecast(ahead, said, past=series[N - 100 : N])
    plt.savefig(f"forecasting_{name.replace(' ', '_')}.png")
