"""The cost of embedding many images, by hand and by simulation."""

import heapq
import math

import numpy as np
import pytest

from skfusion import distributed

ONE = {"image_bytes": 1000, "n_features": 10, "decode_seconds": 0.25, "network_seconds": 0.75}


def estimate(n_images=3600, **options):
    return distributed.estimate_cost(n_images, **{"by_content": False, **ONE, **options})


def test_cores_bind():
    cost = estimate()
    assert cost == {
        "hours": 1.0,
        "core_hours": 1.0,
        "gpu_hours": 0.0,
        "bytes_read": 3_600_000,
        "bytes_written": 3600 * 100,
        "requests": 3600,
        "images_per_second": 1.0,
        "binds": "cores",
    }
    many = estimate(cores=4, machines=5)
    assert (many["hours"], many["core_hours"]) == (0.05, 1.0)
    assert estimate(write_seconds=1)["hours"] == 2


@pytest.mark.parametrize(
    ("options", "binds", "rate"),
    [
        ({"gpus": 1}, "gpus", 4 / 3),
        ({"gpus": 3}, "cores", 4.0),
        ({"bandwidth": 500}, "bandwidth", 0.5),
        ({"latency": 128}, "latency", 0.5),
        ({"latency": 128, "processes": 3}, "cores", 1.0),
        ({"gpus": 1, "decode_seconds": 0}, "gpus", 4 / 3),
    ],
)
def test_what_binds(options, binds, rate):
    cost = estimate(**options)
    assert cost["binds"] == binds
    assert math.isclose(cost["images_per_second"], rate)
    assert math.isclose(cost["hours"], 1 / rate)
    assert math.isclose(cost["gpu_hours"], options.get("gpus", 0) / rate)


def test_finding_copies_reads_once_more():
    cost = estimate(by_content=True, latency=16)
    assert cost["hours"] == 1 + 0.25
    assert cost["requests"] == 7200
    assert cost["bytes_read"] == 7_200_000
    assert cost["images_per_second"] == 1


@pytest.mark.parametrize(
    "wrong", [{"cores": 0}, {"image_bytes": 0}, {"latency": -1}, {"gpus": 1.5}]
)
def test_wrong_numbers(wrong):
    with pytest.raises(ValueError, match=f"The '{next(iter(wrong))}' parameter"):
        estimate(**wrong)
    with pytest.raises(ValueError, match="'n_images'"):
        estimate(n_images=0)


def simulate(n_images, options):
    """Return images per second of one machine, by events: requests, a link, cores and GPUs."""
    slots = [0.0] * (64 * options.get("processes", 1))
    cores = [0.0] * options.get("cores", 1)
    gpus = [0.0] * options.get("gpus", 0)
    link, ends = 0.0, []
    core_seconds = ONE["decode_seconds"] + (0 if gpus else ONE["network_seconds"])
    for _ in range(n_images):
        asked = heapq.heappop(slots)
        answered = asked + options.get("latency", 0.0)
        if "bandwidth" in options:  # answers arrive one after another
            link = answered = max(link, answered) + ONE["image_bytes"] / options["bandwidth"]
        heapq.heappush(slots, answered)
        end = max(heapq.heappop(cores), answered) + core_seconds
        heapq.heappush(cores, end)
        if gpus:
            end = max(heapq.heappop(gpus), end) + ONE["network_seconds"]
            heapq.heappush(gpus, end)
        ends.append(end)
    # Without the time to start, which does not grow with the number of images.
    middle = n_images // 2
    return middle / (max(ends) - max(ends[:middle]))


@pytest.mark.parametrize("seed", range(12))
def test_a_simulation_has_the_same_rate(seed):
    rng = np.random.default_rng(seed)
    options = {"cores": int(rng.integers(1, 9)), "processes": int(rng.integers(1, 3))}
    options["latency"] = float(rng.choice([0.01, 5.0, 60.0]))
    if rng.random() < 0.5:
        options["gpus"] = int(rng.integers(1, 4))
    if rng.random() < 0.5:
        options["bandwidth"] = float(rng.choice([500.0, 4000.0, 1e6]))
    expected = estimate(**options)["images_per_second"]
    assert math.isclose(simulate(40_000, options), expected, rel_tol=0.03)
