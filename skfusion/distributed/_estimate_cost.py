"""estimate_cost: time and price of embedding many images."""

from numbers import Integral, Real
from typing import Any

from sklearn.utils._param_validation import Interval

from skfusion._utils.decorators import validate_params

_POSITIVE = [Interval(Real, 0, None, closed="neither")]
_NOT_NEGATIVE = [Interval(Real, 0, None, closed="left")]
# Of a row in a shard, beside its features: position, id and digest.
_ROW_BYTES = 60
# What is read ahead by one process (docs/remote.rst).
_IN_FLIGHT = 64


@validate_params(
    {
        "n_images": [Interval(Integral, 1, None, closed="left")],
        "image_bytes": _POSITIVE,
        "n_features": [Interval(Integral, 1, None, closed="left")],
        "decode_seconds": _NOT_NEGATIVE,
        "network_seconds": _POSITIVE,
        "write_seconds": _NOT_NEGATIVE,
        "cores": [Interval(Integral, 1, None, closed="left")],
        "gpus": [Interval(Integral, 0, None, closed="left")],
        "machines": [Interval(Integral, 1, None, closed="left")],
        "processes": [Interval(Integral, 1, None, closed="left")],
        "latency": _NOT_NEGATIVE,
        "bandwidth": [*_POSITIVE, None],
        "by_content": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def estimate_cost(
    n_images: int,
    *,
    image_bytes: float,
    n_features: int,
    decode_seconds: float,
    network_seconds: float,
    write_seconds: float = 0.0,
    cores: int = 1,
    gpus: int = 0,
    machines: int = 1,
    processes: int = 1,
    latency: float = 0.0,
    bandwidth: float | None = None,
    by_content: bool = True,
) -> dict[str, Any]:
    """Estimate what `embed` costs for many images, from measurements of a few.

    Parameters
    ----------
    n_images : int
        The number of images.

    image_bytes : float
        The mean size of a file.

    n_features : int
        The number of features.

    decode_seconds : float
        Seconds of one core to decode and resize an image.

    network_seconds : float
        Seconds of one core, or of one GPU with `gpus`, to compute the features of an image.

    write_seconds : float, default=0.0
        Seconds of one core to write the features of an image.

    cores : int, default=1
        The cores of a machine.

    gpus : int, default=0
        The GPUs of a machine.

    machines : int, default=1
        The number of machines.

    processes : int, default=1
        Worker processes per machine. Each has at most 64 requests under way.

    latency : float, default=0.0
        Seconds until the object store answers a request.

    bandwidth : float or None, default=None
        Bytes per second that a machine reads; None is no limit.

    by_content : bool, default=True
        As in `embed`: images are read once more to find copies.

    Returns
    -------
    cost : dict
        ``hours``, ``core_hours``, ``gpu_hours``, ``bytes_read``, ``bytes_written``, ``requests``,
        ``images_per_second`` of all machines while features are computed, and ``binds``, the
        slowest part: "cores", "gpus", "bandwidth" or "latency".

    See Also
    --------
    embed : Computes the features.

    Notes
    -----
    Reading, decoding and the network overlap, so that the rate of a machine is the lowest of four
    rates: `cores` divided by the core seconds of an image, `gpus` divided by its GPU seconds,
    `bandwidth` divided by `image_bytes`, and the requests under way divided by `latency`.

    Examples
    --------
    >>> from skfusion import distributed
    >>> cost = distributed.estimate_cost(
    ...     1_000_000,
    ...     image_bytes=100_000,
    ...     n_features=1280,
    ...     decode_seconds=0.004,
    ...     network_seconds=0.012,
    ...     cores=16,
    ...     machines=4,
    ...     by_content=False,
    ... )
    >>> round(cost["core_hours"], 1), cost["binds"]
    (4.4, 'cores')
    """
    core_seconds = decode_seconds + write_seconds + (0 if gpus else network_seconds)
    read_rates = {
        "bandwidth": bandwidth / image_bytes if bandwidth else float("inf"),
        "latency": _IN_FLIGHT * processes / latency if latency else float("inf"),
    }
    rates = read_rates | {"cores": cores / core_seconds if core_seconds else float("inf")}
    if gpus:
        rates["gpus"] = gpus / network_seconds
    slowest = min(rates, key=lambda name: rates[name])
    seconds = n_images / rates[slowest] / machines
    if by_content:
        seconds += n_images / min(read_rates.values()) / machines
    n_reads = n_images * (1 + by_content)
    return {
        "hours": seconds / 3600,
        "core_hours": seconds / 3600 * cores * machines,
        "gpu_hours": seconds / 3600 * gpus * machines,
        "bytes_read": n_reads * image_bytes,
        "bytes_written": n_images * (4 * n_features + _ROW_BYTES),
        "requests": n_reads,
        "images_per_second": rates[slowest] * machines,
        "binds": slowest,
    }
