"""TableEncoder computes what the encoders of scikit-learn compute from the same columns."""

import datetime

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skfusion import TableEncoder

N = 90
WORDS = ["knee", "hip", "rib", "jaw", "heel", "wrist", "elbow"]


def numbers(seed, share_missing=0.0):
    random = np.random.default_rng(seed)
    values = random.lognormal(2, 1, N)
    values[random.random(N) < share_missing] = np.nan
    return values


def words(seed, share_missing=0.0):
    """Return words, of which the last ones are rare."""
    random = np.random.default_rng(seed)
    cells = random.choice(WORDS, N, p=[0.4, 0.3, 0.15, 0.06, 0.05, 0.02, 0.02]).astype(object)
    cells[random.random(N) < share_missing] = np.nan
    return cells


def encode(train, new, **options):
    encoder = TableEncoder(id_columns=[], **options).fit(train)
    return encoder.get_feature_names_out().tolist(), encoder.transform(new)


# Numbers.


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("share_missing", [0.0, 0.2, 0.9])
def test_numbers_are_imputed_marked_and_scaled(seed, share_missing):
    train = pd.DataFrame({"dose": numbers(seed, share_missing)})
    new = pd.DataFrame({"dose": numbers(seed + 10, 0.0)})
    imputer = SimpleImputer(strategy="median", add_indicator=True).set_output(transform="pandas")
    reference = make_pipeline(imputer, StandardScaler()).fit(train)
    names, given = encode(train, new)
    assert names == reference.get_feature_names_out().tolist()
    np.testing.assert_allclose(given, reference.transform(new), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_weights_count_in_means_and_deviations(seed):
    random = np.random.default_rng(seed)
    train, weights = pd.DataFrame({"dose": numbers(seed)}), random.uniform(0.1, 3, N)
    encoder = TableEncoder(id_columns=[]).fit(train, sample_weight=weights)
    reference = StandardScaler().fit(train, sample_weight=weights)
    np.testing.assert_allclose(encoder.transform(train), reference.transform(train), rtol=1e-9)


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float32", "float64", "Int32"])
def test_every_type_of_number_has_the_same_scale(dtype):
    cells = np.random.default_rng(0).integers(0, 100, N)
    train = pd.DataFrame({"visits": pd.Series(cells, dtype=dtype)})
    _, given = encode(train, train)
    expected = StandardScaler().fit_transform(cells.reshape(-1, 1).astype(float))
    np.testing.assert_allclose(given, expected, rtol=1e-6, atol=1e-9)


# Categories.


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("min_frequency", [1, 2, 5, 12, 30])
def test_categories_are_those_of_one_hot_encoding(seed, min_frequency):
    train = pd.DataFrame({"site": words(seed)})
    new = pd.DataFrame({"site": np.array([*words(seed + 10), "toe"], dtype=object)})
    reference = OneHotEncoder(
        min_frequency=min_frequency, handle_unknown="infrequent_if_exist", sparse_output=False
    ).fit(train)
    names, given = encode(train, new, min_frequency=min_frequency)
    assert names == reference.get_feature_names_out().tolist()
    np.testing.assert_array_equal(given, reference.transform(new))


@pytest.mark.parametrize("seed", [0, 1])
def test_missing_categories_are_the_last_value(seed):
    train = pd.DataFrame({"site": words(seed, share_missing=0.3)})
    reference = OneHotEncoder(sparse_output=False, handle_unknown="ignore").fit(train)
    names, given = encode(train, train, min_frequency=1)
    assert names == reference.get_feature_names_out().tolist()
    assert names[-1] == "site_nan"
    np.testing.assert_array_equal(given, reference.transform(train))


@pytest.mark.parametrize("min_frequency", [1, 7.5, 20])
def test_rare_categories_are_those_of_little_weight(min_frequency):
    """A row of weight 2 counts as two rows; scikit-learn has no weights for this."""
    cells, weights = words(3), np.random.default_rng(3).integers(1, 4, N)
    train = pd.DataFrame({"site": cells})
    totals = pd.Series(weights).groupby(cells).sum()
    rare = totals[totals < min_frequency]
    encoder = TableEncoder(id_columns=[], min_frequency=int(np.ceil(min_frequency)))
    names = encoder.fit(train, sample_weight=weights).get_feature_names_out().tolist()
    expected = [f"site_{word}" for word in sorted(totals.index.difference(rare.index))]
    assert names == expected + ["site_infrequent_sklearn"] * bool(len(rare))


def test_whole_numbers_of_a_category_have_names_without_fractions():
    train = pd.DataFrame({"grade": pd.Categorical([2.0, 1.0, 2.0, 10.0, 1.5])})
    names, given = encode(train, train, min_frequency=1)
    assert sorted(names) == ["grade_1", "grade_1.5", "grade_10", "grade_2"]
    np.testing.assert_array_equal(given.sum(axis=1), 1)


# Text.


@pytest.mark.parametrize("n_components", [1, 3, 6])
def test_text_is_latent_semantic_analysis(n_components):
    """Up to the signs of the components, which the two decompositions may choose otherwise."""
    random = np.random.default_rng(0)
    texts = [f"{' '.join(random.choice(WORDS, 5))} {i % 7}" for i in range(N)]
    counter = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), min_df=2)
    reference = make_pipeline(
        counter, TruncatedSVD(n_components, algorithm="arpack", random_state=0), StandardScaler()
    ).fit_transform(texts)
    train = pd.DataFrame({"note": texts})
    names, given = encode(train, train, text_components=n_components)
    assert names == [f"note_text_{i:02d}" for i in range(n_components)]
    signs = np.sign((given * reference).sum(axis=0))
    np.testing.assert_allclose(given[:, 0] * signs[0], reference[:, 0], atol=0.02)
    for one, other in zip(given.T * signs[:, None], reference.T, strict=True):
        assert np.corrcoef(one, other)[0, 1] > 0.95


def test_the_number_of_components_is_bounded_by_the_texts():
    texts = [f"word {'abcdefgh'[i % 8]}{'ijklmnop'[i // 8]}" for i in range(40)]
    names, _ = encode(pd.DataFrame({"note": texts}), pd.DataFrame({"note": texts}))
    groups = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), min_df=2).fit(texts)
    assert len(names) == min(15, len(groups.get_feature_names_out()) - 1, 39)


# Dates.


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_dates_are_years_season_and_weekday(seed):
    random = np.random.default_rng(seed)
    days = [
        datetime.date(1950, 1, 1) + datetime.timedelta(int(d))
        for d in random.integers(0, 30_000, N)
    ]
    epoch = datetime.date(1970, 1, 1)
    angles = np.array([2 * np.pi * (day.timetuple().tm_yday - 1) / 365.25 for day in days])
    parts = np.column_stack(
        [
            [(day - epoch).days / 365.25 for day in days],
            np.sin(angles),
            np.cos(angles),
            [day.weekday() for day in days],
        ]
    )
    train = pd.DataFrame({"born": days})
    names, given = encode(train, train)
    assert names == ["born_years", "born_year_sine", "born_year_cosine", "born_weekday"]
    np.testing.assert_allclose(given, StandardScaler().fit_transform(parts), atol=1e-9)


def test_weights_count_in_the_parts_of_dates():
    weights = np.random.default_rng(0).integers(0, 4, N)
    train = pd.DataFrame({"born": pd.date_range("2001-05-04", periods=N, freq="41D")})
    given = TableEncoder().fit(train, sample_weight=weights).transform(train)
    repeated = TableEncoder().fit(train.iloc[np.repeat(np.arange(N), weights)])
    np.testing.assert_allclose(given, repeated.transform(train), rtol=1e-9, atol=1e-9)


def test_the_time_of_the_day_is_a_part_of_the_years():
    days = pd.DataFrame({"seen": pd.to_datetime(["2020-01-01 00:00", "2020-01-01 12:00"] * 3)})
    _, given = encode(days, days)
    assert given[1, 0] - given[0, 0] == pytest.approx(2)
    np.testing.assert_array_equal(given[:, 1:], 0)  # one day of the year, one weekday


# All kinds together.


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_columns_are_side_by_side_in_the_order_of_the_table(seed):
    train = pd.DataFrame(
        {
            "site": words(seed),
            "dose": numbers(seed, 0.1),
            "side": words(seed + 1, 0.1),
            "visits": np.random.default_rng(seed).integers(0, 9, N),
        }
    )
    categories = OneHotEncoder(min_frequency=3, sparse_output=False)
    measured = Pipeline(
        [
            ("impute", SimpleImputer(strategy="median", add_indicator=True)),
            ("scale", StandardScaler()),
        ]
    )
    reference = ColumnTransformer(
        [
            ("site", categories, ["site"]),
            ("dose", measured, ["dose"]),
            ("side", categories, ["side"]),
            ("visits", measured, ["visits"]),
        ],
        verbose_feature_names_out=False,
    )
    expected = reference.fit_transform(train)
    names, given = encode(train, train)
    assert names == reference.get_feature_names_out().tolist()
    np.testing.assert_allclose(given, expected, rtol=1e-9, atol=1e-12)
