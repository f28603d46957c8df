"""Tables with images in files, without leaks and with planted ones, for the tests of audits."""

import numpy as np
import pandas as pd
from PIL import Image
from scipy.ndimage import gaussian_filter

N_ROWS = 60


def make_image(random, size=48, smoothness=2.5):
    """A smooth image in color, unlike all others."""
    noise = random.normal(size=(size, size, 3))
    smooth = gaussian_filter(noise, (smoothness, smoothness, 0.5))
    return np.uint8(np.clip(128 + 60 * smooth / smooth.std(), 0, 255))


def make_rows(folder, seed=0, n_rows=N_ROWS):
    """Rows without a leak: images, two columns, and a target that one of them moves."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{code:08x}.jpg" for code in random.integers(0, 2**32, n_rows)]
    for name in names:
        Image.fromarray(make_image(random)).save(folder / name, quality=90)
    age = random.normal(60, 10, n_rows)
    y = (age + random.normal(0, 10, n_rows) > 60).astype(int)
    paths = [str(folder / name) for name in names]
    return pd.DataFrame({"photo": paths, "age": age, "weight": random.normal(70, 9, n_rows)}), y


def make_arrays(seed=0, n_rows=40):
    """Rows with images in memory, and a target that nothing predicts."""
    random = np.random.default_rng(seed)
    scans = [make_image(random, size=24)[..., 0] for _ in range(n_rows)]
    table = pd.DataFrame({"scan": scans, "age": random.normal(60, 10, n_rows)})
    return table, random.permutation(np.arange(n_rows) % 2)


def rewrite(paths, change):
    """Save each image again: `change` returns an image and options of `save`."""
    for row, path in enumerate(paths):
        with Image.open(path) as image:
            image, options = change(row, image.convert("RGB"))
        image.save(path, **options)


def exif(**values):
    """EXIF data with these tags."""
    tags = {"model": 0x0110, "software": 0x0131}
    found = Image.Exif()
    for name, value in values.items():
        if name in tags:
            found[tags[name]] = value
    photo = {"serial": 0xA431, "time": 0x9003}
    own = {tag: values[name] for name, tag in photo.items() if name in values}
    if own:
        found.get_ifd(0x8769).update(own)
    return found


def find(report, kind, subject=None):
    """The findings of a kind."""
    some = report.findings[report.findings["kind"] == kind]
    return some if subject is None else some[some["subject"] == subject]


def one(report, kind, subject=None):
    """The only finding of a kind."""
    some = find(report, kind, subject)
    assert len(some) == 1, report.findings["kind"].tolist()
    return some.iloc[0]


def patients(folder, seed=0, n_patients=30):
    """Two images of each patient, in files named by patient, in random order; and their target."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for patient in range(n_patients):
        scene = make_image(random).astype(float)
        label = patient % 2
        for number in range(2):
            noisy = np.roll(scene, 9 * number, axis=0) + random.normal(0, 30, scene.shape)
            path = folder / f"P{patient:03d}_{number}.png"
            Image.fromarray(np.uint8(noisy.clip(0, 255))).save(path)
            lines.append((str(path), f"P{patient:03d}", random.normal(60, 10), label))
    frame = pd.DataFrame(lines, columns=["photo", "owner", "age", "y"])
    frame = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    return frame.drop(columns="y"), frame["y"].to_numpy()
