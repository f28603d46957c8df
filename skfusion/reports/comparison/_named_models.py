"""NamedModels: the estimators that names of sources and strategies stand for."""

from sklearn.base import clone, is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skfusion.fusion._open_options import make_embedder, set_open_options
from skfusion.reports.comparison._candidate import Candidate
from skfusion.tabular._column_roles import ColumnRoles
from skfusion.tabular._table_encoder import TableEncoder

# What a comparison of a single fusion consists of.
DEFAULT_NAMES = ("table", "image", "early", "late", "stacked", "auto", "concat")


class NamedModels:
    """Make the estimators that names of sources and strategies stand for.

    Parameters
    ----------
    fusion : FusionClassifier or FusionRegressor
        Its embedder, models and options are those of all estimators.

    table : DataFrame
        All rows. Which columns hold images, and which identify rows, is found once.

    seed : int
        The random state, if the fusion has none.
    """

    def __init__(self, fusion, table, seed):
        self.fusion = clone(fusion)
        if fusion.random_state is None:
            self.fusion.set_params(random_state=seed)
        self.seed = seed
        self.roles = ColumnRoles.of(table, fusion.image_columns, fusion.id_columns)

    @staticmethod
    def list_names(fusion):
        """Return all names."""
        (strategies,) = fusion._parameter_constraints["strategy"]
        return ["table", "image", *sorted(strategies.options), "concat", "constant"]

    def make(self, label, name):
        """Return the candidate of a name, with the label of the user."""
        needed = {"table": ("table",), "image": ("image",), "constant": ()}
        for source in needed.get(name, ("table", "image")):
            if not getattr(self.roles, source):
                kind = "column of images" if source == "image" else "column beside its images"
                raise ValueError(
                    f"{name!r} needs a {kind}, and X has none: its columns of images are "
                    f"{self.roles.image}, the others {self.roles.table}. Leave {name!r} out, or "
                    "name the columns in image_columns of the fusion."
                )
        both = [*self.roles.table, *self.roles.image]
        if name == "constant":
            return Candidate(label, self._make_constant(), both, "none")
        if name == "concat":
            return Candidate(label, self._make_concat(), both, "both")
        if name in ("table", "image"):
            options = {"strategy": "auto", "image_columns": [], "id_columns": []}
            if name == "image":
                options["image_columns"] = self.roles.image
            fusion = clone(self.fusion).set_params(**options)
            return Candidate(label, fusion, getattr(self.roles, name), name)
        fusion = clone(self.fusion).set_params(
            strategy=name, image_columns=self.roles.image, id_columns=[]
        )
        return Candidate(label, fusion, both, "both")

    def _make_constant(self):
        if is_classifier(self.fusion):
            return DummyClassifier(strategy="prior")
        return DummyRegressor()

    def _make_concat(self):
        """Return one linear model of all columns side by side, standardized."""
        task = "classification" if is_classifier(self.fusion) else "regression"
        given = self.fusion.embedder
        given = list(given.values()) if isinstance(given, dict) else given
        parts = []
        for number, each in enumerate(given if isinstance(given, list) else [given]):
            embedder = make_embedder(each, self.fusion.cache)
            set_open_options(embedder, task=task, cv=5, seed=self.seed)
            parts.append((f"image_{number}", embedder, self.roles.image))
        table = self.fusion.table_transformer
        table = TableEncoder(id_columns=[]) if table is None else clone(table)
        columns = ColumnTransformer([("table", table, self.roles.table), *parts])
        model = LogisticRegression(max_iter=2000) if task == "classification" else Ridge()
        return Pipeline(
            [
                ("columns", columns),
                ("impute", SimpleImputer(keep_empty_features=True)),
                ("scale", StandardScaler()),
                ("model", model),
            ]
        )
