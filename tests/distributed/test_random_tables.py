"""Random tables with copies, repeated and missing images, and shards that were damaged."""

import shutil
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from skfusion import ImageDescriptors, distributed, load_features
from tests import readers_for_tests
from tests.distributed.conftest import computed, read_manifest
from tests.encoded_images import noise_png


class Table:
    """A random table of one or two columns of images."""

    def __init__(self, folder, rng):
        self.rng = rng
        n_images, n_rows = rng.integers(2, 9), rng.integers(1, 30)
        self.contents = {}
        for number in range(n_images):
            for copy in range(rng.integers(1, 3)):
                path = str(folder / f"{number}_{copy}.png")
                with open(path, "wb") as file:
                    file.write(noise_png(number, (6, 5)))
                self.contents[path] = number
        cells = [*self.contents, None]
        columns = ["front", "back"][: rng.integers(1, 3)]
        drawn = {name: [cells[i] for i in rng.integers(0, len(cells), n_rows)] for name in columns}
        self.frame = pd.DataFrame(drawn, dtype=object)
        self.labels = rng.choice(["a", "b", "c"], n_rows) if rng.random() < 0.5 else None

    def expected_contents(self):
        """Return the images of each row, by number; None for a row without one."""
        rows = zip(*(self.frame[name] for name in self.frame), strict=True)
        numbers = [tuple(self.contents.get(cell) for cell in row) for row in rows]
        return [None if None in row else row for row in numbers]


def damage(out, rng):
    """Delete, cut or empty some files; return the names of shards among them."""
    hurt = []
    for path in sorted(out.iterdir()):
        if not path.name.startswith(("part-", "_contents-")) or rng.random() < 0.6:
            continue
        kind = rng.integers(3) if path.suffix == ".parquet" else 0
        if kind == 0:
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[: 0 if kind == 1 else -7])
        hurt += [path.name] if path.suffix == ".parquet" else []
    return hurt


@pytest.mark.parametrize("seed", range(8))
def test_random_tables(tmp_path, seed):
    rng = np.random.default_rng(seed)
    (tmp_path / "images").mkdir()
    table = Table(tmp_path / "images", rng)
    reader = readers_for_tests.CountingReader()
    descriptors = ImageDescriptors("intensity", None, missing="nan", reader=reader)
    descriptors.fit(table.frame.ffill().bfill().fillna(next(iter(table.contents))))
    out, options = tmp_path / "out", {"rows_per_shard": int(rng.integers(1, 7))}
    options["target"] = table.labels
    readers_for_tests.READ.clear()
    manifest = distributed.embed(table.frame, descriptors, out=out, **options)
    if table.frame.shape[1] == 1:  # each image once, whatever its name
        assert max(Counter(table.contents[path] for path in readers_for_tests.READ).values()) == 1
    check(table, descriptors, manifest, out)
    hurt = damage(out, rng)
    manifest = distributed.embed(table.frame, descriptors, out=out, **options)
    assert computed(manifest) == hurt
    check(table, descriptors, manifest, out)
    shutil.rmtree(out)


def check(table, descriptors, manifest, out):
    """Compare a folder with the features of one process."""
    data = load_features(out, return_X_y=False)
    np.testing.assert_array_equal(data.data, descriptors.transform(table.frame))
    frame = pd.read_parquet(out).sort_values("row")
    assert frame["row"].tolist() == list(range(len(table.frame)))
    # The same digest where, and only where, the images are the same.
    pairs = set(zip(frame["content"].fillna("none"), table.expected_contents(), strict=True))
    with_image = [pair for pair in pairs if pair[1] is not None]
    assert len({digest for digest, _ in with_image}) == len({n for _, n in with_image})
    assert len(with_image) == len({digest for digest, _ in with_image})
    assert {digest for digest, images in pairs if images is None} <= {"none"}
    # Rows of the same images are in one shard.
    shards = read_manifest(manifest)["shards"]
    seen = Counter()
    for shard in shards:
        seen.update(set(pd.read_parquet(out / shard["name"])["content"].dropna()))
    assert set(seen.values()) <= {1}
    assert sum(shard["n_rows"] for shard in shards) == len(table.frame)
    if table.labels is not None:
        names = [data.target_names[number] for number in data.target]
        assert names == table.labels.tolist()
