"""Compares what gpu_tests saved (NAME.inputs/*.npy, NAME.outputs/*.npy) with ONNX Runtime on the CPU.
Usage: compare_with_onnxruntime.py MODELS SAVED. Needs the packages onnxruntime and numpy."""
import sys
from pathlib import Path

import numpy as np
import onnxruntime

models, saved = Path(sys.argv[1]), Path(sys.argv[2])
bad = compared = 0
for inputs in sorted(saved.glob("*.inputs")):
    name = inputs.stem
    session = onnxruntime.InferenceSession(models / f"{name}.onnx", providers=["CPUExecutionProvider"])
    feed = {path.stem: np.load(path) for path in inputs.glob("*.npy")}
    for output, expected in zip(session.get_outputs(), session.run(None, feed)):
        actual = np.load(saved / f"{name}.outputs" / f"{output.name}.npy")
        difference = np.abs(actual.astype(np.float64) - expected.astype(np.float64)).max()
        scale = np.abs(expected.astype(np.float64)).max()
        tolerance = (2e-2 if actual.dtype == np.float16 else 2e-3) * max(scale, 1e-3)
        ok = actual.shape == expected.shape and difference <= tolerance
        bad += not ok
        compared += 1
        print(f"{'ok  ' if ok else 'FAIL'} {name} {output.name} {actual.dtype} {actual.shape}: "
              f"largest difference {difference:.3g} of values up to {scale:.3g}")
if not compared:
    sys.exit("nothing was compared")
sys.exit(bad != 0)
