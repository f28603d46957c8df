"""Networks as plain data, the backbones they are built from, and the runtimes that compute them."""
