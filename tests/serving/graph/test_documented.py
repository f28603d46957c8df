"""The code of the page on graphs runs."""

import re
from pathlib import Path

import numpy as np

from tests.graph_for_tests import metadata, need_graphs, onnx

need_graphs()

PAGE = Path(__file__).parents[3] / "docs" / "onnx_graph.rst"


def test_the_code_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"code-block:: python\n\n((?:   .*\n|\n)+)", text)
    names = {}
    for block in blocks:
        exec(re.sub(r"^   ", "", block, flags=re.MULTILINE), names)
    assert names["label"].shape == (1,)
    assert np.isfinite(names["probabilities"]).all()
    facts = metadata(onnx.load(tmp_path / "model.onnx"))
    assert set(facts) == {key for key in facts if f"`{key}`" in text}
    kinds = {key for each in facts["inputs"] for key in each}
    assert {key for key in kinds if f"`{key}`" not in text} == set()
