"""A hundred tasks, made up from five sets of images."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans


@dataclass(frozen=True)
class Task:
    """A table, its images' features and the target of all rows, of which `n_rows` are learned."""

    table: pd.DataFrame
    features: np.ndarray
    y: np.ndarray
    n_rows: int
    groups: np.ndarray | None = None
    is_ordered: bool = False

    @property
    def is_classifier(self):
        return self.y.dtype.kind not in "f"


# Problems are tables, features and targets of whole sets.


def make_tasks(data, embed):
    """Return tasks by "set kind problem rows"."""
    problems = {**oasis(data, embed), **fashion(data, embed), **leaf(data, embed)}
    problems |= labelled_folders(data, embed)
    makers = (subsets, other_images, noise_images, noise_tables, shuffled, weakened, trends)
    tasks = {}
    for maker in makers:
        tasks |= maker(problems)
    return tasks | grouped(data, embed) | prices(problems)


def oasis(data, embed):
    rows = pd.read_csv(data / "oasis1" / "oasis1.csv")
    views = ["image_axial", "image_coronal", "image_sagittal"]
    features = np.hstack([embed(data / "oasis1", rows[view]) for view in views])
    person, volumes = ["M/F", "Age", "Educ", "SES"], ["eTIV", "nWBV", "ASF"]
    dementia = rows["dementia"].to_numpy()
    return {
        "oasis dementia": (rows[person + volumes], features, dementia),
        "oasis person": (rows[person], features, dementia),
        "oasis tested": (rows[[*person, *volumes, "MMSE"]], features, dementia),
        "oasis sex": (rows[["Age", "Educ", "SES", "nWBV"]], features, rows["M/F"].to_numpy()),
        "oasis age": (rows[["M/F", "Educ", "MMSE", *volumes]], features, floats(rows["Age"])),
        "oasis nWBV": (rows[[*person, "MMSE"]], features, 100 * floats(rows["nWBV"])),
    }


def fashion(data, embed):
    rows = pd.read_csv(data / "fashion_products" / "styles.csv")
    rows = rows[rows["gender"].isin(["Men", "Women"]) & rows["season"].notna()]
    rows = rows[rows["masterCategory"].isin(["Apparel", "Accessories", "Footwear"])]
    rows = rows[rows["year"].notna()].reset_index(drop=True)
    features = embed(data / "fashion_products", rows["image"])
    kind = ["masterCategory", "subCategory", "baseColour", "usage"]
    gender = ["masterCategory", "baseColour", "season", "year", "usage"]
    return {
        "fashion gender": (rows[gender], features, rows["gender"].to_numpy()),
        "fashion season": (rows[["gender", "year", *kind]], features, rows["season"].to_numpy()),
        "fashion category": (
            rows[["gender", "baseColour", "season", "year", "usage"]],
            features,
            rows["masterCategory"].to_numpy(),
        ),
        "fashion year": (rows[["gender", "season", *kind]], features, floats(rows["year"])),
    }


def leaf(data, embed):
    rows = pd.read_csv(data / "leaf" / "leaf.csv")
    features = embed(data / "leaf", rows["image"])
    genus = rows["species"].str.split("_").str[0]
    common = genus.isin(genus.value_counts().index[:4]).to_numpy()
    few, many = ([f"margin{i}" for i in range(1, stop)] for stop in (7, 33))
    oak = (genus == "Quercus").to_numpy().astype(int)
    texture = floats(rows["texture1"] + rows["texture9"] + rows["texture20"])
    return {
        "leaf oak": (rows[many], features, oak),
        "leaf oak6": (rows[few], features, oak),
        "leaf genus": (rows[many][common], features[common], genus.to_numpy()[common]),
        "leaf texture": (rows[many], features, 100 * texture),
    }


def labelled_folders(data, embed):
    """Sets without a table: its columns are the label, with noise."""
    problems, generator = {}, np.random.default_rng(0)
    for name in ("flowers", "hymenoptera"):
        rows = pd.read_csv(data / name / "labels.csv")
        features, y = embed(data / name, rows["image"]), rows["label"].to_numpy()
        for strength, title in ((0.5, "weak"), (2.0, "strong")):
            problems[f"{name} {title}"] = (noisy_label(y, strength, generator), features, y)
    return problems


def noisy_label(y, strength, generator):
    codes = np.eye(len(np.unique(y)))[np.unique(y, return_inverse=True)[1]]
    columns = strength * codes + generator.normal(size=codes.shape)
    return pd.DataFrame(columns).add_prefix("measured_")


def floats(column):
    return column.to_numpy(float)


def fitting(problem, sizes):
    """Return the sizes that leave a fifth of the rows to predict."""
    return [n_rows for n_rows in sizes if n_rows <= 0.8 * len(problem[2])]


def subsets(problems):
    return {
        f"{name.replace(' ', ' plain ', 1)} {n_rows}": Task(*problem, n_rows)
        for name, problem in problems.items()
        for n_rows in fitting(problem, (80, 150, 400))
    }


def other_images(problems):
    tasks = {}
    sizes = {"oasis tested": (80, 109, 150), "oasis dementia": (109,), "fashion season": (109, 300)}
    sizes |= {"fashion gender": (80, 109, 301), "fashion year": (109, 300), "leaf oak": (109, 301)}
    sizes |= {"oasis age": (109,), "leaf genus": (109,), "hymenoptera strong": (80, 200)}
    for name, chosen in sizes.items():
        table, features, y = problems[name]
        order = np.random.default_rng(1).permutation(len(y))
        for n_rows in chosen:
            title = f"{name.replace(' ', ' others ', 1)} {n_rows}"
            tasks[title] = Task(table, features[order], y, n_rows)
    return tasks


def noise_images(problems):
    tasks = {}
    for name in ("oasis tested", "fashion gender", "fashion year", "hymenoptera strong"):
        table, features, y = problems[name]
        noise = np.random.default_rng(2).normal(size=features.shape).astype(np.float32)
        for n_rows in (90, 150):
            title = f"{name.replace(' ', ' noise ', 1)} {n_rows}"
            tasks[title] = Task(table, noise, y, n_rows)
    return tasks


def noise_tables(problems):
    tasks = {}
    names = ("oasis nWBV", "oasis sex", "fashion gender", "leaf oak", "leaf texture")
    for name in (*names, "flowers weak", "hymenoptera weak"):
        _, features, y = problems[name]
        noise = np.random.default_rng(3).normal(size=(len(y), 10))
        for n_rows in fitting(problems[name], (90, 200)):
            title = f"{name.replace(' ', ' noisetable ', 1)} {n_rows}"
            tasks[title] = Task(pd.DataFrame(noise).add_prefix("noise_"), features, y, n_rows)
    return tasks


def shuffled(problems):
    """Targets shuffled within strata of a column: nothing else holds information."""
    tasks = {}
    columns = {"oasis tested": "MMSE", "fashion gender": "masterCategory", "fashion season": "year"}
    columns |= {"fashion year": "season", "oasis nWBV": "Age", "leaf oak": None}
    columns |= {"fashion category": None}  # None: strata of images that look alike
    for name, column in columns.items():
        table, features, y = problems[name]
        if column is None:
            strata = KMeans(8, n_init=1, random_state=0).fit_predict(features)
        else:
            strata = pd.factorize(table[column])[0]
        generator = np.random.default_rng(4)
        y = y.copy()
        for stratum in np.unique(strata):
            y[strata == stratum] = generator.permutation(y[strata == stratum])
        for n_rows in fitting(problems[name], (120, 300)):
            title = f"{name.replace(' ', ' strata ', 1)} {n_rows}"
            tasks[title] = Task(table, features, y, n_rows)
    return tasks


def weakened(problems):
    """A third of the images are those of other rows, and a fifth of the targets too."""
    tasks = {}
    names = ("oasis nWBV", "fashion gender", "fashion season", "leaf oak", "flowers weak")
    for name in (*names, "hymenoptera weak", "fashion year"):
        table, features, y = problems[name]
        generator = np.random.default_rng(5)
        features, y = swap(features, 1 / 3, generator), swap(y, 1 / 5, generator)
        for n_rows in fitting(problems[name], (100, 300)):
            title = f"{name.replace(' ', ' weakened ', 1)} {n_rows}"
            tasks[title] = Task(table, features, y, n_rows)
    return tasks


def swap(values, share, generator):
    chosen = np.flatnonzero(generator.random(len(values)) < share)
    values = values.copy()
    values[chosen] = values[generator.permutation(chosen)]
    return values


def trends(problems):
    """Rows in order of time: the target drifts by two standard deviations."""
    tasks = {}
    for name in ("oasis nWBV", "oasis age", "fashion year", "leaf texture"):
        table, features, y = problems[name]
        order = np.random.default_rng(6).permutation(len(y))
        time = np.arange(len(y)) / len(y)
        table = table.iloc[order].reset_index(drop=True).assign(day=1000 * time)
        y = y[order] + 2 * y.std() * time
        for n_rows in fitting(problems[name], (100,)):
            title = f"{name.replace(' ', ' trend ', 1)} {n_rows}"
            tasks[title] = Task(table, features[order], y, n_rows, is_ordered=True)
    return tasks


def grouped(data, embed):
    """Rows of one person, or species, belong together, and new ones are predicted."""
    tasks = {}
    rows = pd.read_csv(data / "oasis1" / "oasis1.csv")
    views = ["image_axial", "image_coronal", "image_sagittal"]
    features = np.vstack([embed(data / "oasis1", rows[view]) for view in views])
    rows, person = pd.concat([rows] * 3), np.tile(np.arange(len(rows)), 3)
    columns = ["M/F", "Educ", "SES", "eTIV"]
    for name, y in (("dementia", rows["dementia"].to_numpy()), ("age", floats(rows["Age"]))):
        for n_rows in (120, 300):
            tasks[f"oasis groups {name} {n_rows}"] = Task(
                rows[columns], features, y, n_rows, person
            )
    rows = pd.read_csv(data / "leaf" / "leaf.csv")
    features, species = embed(data / "leaf", rows["image"]), pd.factorize(rows["species"])[0]
    margin = rows[[f"margin{i}" for i in range(1, 17)]]
    oak = rows["species"].str.startswith("Quercus").to_numpy().astype(int)
    shape = 1e3 * floats(rows[[f"shape{i}" for i in range(1, 17)]].std(axis=1))
    for name, y in (("oak", oak), ("shape", shape)):
        for n_rows in (200, 400):
            tasks[f"leaf groups {name} {n_rows}"] = Task(margin, features, y, n_rows, species)
    return tasks


def prices(problems):
    """Made-up prices with a long tail, of what the table and an image hold."""
    table, features, year = problems["fashion year"]
    generator = np.random.default_rng(7)
    axes = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)[0][:, :8]
    seen = standardize(axes @ generator.normal(size=8))
    brand = pd.factorize(table["subCategory"])[0]
    read = standardize(generator.normal(size=brand.max() + 1)[brand] + standardize(year))
    tasks = {}
    for title, share in (("both", 0.6), ("table", 0.0)):
        logs = read + share * seen + 0.6 * generator.normal(size=len(read))
        price = np.round(20 * np.exp(logs), 2)
        for n_rows in (80, 130, 200, 400):
            columns = table.assign(year=year)
            tasks[f"fashion prices {title} {n_rows}"] = Task(columns, features, price, n_rows)
    return tasks


def standardize(values):
    return (values - values.mean()) / values.std()
