"""Shard: some rows of features in a Parquet file that shows whether it is complete."""

import io
import json
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from skfusion.io._parquet import import_pyarrow

_KEY = b"skfusion_shard"
VERSION = 1


@dataclass
class Shard:
    """The features of some rows.

    Parameters
    ----------
    rows : ndarray of shape (n_rows,), int64
        The positions of the rows in the table.

    ids : list of str
        Their ids.

    contents : list of (str or None)
        Hexadecimal digests of their images; None where an image is missing or can't be read.

    features : ndarray of shape (n_rows, n_features), float32
        The features.

    labels : list or None, default=None
        The target of the rows.
    """

    rows: np.ndarray
    ids: list[str]
    contents: list[str | None]
    features: np.ndarray
    labels: list[object] | None = None

    def encode(self, job):
        """Return the bytes of a Parquet file.

        Parameters
        ----------
        job : str
            A digest of what the features were computed from.
        """
        pyarrow, parquet = import_pyarrow()
        features = np.ascontiguousarray(self.features, dtype=np.float32)
        width = features.shape[1]
        columns = {
            "row": pyarrow.array(self.rows, pyarrow.int64()),
            "id": pyarrow.array(self.ids, pyarrow.string()),
            "content": pyarrow.array(self.contents, pyarrow.string()),
        }
        if self.labels is not None:
            columns["label"] = pyarrow.array(self.labels)
        columns["features"] = pyarrow.FixedSizeListArray.from_arrays(
            pyarrow.array(features.ravel(), pyarrow.float32(), from_pandas=False), width
        )
        about = {"version": VERSION, "job": job, "digest": self._digest()}
        table = pyarrow.table(columns).replace_schema_metadata({_KEY: json.dumps(about)})
        buffer = io.BytesIO()
        parquet.write_table(table, buffer)
        return buffer.getvalue()

    @classmethod
    def decode(cls, content, job=None):
        """Return the Shard of a file; None if the file is damaged or of another job.

        Parameters
        ----------
        content : bytes
            The bytes of the file.

        job : str or None, default=None
            What the features must have been computed from; None accepts all.
        """
        pyarrow, parquet = import_pyarrow()
        try:
            table = parquet.read_table(io.BytesIO(content), partitioning=None)
            about = json.loads((table.schema.metadata or {})[_KEY])
            flat = table["features"].combine_chunks()
            features = flat.flatten().to_numpy().reshape(table.num_rows, flat.type.list_size)
            shard = cls(
                table["row"].to_numpy(),
                table["id"].to_pylist(),
                table["content"].to_pylist(),
                features,
                table["label"].to_pylist() if "label" in table.column_names else None,
            )
        except (pyarrow.ArrowException, OSError, KeyError, ValueError, TypeError):
            return None
        intact = about["version"] == VERSION and about["digest"] == shard._digest()
        return shard if intact and job in (None, about["job"]) else None

    def _digest(self):
        digest = blake2b(repr((self.ids, self.contents, self.labels)).encode(), digest_size=16)
        digest.update(np.asarray(self.rows, dtype="<i8").tobytes())
        digest.update(np.ascontiguousarray(self.features, dtype="<f4").tobytes())
        return digest.hexdigest()
