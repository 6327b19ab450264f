#!/usr/bin/env python3
"""Writes the ONNX project's tests of single nodes as files: make_node_tests.py FOLDER. Needs onnx and numpy.

FOLDER/<test>/model.onnx and FOLDER/<test>/test_data_set_0/{input,output}_<k>.pb, as the project lays them out. Only
tests whose inputs and outputs are tensors are written.
"""

import pathlib
import sys
import warnings

from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases


def write(folder, kind, values, infos):
    for k, (value, info) in enumerate(zip(values, infos)):
        proto = value if isinstance(value, TensorProto) else numpy_helper.from_array(value, info.name)
        (folder / f"{kind}_{k}.pb").write_bytes(proto.SerializeToString())


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_node_tests.py FOLDER")
    root = pathlib.Path(sys.argv[1])
    warnings.simplefilter("ignore")  # of numpy, about divisions by zero that the tests mean
    for case in collect_testcases(""):
        graph = case.model.graph
        if len(graph.node) != 1 or not all(v.type.HasField("tensor_type") for v in [*graph.input, *graph.output]):
            continue
        folder = root / case.name / "test_data_set_0"
        folder.mkdir(parents=True, exist_ok=True)
        (root / case.name / "model.onnx").write_bytes(case.model.SerializeToString())
        inputs, outputs = case.data_sets[0]
        write(folder, "input", inputs, graph.input)
        write(folder, "output", outputs, graph.output)


if __name__ == "__main__":
    main()
