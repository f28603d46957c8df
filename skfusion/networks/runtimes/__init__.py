"""Libraries that compute a network's outputs, behind one interface."""
