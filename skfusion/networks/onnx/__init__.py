"""Networks in the format of ONNX: export from Keras, reading of files, cutting."""
