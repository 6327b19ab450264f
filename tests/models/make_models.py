#!/usr/bin/env python3
"""Makes the ONNX models of the tests: make_models.py FOLDER. Needs the packages onnx and numpy.

Each function below makes one file, named after it. Nothing in them depends on the time or on chance.
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

ALL_TYPES = [name for name in TensorProto.DataType.keys() if name not in ("UNDEFINED", "FLOAT6E2M3", "FLOAT6E3M2")]


def value(name, dtype=TensorProto.FLOAT, shape=(2, 3)):
    return helper.make_tensor_value_info(name, dtype, shape)


def model(graph, opset=17, ir_version=10, **keywords):
    keywords.setdefault("opset_imports", [helper.make_opsetid("", opset)])
    return helper.make_model(graph, ir_version=ir_version, producer_name="polygraph-tests", **keywords)


def identity():
    node = helper.make_node("Identity", ["x"], ["y"], name="identity")
    return model(helper.make_graph([node], "test_identity", [value("x", shape=(1, 1, 2, 2))],
                                   [value("y", shape=(1, 1, 2, 2))]), opset=13)


def dynamic_shapes():
    """Named, unnamed and unknown dimensions, a scalar, and a value without a shape."""
    nodes = [helper.make_node("Identity", [f"x{i}"], [f"y{i}"]) for i in range(5)]
    shapes = [("batch", 3, "height's"), (None, 2), (), (0,), ("", 1)]
    inputs = [value(f"x{i}", shape=shape) for i, shape in enumerate(shapes)]
    outputs = [value(f"y{i}", shape=shape) for i, shape in enumerate(shapes)]
    return model(helper.make_graph(nodes, "dynamic_shapes", inputs, outputs))


def unknown_rank():
    return model(helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "unknown_rank",
                                   [value("x", shape=None)], [value("y", shape=None)]))


def no_names():
    """Nodes and a graph without names; an optional input that is left out; a node without inputs or outputs."""
    clip = helper.make_node("Clip", ["x", "", "high"], ["y"])
    noise = helper.make_node("RandomNormal", [], ["z"], shape=[2, 3])
    sink = helper.make_node("Sink", ["z"], [], domain="test")
    nothing = helper.make_node("Nothing", [], [], domain="test")
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("test", 1)]
    return model(helper.make_graph([clip, noise, sink, nothing], "", [value("x"), value("high", shape=())], [value("y")]),
                 opset_imports=imports)


def initializers():
    """A model as before IR version 4, in which initializers are inputs as well."""
    w = numpy_helper.from_array(np.arange(6, dtype=np.float32).reshape(3, 2), "w")
    b = numpy_helper.from_array(np.array([0.5, -1.25], dtype=np.float32), "b")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["xw"], name="matmul"),
             helper.make_node("Add", ["xw", "b"], ["y"], name="add")]
    graph = helper.make_graph(nodes, "initializers", [value("x"), value("w", shape=(3, 2)), value("b", shape=(2,))],
                              [value("y", shape=(2, 2))], [w, b], value_info=[value("xw", shape=(2, 2))],
                              doc_string="Two lines\nof documentation.")
    return model(graph, ir_version=3, opset=8)


def large_initializer():
    """More elements than are printed."""
    w = numpy_helper.from_array(np.linspace(-1, 1, 4096, dtype=np.float32).reshape(64, 64), "w")
    return model(helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "large_initializer",
                                   [value("x", shape=(2, 64))], [value("y", shape=(2, 64))], [w]))


def empty_graph():
    return model(helper.make_graph([], "empty", [], []))


def opset_imports():
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3), helper.make_opsetid("it's", 1)]
    node = helper.make_node("Scaler", ["x"], ["y"], domain="ai.onnx.ml", offset=[0.5], scale=[2.0])
    return model(helper.make_graph([node], "imports", [value("x")], [value("y")]), opset_imports=imports)


def attributes():
    """All kinds of attributes that Polygraphy prints."""
    node = helper.make_node(
        "AllAttributes", ["x"], ["y"], name="all", domain="test",
        f=0.1, i=-7, s="text", floats=[0.1, 1.0, 1e-5, 1e16, -0.0, float("inf"), float("nan"), 3.4028234663852886e38],
        ints=[1, -2, 2**62], strings=["a", "it's", "b\\\n"], t=numpy_helper.from_array(np.arange(3, dtype=np.int64)),
        to=TensorProto.FLOAT16, dtype=TensorProto.DOUBLE, target_type=TensorProto.INT32, lines="one\ntwo\n", empty="")
    unnamed = helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(np.float32([[1.5, 2.5]])))
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("test", 1)]
    return model(helper.make_graph([node, unnamed], "attributes", [value("x")], [value("y")]), opset_imports=imports)


def more_attributes():
    """The kinds of attributes that Polygraphy leaves out."""
    tensor = numpy_helper.from_array(np.arange(3, dtype=np.int32))
    sparse = helper.make_sparse_tensor(numpy_helper.from_array(np.float32([1, 2])),
                                       numpy_helper.from_array(np.int64([1, 5])), [2, 3])
    inner = helper.make_graph([helper.make_node("Identity", ["x"], ["g"])], "inner", [], [value("g")])
    node = helper.make_node("More", ["x"], ["y"], name="more", domain="test")
    node.attribute.extend([
        helper.make_attribute("tensors", [tensor, tensor]),
        helper.make_attribute("graphs", [inner, inner]),
        helper.make_attribute("sparse", sparse),
        helper.make_attribute("sparses", [sparse]),
        helper.make_attribute("type", helper.make_tensor_type_proto(TensorProto.FLOAT, ["n", 2])),
        helper.make_attribute("types", [helper.make_sequence_type_proto(
            helper.make_tensor_type_proto(TensorProto.INT64, None))]),
        helper.make_attribute("no_ints", [], attr_type=AttributeProto.INTS),
    ])
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("test", 1)]
    return model(helper.make_graph([node], "more_attributes", [value("x")], [value("y")]), opset_imports=imports)


def all_types():
    """An input, an output and an initializer of every data type."""
    inputs, outputs, weights, nodes = [], [], [], []
    for name in ALL_TYPES:
        number = TensorProto.DataType.Value(name)
        inputs.append(value(f"in_{name}", number))
        outputs.append(value(f"out_{name}", number))
        nodes.append(helper.make_node("Identity", [f"in_{name}"], [f"out_{name}"], name=name))
        values = ["a", "b", "it's", ""] if name == "STRING" else [0, 1, 1, 0]
        weights.append(helper.make_tensor(f"w_{name}", number, [2, 2], values))
    return model(helper.make_graph(nodes, "all_types", inputs, outputs, weights), opset=23, ir_version=13)


def initializers_of_types(names):
    """Values in raw_data and in the field that each type has."""
    weights = []
    for name in names:
        number = TensorProto.DataType.Value(name)
        values = ["a", "b", "it's", ""] if name == "STRING" else [0, 1, 1, 0]
        if name in ("FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16"):
            values = [0.1, -2.5, 1e-3, 7.0]
        elif name.startswith("INT"):
            values = [-3, 2, 0, -1]
        tensor = helper.make_tensor(f"typed_{name}", number, [2, 2], values)
        weights.append(tensor)
        if name != "STRING":
            raw = numpy_helper.from_array(numpy_helper.to_array(tensor), f"raw_{name}")
            raw.data_type = number
            weights.append(raw)
    return weights


def common_types():
    """The types that NumPy has."""
    names = ["FLOAT", "DOUBLE", "FLOAT16", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64",
             "BOOL", "STRING"]
    return model(helper.make_graph([], "common_types", [], [], initializers_of_types(names)))


def narrow_types():
    """The types that NumPy has not."""
    names = ["BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "INT4", "UINT4", "INT2",
             "UINT2", "FLOAT4E2M1", "FLOAT8E8M0"]
    return model(helper.make_graph([], "narrow_types", [], [], initializers_of_types(names)), ir_version=13)


def subgraphs():
    """If, Loop and Scan; the branches use values of the graph around them."""
    then = helper.make_graph([helper.make_node("Add", ["x", "w"], ["t"], name="add")], "then", [], [value("t")],
                             [numpy_helper.from_array(np.float32([[1, 2, 3]]), "v")])
    other = helper.make_graph([helper.make_node("Mul", ["x", "x"], ["e"])], "else", [], [value("e")],
                              doc_string="The other branch.")
    body = helper.make_graph(
        [helper.make_node("Identity", ["keep_going"], ["go_on"]), helper.make_node("Add", ["state", "w"], ["next"])], "body",
        [value("i", TensorProto.INT64, ()), value("keep_going", TensorProto.BOOL, ()), value("state")],
        [value("go_on", TensorProto.BOOL, ()), value("next")])
    scan = helper.make_graph([helper.make_node("Add", ["sum", "element"], ["new_sum"])], "scan",
                             [value("sum", shape=(3,)), value("element", shape=(3,))], [value("new_sum", shape=(3,))])
    nodes = [helper.make_node("If", ["condition"], ["a"], name="if", then_branch=then, else_branch=other),
             helper.make_node("Loop", ["count", "condition", "a"], ["b"], name="loop", body=body),
             helper.make_node("Scan", ["zero", "b"], ["y"], body=scan, num_scan_inputs=1)]
    graph = helper.make_graph(nodes, "subgraphs",
                              [value("condition", TensorProto.BOOL, ()), value("x"), value("count", TensorProto.INT64, ()),
                               value("zero", shape=(3,))],
                              [value("y", shape=(3,))], [numpy_helper.from_array(np.float32([[1, 2, 3]]), "w")],
                              value_info=[value("a")])
    return model(graph)


def nested_subgraphs():
    """An If in an If in an If."""
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y0"])], "level0", [], [value("y0")])
    for level in range(1, 4):
        node = helper.make_node("If", ["condition"], [f"y{level}"], then_branch=graph, else_branch=graph)
        graph = helper.make_graph([node], f"level{level}", [], [value(f"y{level}")])
    graph.input.extend([value("condition", TensorProto.BOOL, ()), value("x")])
    return model(graph)


def sequences():
    """Values that are no tensors."""
    tensor = helper.make_tensor_type_proto(TensorProto.FLOAT, ["n", 2])
    sequence = helper.make_sequence_type_proto(tensor)
    inputs = [helper.make_value_info("sequence", sequence),
              helper.make_value_info("optional", helper.make_optional_type_proto(sequence)),
              helper.make_value_info("map", helper.make_map_type_proto(TensorProto.INT64, tensor)),
              helper.make_value_info("sparse", helper.make_sparse_tensor_type_proto(TensorProto.FLOAT, [3, 4])),
              onnx.ValueInfoProto(name="untyped")]
    node = helper.make_node("SequenceAt", ["sequence", "i"], ["y"])
    return model(helper.make_graph([node], "sequences", inputs + [value("i", TensorProto.INT64, ())], [value("y")]))


def functions():
    body = [helper.make_node("Mul", ["a", "b"], ["ab"], name="mul"),
            helper.make_node("LeakyRelu", ["ab"], ["c"], name="relu")]
    body[1].attribute.add(name="alpha", ref_attr_name="slope", type=AttributeProto.FLOAT)
    function = helper.make_function("test", "MulRelu", ["a", "b"], ["c"], body, [helper.make_opsetid("", 17)],
                                    ["slope"], [helper.make_attribute("unused", 3)])
    node = helper.make_node("MulRelu", ["x", "x"], ["y"], domain="test", slope=0.5)
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("test", 1)]
    return model(helper.make_graph([node], "functions", [value("x")], [value("y")]), opset_imports=imports,
                 functions=[function])


def sparse_initializer():
    values = numpy_helper.from_array(np.float32([1, 2]), "w")
    sparse = helper.make_sparse_tensor(values, numpy_helper.from_array(np.int64([1, 5])), [2, 3])
    return model(helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "sparse", [value("x")], [value("y")],
                                   sparse_initializer=[sparse]))


def metadata():
    made = identity()
    made.domain, made.model_version, made.doc_string, made.producer_version = "org.test", 3, "A model.", "1.2"
    helper.set_model_props(made, {"author": "nobody", "licence": "none"})
    annotation = made.graph.quantization_annotation.add(tensor_name="x")
    annotation.quant_parameter_tensor_names.add(key="SCALE_TENSOR", value="s")
    return made


def external_data():
    """Weights in a file beside the model."""
    made = initializers()
    made.ir_version = 10
    del made.graph.input[1:]
    return made


SAVE_ARGUMENTS = {
    "external_data": {"save_as_external_data": True, "location": "external_data.weights", "size_threshold": 0}}

MODELS = [identity, dynamic_shapes, unknown_rank, no_names, initializers, large_initializer, empty_graph, opset_imports,
          attributes, more_attributes, all_types, common_types, narrow_types, subgraphs, nested_subgraphs, sequences, functions,
          sparse_initializer, metadata, external_data]


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_models.py FOLDER")
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "external_data.weights").unlink(missing_ok=True)  # onnx would append to it
    for make in MODELS:
        onnx.save(make(), folder / f"{make.__name__}.onnx", **SAVE_ARGUMENTS.get(make.__name__, {}))


if __name__ == "__main__":
    main()
