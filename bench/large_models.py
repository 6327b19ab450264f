#!/usr/bin/env python3
"""Makes the large models that bench/run.py measures with: large_models.py FOLDER. Needs nothing but Python.

weights.onnx        24 layers of MatMul and Relu, 1.6 GB of float32 weights in the file
nodes_N.onnx        N nodes without weights, for N = 10,000, 100,000 and 1,000,000
external_20gb.onnx  a layer with 20 GB of weights in a sparse file beside it
inline_5gb.onnx     five layers of 1 GB each in the (sparse) file itself

The sparse files begin each weight with a megabyte that is not zero, as real weights are.
"""

import array
import math
import pathlib
import random
import sys

FLOAT, EXTERNAL = 1, 1
LAYERS, WIDTH = 24, 4096


def varint(number):
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def number(field, value):
    return varint(field << 3) + varint(value)


def head(field, length):
    return varint(field << 3 | 2) + varint(length)


def piece(field, content):
    content = content.encode() if isinstance(content, str) else content
    return head(field, len(content)) + content


def value_info(field, name, shape):
    dims = b"".join(piece(1, number(1, dim) if isinstance(dim, int) else piece(2, dim)) for dim in shape)
    tensor_type = number(1, FLOAT) + piece(2, dims)
    return piece(field, piece(1, name) + piece(2, piece(1, tensor_type)))


def node(op, name, inputs, outputs):
    return piece(1, b"".join(piece(1, i) for i in inputs) + b"".join(piece(2, o) for o in outputs) + piece(3, name) + piece(4, op))


def tensor_head(name, shape, data_field):
    """A TensorProto up to its data, which follows."""
    return b"".join(number(1, dim) for dim in shape) + number(2, FLOAT) + piece(8, name) + data_field


ONES = array.array("f", [1.0]).tobytes() * (1 << 18)


def write(path, graph_pieces):
    """A model of these pieces of its graph: bytes, or the sizes of weights, most of which is a hole."""
    size = sum(p if isinstance(p, int) else len(p) for p in graph_pieces)
    with open(path, "wb") as file:
        file.write(number(1, 8) + piece(2, "bench") + piece(8, piece(1, "") + number(2, 17)) + head(7, size))
        for part in graph_pieces:
            if isinstance(part, int):
                file.write(ONES)
                file.seek(part - len(ONES), 1)
            else:
                file.write(part)
        file.truncate()


def weights_model(path):
    rng = random.Random(0)
    # Small normal numbers, as weights are; one block of them, rotated by a prime for each layer.
    block = array.array("f", (rng.gauss(0, 1 / math.sqrt(WIDTH)) for _ in range(1 << 18))).tobytes()
    data_size = 4 * WIDTH * WIDTH
    parts = []
    for layer in range(LAYERS):
        x = "x" if layer == 0 else f"relu_{layer - 1}"
        y = "y" if layer == LAYERS - 1 else f"relu_{layer}"
        parts += [node("MatMul", f"matmul_{layer}", [x, f"w_{layer}"], [f"matmul_{layer}"]),
                  node("Relu", f"relu_{layer}", [f"matmul_{layer}"], [y])]
    parts.append(piece(2, "weights"))
    for layer in range(LAYERS):
        shift = 4 * 7919 * layer % len(block)
        tensor = tensor_head(f"w_{layer}", (WIDTH, WIDTH), head(9, data_size))
        parts += [head(5, len(tensor) + data_size) + tensor] + [block[shift:] + block[:shift]] * (data_size // len(block))
    parts += [value_info(11, "x", ("batch", WIDTH)), value_info(12, "y", ("batch", WIDTH))]
    parts += [value_info(13, f"{kind}_{layer}", ("batch", WIDTH)) for layer in range(LAYERS)
              for kind in ("matmul", "relu") if (kind, layer) != ("relu", LAYERS - 1)]
    write(path, parts)


def nodes_model(path, count):
    """A long chain with shortcuts; every tenth node is used by nobody."""
    rng = random.Random(count)
    parts, last, used = [], "x", ["x"]
    for i in range(count):
        if i % 10 == 9:
            parts.append(node("Neg", f"unused_{i}", [last], [f"unused_{i}"]))
            continue
        y = "y" if i == count - 1 or i == count - 2 and i % 10 == 8 else f"v_{i}"
        op, inputs = ("Relu", [last]) if i % 2 else ("Add", [last, used[rng.randrange(max(0, len(used) - 100), len(used))]])
        parts.append(node(op, f"{op.lower()}_{i}", inputs, [y]))
        last = y
        used.append(y)
    parts += [piece(2, "nodes"), value_info(11, "x", ("batch", 64)), value_info(12, "y", ("batch", 64))]
    write(path, parts)


def external_model(path):
    data = path.with_suffix(".data")
    shape = (50_000, 100_000)
    size = 4 * shape[0] * shape[1]
    entries = b"".join(piece(13, piece(1, k) + piece(2, v))
                       for k, v in (("location", data.name), ("offset", "0"), ("length", str(size))))
    tensor = tensor_head("w", shape, entries + number(14, EXTERNAL))
    write(path, [node("MatMul", "matmul", ["x", "w"], ["m"]), node("Relu", "relu", ["m"], ["y"]), piece(2, "external"),
                 piece(5, tensor), value_info(11, "x", ("batch", shape[0])), value_info(12, "y", ("batch", shape[1]))])
    with open(data, "wb") as file:
        file.write(ONES)
        file.truncate(size)


def inline_model(path):
    parts, side = [], 15_820  # 4 * side * side is just above 1e9
    size = 4 * side * side
    for layer in range(5):
        parts.append(node("MatMul", f"matmul_{layer}", ["x" if layer == 0 else f"m_{layer - 1}", f"w_{layer}"],
                          ["y" if layer == 4 else f"m_{layer}"]))
    parts.append(piece(2, "inline"))
    for layer in range(5):
        tensor = tensor_head(f"w_{layer}", (side, side), head(9, size))
        parts += [head(5, len(tensor) + size) + tensor, size]
    parts += [value_info(11, "x", ("batch", side)), value_info(12, "y", ("batch", side))]
    write(path, parts)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    weights_model(folder / "weights.onnx")
    for count in (10_000, 100_000, 1_000_000):
        nodes_model(folder / f"nodes_{count}.onnx", count)
    external_model(folder / "external_20gb.onnx")
    inline_model(folder / "inline_5gb.onnx")


if __name__ == "__main__":
    main()
