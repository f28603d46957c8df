"""Functions that build small Keras models, importable so that heads with them pickle."""


def build_classifier(meta, hidden=8, dropout=0.0):
    """Build a softmax classifier, not compiled."""
    import keras

    inputs = keras.Input(meta["X_shape_"][1:])
    x = keras.layers.Flatten()(inputs)
    x = keras.layers.Dense(hidden, activation="relu")(x)
    x = keras.layers.Dropout(dropout)(x)
    return keras.Model(inputs, keras.layers.Dense(meta["n_classes_"], activation="softmax")(x))


def build_binary_classifier(meta):
    """Build a compiled classifier with one sigmoid output."""
    import keras

    inputs = keras.Input((meta["n_features_in_"],))
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(inputs))
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    return model


def build_any_classifier(meta, hidden=8):
    """Build a compiled classifier for one class a row, or for several labels."""
    import keras

    inputs = keras.Input((meta["n_features_in_"],))
    x = keras.layers.Dense(hidden, activation="relu")(inputs)
    has_labels = meta["target_type_"] == "multilabel-indicator"
    has_one_output = has_labels or meta["n_classes_"] == 1
    output = keras.layers.Dense(
        meta["n_classes_"], activation="sigmoid" if has_one_output else "softmax"
    )
    model = keras.Model(inputs, output(x))
    model.compile(
        "adam", "binary_crossentropy" if has_labels else "sparse_categorical_crossentropy"
    )
    return model


def build_labels_classifier(meta):
    """Build a classifier with one sigmoid output for each label."""
    import keras

    inputs = keras.Input((meta["n_features_in_"],))
    outputs = keras.layers.Dense(meta["n_classes_"], activation="sigmoid")(inputs)
    return keras.Model(inputs, outputs)


def build_regressor(meta, hidden=8):
    """Build a regressor, not compiled."""
    import keras

    inputs = keras.Input((meta["n_features_in_"],))
    x = keras.layers.Dense(hidden, activation="relu")(inputs)
    return keras.Model(inputs, keras.layers.Dense(meta["n_outputs_"])(x))


class SmallModel:
    """One of these functions, with a repr that is the same in every process."""

    def __init__(self, build):
        self.build = build

    def __call__(self, meta):
        return self.build(meta, hidden=4)

    def __repr__(self):
        return f"SmallModel({self.build.__name__})"
