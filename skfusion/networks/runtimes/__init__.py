"""Runtimes that compute networks: Keras and ONNX Runtime."""
