"""Trees in a graph: nodes of several trees, whose leaves are added up."""

import numpy as np
from onnx import numpy_helper

from skfusion.serving.graph._graph_builder import DOUBLE


class Trees:
    """The nodes of trees, as ONNX lists them.

    A branch sends a value on to the left if it is at most the threshold. NaN has a side of its own.

    Parameters
    ----------
    n_targets : int
        How many numbers the trees predict.
    """

    def __init__(self, n_targets):
        self.n_targets = n_targets
        self.n_trees = 0
        self._nodes = []
        self._leaves = []

    def add_tree(self, nodes, leaves):
        """Add a tree.

        Parameters
        ----------
        nodes : list of tuple (is_leaf, feature, threshold, left, right, nan_left)
            The nodes; the first is the root.

        leaves : list of tuple (node, target, value)
            What the leaves predict.
        """
        self._nodes += [(self.n_trees, i, *node) for i, node in enumerate(nodes)]
        self._leaves += [(self.n_trees, *leaf) for leaf in leaves]
        self.n_trees += 1

    def sums(self, g, tensor):
        """Return the sums over all trees, as float64 of shape (rows, n_targets).

        Parameters
        ----------
        g : GraphBuilder
            The graph.

        tensor : str
            float64 of shape (rows, width).
        """
        trees, numbers, is_leaf, features, thresholds, left, right, nan_left = zip(
            *self._nodes, strict=True
        )
        of_trees, of_nodes, targets, values = zip(*self._leaves, strict=True)
        sums = g.op(
            "TreeEnsembleRegressor",
            tensor,
            domain="ai.onnx.ml",
            n_targets=self.n_targets,
            nodes_treeids=_ints(trees),
            nodes_nodeids=_ints(numbers),
            nodes_modes=["LEAF" if each else "BRANCH_LEQ" for each in is_leaf],
            nodes_featureids=_ints(features),
            nodes_values_as_tensor=_floats(thresholds),
            nodes_truenodeids=_ints(left),
            nodes_falsenodeids=_ints(right),
            nodes_missing_value_tracks_true=_ints(nan_left),
            target_treeids=_ints(of_trees),
            target_nodeids=_ints(of_nodes),
            target_ids=_ints(targets),
            target_weights_as_tensor=_floats(values),
        )
        return g.cast(sums, DOUBLE)


def _ints(values):
    return [int(value) for value in values]


def _floats(values):
    return numpy_helper.from_array(np.asarray(values, dtype=np.float64), "values")
