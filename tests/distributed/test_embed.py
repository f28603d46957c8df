"""Sharded files of features, computed in one process."""

import os
import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet
from sklearn.base import clone
from sklearn.linear_model import SGDClassifier

from skfusion import (
    ImageDescriptors,
    ImageReader,
    ImageReadError,
    PixelFlattener,
    UnreadableImageWarning,
    distributed,
    load_features,
)
from tests import readers_for_tests
from tests.distributed.conftest import computed, read_manifest
from tests.encoded_images import noise_png
from tests.remote_servers import FileServer


@pytest.fixture
def out(tmp_path):
    return tmp_path / "features"


@pytest.fixture
def descriptors(paths):
    return ImageDescriptors("intensity", None).fit(paths[:2])


def embed(paths, descriptors, out, **options):
    return distributed.embed(paths, descriptors, out=out, **{"rows_per_shard": 5, **options})


def test_features_equal_those_of_transform(paths, descriptors, out):
    manifest = embed(paths, descriptors, out)
    X = load_features(out, return_X_y=False)
    assert np.abs(X.data - descriptors.transform(paths)).max() == 0
    assert X.feature_names == descriptors.get_feature_names_out().tolist()
    assert X.ids.tolist() == [str(i) for i in range(12)]
    assert X.target is None
    about = read_manifest(manifest)
    assert manifest == str(out / "_manifest.json")
    assert [shard["n_rows"] for shard in about["shards"]] == [5, 5, 2]
    files = {shard["name"]: shard["n_bytes"] for shard in about["shards"]}
    assert files == {p.name: p.stat().st_size for p in out.glob("*.parquet")}


def test_the_manifest_names_the_folder(paths, descriptors, out):
    manifest = embed(paths, descriptors, out)
    X, y = load_features(manifest)
    assert y is None
    np.testing.assert_array_equal(X, load_features(out)[0])


def test_other_programs_read_the_files(paths, descriptors, out):
    embed(paths, descriptors, out)
    table = parquet.read_table(out)
    width = len(descriptors.get_feature_names_out())
    assert table.schema.field("features").type == pa.list_(pa.float32(), width)
    assert table.column_names == ["row", "id", "content", "features"]
    frame = pd.read_parquet(out).sort_values("row")
    assert (np.stack(frame["features"]) == descriptors.transform(paths)).all()
    assert frame["content"].nunique() == 12


def test_each_image_is_read_for_its_features_once(paths, out):
    reader = readers_for_tests.CountingReader()
    descriptors = ImageDescriptors("intensity", None, reader=reader).fit(paths[:1])
    readers_for_tests.READ.clear()
    cells = [*paths, *paths[::-1], paths[3]]
    embed(cells, descriptors, out)
    assert sorted(readers_for_tests.READ) == sorted(paths)
    X, _ = load_features(out)
    assert (descriptors.transform(cells) == X).all()


def test_copies_are_computed_once(paths, out, tmp_path):
    reader = readers_for_tests.CountingReader()
    descriptors = ImageDescriptors("intensity", None, reader=reader).fit(paths[:1])
    copies = [str(tmp_path / f"copy{i}.png") for i in range(12)]
    for path, copy in zip(paths, copies, strict=True):
        shutil.copyfile(path, copy)
    cells = [*paths, "", *copies[::-1]]
    readers_for_tests.READ.clear()
    nan = clone(descriptors).set_params(missing="nan").fit(paths[:1])
    for _ in range(2):
        embed(cells, nan, out)
        assert sorted(readers_for_tests.READ) == sorted(paths)
    frame = pd.read_parquet(out).sort_values("row")
    assert frame["content"][~frame["content"].isna()].value_counts().tolist() == [2] * 12
    np.testing.assert_array_equal(load_features(out)[0], nan.transform(cells))
    readers_for_tests.READ.clear()
    embed(cells, nan, out, by_content=False, overwrite=True)
    assert 12 < len(readers_for_tests.READ) <= 24
    assert not list(out.glob("_contents*"))


def test_copies_at_urls(descriptors, out):
    with FileServer().running() as server:
        urls = [server.put(f"/{i}.png", noise_png(i % 4)) for i in range(8)]
        reader = ImageReader(remote=["http"], allow_local=["127.0.0.1"])
        remote = ImageDescriptors("intensity", None, reader=reader).fit([noise_png(0)])
        embed(urls, remote, out, rows_per_shard=2)
        assert server.downloads() == 16  # once for the digests, and once for the features
        embed(urls, remote, out, rows_per_shard=2)
        assert server.downloads() == 16
    frame = pd.read_parquet(out).sort_values("row")
    assert frame["content"].nunique() == 4
    assert (frame["content"][:4].tolist() * 2) == frame["content"].tolist()
    assert (
        load_features(out)[0] == descriptors.transform([noise_png(i % 4) for i in range(8)])
    ).all()


def test_copies_in_one_of_two_columns(paths, out, tmp_path):
    shutil.copyfile(paths[0], tmp_path / "copy.png")
    front = [*paths[:3], str(tmp_path / "copy.png"), paths[0]]
    table = pd.DataFrame({"front": front, "back": [*paths[3:6], paths[3], paths[4]]})
    flattener = ImageDescriptors("intensity", None).fit(table)
    embed(table, flattener, out, rows_per_shard=2)
    frame = pd.read_parquet(out).sort_values("row")
    assert frame["content"].nunique() == 4  # row 3 is row 0; row 4 has another back
    assert (load_features(out)[0] == flattener.transform(table)).all()


def test_an_unreadable_image_among_copies(paths, descriptors, out, tmp_path):
    shutil.copyfile(paths[0], tmp_path / "copy.png")
    cells = [*paths[:3], "none.png", str(tmp_path / "copy.png"), "none.png"]
    with pytest.raises(ImageReadError) as info:
        embed(cells, descriptors, out)
    assert [failure[0] for failure in info.value.failures] == [3, 5]
    assert "2 images can't be read: row 3 (none.png): no such file" in str(info.value)


def test_a_lost_shard_of_copies(paths, descriptors, out, tmp_path):
    shutil.copyfile(paths[0], tmp_path / "copy.png")
    cells = [*paths, str(tmp_path / "copy.png")]
    assert computed(embed(cells, descriptors, out, rows_per_shard=4)) != []
    (out / "part-000000.parquet").unlink()
    (out / "_contents-000001.json").unlink()
    assert computed(embed(cells, descriptors, out, rows_per_shard=4)) == ["part-000000.parquet"]
    assert (load_features(out)[0] == descriptors.transform(cells)).all()


@pytest.mark.parametrize("as_frame", [False, True])
def test_batches(paths, descriptors, out, as_frame):
    labels = np.array(["b", "a", "c"] * 4)
    embed(paths, descriptors, out, target=labels)
    X, y = load_features(out, as_frame=as_frame)
    batches = load_features(out, batch_rows=3, as_frame=as_frame)
    assert batches.shape == X.shape
    assert (batches.target_names, batches.classes.tolist()) == (["a", "b", "c"], [0, 1, 2])
    for _ in range(2):
        parts, targets = zip(*batches, strict=True)
        assert [len(part) for part in parts] == [3, 2, 3, 2, 2]
        assert (np.concatenate(targets) == y).all()
        assert (np.concatenate(parts) == np.asarray(X)).all()
    if as_frame:
        assert pd.concat(parts).equals(X.rename_axis(None))
    model = SGDClassifier(random_state=0)
    for part, target in batches:
        model.partial_fit(part, target, classes=batches.classes)
    assert model.classes_.tolist() == [0, 1, 2]


def test_dask_arrays(paths, descriptors, out):
    pytest.importorskip("dask", reason="the extra dask is not installed")
    embed(paths, descriptors, out)
    X, y = load_features(out, batch_rows=5).to_dask()
    assert (X.chunks[0], y) == ((5, 5, 2), None)
    assert (X.compute() == load_features(out)[0]).all()
    embed(paths, descriptors, out, target=np.arange(12) / 4, overwrite=True)
    X, y = load_features(out, batch_rows=5).to_dask()
    assert (X.shape, X.dtype, y.dtype) == (load_features(out)[0].shape, np.float32, np.float64)
    assert (y.compute() == np.arange(12) / 4).all()
    assert load_features(out, batch_rows=5).classes is None


def test_batches_of_other_files(paths, descriptors, out, tmp_path):
    with pytest.raises(ValueError, match="batch_rows takes one folder"):
        load_features([embed(paths, descriptors, out), str(out)], batch_rows=3)
    (out / "_manifest.json").unlink()
    with pytest.raises(ValueError, match="is not complete"):
        load_features(out, batch_rows=3)


def test_urls_are_downloaded_once(descriptors, out):
    with FileServer().running() as server:
        urls = [server.put(f"/{i}.png", noise_png(i)) for i in range(6)]
        reader = ImageReader(remote=["http"], allow_local=["127.0.0.1"])
        remote = ImageDescriptors("intensity", None, reader=reader).fit([noise_png(0)])
        manifest = embed([*urls, urls[0]], remote, out, by_content=False)
        assert server.downloads() == 6
        assert embed([*urls, urls[0]], remote, out, by_content=False) == manifest
        assert server.downloads() == 6
    expected = descriptors.transform([noise_png(i) for i in [*range(6), 0]])
    assert (load_features(out)[0] == expected).all()
    with pytest.raises(ImageReadError, match="http:// is off"):
        embed(urls, descriptors, out / "other")


def test_complete_shards_are_kept(paths, descriptors, out):
    first = embed(paths, descriptors, out)
    assert len(computed(first)) == 3
    before = (out / "_manifest.json").read_text()
    assert computed(embed(paths, descriptors, out)) == []
    again = ImageDescriptors("intensity", None).fit(paths[5:])
    assert computed(embed(paths, again, out)) == []
    assert (out / "_manifest.json").read_text() == before.replace("true", "false")


def delete(path):
    path.unlink()


def truncate(path):
    path.write_bytes(path.read_bytes()[:-20])


def empty(path):
    path.write_bytes(b"")


def flip(path):
    """Change one number in the middle."""
    content = bytearray(path.read_bytes())
    features = parquet.read_table(path)["features"].combine_chunks().flatten().to_numpy()
    place = content.find(np.float32(features[3]).tobytes())
    assert place > 0
    content[place] ^= 1
    path.write_bytes(content)


def replace(path):
    path.write_bytes(path.with_name("part-000000.parquet").read_bytes())


@pytest.mark.parametrize("damage", [delete, truncate, empty, flip, replace])
def test_damaged_shards_are_computed_again(paths, descriptors, out, damage):
    embed(paths, descriptors, out)
    damage(out / "part-000001.parquet")
    if damage is not replace:
        with pytest.raises(ValueError, match=r"part-000001.parquet' is (missing|damaged)"):
            load_features(out)
    assert computed(embed(paths, descriptors, out)) == ["part-000001.parquet"]
    assert (load_features(out)[0] == descriptors.transform(paths)).all()


def test_an_interrupted_run_goes_on(paths, descriptors, out):
    broken = [*paths[:7], str(out / "none.png"), *paths[8:], paths[0] + "x"]
    with pytest.raises(ImageReadError, match=r"2 images can't be read: row 7 .*row 12 ") as info:
        embed(broken, descriptors, out)
    assert [failure[0] for failure in info.value.failures] == [7, 12]
    with pytest.raises(ValueError, match="is not complete"):
        load_features(out)
    assert [p.name for p in out.glob("*.parquet")] == ["part-000000.parquet"]
    for path in (broken[7], broken[12]):
        with open(path, "wb") as file:
            file.write(noise_png(7))
    assert computed(embed(broken, descriptors, out)) == [
        "part-000001.parquet",
        "part-000002.parquet",
    ]
    assert (load_features(out)[0] == descriptors.transform(broken)).all()
    assert not [p.name for p in out.iterdir() if p.name.startswith(".")]


def test_files_of_killed_processes_are_removed(paths, descriptors, out):
    out.mkdir()
    (out / ".part_0a1b2c3d_part-000001.parquet").write_bytes(b"PAR1")
    embed(paths, descriptors, out)
    names = {path.name for path in out.iterdir()}
    files = [
        name.format(i) for name in ("part-{:06}.parquet", "_contents-{:06}.json") for i in range(3)
    ]
    assert names == {"_job.json", "_manifest.json", *files}


def test_unreadable_images_that_are_missing(paths, out):
    lenient = ImageDescriptors("intensity", None, missing="nan", corrupt="missing").fit(paths)
    cells = [paths[0], None, "none.png", paths[1]]
    with pytest.warns(UnreadableImageWarning, match="row 2"):
        embed(cells, lenient, out)
    X, _ = load_features(out)
    assert np.isnan(X).all(axis=1).tolist() == [False, True, True, False]
    assert pd.read_parquet(out)["content"].isna().tolist() == [False, True, True, False]


def test_other_features_are_not_replaced_unasked(paths, descriptors, out):
    embed(paths, descriptors, out)
    other = ImageDescriptors("color", None).fit(paths[:2])
    with pytest.raises(FileExistsError, match="has features of other rows"):
        embed(paths[:4], descriptors, out)
    with pytest.raises(FileExistsError, match="has features of other transformers"):
        embed(paths, other, out)
    assert (load_features(out)[0] == descriptors.transform(paths)).all()
    embed(paths[:4], other, out, overwrite=True)
    assert (load_features(out)[0] == other.transform(paths[:4])).all()
    assert [p.name for p in out.glob("*.parquet")] == ["part-000000.parquet"]
    assert len(computed(embed(paths[:4], other, out, overwrite=True))) == 1


def test_files_of_others_are_not_replaced(paths, descriptors, out):
    out.mkdir()
    (out / "part-000000.parquet").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="other rows"):
        embed(paths, descriptors, out)
    assert (out / "part-000000.parquet").read_bytes() == b"mine"


@pytest.mark.parametrize("target", [["b", "a"] * 6, list(range(12)), [0.5] * 12])
def test_ids_and_targets(paths, out, target):
    table = pd.DataFrame({"age": 3, "grade": target, "photo": paths, "name": list("abcdefghijkl")})
    descriptors = ImageDescriptors("intensity", None).fit(table[["photo"]])
    embed(table, descriptors, out, ids="name", target="grade")
    X, y = load_features(out, as_frame=True)
    assert X.index.tolist() == list("abcdefghijkl")
    expected = np.unique(target, return_inverse=True)[1] if target[0] == "b" else target
    assert y.tolist() == list(expected)
    data = load_features(out, return_X_y=False)
    assert data.target_names == (["a", "b"] if target[0] == "b" else None)
    embed(table, descriptors, out / "values", ids=range(12), column="photo")
    assert load_features(out / "values", return_X_y=False).ids.tolist()[:2] == ["0", "1"]


def test_columns_of_several_images(paths, out):
    table = pd.DataFrame({"front": paths[:4], "back": [*paths[4:7], paths[4]]})
    descriptors = ImageDescriptors("intensity", None).fit(table)
    embed(table[["back", "front"]], descriptors, out, rows_per_shard=2)
    X, _ = load_features(out, as_frame=True)
    assert (X.to_numpy() == descriptors.transform(table)).all()
    assert X.columns.tolist() == descriptors.get_feature_names_out().tolist()


def test_what_is_refused(paths, descriptors, out):
    with pytest.raises(ValueError, match=r"Some ids name several rows \(7\)"):
        embed(paths, descriptors, out, ids=[7] * 12)
    with pytest.raises(ValueError, match="There are 3 ids for 12 rows"):
        embed(paths, descriptors, out, ids=[1, 2, 3])
    with pytest.raises(ValueError, match="Row 1 of column 'image' holds ndarray"):
        embed([paths[0], np.zeros((8, 8))], descriptors, out)
    with pytest.raises(ValueError, match="X has no column 'photo'"):
        embed(pd.DataFrame({"scan": paths}), descriptors, out, column="photo")
    with pytest.raises(ValueError, match="The target has 2 values for 12 rows"):
        embed(paths, descriptors, out, target=[0, 1])
    for name in ("ids", "target"):
        with pytest.raises(ValueError, match="X has no column 'sku'"):
            embed(paths, descriptors, out, **{name: "sku"})
    with pytest.raises(ValueError, match="rows_per_shard must be at least 1"):
        embed(paths, descriptors, out, rows_per_shard=0)
    with pytest.raises(TypeError, match="features of PixelFlattener have no fingerprint"):
        embed(paths, PixelFlattener((8, 8)).fit(paths), out)
    with pytest.raises(ValueError, match=r"'https://a.example/b' is neither a path nor"):
        embed(paths, descriptors, "https://me:secret@a.example/b")
    assert not out.exists() or not os.listdir(out)
