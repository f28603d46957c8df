"""Features of a folder of shards in batches, and as arrays of Dask."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.linear_model import LinearRegression, SGDRegressor

from skfusion import ImageDescriptors, distributed, load_features

pytest.importorskip("pyarrow", reason="the extra parquet is not installed")


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """The paths of twenty images."""
    folder = tmp_path_factory.mktemp("images")
    for i in range(20):
        pixels = np.random.default_rng(i).integers(0, 256, (6, 5), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return [str(folder / f"{i}.png") for i in range(20)]


@pytest.fixture(scope="module")
def descriptors(paths):
    return ImageDescriptors("intensity", None).fit(paths)


@pytest.fixture(scope="module")
def folder(paths, descriptors, tmp_path_factory):
    """A folder of three shards, with a numeric target."""
    out = tmp_path_factory.mktemp("features") / "out"
    distributed.embed(paths, descriptors, out=out, target=np.arange(20.0), rows_per_shard=8)
    return out


@pytest.mark.parametrize(
    ("batch_rows", "sizes"),
    [(1, [1] * 20), (3, [3, 3, 2, 3, 3, 2, 3, 1]), (8, [8, 8, 4]), (1000, [8, 8, 4])],
    ids=["one", "three", "shard", "more"],
)
def test_sizes_of_batches(folder, batch_rows, sizes):
    batches = load_features(folder, batch_rows=batch_rows)
    assert [len(X) for X, _ in batches] == sizes
    X, y = load_features(folder)
    assert (np.concatenate([X for X, _ in batches]) == X).all()
    assert (np.concatenate([y for _, y in batches]) == y).all()
    assert next(iter(batches))[0].dtype == np.float32


def test_attributes(folder, descriptors):
    batches = load_features(folder, batch_rows=8)
    assert batches.feature_names == descriptors.get_feature_names_out().tolist()
    assert batches.shape == (20, len(batches.feature_names))
    assert (batches.classes, batches.target_names) == (None, None)


def test_frames(folder):
    X, _ = load_features(folder, as_frame=True)
    parts = [part for part, _ in load_features(str(folder), batch_rows=5, as_frame=True)]
    assert isinstance(parts[0], pd.DataFrame)
    assert list(parts[0].columns) == list(X.columns)
    assert [name for part in parts for name in part.index] == list(X.index)


def test_the_manifest_names_the_folder(folder):
    batches = load_features(folder / "_manifest.json", batch_rows=8)
    assert sum(len(X) for X, _ in batches) == 20


def test_nothing_is_read_ahead(paths, descriptors, tmp_path):
    distributed.embed(paths, descriptors, out=tmp_path, rows_per_shard=8)
    batches = load_features(tmp_path, batch_rows=8)
    hidden = [path.rename(path.with_suffix(".hidden")) for path in tmp_path.glob("*.parquet")]
    rows = iter(batches)
    for path in sorted(hidden):  # each shard exists only while its rows are read
        shard = path.rename(path.with_suffix(".parquet"))
        assert len(next(rows)[0]) in (8, 4)
        shard.unlink()
    assert list(rows) == []


def test_a_model_learns_from_batches(folder):
    X, y = load_features(folder)
    shift, scale = X.mean(axis=0), X.std(axis=0) + 1e-6
    model = SGDRegressor(random_state=0)
    for _ in range(300):
        for part, target in load_features(folder, batch_rows=8):
            model.partial_fit((part - shift) / scale, target)
    whole = LinearRegression().fit((X - shift) / scale, y)
    assert model.score((X - shift) / scale, y) > 0.5 * whole.score((X - shift) / scale, y)


def test_copies_and_repeated_rows(paths, descriptors, tmp_path):
    """Rows of one image are in one shard, so that the order is that of the shards."""
    cells = [*paths[:6], *paths[:6][::-1]]
    distributed.embed(cells, descriptors, out=tmp_path, rows_per_shard=2, target=np.arange(12.0))
    expected = descriptors.transform(cells)
    seen = []
    for X, y in load_features(tmp_path, batch_rows=3):
        assert (expected[y.astype(int)] == X).all()
        seen += y.tolist()
    assert seen[:4] == [0, 1, 10, 11]
    assert sorted(seen) == list(range(12))


def test_rows_without_an_image(paths, tmp_path):
    lenient = ImageDescriptors("intensity", None, missing="nan").fit(paths[:2])
    distributed.embed([paths[0], None, paths[1]], lenient, out=tmp_path)
    ((X, y),) = load_features(tmp_path, batch_rows=10)
    assert y is None
    assert np.isnan(X).any(axis=1).tolist() == [False, True, False]


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_a_shard_that_can_not_be_read(paths, descriptors, tmp_path, damage):
    distributed.embed(paths, descriptors, out=tmp_path, rows_per_shard=8)
    shard = tmp_path / "part-000001.parquet"
    shard.unlink() if damage == "missing" else shard.write_bytes(b"PAR1")
    rows = iter(load_features(tmp_path, batch_rows=8))
    assert len(next(rows)[0]) == 8
    with pytest.raises(ValueError, match=rf"part-000001.parquet' is {damage}. Call .*embed again"):
        next(rows)


def test_wrong_use(folder, tmp_path):
    with pytest.raises(ValueError, match="'batch_rows' parameter"):
        load_features(folder, batch_rows=0)
    (tmp_path / "features.parquet").write_bytes(b"PAR1")
    for paths in (tmp_path, [folder, folder], tmp_path / "features.parquet"):
        with pytest.raises(ValueError, match=r"batch_rows takes one folder that .*embed wrote"):
            load_features(paths, batch_rows=3)
    with pytest.raises(ValueError, match="s3:// is off"):
        load_features("s3://bucket/features", batch_rows=3)


def test_dask_arrays_have_a_chunk_per_shard(folder):
    dask = pytest.importorskip("dask", reason="the extra dask is not installed")
    batches = load_features(folder, batch_rows=8)
    X, y = batches.to_dask()
    assert (X.chunks, y.chunks) == (((8, 8, 4), (X.shape[1],)), ((8, 8, 4),))
    with dask.config.set(scheduler="sync"):
        assert (X[9:11].compute() == load_features(folder)[0][9:11]).all()
        assert y.sum().compute() == 190


def test_text_labels_are_numbered_as_in_the_whole(paths, descriptors, tmp_path):
    dask = pytest.importorskip("dask", reason="the extra dask is not installed")
    labels = np.resize(np.array(["pear", "fig", "apple", "fig"], dtype=object), 20)
    labels[0] = "zucchini"  # in the first shard only
    distributed.embed(paths, descriptors, out=tmp_path, target=labels, rows_per_shard=8)
    whole = load_features(tmp_path, return_X_y=False)
    batches = load_features(tmp_path, batch_rows=8)
    assert batches.target_names == whole.target_names == ["apple", "fig", "pear", "zucchini"]
    assert np.concatenate([y for _, y in batches]).tolist() == whole.target.tolist()
    with dask.config.set(scheduler="sync"):
        assert batches.to_dask()[1].compute().tolist() == whole.target.tolist()
    names = [batches.target_names[number] for _, y in batches for number in y]
    assert names == labels.tolist()


def test_batches_from_an_object_store(paths, descriptors, monkeypatch):
    s3fs = pytest.importorskip("s3fs", reason="the extra remote is not installed")
    from tests.object_store import name_server, serve_objects

    with serve_objects() as address:
        name_server(monkeypatch, address)
        clients = {}
        monkeypatch.setattr("skfusion.images.remote._store_client._SYSTEMS.get", lambda: clients)
        system = s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False)
        system.mkdir("shop")
        out = "s3://shop/features"
        distributed.embed(paths, descriptors, out=out, rows_per_shard=8)
        batches = load_features(out, batch_rows=6, remote=["s3"])
        found = np.concatenate([X for X, _ in batches])
        assert (found == descriptors.transform(paths)).all()
        content = io.BytesIO(system.cat_file("shop/features/part-000000.parquet"))
        assert len(pd.read_parquet(content)) == 8
