"""Export of models for other programs: ONNX, OpenVINO, a MONAI bundle, or a zip file; each is checked against torch."""
