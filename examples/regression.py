"""Numbers as answers: the adding problem, where two marked numbers of a long sequence are to be summed."""

import matplotlib.pyplot as plt

from unrolled import data, metrics, plots, rnn

T, N, EPOCHS = 50, 5000, 30
train, validation, test = (data.tasks.adding(n, T=T, rng=seed) for seed, n in enumerate((N, 500, 500)))

net = rnn.ManyToOne(rnn.GRU(32), n_inputs=2, n_outputs=1, head=rnn.Linear(), rng=0)
history = rnn.train(
    net,
    train,
    validation=validation,
    evaluate_training=True,
    optimizer=rnn.Adam(0.005),
    clip=rnn.ClipNorm(1.0),
    batch_size=50,
    epochs=EPOCHS,
    early_stopping=rnn.EarlyStopping(patience=10),
    rng=0,
)

predicted = net.predict(test.X)[:, 0]
error = metrics.mean_squared_error(test.y, predicted)
print(f"mean squared error {error:.4f}, of always saying 1: {metrics.mean_squared_error(test.y, 0 * test.y + 1):.4f}")
print(f"R^2 {metrics.r2_score(test.y, predicted):.3f}")
plots.learning_curves(history)
plt.savefig("regression.png")
