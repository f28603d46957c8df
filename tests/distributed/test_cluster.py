"""Features of a real Dask cluster: two worker processes on 127.0.0.1."""

import os
import runpy
import signal
import threading
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from skfusion import (
    FeatureStore,
    ImageDescriptors,
    ImageReadError,
    PretrainedGAP,
    distributed,
    load_features,
)
from skfusion.cli import main
from tests.distributed import workers
from tests.distributed.conftest import computed, read_manifest
from tests.networks_for_tests import tiny_maps

dask_distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
dask = pytest.importorskip("dask")
import dask.dataframe as dd  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:distributed")


def start_cluster():
    dask.config.set(
        {
            "distributed.scheduler.allowed-failures": 20,
            "distributed.worker.memory.terminate": False,
        }
    )
    return dask_distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    )


@pytest.fixture(scope="module")
def cluster():
    with start_cluster() as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    with dask_distributed.Client(cluster, timeout=30) as client:
        yield client


@pytest.fixture
def out(tmp_path):
    return tmp_path / "features"


def test_a_network_on_two_workers(client, paths, out):
    client.run(workers.count_builds)
    table = pd.DataFrame({"photo": paths})
    gap = PretrainedGAP(tiny_maps, weights=None, image_size=(8, 8), batch_size=4).fit(table)
    rows = dd.from_pandas(table.assign(more=1)[["more", "photo"]], npartitions=5)
    lazy = gap.transform(rows)
    manifest = distributed.embed(rows, gap, out=out, rows_per_shard=2)
    assert len(computed(manifest)) == 6
    expected = gap.transform(table)
    assert np.abs(load_features(out)[0] - expected).max() == 0
    assert max(client.run(workers.n_built).values()) == 1
    for _ in range(2):
        assert np.abs(lazy.compute().to_numpy() - expected).max() == 0
    assert max(client.run(workers.n_built).values()) <= 2
    assert not list(out.glob("_model*"))


def test_unreadable_images(client, paths, out):
    descriptors = ImageDescriptors("intensity", None).fit(paths[:1])
    cells = [*paths, "none.png"]
    with pytest.raises(ImageReadError, match=r"row 12 .*no such file") as info:
        distributed.embed(cells, descriptors, out=out, rows_per_shard=4, client=client)
    assert len(info.value.failures) == 1
    assert len(list(out.glob("*.parquet"))) == 3


def test_killed_workers(cluster, client, paths, out):
    reader = workers.SlowReader()
    descriptors = ImageDescriptors("intensity", None, reader=reader).fit(paths[:1])
    cells = [path for i in range(6) for path in (f"{p}?{i}" for p in paths)]
    for i, cell in enumerate(cells):
        os.link(paths[i % 12], cell)
    ended, rng = threading.Event(), np.random.default_rng(0)

    def kill():
        for _ in range(3):
            if ended.wait(rng.uniform(0.2, 1.0)):
                return
            process = list(cluster.workers.values())[rng.integers(2)].process
            # Dask gives up a worker that is killed while it starts.
            if process is not None and process.status.name == "running":
                os.kill(process.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        # All are links to twelve images, which would be computed once.
        manifest = distributed.embed(
            cells, descriptors, out=out, rows_per_shard=3, by_content=False
        )
    finally:
        ended.set()
        killer.join()
    shards = read_manifest(manifest)["shards"]
    assert sum(shard["n_rows"] for shard in shards) == 72
    frame = pd.read_parquet(out)
    assert sorted(frame["row"]) == list(range(72))
    expected = ImageDescriptors("intensity", None).fit(paths[:1]).transform(paths * 6)
    assert np.abs(load_features(out)[0] - expected).max() == 0
    client.wait_for_workers(2, timeout=30)


def test_copies_on_two_workers(client, paths, out, tmp_path):
    client.run(workers.forget_reads)
    reader = workers.NotingReader()
    descriptors = ImageDescriptors("intensity", None, reader=reader).fit(paths[:1])
    copies = [str(tmp_path / f"copy{i}.png") for i in range(12)]
    for path, copy in zip(paths, copies, strict=True):
        os.link(path, copy)
    client.run(workers.forget_reads)
    cells = [*paths, *copies]
    distributed.embed(cells, descriptors, out=out, rows_per_shard=2, client=client)
    read = [path for each in client.run(workers.list_reads).values() for path in each]
    assert sorted(read) == sorted(paths)
    assert np.abs(load_features(out)[0] - descriptors.transform(cells)).max() == 0
    os.unlink(out / "part-000002.parquet")
    manifest = distributed.embed(cells, descriptors, out=out, rows_per_shard=2, client=client)
    assert computed(manifest) == ["part-000002.parquet"]
    assert sum(map(len, client.run(workers.list_reads).values())) == 14


def test_a_stopped_scheduler(client, paths, out):
    reader = workers.SlowReader()
    descriptors = ImageDescriptors("intensity", None, reader=reader).fit(paths[:1])
    with start_cluster() as first, dask_distributed.Client(first, timeout=30) as own:

        def stop():
            while len(list(out.glob("*.parquet"))) < 2:
                time.sleep(0.02)
            first.close(timeout=10)

        stopper = threading.Thread(target=stop)
        stopper.start()
        with pytest.raises(Exception, match=r"."):
            distributed.embed(paths, descriptors, out=out, rows_per_shard=1, client=own)
        stopper.join()
    n_kept = len(list(out.glob("*.parquet")))
    assert 2 <= n_kept < 12
    options = {"rows_per_shard": 1, "client": client}  # of another scheduler and other workers
    manifest = distributed.embed(paths, descriptors, out=out, **options)
    assert len(computed(manifest)) == 12 - n_kept
    assert np.abs(load_features(out)[0] - descriptors.transform(paths)).max() == 0


def test_searches_share_the_store(client, paths, tmp_path):
    pytest.importorskip("lance", reason="the extra shared-store is not installed")
    store = FeatureStore(tmp_path / "store", shared=tmp_path / "shared")
    pipe = make_pipeline(ImageDescriptors("intensity", None, cache=store), LogisticRegression())
    X, y = pd.DataFrame({"photo": paths}), np.arange(12) % 2
    grid = {"logisticregression__C": [0.1, 10.0]}
    alone = GridSearchCV(pipe, grid, cv=2).fit(X, y)
    expected = cross_val_score(pipe, X, y, cv=2)
    n_rows = store.stats()["rows"]
    assert store.clear() == n_rows
    with joblib.parallel_config(backend="dask"):
        shared = GridSearchCV(pipe, grid, cv=2).fit(X, y)
        scores = cross_val_score(pipe, X, y, cv=2)
    assert (shared.cv_results_["mean_test_score"] == alone.cv_results_["mean_test_score"]).all()
    assert (scores == expected).all()
    assert store.stats()["rows"] == n_rows == 12
    other = FeatureStore(tmp_path / "other machine", shared=store.shared)
    assert other.stats()["shared"]["rows"] == 12
    pipe.set_params(imagedescriptors__cache=other).fit(X, y)
    assert other.stats()["session"]["hits"] == 12


def test_the_example(capsys):
    example = Path(__file__).parents[2] / "examples" / "distributed" / "dask_local.py"
    runpy.run_path(str(example), run_name="__main__")
    shown = capsys.readouterr().out
    assert "150 rows in 5 shards; difference to one process: 0.0\n" in shown
    assert "trained on 3 classes" in shown


def test_the_command(cluster, paths, tmp_path, capsys):
    table = tmp_path / "table.csv"
    pd.DataFrame({"photo": paths, "grade": list("ab") * 6}).to_csv(table, index=False)
    out = tmp_path / "out"
    command = ["embed", str(table), "--target", "grade", "--scheduler", cluster.scheduler_address]
    command += ["--backbone", "MobileNet", "--weights", "none", "--option", "alpha=0.25"]
    command += ["--image-size", "32", "--out", str(out)]
    assert main(command) == 0
    assert capsys.readouterr().out == f"{out}/gap_MobileNet/_manifest.json\n"
    data = load_features(out / "gap_MobileNet", return_X_y=False)
    assert data.target_names == ["a", "b"]
    assert data.ids.tolist() == paths
    assert main(command[:4] + command[6:]) == 0
    assert np.abs(load_features(out / "gap_MobileNet.h5")[0] - data.data).max() == 0
