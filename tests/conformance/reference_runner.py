#!/usr/bin/env python3
"""The reference runner is nearer to the exact result than ONNX Runtime in float32, by orders of magnitude.

Exact is what onnx.reference computes of the same model with float64 in place of float32. The models are made at random, of
operators that onnx.reference computes accurately in float64 (Erf, Gelu, Mish, HardSwish, LRN and cubic Resize are not among
them: tests/reference has those).
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

# Run by the peer's Python: writes models and inputs, runs the reference runner, prints a line per model: its name, the
# relative errors (largest difference by largest magnitude) of the reference runner and of ONNX Runtime.
PEER = r"""
import pathlib, subprocess, sys
import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

program, root = sys.argv[1], pathlib.Path(sys.argv[2])
rng = np.random.default_rng(0)


class Build:
    def __init__(self, **inputs):
        self.nodes, self.weights, self.count = [], [], 0
        self.inputs = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in inputs.items()}

    def w(self, *shape, scale=None, positive=False):
        fan = scale if scale is not None else 1 / np.sqrt(max(int(np.prod(shape[1:])), 1))
        values = (rng.standard_normal(shape) * fan).astype(np.float32)
        return self.c(np.abs(values) + np.float32(0.1) if positive else values)

    def c(self, values):
        name = f"w{len(self.weights)}"
        self.weights.append((name, np.asarray(values)))
        return name

    def __call__(self, op, *inputs, outputs=1, **attributes):
        names = [f"v{self.count + i}" for i in range(outputs)]
        self.count += outputs
        self.nodes.append(helper.make_node(op, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def model(self, output, double):
        kind = TensorProto.DOUBLE if double else TensorProto.FLOAT
        def stored(values):
            return values.astype(np.float64) if double and values.dtype == np.float32 else values
        graph = helper.make_graph(
            self.nodes, "g",
            [helper.make_tensor_value_info(name, kind, x.shape) for name, x in self.inputs.items()],
            [helper.make_tensor_value_info(output, kind, None)],
            [numpy_helper.from_array(stored(values), name) for name, values in self.weights])
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def mlp():
    b = Build(x=(7, 300))
    h = "x"
    for size_in, size_out, act in ((300, 500, "Tanh"), (500, 400, "Sigmoid"), (400, 90, "Softsign")):
        h = b(act, b("Gemm", h, b.w(size_out, size_in), b.w(size_out), transB=1))
    return b, b("Softmax", h)


def convolutions():
    b = Build(x=(2, 3, 37, 41))
    h = b("Relu", b("Conv", "x", b.w(16, 3, 3, 3), b.w(16), pads=[1, 1, 1, 1], strides=[2, 1]))
    h = b("Conv", h, b.w(16, 1, 5, 5), pads=[2, 2, 2, 2], group=16)
    h = b("LeakyRelu", b("Conv", h, b.w(24, 8, 3, 3), b.w(24), dilations=[2, 2], group=2))
    h = b("BatchNormalization", h, b.w(24), b.w(24), b.w(24), b.w(24, positive=True))
    h = b("AveragePool", h, kernel_shape=[3, 2], strides=[2, 2], count_include_pad=1, pads=[1, 0, 1, 0])
    h = b("ConvTranspose", h, b.w(24, 5, 4, 4), b.w(5), strides=[2, 2], pads=[1, 1, 1, 1])
    return b, b("GlobalAveragePool", b("MaxPool", h, kernel_shape=[2, 2]))


def transformer():
    b = Build(x=(2, 19, 64))
    def project(h, size_in, size_out):
        return b("Add", b("MatMul", h, b.w(size_in, size_out, scale=1 / np.sqrt(size_in))), b.w(size_out))
    def heads(h):
        return b("Transpose", b("Reshape", h, b.c(np.array([0, 0, 4, 16], np.int64))), perm=[0, 2, 1, 3])
    n = b("LayerNormalization", "x", b.w(64), b.w(64))
    q, k, v = (heads(project(n, 64, 64)) for _ in range(3))
    s = b("Div", b("MatMul", q, b("Transpose", k, perm=[0, 1, 3, 2])), b.c(np.float32(4)))
    h = b("Reshape", b("Transpose", b("MatMul", b("Softmax", s), v), perm=[0, 2, 1, 3]), b.c(np.array([0, 0, 64], np.int64)))
    h = b("Add", "x", project(h, 64, 64))
    return b, b("Add", h, project(b("Tanh", project(h, 64, 256)), 256, 64))


def recurrent(op, gates):
    def make():
        b = Build(x=(25, 3, 20))
        directions, hidden = 2, 17
        y = b(op, "x", b.w(directions, gates * hidden, 20, scale=0.3), b.w(directions, gates * hidden, hidden, scale=0.3),
              b.w(directions, 2 * gates * hidden), outputs=2, hidden_size=hidden, direction="bidirectional")[0]
        return b, y
    return make


def reductions():
    b = Build(x=(5, 1000, 9))
    axis = b.c(np.array([1], np.int64))
    parts = [b(op, "x", axis) for op in ("ReduceSum", "ReduceMean", "ReduceL2", "ReduceL1", "ReduceLogSumExp", "ReduceSumSquare")]
    parts.append(b("Gather", b("CumSum", "x", b.c(np.array(1, np.int64))), b.c(np.array([998], np.int64)), axis=1))
    return b, b("Concat", *parts, axis=1)


def normalizations():
    b = Build(x=(3, 12, 11, 13))
    h = b("InstanceNormalization", "x", b.w(12), b.w(12))
    h = b("LayerNormalization", h, b.w(11, 13), b.w(11, 13), axis=2)
    return b, b("LpNormalization", h, axis=1)


def resize():
    b = Build(x=(1, 3, 13, 17))
    sizes = b.c(np.array([1, 3, 31, 29], np.int64))
    return b, b("Resize", "x", "", "", sizes, mode="linear", coordinate_transformation_mode="half_pixel")


def einsum():
    b = Build(x=(4, 30, 40))
    return b, b("Einsum", "x", b.w(4, 40, 25), equation="bij,bjk->kbi")


def elementwise():
    b = Build(x=(50, 60))
    h = b("Add", b("Exp", "x"), b("Sin", b("Mul", "x", b.w(60, scale=30))))
    for op in ("Softplus", "Sqrt", "Log", "Sigmoid", "Atan", "Sinh"):
        h = b(op, h)
    return b, b("Pow", b("Abs", h), b.c(np.float32(2.5)))


cases = {"mlp": mlp, "convolutions": convolutions, "transformer": transformer, "rnn": recurrent("RNN", 1),
         "gru": recurrent("GRU", 3), "lstm": recurrent("LSTM", 4), "reductions": reductions,
         "normalizations": normalizations, "resize": resize,
         "einsum": einsum, "elementwise": elementwise}
for name, make in cases.items():
    build, output = make()
    folder = root / name.replace(" ", "_")
    folder.mkdir()
    model = build.model(output, double=False)
    onnx.save(model, folder / "model.onnx")
    for key, x in build.inputs.items():
        np.save(folder / f"{key}.npy", x)
    exact = ReferenceEvaluator(build.model(output, double=True)).run(
        None, {key: x.astype(np.float64) for key, x in build.inputs.items()})[0]
    subprocess.run([program, folder / "model.onnx", folder], check=True, stdout=subprocess.DEVNULL)
    ours = np.load(folder / "out_0.npy")
    theirs = ort.InferenceSession(model.SerializeToString()).run(None, build.inputs)[0]
    assert exact.dtype == ours.dtype == np.float64 and exact.shape == ours.shape == theirs.shape, name
    print(name, *(float(np.abs(y - exact).max() / np.abs(exact).max()) for y in (ours, theirs)), sep="\t")
"""


class ReferenceRunner(unittest.TestCase):
    def test_it_is_nearer_to_the_exact_result(self):
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / "peer.py"
            script.write_text(PEER)
            run = subprocess.run([os.environ["POLYGRAPH_PEER"], "-B", script, os.environ["POLYGRAPH_RUN_REFERENCE"], folder],
                                 capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        lines = [line.split("\t") for line in run.stdout.splitlines()]
        self.assertEqual(len(lines), 11)
        for name, ours, theirs in lines:
            with self.subTest(name, ours=ours, theirs=theirs):
                self.assertLess(float(ours), 1e-13)
                self.assertGreater(float(theirs), 1e5 * float(ours))


if __name__ == "__main__":
    unittest.main()
