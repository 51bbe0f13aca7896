"""ONNX files: `onnx` reads a file as data and follows its graph; operators have a module for each kind."""
