"""Finding: one fact that can make a score too good, or a row that needs a look."""

from typing import NamedTuple

GRAVE, MINOR, NOTE = "grave", "minor", "note"
SEVERITIES = (GRAVE, MINOR, NOTE)
GIVEN = "the given groups"


class Finding(NamedTuple):
    """One finding of an audit.

    Parameters
    ----------
    kind : str
        What was found, such as "copies in two folds".

    severity : {"grave", "minor", "note"}
        "grave" makes a score of these folds untrue.

    rows : list of int
        The positions of the rows that it is about, from 0.

    evidence : str
        The numbers that show it, as a sentence.

    remedy : str
        What to do, as a sentence.

    subject : str, default=""
        The column, fact or name of the groups that it is about.
    """

    kind: str
    severity: str
    rows: list[int]
    evidence: str
    remedy: str
    subject: str = ""
