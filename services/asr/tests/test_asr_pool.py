"""Models are loaded once, shared while in use, and dropped when idle."""

import threading

import pytest

from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.recogniser import ModelKey

ONE, TWO, THREE = (ModelKey("faster-whisper", name, "int8") for name in ("one", "two", "three"))


class Loads:
    def __init__(self):
        self.count = 0

    def __call__(self):
        self.count += 1
        return object()


def use(pool, key, load):
    with pool.lease(key, load) as recogniser:
        return recogniser


def test_a_model_is_loaded_once_and_stays():
    pool, load = RecogniserPool(60, 1), Loads()
    assert use(pool, ONE, load) is use(pool, ONE, load)
    assert load.count == 1
    pool.close()


def test_threads_that_want_the_same_model_wait_for_one_loading():
    pool, load, gate = RecogniserPool(60, 1), Loads(), threading.Event()

    def slow():
        gate.wait(10)
        return load()

    got = []
    threads = [threading.Thread(target=lambda: got.append(use(pool, ONE, slow))) for _ in range(4)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(10)
    assert len(set(map(id, got))) == 1
    assert load.count == 1
    pool.close()


def test_a_new_model_takes_the_place_of_the_longest_idle_one():
    ticks = iter(range(1000))
    pool, load = RecogniserPool(60, 2, clock=lambda: next(ticks)), Loads()
    use(pool, ONE, load)
    use(pool, TWO, load)
    use(pool, ONE, load)
    use(pool, THREE, load)
    assert set(pool.loaded()) == {ONE, THREE}
    pool.close()


def test_a_model_in_use_is_never_dropped_for_another():
    pool, load = RecogniserPool(60, 1), Loads()
    with pool.lease(ONE, load) as first:
        use(pool, TWO, load)
        assert ONE in pool.loaded()
        assert use(pool, ONE, load) is first
    pool.close()


def test_an_idle_model_is_dropped_after_its_time_and_loaded_anew():
    pool, load = RecogniserPool(0.05, 1), Loads()
    use(pool, ONE, load)
    timer = pool._held[ONE].dismissal
    assert timer is not None
    timer.join(10)
    assert pool.loaded() == ()
    use(pool, ONE, load)
    assert load.count == 2
    pool.close()


def test_using_it_again_in_time_keeps_it():
    pool, load = RecogniserPool(0.2, 1), Loads()
    use(pool, ONE, load)
    timer = pool._held[ONE].dismissal
    assert timer is not None
    with pool.lease(ONE, load):
        timer.join(10)
        assert pool.loaded() == (ONE,)
    pool.close()


def test_a_failed_loading_leaves_nothing_and_the_next_tries_again():
    pool, load = RecogniserPool(60, 1), Loads()

    def fail():
        raise ValueError("no such device")

    with pytest.raises(ValueError, match="no such device"):
        use(pool, ONE, fail)
    assert pool.loaded() == ()
    use(pool, ONE, load)
    assert load.count == 1
    pool.close()


def test_closing_drops_the_idle_at_once_and_those_in_use_afterwards():
    pool, load = RecogniserPool(60, 2), Loads()
    use(pool, ONE, load)
    with pool.lease(TWO, load):
        pool.close()
        assert pool.loaded() == (TWO,)
    assert pool.loaded() == ()
