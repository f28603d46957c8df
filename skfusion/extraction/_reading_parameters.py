"""Constraints of the parameters that all transformers of images share.

They are described once, in docs/reading_parameters.rst.
"""

from numbers import Integral

from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

READING_PARAMETERS = {
    "image_size": [Interval(Integral, 1, None, closed="left"), "array-like", None],
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
