"""
Confusion matrices
==================

Which movements are taken for which: a row a true class, a column an answer.
"""

from unrolled import data, plots, rnn

movements = data.load_shoulder_exercises()
train, test = movements.train, movements.test
nets = {
    "GRU, what it says at the last step": rnn.ManyToOne(rnn.GRU(16), 3, 7, head=rnn.Softmax(), rng=0),
    "GRU, mean of all steps": rnn.ManyToOne(rnn.GRU(16), 3, 7, readout=rnn.Mean(), head=rnn.Softmax(), rng=0),
}
for net in nets.values():
    rnn.train(net, train, optimizer=rnn.Adam(0.01), epochs=3, clip=rnn.ClipNorm(1.0), rng=0, progress=False)

# %%
# In percent of each true class, of two people that the network has not seen.
predicted = nets["GRU, mean of all steps"].predict(test.X)
ax = plots.confusion_matrix(test.y, predicted, movements.classes, normalize="true", title="two unseen people")

# %%
# Networks below each other, on the people they were trained on and on those they were not: equal colors are equal
# counts from row to row.
answers = {name: ((train.y, net.predict(train.X)), (test.y, net.predict(test.X))) for name, net in nets.items()}
figure = plots.confusion_matrices(answers, movements.classes)
