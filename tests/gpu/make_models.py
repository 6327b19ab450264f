"""Writes the models that gpu_tests runs. Usage: make_models.py FOLDER. Needs the packages onnx and numpy."""
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, FLOAT16, INT64 = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT64


def save(folder, name, nodes, inputs, outputs, weights=()):
    graph = helper.make_graph(nodes, name, [helper.make_tensor_value_info(*value) for value in inputs],
                              [helper.make_tensor_value_info(*value) for value in outputs], list(weights))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, folder / f"{name}.onnx")


def small_models(folder):
    node = helper.make_node
    save(folder, "identity", [node("Identity", ["x"], ["y"])], [("x", FLOAT, [1, 1, 2, 2])], [("y", FLOAT, [1, 1, 2, 2])])
    save(folder, "relu", [node("Relu", ["x"], ["y"])], [("x", FLOAT, [4])], [("y", FLOAT, [4])])
    save(folder, "chain", [node("Relu", ["x"], ["a"]), node("Sigmoid", ["a"], ["b"]), node("Neg", ["b"], ["y"])], [("x", FLOAT, [4])],
         [("y", FLOAT, [4])])
    save(folder, "big", [node("Relu", ["x"], ["y"])], [("x", FLOAT, [3, 512, 512])], [("y", FLOAT, [3, 512, 512])])
    save(folder, "dynamic", [node("Relu", ["x"], ["y"])], [("x", FLOAT, ["n", 3])], [("y", FLOAT, ["n", 3])])
    save(folder, "nonzero", [node("NonZero", ["x"], ["y"])], [("x", FLOAT, [4])], [("y", INT64, [1, "count"])])
    save(folder, "expand", [node("Expand", ["x", "shape"], ["y"])], [("x", FLOAT, [1, 3]), ("shape", INT64, [2])],
         [("y", FLOAT, ["a", "b"])])


def convolution_model(folder):
    """What TensorRT computes in INT8 if it may."""
    weights = np.random.default_rng(1).standard_normal((64, 32, 3, 3), dtype=np.float32) / 17
    save(folder, "convolution", [helper.make_node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1]), helper.make_node("Relu", ["a"], ["y"])],
         [("x", FLOAT, [1, 32, 56, 56])], [("y", FLOAT, [1, 64, 56, 56])], [numpy_helper.from_array(weights, "w")])


def format_models(folder):
    """Few channels, so that vectors of them are padded."""
    for name, code, dtype in (("formats32", FLOAT, np.float32), ("formats16", FLOAT16, np.float16)):
        weights = np.random.default_rng(1).standard_normal((5, 3, 3, 3)).astype(dtype)
        save(folder, name, [helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])], [("x", code, [2, 3, 6, 10])],
             [("y", code, [2, 5, 6, 10])], [numpy_helper.from_array(weights, "w")])


def large_model(folder):
    """100 MB of weights."""
    weights = np.random.default_rng(1).standard_normal((5000, 5000), dtype=np.float32)
    save(folder, "large", [helper.make_node("MatMul", ["x", "w"], ["y"])], [("x", FLOAT, [1, 5000])], [("y", FLOAT, [1, 5000])],
         [numpy_helper.from_array(weights, "w")])


class ResNet50:
    """ResNet-50's convolutions and connections in fp16, batch normalisation folded, with random weights."""

    def __init__(self):
        self.rng = np.random.default_rng(1)
        self.nodes, self.weights = [], []

    def add(self, op, inputs, **attributes):
        out = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [out], **attributes))
        return out

    def weight(self, array):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(array.astype(np.float16), name))
        return name

    def conv(self, x, in_channels, out_channels, kernel, stride=1, scale=1.0, relu=True):
        deviation = scale * np.sqrt(2.0 / (in_channels * kernel * kernel))
        w = self.weight(self.rng.normal(0, deviation, (out_channels, in_channels, kernel, kernel)))
        b = self.weight(self.rng.normal(0, 0.01, out_channels))
        pad = kernel // 2
        y = self.add("Conv", [x, w, b], kernel_shape=[kernel, kernel], strides=[stride, stride], pads=[pad] * 4)
        return self.add("Relu", [y]) if relu else y

    def block(self, x, in_channels, width, stride):
        y = self.conv(x, in_channels, width, 1)
        y = self.conv(y, width, width, 3, stride)
        y = self.conv(y, width, 4 * width, 1, scale=0.3, relu=False)
        if in_channels != 4 * width:
            x = self.conv(x, in_channels, 4 * width, 1, stride, scale=0.7, relu=False)
        return self.add("Relu", [self.add("Add", [x, y])])

    def save(self, folder, batch):
        x = self.conv("x", 3, 64, 7, 2)
        x = self.add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
        channels = 64
        for width, count in ((64, 3), (128, 4), (256, 6), (512, 3)):
            for i in range(count):
                x = self.block(x, channels, width, 2 if i == 0 and width > 64 else 1)
                channels = 4 * width
        x = self.add("Flatten", [self.add("GlobalAveragePool", [x])])
        w = self.weight(self.rng.normal(0, np.sqrt(1.0 / channels), (channels, 1000)))
        b = self.weight(np.zeros(1000))
        self.nodes.append(helper.make_node("Gemm", [x, w, b], ["y"]))
        save(folder, "resnet50", self.nodes, [("x", FLOAT16, [batch, 3, 224, 224])], [("y", FLOAT16, [batch, 1000])],
             self.weights)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    small_models(target)
    convolution_model(target)
    format_models(target)
    large_model(target)
    ResNet50().save(target, batch=8)
