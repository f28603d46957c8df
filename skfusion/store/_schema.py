"""The tables of a store's database."""

from skfusion.store._errors import DamagedError, NewerFormatError

# Increased with every change of the tables or of the meaning of their values.
FORMAT = 2
_APPLICATION_ID = 0x736B6675  # "skfu"

# `entries` has short rows and `features` long ones: finding rows, or those that were not used for
# longest, reads no features. Both grow at the end only, so a batch writes few pages; digests are in
# random order, and sorted in the index alone.
_TABLES = (
    "CREATE TABLE extractors ("
    "id INTEGER PRIMARY KEY, fingerprint BLOB NOT NULL UNIQUE, label TEXT NOT NULL)",
    "CREATE TABLE entries (id INTEGER PRIMARY KEY, extractor INTEGER NOT NULL, "
    "digest BLOB NOT NULL, used INTEGER NOT NULL, source TEXT NOT NULL)",
    "CREATE UNIQUE INDEX entries_key ON entries (extractor, digest)",
    "CREATE INDEX entries_used ON entries (used)",
    "CREATE TABLE features (id INTEGER PRIMARY KEY, value BLOB NOT NULL)",
    "CREATE TABLE paths ("
    "key BLOB PRIMARY KEY, hashed INTEGER NOT NULL, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE INDEX paths_hashed ON paths (hashed)",
    "CREATE TABLE totals (name TEXT PRIMARY KEY, value REAL NOT NULL) WITHOUT ROWID",
)


def create_tables(connection):
    """Create the tables of an empty store in a new database."""
    # Freed pages can be returned to the file system, and features of 2048 columns fill pages of
    # this size well.
    connection.execute("PRAGMA page_size = 4096")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    # Don't wait for the disk: after a power failure at this moment, only an empty store is damaged.
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN IMMEDIATE")
    for statement in _TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute("COMMIT")


def check_tables(connection):
    """Check that this version of skfusion wrote a database.

    Parameters
    ----------
    connection : sqlite3.Connection
        The database.

    Raises
    ------
    NewerFormatError
        If a later version wrote it.

    DamagedError
        If an earlier version or another program wrote it.
    """
    if connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
        raise DamagedError("it is not a feature store")
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > FORMAT:
        raise NewerFormatError(f"it has format version {found}, this skfusion reads {FORMAT}")
    if found < FORMAT:
        raise DamagedError(f"it has the older format version {found}, not {FORMAT}")
    tables = connection.execute(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"
    ).fetchall()
    # Exactly these: a trigger or a view in a database from elsewhere would run when we use it.
    if [sql for (sql,) in tables] != [statement.encode() for statement in _TABLES]:
        raise DamagedError("its tables are not those of a feature store")
