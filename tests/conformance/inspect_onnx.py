"""`inspect model` of ONNX files prints what Polygraphy prints, but for the differences in docs/differences.md.

    POLYGRAPH=build/bin/polygraph POLYGRAPH_PEER=venv/bin/python python3 tests/conformance/inspect_onnx.py

POLYGRAPH is the program; POLYGRAPH_PEER a Python with the packages polygraphy and onnx. Both run on all models that
tests/models/make_models.py makes and on the files that POLYGRAPH_MODELS names, separated by ':'.
"""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

PROGRAM = os.environ.get("POLYGRAPH", "polygraph")
PEER = os.environ.get("POLYGRAPH_PEER", "python3")
MAKE_MODELS = pathlib.Path(__file__).parent.parent / "models" / "make_models.py"
SHOWN = [[], ["layers"], ["attrs"], ["weights"], ["layers", "attrs"], ["layers", "weights"],
         ["layers", "attrs", "weights"]]

# Polygraphy leaves these out or prints them wrongly; what Polygraph prints is checked by its unit tests.
DIFFERENT = {"unknown_rank", "more_attributes", "sequences", "functions", "sparse_initializer", "all_types",
             "narrow_types"}

# Runs Polygraphy once for each command line of the list on standard input, and prints the list of what it printed. To start
# it anew for each would take most of a second every time.
PEER_PROGRAM = """
import contextlib, io, json, sys
from polygraphy.tools import main

def printed(arguments):
    sys.argv = ["polygraphy", *arguments]
    with contextlib.redirect_stdout(io.StringIO()) as text:
        code = main()
    if code:
        sys.exit(f"polygraphy {arguments} ended with {code}")
    return text.getvalue()

json.dump([printed(arguments) for arguments in json.load(sys.stdin)], sys.stdout)
"""


# A model for --list-unbounded-dds: sizes that are computed, bounded, constant, given, and of a dimension known before.
MAKE_UNBOUNDED = """
import sys
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

def value(name, shape, dtype=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape)

def constant(name, number):
    return numpy_helper.from_array(np.array(number, dtype=np.int64), name)

nodes = [helper.make_node(*node) for node in [
    ("NonZero", ["x"], ["nz"]), ("Shape", ["nz"], ["s"]), ("Expand", ["x", "s"], ["y0"]), ("Tile", ["x", "s"], ["again"]),
    ("Gather", ["s", "one"], ["limit"]), ("Range", ["zero", "limit", "one"], ["y1"]),
    ("Min", ["s", "two"], ["bounded"]), ("Tile", ["x", "bounded"], ["y2"]), ("Abs", ["s"], ["pads"]), ("Pad", ["x", "pads"], ["y3"]),
    ("Neg", ["s"], ["sizes"]), ("Resize", ["x", "", "", "sizes"], ["y4"]), ("Tile", ["x", "two"], ["y5"]),
    ("Expand", ["x", "given"], ["y6"]), ("Sign", ["s"], ["known"]), ("Expand", ["x", "known"], ["y7"])]]
outputs = [value(f"y{i}", ["n", "m"] if i == 7 else None, TensorProto.INT64 if i == 1 else TensorProto.FLOAT) for i in range(8)]
graph = helper.make_graph(nodes, "unbounded", [value("x", ["n", "m"]), value("given", [2], TensorProto.INT64)], outputs,
                          [constant("zero", 0), constant("one", 1), constant("two", [2, 2])])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), sys.argv[1])
"""


def arguments_for(path, shown):
    return ["inspect", "model", str(path)] + (["--show", *shown] if shown else [])


def peer_texts(cases):
    """What Polygraphy prints for each pair of a model and what is to be shown of it, without the prefix of its log lines."""
    result = subprocess.run([PEER, "-c", PEER_PROGRAM], input=json.dumps([arguments_for(*case) for case in cases]),
                            stdout=subprocess.PIPE, text=True, check=True)
    texts = []
    for printed in json.loads(result.stdout):
        lines = printed.split("[I] ==== ONNX Model ====\n")[1].split("\n")
        texts.append("==== ONNX Model ====\n" + "\n".join(line[4:] if line.startswith("    ") else line for line in lines))
    return texts


def our_text(path, shown):
    return subprocess.run([PROGRAM, *arguments_for(path, shown)], capture_output=True, text=True, check=True).stdout


def with_even_indents(text):
    """Polygraphy indents sub-graphs by 3, 8, 15, ... levels, Polygraph by 3, 6, 9, ...: compare without indents."""
    return re.sub(r"^ +", "", text, flags=re.MULTILINE)


class InspectOnnx(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        subprocess.run([PEER, str(MAKE_MODELS), cls.folder.name], check=True)
        cls.models = sorted(pathlib.Path(cls.folder.name).glob("*.onnx"))
        cls.models += [pathlib.Path(path) for path in os.environ.get("POLYGRAPH_MODELS", "").split(":") if path]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_text_is_the_peers(self):
        cases = [(path, shown) for path in self.models if path.stem not in DIFFERENT for shown in SHOWN]
        self.assertGreater(len(cases), 80)
        for (path, shown), theirs in zip(cases, peer_texts(cases), strict=True):
            with self.subTest(model=path.name, shown=" ".join(shown)):
                ours = our_text(path, shown)
                if "nested" in path.stem:
                    ours, theirs = with_even_indents(ours), with_even_indents(theirs)
                self.assertEqual(ours, theirs)

    def test_unbounded_sizes_are_the_peers(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "unbounded.onnx")
            subprocess.run([PEER, "-c", MAKE_UNBOUNDED, path], check=True)
            arguments = ["inspect", "model", path, "--list-unbounded-dds"]
            theirs = subprocess.run([PEER, "-c", "from polygraphy.tools import main; main()", *arguments], capture_output=True,
                                    text=True, check=True).stdout
            ours = subprocess.run([PROGRAM, *arguments, "--json"], capture_output=True, text=True, check=True).stdout
        names = re.findall(r"Variable \((.*?)\)", theirs[theirs.index("Found tensors with unbounded DDS"):])
        self.assertEqual([size["name"] for size in json.loads(ours)["unbounded_dds"]], names)
        self.assertEqual(names, ["s", "limit", "pads", "sizes"])

    def test_known_differences_are_real(self):
        """A model leaves the list when Polygraphy prints it as Polygraph does."""
        cases = [(path, SHOWN[-1]) for path in self.models if path.stem in DIFFERENT]
        self.assertEqual(len(cases), len(DIFFERENT))
        for (path, shown), theirs in zip(cases, peer_texts(cases), strict=True):
            with self.subTest(model=path.name):
                self.assertNotEqual(our_text(path, shown), theirs)


if __name__ == "__main__":
    unittest.main()
