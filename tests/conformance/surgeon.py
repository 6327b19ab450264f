"""`surgeon extract`, `insert` and `sanitize` make the models that Polygraphy makes, but for the differences in docs/differences.md.

    POLYGRAPH=build/bin/polygraph POLYGRAPH_PEER=venv/bin/python python3 tests/conformance/surgeon.py

POLYGRAPH is the program; POLYGRAPH_PEER a Python with the packages polygraphy, onnx, onnx-graphsurgeon and onnxruntime, which
this script runs in. Both programs get the same generated models and the same arguments; what they write is compared by nodes,
inputs, outputs, opset imports and the values of initializers.
"""

import contextlib
import io
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.environ.get("POLYGRAPH", "polygraph")

try:
    import numpy
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from polygraphy.tools import main as peer_main
except ImportError:
    os.execv(os.environ["POLYGRAPH_PEER"], [os.environ["POLYGRAPH_PEER"], "-B", *sys.argv])

SIZE = 4
RANDOM_MODELS = 12


def value(name, shape=(SIZE, SIZE)):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def model_of(nodes, inputs, outputs, initializers=(), value_info=()):
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers), value_info=list(value_info))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model.metadata_props.add(key="author", value="somebody")
    return model


def random_model(seed):
    """A graph of 24 operators on square matrices, some of them constant, some of them dead."""
    rng = random.Random(seed)
    numbers = numpy.random.RandomState(seed)
    inputs = ["x0", "x1"]
    weights = [f"w{i}" for i in range(4)]
    names, nodes = inputs + weights, []
    for i in range(24):
        op = rng.choice(["Relu", "Sigmoid", "Neg", "Add", "Mul", "MatMul", "Transpose"])
        count = 2 if op in ("Add", "Mul", "MatMul") else 1
        attributes = {"perm": [1, 0]} if op == "Transpose" else {}
        taken = rng.choices(names[-8:] if i > 4 else names, k=count)
        if i % 6 == 5:  # lest all be constant
            taken[0] = rng.choice(inputs)
        nodes.append(helper.make_node(op, taken, [f"v{i}"], name=f"n{i}", **attributes))
        names.append(f"v{i}")
    tensors = [numpy_helper.from_array(numbers.rand(SIZE, SIZE).astype(numpy.float32), name) for name in weights]
    varying = set(inputs)
    for node in nodes:
        if varying & set(node.input):
            varying.add(node.output[0])
    # A constant output is an initializer for graphsurgeon and the result of a Constant node for Polygraph.
    outputs = [name for name in names[6:] if name in varying][-3:-1]
    return model_of(nodes, [value(name) for name in inputs], [value(name) for name in outputs], tensors,
                    [value(node.output[0]) for node in nodes if node.output[0] not in outputs])


def shape_model():
    """A size computed from the input's shape, and constants of several kinds."""
    nodes = [
        helper.make_node("Shape", ["x"], ["s"], name="shape"),
        helper.make_node("Constant", [], ["zero"], name="zero", value=numpy_helper.from_array(numpy.array([0]))),
        helper.make_node("Gather", ["s", "zero"], ["n"], name="first", axis=0),
        helper.make_node("Constant", [], ["rest"], name="rest", value_ints=[-1]),
        helper.make_node("Concat", ["n", "rest"], ["to"], name="to", axis=0),
        helper.make_node("Reshape", ["x", "to"], ["flat"], name="flat"),
        helper.make_node("Exp", ["w"], ["e"], name="exp"),
        helper.make_node("Add", ["flat", "e"], ["y"], name="add"),
    ]
    weight = numpy_helper.from_array(numpy.ones(6, numpy.float32), "w")
    return model_of(nodes, [value("x", (5, 2, 3))], [value("y", (5, 6))], [weight])


def branch_model():
    """An If whose branches take values from outside."""
    def branch(name, op):
        return helper.make_graph([helper.make_node(op, ["h"], [name], name=name)], name, [], [value(name)])
    nodes = [helper.make_node("Relu", ["x0"], ["h"], name="relu"),
             helper.make_node("If", ["c"], ["y"], name="if", then_branch=branch("t", "Neg"), else_branch=branch("e", "Exp")),
             helper.make_node("Neg", ["h"], ["dead"], name="dead")]
    condition = helper.make_tensor_value_info("c", TensorProto.BOOL, ())
    return model_of(nodes, [value("x0"), condition], [value("y")])


def tensor_key(tensor, folder):
    array = numpy_helper.to_array(tensor, folder)
    return (tensor.data_type, array.shape, array.tobytes())


def attribute_key(attribute, folder):
    if attribute.type == onnx.AttributeProto.TENSOR:
        return (attribute.name, tensor_key(attribute.t, folder))
    if attribute.type == onnx.AttributeProto.GRAPH:
        return (attribute.name, str(structure_of_graph(attribute.g, folder)))
    return (attribute.name, str(helper.get_attribute_value(attribute)))


def node_key(node, folder):
    attributes = sorted(attribute_key(attribute, folder) for attribute in node.attribute)
    return (node.name, node.op_type, node.domain, tuple(node.input), tuple(node.output), tuple(attributes))


def value_key(info):
    tensor = info.type.tensor_type
    dims = tuple(d.dim_param or (d.dim_value if d.HasField("dim_value") else None) for d in tensor.shape.dim)
    return (info.name, tensor.elem_type, dims if tensor.HasField("shape") else None)


def structure_of_graph(graph, folder):
    taken = {name for node in graph.node for name in node.input} | {output.name for output in graph.output}
    return {"nodes": [node_key(node, folder) for node in graph.node], "inputs": [value_key(info) for info in graph.input],
            "outputs": [value_key(info) for info in graph.output],
            # graphsurgeon drops initializers that nothing takes as soon as it has a graph in its hands.
            "initializers": {t.name: numpy_helper.to_array(t, folder) for t in graph.initializer if t.name in taken}}


def structure(path):
    model = onnx.load(path, load_external_data=False)
    result = structure_of_graph(model.graph, str(path.parent))
    result["opsets"] = sorted((opset.domain, opset.version) for opset in model.opset_import)
    return result


class Surgeon(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.directory.name)
        cls.models = {f"random{seed}": random_model(seed) for seed in range(RANDOM_MODELS)}
        cls.models |= {"shape": shape_model(), "branch": branch_model()}
        for name, model in cls.models.items():
            onnx.checker.check_model(model)
            onnx.save(model, cls.folder / f"{name}.onnx")

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def both(self, tool, name, *options):
        """What Polygraph and what Polygraphy make of the model."""
        source = self.folder / f"{name}.onnx"
        for program in ("ours", "theirs"):
            (self.folder / program).mkdir(exist_ok=True)
        arguments = ["surgeon", tool, str(source), *options, "-o"]
        ours, theirs = (self.folder / program / "out.onnx" for program in ("ours", "theirs"))
        subprocess.run([PROGRAM, *arguments, str(ours)], capture_output=True, text=True, check=True)
        sys.argv = ["polygraphy", *arguments, str(theirs)]
        with contextlib.redirect_stdout(io.StringIO()) as log:
            self.assertEqual(peer_main(), 0, log.getvalue())
        onnx.checker.check_model(str(ours))
        return structure(ours), structure(theirs)

    def check_same(self, tool, name, *options, ordered=True):
        with self.subTest(model=name, tool=tool, options=options):
            ours, theirs = self.both(tool, name, *options)
            if not ordered:
                ours["nodes"].sort()
                theirs["nodes"].sort()
            weights, expected = ours.pop("initializers"), theirs.pop("initializers")
            self.assertEqual(ours, theirs)
            self.assertEqual(weights.keys(), expected.keys())
            for key, array in expected.items():
                self.assertEqual((weights[key].dtype, weights[key].shape), (array.dtype, array.shape))
                # Constants are folded by another engine.
                numpy.testing.assert_allclose(weights[key], array, rtol=1e-5, err_msg=key)

    def random_models(self):
        for seed in range(RANDOM_MODELS):
            yield f"random{seed}", self.models[f"random{seed}"], random.Random(seed)

    def test_extract_outputs(self):
        for name, model, rng in self.random_models():
            self.check_same("extract", name, "--outputs", *(f"{node.output[0]}:auto" for node in rng.sample(model.graph.node, 2)))

    def test_extract_inputs(self):
        for name, model, _ in self.random_models():
            # Every value that the last third of the nodes takes from before it becomes an input.
            late = model.graph.node[16:]
            made = {node.output[0] for node in late}
            taken = dict.fromkeys(value for node in late for value in node.input if value not in made and value[0] != "w")
            outputs = [node.output[0] for node in late][-2:]
            self.check_same("extract", name, "--inputs", *(f"{value}:[{SIZE},{SIZE}]:float32" for value in taken),
                            "--outputs", *(f"{value}:float32" for value in outputs))

    def test_extract_with_branches(self):
        self.check_same("extract", "branch", "--inputs", "h:auto:auto", "c:auto:auto", "--outputs", "y:auto")

    def test_insert_on_the_way(self):
        for name, model, rng in self.random_models():
            with self.subTest(model=name):
                node = rng.choice(model.graph.node)
                ours, theirs = self.both("insert", name, "--op", "Tanh", "--name", "new", "--inputs", node.output[0],
                                         "--outputs", node.output[0])
                # The new value is called differently.
                self.assertEqual([key[:3] for key in ours["nodes"]], [key[:3] for key in theirs["nodes"]])
                self.assertEqual([info[0] for info in ours["outputs"]], [info[0] for info in theirs["outputs"]])

    def test_insert_instead(self):
        for name, model, rng in self.random_models():
            outputs = [info.name for info in model.graph.output if info.name.startswith("v")]
            self.check_same("insert", name, "--op", "Sum", "--name", "new", "--inputs", "x0", "x1", "--outputs", rng.choice(outputs))

    def test_insert_attributes(self):
        self.check_same("insert", "shape", "--op", "LeakyRelu", "--inputs", "flat", "--outputs", "y", "--attrs", "alpha=0.5")

    def test_sanitize_cleanup(self):
        for name in self.models:
            self.check_same("sanitize", name, "--cleanup")

    def test_sanitize_toposort(self):
        for name, model, rng in self.random_models():
            nodes = list(model.graph.node)
            rng.shuffle(nodes)
            shuffled = onnx.ModelProto()
            shuffled.CopyFrom(model)
            del shuffled.graph.node[:]
            shuffled.graph.node.extend(nodes)
            onnx.save(shuffled, self.folder / "shuffled.onnx")
            self.check_same("sanitize", "shuffled", "--toposort", "--no-shape-inference", ordered=False)

    def test_sanitize_fold(self):
        for name in self.models:
            self.check_same("sanitize", name, "--fold-constants")

    def test_sanitize_outputs(self):
        for name, _, _ in self.random_models():
            self.check_same("sanitize", name, "--outputs", "v3", "v1?")
            self.check_same("sanitize", name, "--outputs", "v2[0-3]", "--exclude-outputs", "v22")
            self.check_same("sanitize", name, "--outputs", "*")

    def test_sanitize_override_shapes(self):
        for name, _, _ in self.random_models():
            self.check_same("sanitize", name, "--override-input-shapes", f"x0:[n,{SIZE}]", "--cleanup")
        self.check_same("sanitize", "shape", "--override-input-shapes", "x:[7,2,3]", "--fold-constants")

    def test_sanitize_external_data(self):
        self.check_same("sanitize", "random0", "--save-external-data", "w.bin", "--external-data-size-threshold", "0")
        for program in ("ours", "theirs"):
            self.assertTrue((self.folder / program / "w.bin").stat().st_size >= SIZE * SIZE * 4)


if __name__ == "__main__":
    unittest.main()
