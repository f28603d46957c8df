"""Features in an object store: a real S3 server on 127.0.0.1."""

import json
import pickle

import numpy as np
import pyarrow.parquet
import pytest

from skfusion import ImageDescriptors, ImageReader, distributed, load_features
from tests.encoded_images import noise_png
from tests.object_store import KEY, SECRET, name_server, need_object_store, serve_objects

need_object_store()

s3fs = pytest.importorskip("s3fs", reason="the extra remote is not installed")
pytestmark = pytest.mark.filterwarnings(
    # botocore and moto call functions of Python that will go away.
    "ignore::DeprecationWarning"
)


@pytest.fixture
def store(monkeypatch):
    """A file system with six images."""
    # Clients keep their endpoint, so that those of other tests can't be used.
    clients = {}
    monkeypatch.setattr("skfusion.images.remote._store_client._SYSTEMS.get", lambda: clients)
    with serve_objects() as address:
        name_server(monkeypatch, address)
        system = s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False)
        system.mkdir("shop")
        for i in range(6):
            system.pipe_file(f"shop/images/{i}.png", noise_png(i))
        yield system


def test_features_in_a_bucket(store):
    urls = [f"s3://shop/images/{i}.png" for i in range(6)]
    reader = ImageReader(remote=["s3"], timeout=20, retries=1)
    descriptors = ImageDescriptors("intensity", None, reader=reader).fit([noise_png(0)])
    out = "s3://shop/features/v1"

    def embed():
        assert distributed.embed(urls, descriptors, out=out, rows_per_shard=2) == (
            "s3://shop/features/v1/_manifest.json"
        )
        found = [name.rpartition("/")[2] for name in store.find("shop/features")]
        contents = [f"_contents-00000{i}.json" for i in range(3)]
        parts = [f"part-00000{i}.parquet" for i in range(3)]
        assert found == [*contents, "_job.json", "_manifest.json", *parts]
        table = pyarrow.parquet.read_table("shop/features/v1", filesystem=store)
        frame = table.to_pandas().sort_values("row")
        expected = descriptors.transform([noise_png(i) for i in range(6)])
        assert (np.stack(frame["features"]) == expected).all()
        shards = json.loads(store.cat_file("shop/features/v1/_manifest.json"))["shards"]
        return [shard["name"][10] for shard in shards if shard["computed"]]

    assert embed() == ["0", "1", "2"]
    store.rm_file("shop/features/v1/part-000001.parquet")
    store.pipe_file("shop/features/v1/part-000002.parquet", b"PAR1")
    with pytest.raises(ValueError, match=r"part-000001.parquet' is missing"):
        load_features(out, remote=["s3"])
    assert embed() == ["1", "2"]
    X, _ = load_features(out, remote=["s3"])
    assert (descriptors.transform([noise_png(i) for i in range(6)]) == X).all()
    with pytest.raises(ValueError, match="'s3://shop/none' is not complete"):
        load_features("s3://shop/none", remote=True)
    everything = b"".join(store.cat_file(path) for path in store.find("shop/features"))
    for secret in (KEY, SECRET):
        assert secret.encode() not in everything + pickle.dumps(descriptors)
    with pytest.raises(FileExistsError, match="has features of other rows"):
        distributed.embed(urls[:3], descriptors, out=out)
    with pytest.raises(ValueError, match="the store has no such file") as info:
        distributed.embed(urls, descriptors, out="s3://none/features")
    assert SECRET not in str(info.value)
