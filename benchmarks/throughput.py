"""How much PretrainedGAP adds to the bare network: ratios measured side by side in one run.

    python benchmarks/throughput.py            # five minutes on two cores
    python benchmarks/throughput.py --quick    # two minutes, rougher
    python benchmarks/throughput.py --data FOLDER --weights mobilenet_2_5_224_tf_no_top.h5

Without ``--data`` the JPEG files are made up. Speed doesn't depend on the weights: without
``--weights`` (a file for MobileNet with alpha=0.25) they are random. "Bare" is
``predict_on_batch`` of the same network on preprocessed batches, compiled without XLA unless it
says otherwise. All take turns, in random order; a ratio is the median over the turns, with its
quartiles. On a machine that does something else at the same time, look at the processor time.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.base import clone

from skfusion.extraction._resizing import Resizing

BACKBONES = {
    "MobileNet 0.25": ("MobileNet", {"alpha": 0.25}),
    "MobileNet 0.75": ("MobileNet", {"alpha": 0.75}),
    "ResNet50": ("ResNet50", {}),
}
BATCH = 32
RESIZING = Resizing((224, 224, 3))
MEMORY_COUNTS = (500, 20_000)


def main():
    args = parse_args()
    if args.peak_of:
        print(*peak_memory(Path(args.data), args.peak_of))
        return
    with tempfile.TemporaryDirectory() as folder:
        files = find_files(args.data) or make_files(Path(folder), 200)
        print(f"{os.cpu_count()} cores, {len(files)} JPEG files\n")
        for name in BACKBONES:
            measure_speed(name, files, args)
        measure_memory(files, Path(folder), args)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="a folder of JPEG files")
    parser.add_argument("--weights", help="weights of MobileNet with alpha=0.25")
    parser.add_argument("--quick", action="store_true", help="fewer images and turns")
    parser.add_argument("--peak-of", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


# Images.


def find_files(folder):
    return sorted(map(str, Path(folder).rglob("*.jpg"))) if folder else []


def make_files(folder, count):
    """JPEG files of 320 x 240 pixels with about the detail of photographs."""
    rng = np.random.default_rng(0)
    for i in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (15, 20, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((320, 240), Image.Resampling.BICUBIC), dtype=float)
        noisy = np.clip(smooth + rng.normal(scale=12, size=smooth.shape), 0, 255)
        Image.fromarray(noisy.astype(np.uint8)).save(folder / f"{i:05d}.jpg", quality=88)
    return find_files(folder)


def link_files(files, folder, count):
    """The files again and again, under as many names."""
    folder.mkdir()
    for i in range(count):
        os.symlink(Path(files[i % len(files)]).resolve(), folder / f"{i:06d}.jpg")


# Speed.


def measure_speed(name, files, args):
    from skfusion import PretrainedGAP

    backbone, options = BACKBONES[name]
    weights = args.weights if name == "MobileNet 0.25" else None
    gap = PretrainedGAP(backbone, weights=weights, backbone_options=options, batch_size=BATCH)
    count = (128 if backbone == "ResNet50" else 512) // (2 if args.quick else 1)
    rows = pd.DataFrame({"photo": (files * (count // len(files) + 1))[:count]})
    # Equal images would be computed once: one that comes again gets another name, or pixel.
    rows["photo"] = [distinct(path, i // len(files)) for i, path in enumerate(rows["photo"])]
    arrays = np.stack([read(path) for path in rows["photo"]])
    arrays[:, 0, 0, 0], arrays[:, 0, 0, 1] = np.divmod(np.arange(count), 256)
    of_files, of_arrays = clone(gap).fit(rows), clone(gap).fit(arrays)
    network = of_files.networks_[0]  # both have the same
    turns = 3 if args.quick else 7

    print(f"{name}, 224 x 224 pixels, batches of {BATCH}")
    plain, xla = bare_model(network, jit_compile=False), bare_model(network, jit_compile="auto")
    inputs = network.prepare(arrays)
    compare_rates(
        turns,
        lambda: predict(xla, inputs[:BATCH]),  # much slower in some places: it gets one batch
        bare=lambda: predict(plain, inputs),
        arrays=lambda: of_arrays.transform(arrays),
        files=lambda: of_files.transform(rows),
        decoding=lambda: decode(of_files, rows["photo"]),
        n_rows=count,
    )
    compare_latencies(
        turns * 15,
        bare=lambda: plain.predict_on_batch(inputs[:1]),
        array=lambda: of_arrays.transform(arrays[:1]),
        file=lambda: of_files.transform(rows[:1]),
        decoding=lambda: decode(of_files, rows["photo"][:1]),
    )
    print()


def compare_rates(turns, xla, n_rows, **functions):
    seconds, busy = take_turns(turns, **functions)
    xla = np.median(take_turns(3, xla=xla)[0]["xla"]) * n_rows / BATCH
    bare = np.median(seconds["bare"])
    cores = np.median(busy["bare"]) / bare
    line("bare network", f"{n_rows / bare:.0f} images/s, {cores:.1f} cores busy")
    line("bare network, Keras's default (XLA)", f"{n_rows / xla:.0f} images/s")
    for label, name in (("(a) arrays", "arrays"), ("(b) files", "files")):
        line(f"{label}: rate of transform / bare", ratio(seconds["bare"], seconds[name]))
        line("    rate of transform / bare with XLA", ratio(xla, seconds[name]))
        line("    processor time of bare / transform", ratio(busy["bare"], busy[name]))
    line("    decoding's part of the processor time", ratio(busy["decoding"], busy["files"]))
    # With decoding on the same cores and the network keeping all of them busy.
    line(
        "    best rate / bare if no core is idle",
        ratio(busy["bare"], busy["bare"] + busy["decoding"]),
    )


def compare_latencies(turns, **functions):
    seconds, _ = take_turns(turns, **functions)
    line("bare network, one row", f"{1000 * np.median(seconds['bare']):.1f} ms")
    line("(c) one array: time of transform / bare", ratio(seconds["array"], seconds["bare"]))
    line("    one file: time of transform / bare", ratio(seconds["file"], seconds["bare"]))
    line("        of which decoding", ratio(seconds["decoding"], seconds["bare"]))


def bare_model(network, jit_compile):
    model = network.to_model()
    model.jit_compile = jit_compile
    return model


def predict(model, inputs):
    return [
        model.predict_on_batch(inputs[start : start + BATCH])
        for start in range(0, len(inputs), BATCH)
    ]


def decode(gap, paths):
    """Read and resize in this thread, as `transform` does in its own."""
    for path in paths:
        RESIZING.apply(gap.reader_.read(path, size=RESIZING.shape[:2]))


def read(path):
    return np.asarray(Image.open(path).convert("RGB").resize((224, 224)))


def distinct(path, lap):
    """Another name of the same file."""
    path = Path(path).resolve()
    return str(path.parent) + os.sep + f"..{os.sep}{path.parent.name}{os.sep}" * lap + path.name


def take_turns(turns, **functions):
    """Seconds and processor seconds of each function, after one turn that isn't counted."""
    rng = np.random.default_rng(0)
    seconds, busy = ({name: [] for name in functions} for _ in range(2))
    for _ in range(turns + 1):
        for name in rng.permutation(list(functions)):
            start, busy_start = time.perf_counter(), time.process_time()
            functions[name]()
            seconds[name].append(time.perf_counter() - start)
            busy[name].append(time.process_time() - busy_start)
    return tuple(
        {name: np.array(values[1:]) for name, values in kept.items()} for kept in (seconds, busy)
    )


def ratio(above, below):
    values = above / below
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return f"{middle:.2f}  ({low:.2f} to {high:.2f})"


def line(label, value):
    print(f"  {label:<48}{value}", flush=True)


# Memory.


def measure_memory(files, folder, args):
    """Peak memory of embedding few and many files, each in a process of its own."""
    few, many = (count // 10 if args.quick else count for count in MEMORY_COUNTS)
    peaks = {}
    for count in (few, many):
        link_files(files, folder / f"many{count}", count)
        command = [sys.executable, __file__, "--data", str(folder / f"many{count}")]
        done = subprocess.run(
            [*command, "--peak-of", str(count)], capture_output=True, text=True, check=True
        )
        peak, matrix = map(float, done.stdout.split()[-2:])
        peaks[count] = peak - matrix
    print("MobileNet 0.25, 96 x 96 pixels, files")
    for count, peak in peaks.items():
        line(f"peak memory of {count} files, matrix subtracted", f"{peak:.0f} MB")
    line("(d) difference", f"{peaks[many] - peaks[few]:.0f} MB")


def peak_memory(folder, count):
    """Megabytes at the highest, and of the features."""
    from skfusion import PretrainedGAP

    gap = PretrainedGAP(
        "MobileNet", weights=None, backbone_options={"alpha": 0.25}, image_size=(96, 96)
    )
    files = sorted(str(path) for path in folder.iterdir())
    assert len(files) == count
    features = gap.fit_transform(pd.DataFrame({"photo": files}))
    return highest_memory() / 1e6, features.nbytes / 1e6


def highest_memory():
    """Bytes that this process held at the most."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux: getrusage would return the memory of the parent, if that is more
        words = status.read_text().split()
        return int(words[words.index("VmHWM:") + 1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
