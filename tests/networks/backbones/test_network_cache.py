"""Equal requests share a network, and what is kept for that has a bound."""

import threading
from types import SimpleNamespace

import pytest

from skfusion.networks.backbones._network_cache import NetworkCache


def network(n_bytes=1):
    return SimpleNamespace(n_bytes=n_bytes)


def test_one_is_built_once():
    recent, one = NetworkCache(), network()
    assert recent.find("a", lambda: one) is one
    assert recent.find("a", network) is one
    assert recent.find("b", network) is not one


def test_the_one_that_was_asked_for_longest_ago_goes():
    recent, first, second = NetworkCache(most=2), network(), network()
    recent.find("a", lambda: first)
    recent.find("b", lambda: second)
    recent.find("a", network)
    recent.find("c", network)
    assert recent.find("a", network) is first
    assert recent.find("b", network) is not second


def test_large_ones_go_earlier():
    recent, kept = NetworkCache(most_bytes=100), network(50)
    recent.find("a", lambda: network(60))
    recent.find("b", lambda: kept)
    assert recent.find("b", network) is kept
    assert recent.find("a", lambda: network(40)).n_bytes == 40


def test_the_last_one_stays_whatever_its_size():
    recent, large = NetworkCache(most_bytes=100), network(1000)
    recent.find("a", network)
    recent.find("b", lambda: large)
    assert recent.find("b", network) is large


def test_of_threads_that_build_at_once_all_get_the_same():
    recent, barrier, found = NetworkCache(), threading.Barrier(4), []

    def build():
        barrier.wait(timeout=20)
        return network()

    threads = [
        threading.Thread(target=lambda: found.append(recent.find("a", build))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(found) == 4
    assert all(one is found[0] for one in found)


def test_what_fails_is_not_kept():
    def fail():
        raise OSError("no such file")

    recent, one = NetworkCache(), network()
    with pytest.raises(OSError, match="no such file"):
        recent.find("a", fail)
    assert recent.find("a", lambda: one) is one


def test_forgetting():
    recent, one = NetworkCache(), network()
    recent.find("a", lambda: one)
    recent.clear()
    assert recent.find("a", network) is not one
