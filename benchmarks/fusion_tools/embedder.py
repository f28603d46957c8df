"""Embedder: features of a set's images."""

import pandas as pd

from skfusion import PretrainedGAP


class Embedder:
    """MobileNet's features of a set's images, kept in a folder."""

    def __init__(self, weights, folder):
        self.gap = PretrainedGAP(
            "MobileNet", weights=weights, backbone_options={"alpha": 0.75}, cache=folder
        )

    def __call__(self, folder, paths):
        cells = pd.Series([str(folder / path) for path in paths], name="image")
        return self.gap.fit_transform(cells)
