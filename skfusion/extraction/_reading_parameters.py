"""Constraints of the parameters that all transformers of images share."""

from sklearn.utils._param_validation import HasMethods, StrOptions

READING_PARAMETERS = {
    "image_size": ["array-like", None],
    "color_mode": [StrOptions({"auto", "rgb", "grayscale"})],
    "image_shape": ["array-like", None],
    "combine": [StrOptions({"mean", "max"}), None],
    "missing": [StrOptions({"error", "nan", "zero", "mean"})],
    "add_indicator": ["boolean"],
    "corrupt": [StrOptions({"error", "missing"})],
    "reader": [HasMethods(["read", "probe", "get_params"]), None],
    "drift": [StrOptions({"warn", "ignore"})],
    "verbose": ["verbose"],
}
