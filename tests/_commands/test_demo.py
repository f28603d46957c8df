"""The command line's demo, made short."""

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from skfusion import cli
from skfusion._commands import _demo_run


@pytest.fixture
def quick(monkeypatch):
    """The same demo with fewer candidates, epochs and folds."""
    search = {
        "features__image__cut_layer": ["dense"],
        "features__image__epochs": [1],
        "head": [LogisticRegression(max_iter=1000)],
    }
    monkeypatch.setattr(_demo_run, "SEARCH", search)
    monkeypatch.setattr(_demo_run, "N_SEARCHED", 1)
    monkeypatch.setattr(_demo_run, "EPOCHS", 1)
    monkeypatch.setattr(_demo_run, "FOLDS", StratifiedKFold(2))
    monkeypatch.setattr(_demo_run, "SEARCH_FOLDS", StratifiedKFold(2))


def test_it_scores_searches_saves_and_reloads(quick, tmp_path, capsys):
    out = tmp_path / "new" / "folder"
    assert cli.main(["demo", "--out", str(out)]) == 0
    shown = capsys.readouterr()
    for words in ("table only", "image only", "fused", "<- best", "predicts the same."):
        assert words in shown.out
    assert "Comparing sources" in shown.err  # the progress bar
    assert sorted(path.name for path in out.iterdir()) == ["model.joblib", "scores.png"]
    assert (out / "scores.png").read_bytes().startswith(b"\x89PNG")
    model = joblib.load(out / "model.joblib")
    assert model.predict(_demo_run.load_digits_iris().frame).shape == (150,)


def test_a_model_with_other_predictions_is_reported(quick, tmp_path, monkeypatch, capsys):
    rows = "predict_proba(joblib.load(rows))"
    service = _demo_run._SERVICE.replace(rows, f"{rows} * 0")
    monkeypatch.setattr(_demo_run, "_SERVICE", service)
    monkeypatch.setattr(_demo_run, "_compare_sources", lambda data: {"fused": np.ones(2)})
    assert cli.main(["demo", "--out", str(tmp_path)]) == 1
    assert "DIFFERENT VALUES" in capsys.readouterr().out


def test_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])
    assert capsys.readouterr().out.startswith("skfusion ")


def test_without_a_command():
    with pytest.raises(SystemExit, match="2"):
        cli.main([])
