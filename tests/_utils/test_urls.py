"""URLs: what is one, and what messages show of it."""

import pytest

from skfusion import FeatureStore, ImageReader


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:word@example.org/1.png", "https://example.org/1.png"),
        ("https://example.org/1.png?sig=word", "https://example.org/1.png?..."),
        ("https://example.org/1.png#word", "https://example.org/1.png"),
        ("https://me@word@example.org/1.png", "https://example.org/1.png"),
        ("gopher://me:word@example.org", "gopher://example.org"),
        ("S3://me:word@bucket/1.png?x=word", "S3://bucket/1.png?..."),
    ],
)
def test_messages_show_no_secrets(url, shown):
    with pytest.raises(ValueError, match=r"off|can't be read") as info:
        ImageReader().read(url)
    assert "word" not in str(info.value)
    with pytest.raises(ValueError, match=r"shared store|was passed with") as info:
        FeatureStore(url)
    assert repr(shown) in str(info.value)
    assert "word@" not in str(info.value)
    assert "=word" not in str(info.value)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("s3://bucket/a/", "s3://bucket/a"),
        ("S3://Bucket/a", "s3://Bucket/a"),
        ("s3a://bucket/a", "s3://bucket/a"),
        ("gcs://bucket/a", "gs://bucket/a"),
        ("abfs://container/a", "az://container/a"),
    ],
)
def test_one_name_for_each_place(given, kept):
    assert FeatureStore(given).shared == kept
    assert FeatureStore(given) == FeatureStore(kept)
    assert FeatureStore(given).path == FeatureStore(kept).path


@pytest.mark.parametrize("path", ["C:/photos", "c:\\photos", "a://b", "photos", "s3:/bucket"])
def test_paths_are_no_urls(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = FeatureStore(path)
    assert store.shared is None
    assert store.path == tmp_path / path
