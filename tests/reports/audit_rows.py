"""Tables with images in files, without leaks and with planted ones."""

import numpy as np
import pandas as pd
from PIL import Image
from scipy.ndimage import gaussian_filter

N_ROWS = 80


def make_image(random, size=48):
    """A smooth image in color, unlike all others."""
    noise = random.normal(size=(size, size, 3))
    smooth = gaussian_filter(noise, (2.5, 2.5, 0.5))
    return np.uint8(np.clip(128 + 60 * smooth / smooth.std(), 0, 255))


def make_rows(folder, seed=0, n_rows=N_ROWS):
    """Rows without a leak: images, two columns, and a target that one of them moves a little."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{code:08x}.jpg" for code in random.integers(0, 2**32, n_rows)]
    for name in names:
        Image.fromarray(make_image(random)).save(folder / name, quality=90)
    age = random.normal(60, 10, n_rows)
    y = (age + random.normal(0, 10, n_rows) > 60).astype(int)
    paths = [str(folder / name) for name in names]
    return pd.DataFrame({"photo": paths, "age": age, "weight": random.normal(70, 9, n_rows)}), y


def open_image(path):
    """An image of a row, decoded."""
    with Image.open(path) as image:
        return image.convert("RGB")
