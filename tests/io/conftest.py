"""A folder of images, a table of them, and the smallest network."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion.io._embed_job import Backbone

SMALL = Backbone("MobileNet", weights=None, options={"alpha": 0.25})


@pytest.fixture
def photos(tmp_path):
    """Three roses and two tulips, and a CSV file beside them."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "photos"
    names = ["rose/1.png", "rose/2.png", "rose/3.png", "tulip/1.png", "tulip/2.png"]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (40, 36, 3), dtype=np.uint8)).save(folder / name)
    table = pd.DataFrame(
        {
            "patient": ["005", "004", "003", "002", "001"],
            "photo": names[::-1],
            "grade": [3, 1, 0, 2, 2],
            "age": [1.5, 2.5, 3.5, 4.5, 5.5],
            "species": ["tulip", "tulip", "rose", "rose", "rose"],
        }
    )
    table.to_csv(folder / "table.csv", index=False)
    return folder
