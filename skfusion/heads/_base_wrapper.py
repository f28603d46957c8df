"""BaseWrapper: a name for scikit-learn 1.6, so that it uses the tags of a subclass."""


class BaseWrapper:
    """Declare that SciKeras's class of the same name has the new form of tags.

    scikit-learn 1.6 refuses the tags of an estimator if one of its base classes has tags in the
    old form alone, as SciKeras's ``BaseWrapper`` does. It looks up base classes by name, the last
    one of a name. This class, named last, is that one. Newer versions ignore it.
    """

    def __sklearn_tags__(self):
        raise NotImplementedError("The tags of KerasHead are used.")
