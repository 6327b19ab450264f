#!/usr/bin/env python3
"""Writes identity.onnx: a model of one node that gives back its input. Needs nothing but Python.

    make_identity.py [FILE]

An ONNX file is one protobuf message. A message is a row of fields, and a field is a number, a kind and a value:
a variable-length integer (kind 0), or a length and that many bytes (kind 2), which may be a text or another message.
The numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

import sys


def varint(value):
    """Seven bits a byte, the lowest first; all bytes but the last have the highest bit set."""
    head = b""
    while value >= 0x80:
        head += bytes([value & 0x7F | 0x80])
        value >>= 7
    return head + bytes([value])


def integer(number, value):
    return varint(number << 3 | 0) + varint(value)


def content(number, value):
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def tensor_info(name, dims):
    """ValueInfoProto: a name, and the type float32 (1) with a shape."""
    shape = b"".join(content(1, integer(1, dim)) for dim in dims)
    tensor_type = integer(1, 1) + content(2, shape)
    return content(1, name) + content(2, content(1, tensor_type))


def identity_model():
    node = content(1, "x") + content(2, "y") + content(3, "identity") + content(4, "Identity")
    graph = (content(1, node) + content(2, "test_identity")
             + content(11, tensor_info("x", [1, 1, 2, 2])) + content(12, tensor_info("y", [1, 1, 2, 2])))
    ir_version = integer(1, 8)
    producer_name = content(2, "make_identity.py")
    opset = content(8, content(1, "") + integer(2, 13))
    return ir_version + producer_name + content(7, graph) + opset


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else "identity.onnx"
    with open(path, "wb") as file:
        file.write(identity_model())


if __name__ == "__main__":
    main()
