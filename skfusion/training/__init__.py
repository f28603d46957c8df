"""The training engine that all networks share: inputs, targets, weights, folds, the loop."""
