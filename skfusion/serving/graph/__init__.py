"""One ONNX graph for a whole model: images and table in, predictions out."""
