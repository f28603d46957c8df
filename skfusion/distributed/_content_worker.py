"""ContentWorker: digests of the images of some rows, in any process."""

import json
from dataclasses import dataclass

from skfusion.distributed._base_worker import BaseWorker
from skfusion.distributed._row_digests import digest_rows, held_cells

CONTENT_PREFIX = "_contents-"


@dataclass(frozen=True)
class ContentWorker(BaseWorker):
    """Find copies of images before features are computed."""

    def __call__(self, task):
        """Return the rows of a task, and the digest of each; None where an image can't be read.

        Parameters
        ----------
        task : ShardTask
            The rows.
        """
        name = f"{CONTENT_PREFIX}{task.name.rpartition('-')[2].partition('.')[0]}.json"
        text = self.folder.read(name) if self.keep else None
        known = {} if text is None else json.loads(text)
        if known.get("job") != task.job:
            contents = digest_rows(self.restore_transformer(), held_cells(task.cells))
            known = {"job": task.job, "contents": contents}
            self.folder.write(name, json.dumps(known).encode())
        return task.rows, known["contents"]
