"""Features and predictions of tables that many processes compute, with Dask.

Import it by its name: ``from skfusion import distributed`` or ``import skfusion.distributed``.
"""

from skfusion.distributed._embed import embed
from skfusion.distributed._estimate_cost import estimate_cost
from skfusion.distributed._predict import predict, transform

__all__ = ["embed", "estimate_cost", "predict", "transform"]
