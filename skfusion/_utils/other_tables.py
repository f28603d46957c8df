"""Refuse tables that are neither of pandas nor of polars, with what to pass instead."""

# By the method that converts a table: the attributes that show that X is one, and a name for it.
_CONVERSIONS = {
    "collect": ("collect_schema", "a lazy table"),  # of polars
    "to_pandas": ("column_names", "a table of Arrow"),  # also of Hugging Face's datasets
    "toPandas": ("schema", "a table of Spark"),
}


def refuse_other_tables(X):
    """Raise an error if X is a table of a library that is not supported.

    Parameters
    ----------
    X : object
        What a user passes. No library is imported, and nothing is computed.

    Raises
    ------
    TypeError
        Names the method that gives a table of pandas or polars.
    """
    for method, (attribute, name) in _CONVERSIONS.items():
        if hasattr(type(X), method) and hasattr(type(X), attribute):
            raise TypeError(
                f"X is {name} ({type(X).__name__}), which is not supported. Pass X.{method}()."
            )
