"""audit: planted leaks are found: groups, facts that are no pixels, columns, quality."""

import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion import audit
from tests.dicom_for_tests import make_dicom
from tests.encoded_images import encoded
from tests.reports.audit.audit_rows import (
    exif,
    find,
    make_arrays,
    make_image,
    make_rows,
    one,
    patients,
    rewrite,
)


@pytest.fixture
def rows(tmp_path):
    return make_rows(tmp_path / "photos")


def grave(report):
    some = report.findings[report.findings["severity"] == "grave"]
    return some[["kind", "subject"]].values.tolist()


def test_rows_without_a_leak(rows):
    found = audit(*rows, random_state=0)
    assert grave(found) == []
    assert one(found, "column predicts the target well")["subject"] == "age"


def test_the_size_of_files(rows):
    X, y = rows
    rewrite(X["photo"], lambda row, im: (im, {"quality": 90, "comment": b"." * (800 * y[row])}))
    found = audit(X, y, random_state=0)
    assert grave(found) == [["fact predicts the target", "bytes"]]
    finding = one(found, "fact predicts the target")
    assert "So do bytes per pixel." in finding["evidence"]
    assert "p = 0.003" in finding["evidence"]
    assert re.search(r"median \d\.\d kB in class 0, \d\.\d kB in class 1", finding["evidence"])
    assert "Encode all" in finding["remedy"]


def test_the_quality_of_jpeg(rows):
    X, y = rows
    rewrite(X["photo"], lambda row, im: (im, {"quality": 60 if y[row] else 90}))
    finding = one(audit(X, y, random_state=0), "fact predicts the target")
    assert finding["subject"] == "compression"
    assert finding["severity"] == "grave"
    assert "explains 99%" in finding["evidence"]
    assert "JPEG quality of about 90 has 100% 0" in finding["evidence"]
    assert "JPEG quality of about 60 has 100% 1" in finding["evidence"]


def test_the_camera(rows):
    X, y = rows
    cameras = np.where(y ^ (np.arange(len(y)) % 10 == 0), "A1", "B2")
    rewrite(X["photo"], lambda row, im: (im, {"quality": 90, "exif": exif(model=cameras[row])}))
    found = audit(X, y, random_state=0)
    assert grave(found) == [["fact predicts the target", "EXIF Model"]]
    assert "'A1' has" in one(found, "fact predicts the target")["evidence"]


def test_software_that_only_some_files_name(rows):
    X, y = rows
    rewrite(
        X["photo"],
        lambda row, im: (
            im,
            {"quality": 90} | ({"exif": exif(software="Edit 3")} if y[row] else {}),
        ),
    )
    subject, others = one(audit(X, y, random_state=0), "fact predicts the target")[
        ["subject", "evidence"]
    ]
    assert "EXIF Software" in subject + others


def test_missing_images(rows):
    X, y = rows
    X.loc[(y == 1) & (np.arange(len(y)) % 2 == 0), "photo"] = None
    found = audit(X, y, random_state=0)
    assert grave(found) == [["fact predicts the target", "missing image"]]
    assert "leave out rows without one" in one(found, "fact predicts the target")["remedy"]
    assert find(found, "images are missing").iloc[0]["severity"] == "note"


def test_a_size_that_only_one_class_has(rows):
    X, y = rows
    rewrite(X["photo"], lambda row, im: (im.resize((48, 48 - 8 * y[row])), {"quality": 90}))
    finding = one(audit(X, y, random_state=0), "fact predicts the target")
    assert finding["subject"] in ("height", "aspect", "pixels")
    assert {"height", "aspect", "pixels"} <= set(
        finding["evidence"].replace(".", ",").replace(", ", " ").split()
    )


def test_a_word_in_the_names(rows, tmp_path):
    X, y = rows
    names = []
    for row, path in enumerate(X["photo"]):
        word = "siteA" if (y[row] == 1) ^ (row % 12 == 0) else "siteB"
        names.append(str(tmp_path / f"{word}_{row * 7919 % 1000:04d}x.jpg"))
        with Image.open(path) as image:
            image.save(names[-1], quality=90)
    found = audit(X.assign(photo=names), y, random_state=0)
    assert grave(found) == [["fact predicts the target", "name has 'sitea'"]]


def test_folders_that_are_the_classes(tmp_path):
    random = np.random.default_rng(0)
    paths, y = [], np.array(["ants", "bees"])[np.arange(40) % 2]
    for label in y:
        (tmp_path / label).mkdir(exist_ok=True)
        paths.append(str(tmp_path / label / f"{random.integers(2**32):08x}.png"))
        Image.fromarray(make_image(random, size=24)).save(paths[-1])
    found = audit(pd.DataFrame({"photo": paths}), y, random_state=0)
    assert not found.is_grave
    finding = one(found, "fact predicts the target", "folder")
    assert finding["severity"] == "note"


def test_a_folder_that_is_no_class_but_gives_it_away(tmp_path):
    random = np.random.default_rng(0)
    y, paths = np.arange(40) % 2, []
    for label in y:
        folder = tmp_path / f"scanner{label}"
        folder.mkdir(exist_ok=True)
        paths.append(str(folder / f"{random.integers(2**32):08x}.png"))
        Image.fromarray(make_image(random, size=24)).save(paths[-1])
    found = audit(pd.DataFrame({"photo": paths}), y, random_state=0)
    assert grave(found) == [["fact predicts the target", "folder"]]


def test_patients_by_the_names_of_their_files(tmp_path):
    X, y = patients(tmp_path)
    found = audit(X.drop(columns="owner"), y, random_state=0)
    assert grave(found) == [["groups in two folds", "start of the file names"]]
    finding = one(found, "groups in two folds")
    assert "more alike than others" in finding["evidence"]
    owners = X["owner"].to_numpy()
    assert len(np.unique(found.groups)) == 30
    for group in np.unique(found.groups):
        assert len(np.unique(owners[found.groups == group])) == 1


def test_names_that_mean_nothing(tmp_path):
    """Pairs of names that begin alike, of rows that have nothing in common."""
    X, y = patients(tmp_path)
    order = np.random.default_rng(5).permutation(len(y))
    for path, image in zip(
        X["photo"], [Image.open(p).copy() for p in X["photo"][order]], strict=True
    ):
        image.save(path)
    found = audit(X.drop(columns="owner"), y[order], random_state=0)
    assert not found.is_grave
    assert one(found, "possible groups in two folds")["severity"] == "note"
    assert len(np.unique(found.groups)) == len(y)


@pytest.mark.parametrize("name", ["patient", "Patient ID", "subject_id", "case_no", "mrn"])
def test_patients_by_a_column(name, tmp_path):
    X, y = make_arrays()
    X[name] = np.arange(40) // 2
    finding = one(audit(X, y, random_state=0), "groups in two folds", f"column {name!r}")
    assert finding["severity"] == "grave"


@pytest.mark.parametrize("name", ["age", "outpatients", "subjective"])
def test_columns_that_are_no_patients(name):
    X, y = make_arrays()
    X[name] = np.arange(40) // 2
    assert find(audit(X, y, random_state=0), "groups in two folds").empty


def test_patients_by_dicom_tags(tmp_path):
    random = np.random.default_rng(0)
    paths = []
    for row in range(12):
        pixels = np.uint16(make_image(random, size=16)[..., 0])
        dataset = make_dicom(pixels)
        dataset.PatientID, dataset.Manufacturer = f"P{row // 2}", "M"
        paths.append(str(tmp_path / f"{row * 7919 % 997:03x}.dcm"))
        dataset.save_as(paths[-1], enforce_file_format=True)
    found = audit(pd.Series(paths, name="scan"), np.arange(12) // 2 % 2, cv=2, random_state=0)
    finding = one(found, "groups in two folds", "DICOM PatientID")
    assert finding["severity"] == "grave"
    assert found.groups.tolist() == (np.arange(12) // 2).tolist()


def test_one_camera_in_one_minute(rows):
    X, y = rows

    def change(row, image):
        time = f"2026:01:01 10:{row // 2:02d}:{row % 2 * 20:02d}"
        return image, {"quality": 90, "exif": exif(serial="C7", time=time)}

    rewrite(X["photo"], change)
    found = audit(X, y, random_state=0)
    finding = one(found, "groups in two folds", "EXIF serial number and minute")
    assert finding["severity"] == "grave"
    assert found.groups.tolist() == (np.arange(len(y)) // 2).tolist()


def test_equal_rows_of_the_table():
    X, y = make_arrays()
    X = X.assign(weight=X["age"] * 2, height=X["age"] + 1)
    X.loc[7, ["age", "weight", "height"]] = X.loc[3, ["age", "weight", "height"]]
    found = audit(X, y, cv=[(np.arange(5, 40), np.arange(5))], random_state=0)
    finding = one(found, "groups in two folds", "equal rows of the table")
    assert finding["rows"] == [3, 7]
    assert found.groups[3] == found.groups[7]


def test_tables_of_few_categories_have_equal_rows_by_chance():
    X, y = make_arrays()
    X = X[["scan"]].assign(a=np.arange(40) % 2, b=np.arange(40) % 3, c=1)
    assert find(audit(X, y, random_state=0), "groups in two folds").empty


def test_a_column_that_is_the_target():
    X, y = make_arrays()
    found = audit(X.assign(result=np.where(y, "sick", "well")), y, random_state=0)
    assert grave(found) == [["column nearly is the target", "result"]]


def test_many_rows_have_fewer_permutations(monkeypatch):
    X, y = make_arrays()
    X = X.assign(result=y)
    assert (
        "p = 0.003" in one(audit(X, y, random_state=0), "column nearly is the target")["evidence"]
    )
    monkeypatch.setattr("skfusion.reports.audit._permutation._MANY_ROWS", 30)
    assert (
        "p = 0.010" in one(audit(X, y, random_state=0), "column nearly is the target")["evidence"]
    )


def test_a_column_that_may_come_after_the_target():
    X, y = make_arrays()
    noisy = np.where(np.arange(40) % 7 == 0, 1 - y, y)
    found = audit(X.assign(discharge_code=noisy), y, random_state=0)
    finding = one(found, "column may come after the target")
    assert (finding["subject"], finding["severity"]) == ("discharge_code", "minor")
    found = audit(X.assign(height=noisy), y, random_state=0)
    assert one(found, "column predicts the target well")["severity"] == "note"


def test_missing_values_that_predict_the_target():
    X, y = make_arrays()
    random = np.random.default_rng(0)
    X["grading"] = np.where(y == 1, random.normal(size=40), np.nan)
    found = audit(X, y, random_state=0)
    assert grave(found) == [["missing values predict the target", "whether grading is missing"]]
    X.loc[::8, "grading"] = np.where(y[::8] == 1, np.nan, 0.5)
    found = audit(X, y, random_state=0)
    assert one(found, "missing values predict the target")["severity"] == "grave"


def test_a_column_that_is_the_target_and_has_missing_values():
    X, y = make_arrays()
    X["grading"] = np.where((y == 1) & (np.arange(40) % 3 > 0), np.nan, y)
    found = audit(X, y, random_state=0)
    assert grave(found) == [["column nearly is the target", "grading"]]


def test_one_fact_is_one_fact():
    y = np.arange(40) % 2
    random = np.random.default_rng(0)
    scans = [random.integers(0, 256, (16, 16 + 4 * label), dtype=np.uint8) for label in y]
    X = pd.DataFrame({"scan": scans, "result": y})
    finding = one(audit(X, y, random_state=0), "column nearly is the target")
    assert "corrected for 1 column)" in finding["evidence"]


def test_a_constant_column_is_no_finding():
    X, y = make_arrays()
    assert not audit(X.assign(site="A", empty=np.nan), y, random_state=0).is_grave


def test_dark_bright_blurred_and_odd_images():
    random = np.random.default_rng(0)
    cells = [random.integers(0, 256, (40, 40), dtype=np.uint8) for _ in range(40)]
    cells[0] = cells[0] // 20
    cells[1] = 255 - cells[1] // 20
    smooth = make_image(random, size=40, smoothness=9)[..., 0]
    cells[2] = smooth
    cells[3] = random.integers(0, 256, (20, 160), dtype=np.uint8)
    cells[4] = random.integers(0, 256, (200, 200), dtype=np.uint8)
    found = audit(cells, np.arange(40) % 2, cv=2, random_state=0)
    for kind, row in {"dark": 0, "bright": 1, "blurred": 2, "odd aspect": 3, "odd size": 4}.items():
        finding = one(found, f"{kind} images")
        assert row in finding["rows"], kind
        assert len(finding["rows"]) <= 2, kind
        assert finding["severity"] == "note"


def test_images_that_can_not_be_read(tmp_path):
    X, y = make_rows(tmp_path, n_rows=12)
    for row in (2, 5):
        with open(X["photo"][row], "wb") as file:
            file.write(b"no image")
    finding = one(audit(X, y, cv=2, random_state=0), "images can't be read")
    assert finding["rows"] == [2, 5]
    assert "Unreadable images: 2 of 12, such as row 2" in finding["evidence"]
    assert 'corrupt="missing"' in finding["remedy"]


def test_bytes_and_odd_headers():
    """A header that says nothing is no error."""
    random = np.random.default_rng(0)
    cells = [encoded(make_image(random, size=24), dpi=(72, 72)) for _ in range(6)]
    cells[0] = Image.fromarray(make_image(random, size=24))
    assert not audit(cells, np.arange(6) % 2, cv=2, random_state=0).is_grave
