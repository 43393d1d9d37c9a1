"""A batch divided among threads is the batch."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from differences import relative_difference
from hypothesis import given
from hypothesis import strategies as st

from unrolled import rnn
from unrolled._support import blas_threads as threads


@given(m=st.integers(1, 500), hidden=st.integers(1, 600), n=st.integers(1, 16))
def test_parts_cover_every_sample_once_evenly_and_are_worth_it(m: int, hidden: int, n: int) -> None:
    parts = threads.split_batch(m, hidden, n)
    assert 1 <= len(parts) <= n
    assert np.concatenate([np.arange(m)[part] for part in parts]).tolist() == list(range(m))
    sizes = [part.stop - part.start for part in parts]
    assert max(sizes) - min(sizes) <= 1
    assert len(parts) == 1 or m * hidden >= threads.WORTH * len(parts)


@pytest.mark.parametrize("m", [64, 65, 67])
@pytest.mark.parametrize("n", [2, 3])
def test_a_divided_step_is_the_step(m: int, n: int) -> None:
    rng = np.random.default_rng(0)
    net = rnn.ManyToOne(rnn.Tanh(192), 3, 4, rng=0, dtype=np.float64)
    X, Y = rng.standard_normal((m, 9, 3)), np.eye(4)[rng.integers(0, 4, m)]
    assert len(threads.split_batch(m, 192, n)) == n
    loss, gradients = net.step(X, Y)
    divided, divided_gradients = net.step(X, Y, n)
    assert divided == pytest.approx(loss, rel=1e-14)
    for name, gradient in gradients.items():
        assert relative_difference(divided_gradients[name], gradient) < 1e-13, name


def test_divided_training_is_training_to_rounding() -> None:
    pytest.importorskip("threadpoolctl", reason="the extra 'threads' is not installed")
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((128, 9, 3)), rng.integers(0, 4, 128)
    one, many = (rnn.ManyToOne(rnn.Tanh(128), 3, 4, rng=0, dtype=np.float64) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "WORTH", 10**9)
        rnn.train(one, (X, y), optimizer=rnn.SGD(0.1), batch_size=64, epochs=3, rng=0, progress=False)
    rnn.train(many, (X, y), optimizer=rnn.SGD(0.1), batch_size=64, epochs=3, rng=0, progress=False)
    for name, W in one.parameters.items():
        assert relative_difference(many.parameters[name], W) < 1e-11, name


def blas_threads() -> int:
    threadpoolctl = pytest.importorskip("threadpoolctl", reason="the extra 'threads' is not installed")
    libraries = threadpoolctl.threadpool_info()
    return max(int(library["num_threads"]) for library in libraries if library["user_api"] == "blas")


def set_blas_threads(n: int) -> None:
    """As the environment would: set by a thread that is gone, so that nobody is in control."""
    threadpoolctl = pytest.importorskip("threadpoolctl", reason="the extra 'threads' is not installed")
    setting = threading.Thread(target=threadpoolctl.threadpool_limits, args=(n, "blas"))
    setting.start()
    setting.join()


@pytest.fixture
def two_blas_threads() -> Iterator[None]:
    before = blas_threads()
    set_blas_threads(2)
    assert blas_threads() == 2
    yield
    set_blas_threads(before)


@pytest.mark.usefixtures("two_blas_threads")
def test_blas_is_held_to_one_thread_and_given_back() -> None:
    with threads.one_blas_thread() as outer:
        assert blas_threads() == 1
        with threads.one_blas_thread() as inner:
            assert blas_threads() == 1
        assert blas_threads() == 1
    assert outer == inner == 2
    assert blas_threads() == 2


@pytest.mark.usefixtures("two_blas_threads")
def test_blas_is_given_back_when_blocks_overlap_in_several_threads() -> None:
    def hold(_: int) -> set[int]:
        counts = set()
        for _ in range(50):
            with threads.one_blas_thread() as n:
                counts.add(n)
                assert blas_threads() == 1
        return counts

    with ThreadPoolExecutor(4) as pool:
        counts = set().union(*pool.map(hold, range(4)))
    assert blas_threads() == 2
    assert counts == {2}


@pytest.mark.usefixtures("two_blas_threads")
def test_the_last_of_overlapping_blocks_lets_go() -> None:
    second_is_in, first_is_out = threading.Event(), threading.Event()

    def first() -> None:
        with threads.one_blas_thread():
            assert second_is_in.wait(10)

    def second() -> int:
        with threads.one_blas_thread():
            second_is_in.set()
            assert first_is_out.wait(10)
            return blas_threads()

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first)
        while threads._Hold.blocks == 0:
            time.sleep(0.001)
        other = pool.submit(second)
        one.result()
        first_is_out.set()
        assert other.result() == 1
        assert blas_threads() == 2


@pytest.mark.usefixtures("two_blas_threads")
def test_a_programs_own_limit_stays() -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl", reason="the extra 'threads' is not installed")
    for n in (1, 2):
        with threadpoolctl.threadpool_limits(n, user_api="blas"):
            with threads.one_blas_thread() as ours:
                assert ours == 1 or blas_threads() == 1  # what is BLAS's is not ours too
            assert blas_threads() == n
    assert blas_threads() == 2


@pytest.mark.usefixtures("two_blas_threads")
def test_nothing_is_divided_in_an_undivided_block_and_other_threads_are_left_alone() -> None:
    def parts() -> int:
        with threads.one_blas_thread() as n:
            return n

    with ThreadPoolExecutor(1) as pool:
        with threads.undivided():
            assert blas_threads() == 1
            assert parts() == 1
            with threads.undivided():
                assert parts() == 1
            assert parts() == 1
            assert pool.submit(parts).result() == 2
        assert parts() == 2
        assert blas_threads() == 2


def test_an_error_in_a_part_is_the_callers() -> None:
    def fail(n: int) -> int:
        if n:
            raise RuntimeError(f"part {n}")
        return n

    with pytest.raises(RuntimeError, match="part 1"):
        threads.map_threads(fail, [0, 1], 2)


def test_without_threadpoolctl_everything_works_undivided() -> None:
    code = (
        "import sys; sys.modules['threadpoolctl'] = None\n"
        "import numpy as np; from unrolled import rnn; from unrolled._support.blas_threads import one_blas_thread\n"
        "with one_blas_thread() as n: assert n == 1\n"
        "net = rnn.ManyToOne(rnn.Tanh(64), 3, 3, rng=0)\n"
        "X, y = np.ones((600, 5, 3)), np.arange(600) % 3\n"
        "rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), batch_size=200, epochs=1, progress=False)\n"
        "print(net.predict(X).shape)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "(600,)\n"


def test_work_is_dealt_evenly_and_comes_back_in_order() -> None:
    def who(n: int) -> tuple[int, str]:
        time.sleep(0.001)
        return n, threading.current_thread().name

    outcomes = threads.map_threads(who, range(11), 2)
    assert [n for n, _ in outcomes] == list(range(11))
    counts = Counter(name for _, name in outcomes)
    assert sorted(counts.values()) == [5, 6]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_has_threads_of_its_own() -> None:
    code = (
        "import multiprocessing, warnings; import numpy as np; from unrolled import rnn\n"
        "warnings.simplefilter('ignore')\n"
        "net = rnn.ManyToOne(rnn.Tanh(64), 3, 3, rng=0)\n"
        "X, y = np.ones((600, 5, 3)), np.arange(600) % 3\n"
        "rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), batch_size=200, epochs=1, progress=False)\n"
        "def child(): net.predict(X); rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), epochs=1, progress=False)\n"
        "process = multiprocessing.get_context('fork').Process(target=child)\n"
        "process.start(); process.join(20); print(process.exitcode); process.kill()\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "0\n", run.stderr
