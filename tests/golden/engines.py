"""Makes ONNX models that take long to build or large engines, and edits saved engines."""

import array
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples"))
from make_identity import content, integer, tensor_info  # noqa: E402

needs_openvino = unittest.skipUnless(os.environ.get("POLYGRAPH_OPENVINO") == "1", "built without the OpenVINO backend")

# Magic, version of the format, size of the description, offset and size of the blob, checksums of the blob and the header.
HEADER = struct.Struct("<8sIIQQQQ")


def node(operator, inputs, output):
    return content(1, b"".join(content(1, name) for name in inputs) + content(2, output) + content(3, output + "_node")
                   + content(4, operator))


def initializer(name, data_type, dims, values):
    return content(5, b"".join(integer(1, dim) for dim in dims) + integer(2, data_type) + content(8, name)
                   + content(9, values.tobytes()))


def model(name, parts, inputs, outputs):
    graph = b"".join(parts) + content(2, name)
    graph += b"".join(content(11, info) for info in inputs) + b"".join(content(12, info) for info in outputs)
    return integer(1, 8) + content(7, graph) + content(8, content(1, "") + integer(2, 13))


def relu_chain():
    """x -> Relu -> a -> Sigmoid -> b -> Relu -> y."""
    parts = [node("Relu", ["x"], "a"), node("Sigmoid", ["a"], "b"), node("Relu", ["b"], "y")]
    return model("relu_chain", parts, [tensor_info("x", [2, 3])], [tensor_info("y", [2, 3])])


def large_model():
    """A product with 4 MB of weights, which the engine holds as well."""
    size = 1024
    numbers = random.Random(1)
    weights = array.array("f", (numbers.uniform(-1, 1) for _ in range(size * size)))
    parts = [initializer("w", 1, [size, size], weights), node("MatMul", ["x", "w"], "y")]
    return model("large", parts, [tensor_info("x", [1, size])], [tensor_info("y", [1, size])])


def slow_model():
    """A small file that takes minutes to build: products of large constants, which the engine library folds."""
    size = 2048
    parts = [initializer("shape", 7, [2], array.array("q", [size, size])), node("ConstantOfShape", ["shape"], "c0")]
    parts += [node("MatMul", [f"c{i}", f"c{i}"], f"c{i + 1}") for i in range(40)]
    parts += [node("Add", ["x", "c40"], "y")]
    return model("slow", parts, [tensor_info("x", [1, size])], [tensor_info("y", [size, size])])


def slow_network(links=1000):
    """A small file that TensorRT-RTX needs some twenty seconds for, or with 500 links some four: many layers."""
    parts, last = [], "x"
    for i in range(links):
        parts += [node("MatMul", [last, last], f"a{i}"), node("Softmax", [f"a{i}"], f"b{i}"), node("Erf", [f"b{i}"], f"c{i}")]
        last = f"c{i}"
    return model("slow", parts, [tensor_info("x", [64, 64])], [tensor_info(last, [64, 64])])


def read_engine(path):
    """The description and the blob."""
    data = pathlib.Path(path).read_bytes()
    magic, version, description_size, blob_offset, blob_size, _, _ = HEADER.unpack_from(data)
    assert (magic, version, blob_offset + blob_size) == (b"POLYGRPH", 1, len(data))
    return json.loads(data[HEADER.size : HEADER.size + description_size]), data[blob_offset:]


def write_engine(path, description, blob, version=1):
    """Writes an engine whose checksums are right. The description may be bytes that are no JSON."""
    if not isinstance(description, bytes):
        description = json.dumps(description).encode()
    offset = -(-(HEADER.size + len(description)) // 64) * 64
    header = HEADER.pack(b"POLYGRPH", version, len(description), offset, len(blob), 0, 0)
    pathlib.Path(path).write_bytes((header + description).ljust(offset, b"\0") + blob)
    subprocess.run([os.environ["POLYGRAPH_SEAL_ENGINE"], path], check=True)
    return path
