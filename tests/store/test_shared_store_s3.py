"""A shared store in an object store: a real S3 server on 127.0.0.1."""

import pickle

import pytest

from skfusion import FeatureStore, StoreWarning
from tests.object_store import KEY, SECRET, name_server, need_object_store, serve_objects
from tests.store import stored

need_object_store()

pytest.importorskip("lance", reason="the extra shared-store is not installed")
boto3 = pytest.importorskip("boto3", reason="moto[s3] is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of botocore and moto


@pytest.fixture
def bucket(monkeypatch):
    """A client of an empty bucket, whose server the environment names."""
    with serve_objects() as address:
        name_server(monkeypatch, address)
        client = boto3.client("s3")
        client.create_bucket(Bucket="shop")
        yield client


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A function that returns the store as a machine with that home has it."""

    def open_store(name, url="s3://shop/features"):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / name))
        return FeatureStore(url)

    return open_store


def test_machines_share_a_bucket(bucket, machine, tmp_path):
    stored.write(machine("a"), range(10))
    machine("a").flush()
    stored.write(machine("b"), range(5, 20))
    machine("b").flush()
    assert stored.found(machine("c"), range(22)) == list(range(20))
    machine("c").compact()
    assert stored.found(machine("d"), range(22)) == list(range(20))
    assert machine("d").stats()["shared"]["rows"] == 20
    machine("d").export(tmp_path / "all.parquet")
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for about in bucket.list_objects_v2(Bucket="shop")["Contents"]:
        files.append(bucket.get_object(Bucket="shop", Key=about["Key"])["Body"].read())
    for content in [pickle.dumps(machine("a")), repr(machine("a")).encode(), *files]:
        assert KEY.encode() not in content
        assert SECRET.encode() not in content
    assert machine("e").clear() == 20
    assert stored.found(machine("f"), range(22)) == []


def test_no_such_bucket(bucket, machine):
    with pytest.warns(StoreWarning, match=r"'s3://none/features'.*there is no such bucket") as seen:
        assert stored.found(machine("a", "s3://none/features"), range(3)) == []
    assert SECRET not in str(seen[0].message)
    assert KEY not in str(seen[0].message)


def test_denied(bucket, machine, monkeypatch):
    monkeypatch.setattr(
        "lance.dataset",
        lambda *args, **options: (_ for _ in ()).throw(
            OSError(f"403 Forbidden: <AWSAccessKeyId>{KEY}</AWSAccessKeyId> {SECRET}")
        ),
    )
    with pytest.warns(StoreWarning, match="access is denied; credentials are those of") as seen:
        assert stored.found(machine("a"), range(3)) == []
    with pytest.raises(OSError, match="access is denied") as info:
        machine("a").compact()
    assert KEY not in str(info.value) + str(seen[0].message)
    assert info.value.__context__ is None
