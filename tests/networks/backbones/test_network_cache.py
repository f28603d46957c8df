"""NetworkCache: equal requests share a network, and the networks that it keeps are limited."""

import threading
from types import SimpleNamespace

import pytest

from skfusion.networks.backbones._network_cache import NetworkCache


def network(n_bytes=1):
    return SimpleNamespace(n_bytes=n_bytes)


def test_a_network_is_built_once():
    cache, one = NetworkCache(), network()
    assert cache.get_or_build("a", lambda: one) is one
    assert cache.get_or_build("a", network) is one
    assert cache.get_or_build("b", network) is not one


def test_the_least_recently_used_network_is_dropped():
    cache, first, second = NetworkCache(max_networks=2), network(), network()
    cache.get_or_build("a", lambda: first)
    cache.get_or_build("b", lambda: second)
    cache.get_or_build("a", network)
    cache.get_or_build("c", network)
    assert cache.get_or_build("a", network) is first
    assert cache.get_or_build("b", network) is not second


def test_large_networks_are_dropped_earlier():
    cache, kept = NetworkCache(max_bytes=100), network(50)
    cache.get_or_build("a", lambda: network(60))
    cache.get_or_build("b", lambda: kept)
    assert cache.get_or_build("b", network) is kept
    assert cache.get_or_build("a", lambda: network(40)).n_bytes == 40


def test_the_last_network_is_kept_whatever_its_size():
    cache, large = NetworkCache(max_bytes=100), network(1000)
    cache.get_or_build("a", network)
    cache.get_or_build("b", lambda: large)
    assert cache.get_or_build("b", network) is large


def test_threads_that_build_at_the_same_time_get_the_same_network():
    cache, barrier, found = NetworkCache(), threading.Barrier(4), []

    def build():
        barrier.wait(timeout=20)
        return network()

    threads = [
        threading.Thread(target=lambda: found.append(cache.get_or_build("a", build)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(found) == 4
    assert all(one is found[0] for one in found)


def test_a_failed_build_is_not_kept():
    def fail():
        raise OSError("no such file")

    cache, one = NetworkCache(), network()
    with pytest.raises(OSError, match="no such file"):
        cache.get_or_build("a", fail)
    assert cache.get_or_build("a", lambda: one) is one


def test_clear():
    cache, one = NetworkCache(), network()
    cache.get_or_build("a", lambda: one)
    cache.clear()
    assert cache.get_or_build("a", network) is not one
