"""The tables of a store, and whether a database has them."""

from skfusion.store._circuit_breaker import DamagedError, NewerFormatError

# To be raised with every change of the tables or of what stands in them.
FORMAT = 1
_APPLICATION = 0x736B6675  # "skfu"

# `images` is slim and `features` is not: looking for rows, or for the ones longest unused, reads
# none of the features. Both grow at their ends only, so that a batch writes few pages; digests are
# in random order, and in the index alone.
_TABLES = (
    "CREATE TABLE extractors ("
    "id INTEGER PRIMARY KEY, fingerprint BLOB NOT NULL UNIQUE, label TEXT NOT NULL)",
    "CREATE TABLE images (id INTEGER PRIMARY KEY, extractor INTEGER NOT NULL, "
    "digest BLOB NOT NULL, used INTEGER NOT NULL, source TEXT NOT NULL)",
    "CREATE UNIQUE INDEX images_key ON images (extractor, digest)",
    "CREATE INDEX images_used ON images (used)",
    "CREATE TABLE features (id INTEGER PRIMARY KEY, value BLOB NOT NULL)",
    "CREATE TABLE paths ("
    "key BLOB PRIMARY KEY, hashed INTEGER NOT NULL, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE INDEX paths_hashed ON paths (hashed)",
    "CREATE TABLE totals (name TEXT PRIMARY KEY, value REAL NOT NULL) WITHOUT ROWID",
)


def create_tables(connection):
    """Make an empty store of a new database."""
    # Pages that are freed can be given back to the file system, and features of 2048 columns fill
    # pages of this size well.
    connection.execute("PRAGMA page_size = 4096")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    # Not waiting for the disk: if the power fails just now, an empty store is damaged.
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN IMMEDIATE")
    for statement in _TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute("COMMIT")


def check_tables(connection):
    """Refuse a database that is not what this version writes.

    Raises
    ------
    NewerFormatError
        If a later version wrote it.

    DamagedError
        If an earlier version wrote it, or none.
    """
    if connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
        raise DamagedError("it is no feature store")
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > FORMAT:
        raise NewerFormatError(f"it has format version {found}, this skfusion reads {FORMAT}")
    if found < FORMAT:
        raise DamagedError(f"it has the older format version {found}, not {FORMAT}")
    tables = connection.execute(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"
    ).fetchall()
    # To the letter: a trigger or a view in a database from elsewhere would run when we use it.
    if [sql for (sql,) in tables] != [statement.encode() for statement in _TABLES]:
        raise DamagedError("its tables are not those of a feature store")
