"""MLflow keeps and serves a pipeline as any other of scikit-learn: no flavour of our own."""

import base64
import json

import numpy as np
import pytest

from tests.processes import run_python
from tests.serving.conftest import NUMBERS
from tests.serving.servers import running

pytest.importorskip("mlflow", reason="MLflow is not installed")
httpx = pytest.importorskip("httpx")

LOG = """
import sys
import joblib, mlflow
from mlflow.models import infer_signature

runs, model, rows = sys.argv[1], *map(joblib.load, sys.argv[2:])
mlflow.set_tracking_uri(runs)
with mlflow.start_run():
    logged = mlflow.sklearn.log_model(
        model,
        name="model",
        serialization_format="cloudpickle",
        signature=infer_signature(rows, model.predict(rows)),
        pip_requirements=["skfusion"],
        pyfunc_predict_fn="predict_proba",
    )
print(mlflow.artifacts.download_artifacts(logged.model_uri, dst_path=runs + "/served"))
"""

PREDICT = """
import json, sys
import joblib, mlflow

model = mlflow.pyfunc.load_model(sys.argv[1])
loaded = "tensorflow" in sys.modules
print(json.dumps([loaded, model.predict(joblib.load(sys.argv[2])).tolist()]))
"""


@pytest.fixture(scope="module")
def logged(model, rows, tmp_path_factory):
    """Where MLflow put the model, and the rows."""
    import joblib

    folder = tmp_path_factory.mktemp("mlflow")
    joblib.dump(rows[["image", *NUMBERS]], folder / "rows.joblib")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # a folder is enough for a test
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        place = run_python(LOG, folder / "runs", model[1], folder / "rows.joblib")
    return place, folder / "rows.joblib"


def test_pyfunc_on_a_data_frame(logged, expected):
    loaded, scores = json.loads(run_python(PREDICT, *logged))
    assert not loaded
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-6)


def test_models_serve(logged, rows, expected, tmp_path):
    """Columns of bytes are base64 in JSON, as MLflow does it for every model."""
    command = ["mlflow", "models", "serve", "--model-uri", logged[0], "--env-manager", "local"]
    command += ["--host", "127.0.0.1", "--port", "PORT"]
    records = [
        {**row, "image": base64.b64encode(row["image"]).decode()}
        for row in rows[["image", *NUMBERS]].to_dict("records")
    ]
    environment = {"MLFLOW_DISABLE_TELEMETRY": "true"}
    with running(command, environment, tmp_path / "log", ready="/ping") as address:
        body = {"dataframe_records": records}
        response = httpx.post(f"{address}/invocations", json=body, timeout=100)
        assert response.status_code == 200, response.text
        scores = response.json()["predictions"]
        np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-6)
        body["dataframe_records"][0]["image"] = base64.b64encode(b"no image").decode()
        response = httpx.post(f"{address}/invocations", json=body, timeout=100)
        assert response.status_code == 400
        assert "row 0" in response.text
