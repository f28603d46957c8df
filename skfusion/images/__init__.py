"""Any cell (path, bytes, PIL image, array) becomes a pixel array."""
