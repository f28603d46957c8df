"""What a GPU gives PretrainedGAP: rates, precision and memory, beside the CPU, in one run.

    python benchmarks/gpu.py [--images 2048] [--batch 256] [--cpu-images 128]

It needs a GPU that Keras's backend can use. "Bare" is ``predict_on_batch`` of the same network on
preprocessed batches. Weights and images are random, since speed does not depend on them. Ways take
turns in random order; a rate is the median over the turns. Differences are the largest ones,
relative to the largest feature. "bfloat16" is Keras's policy ``mixed_bfloat16``, set before the
network is built.
"""

import argparse
import json
import os
import subprocess
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # so that memory can be read

import numpy as np

BACKBONES = {
    "MobileNetV2 0.35": ("MobileNetV2", {"alpha": 0.35}),
    "ResNet50": ("ResNet50", {}),
}
TURNS = 5
HIDDEN_GPU = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}


def main():
    args = parse_args()
    if args.child:
        print(json.dumps(measure(args)))
        return
    for name in args.backbones:
        options = ["--child", name, "--images", str(args.images), "--batch", str(args.batch)]
        full = run(options)
        half = run([*options, "--bfloat16"])
        few = ["--child", name, "--images", str(args.cpu_images), "--batch", "32"]
        report(name, full, half, run(few, HIDDEN_GPU))


def run(options, environment=None):
    """Measure in a process of its own, so that each has its own memory and settings."""
    command = [sys.executable, __file__, *options]
    environment = {**os.environ, **(environment or {})}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def report(name, full, half, cpu):
    print(f"{name}, 224 x 224 pixels, {full['device']}, {full['backend']}")
    line("bare network", f"{full['bare']:.0f} images/s")
    line("transform / bare", f"{full['transform'] / full['bare']:.2f}")
    line("transform / transform on the CPU", f"{full['transform'] / cpu['transform']:.1f}")
    line("transform with bfloat16 / float32", f"{half['transform'] / full['transform']:.2f}")
    line("time of one row, transform / bare", f"{full['one_row'] / full['one_row_bare']:.2f}")
    line("memory of the GPU", f"{full['memory']:.0f} MB")
    line("difference from the CPU", f"{difference(full, cpu):.1e}")
    line("difference of bfloat16", f"{difference(half, full):.1e}")
    line("difference of a row alone and in a batch", f"{full['alone']:.1e}")
    print(flush=True)


def line(label, value):
    print(f"  {label:45}{value}")


def difference(one, other):
    features, expected = np.array(one["features"]), np.array(other["features"])
    return np.abs(features - expected).max() / np.abs(expected).max()


def measure(args):
    """Measure one backbone on one device."""
    import keras

    from skfusion import PretrainedGAP

    if args.bfloat16:
        keras.config.set_dtype_policy("mixed_bfloat16")
    backbone, options = BACKBONES[args.child]
    images = np.random.default_rng(0).integers(0, 256, (args.images, 224, 224, 3), "uint8")
    gap = PretrainedGAP(
        backbone, weights=None, backbone_options=options, batch_size=args.batch, random_state=0
    ).fit(images[:1])
    network = gap.networks_[0].resolve()
    model = network.to_model()
    inputs = network.prepare(images)
    batches = [inputs[start : start + args.batch] for start in range(0, len(inputs), args.batch)]
    functions = {
        "bare": lambda: [model.predict_on_batch(batch) for batch in batches],
        "transform": lambda: gap.transform(images),
        "one_row_bare": lambda: model.predict_on_batch(inputs[:1]),
        "one_row": lambda: gap.transform(images[:1]),
    }
    seconds = take_turns(functions)
    features = gap.transform(images[:16])
    return {
        "device": device_name(),
        "backend": keras.backend.backend(),
        "bare": len(images) / seconds["bare"],
        "transform": len(images) / seconds["transform"],
        "one_row": seconds["one_row"],
        "one_row_bare": seconds["one_row_bare"],
        "memory": gpu_memory(),
        "features": features.tolist(),
        "alone": float(np.abs(gap.transform(images[:1]) - features[:1]).max() / features.max()),
    }


def take_turns(functions):
    """Return the median seconds of each function, after one turn that is not counted."""
    rng, seconds = np.random.default_rng(0), {name: [] for name in functions}
    for _ in range(TURNS + 1):
        for name in rng.permutation(list(functions)):
            start = time.perf_counter()
            functions[name]()
            seconds[name].append(time.perf_counter() - start)
    return {name: float(np.median(values[1:])) for name, values in seconds.items()}


def device_name():
    """Return the name of the GPU, or "CPU" where none is visible to this process."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "":
        return "CPU"
    return nvidia("name")


def gpu_memory():
    """Return the megabytes of GPU memory in use."""
    return 0.0 if device_name() == "CPU" else float(nvidia("memory.used"))


def nvidia(field):
    command = ["nvidia-smi", f"--query-gpu={field}", "--format=csv,noheader,nounits"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[0]


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=2048)
    parser.add_argument("--cpu-images", type=int, default=128, help="images on the CPU")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--backbones", nargs="+", default=list(BACKBONES), choices=BACKBONES)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--bfloat16", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
