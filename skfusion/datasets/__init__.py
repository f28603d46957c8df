"""Small data sets for examples, made from those of scikit-learn, and folders of images."""

from skfusion.datasets._digits_iris import load_digits_iris
from skfusion.datasets._image_folder import load_image_folder
from skfusion.datasets._image_table import make_image_table

__all__ = ["load_digits_iris", "load_image_folder", "make_image_table"]
