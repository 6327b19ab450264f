"""`plugin match` and `plugin replace` do what Polygraphy's do: the same config.yaml, byte for byte, and the same nodes.

    POLYGRAPH=build/bin/polygraph POLYGRAPH_PEER=venv/bin/python python3 tests/conformance/plugin.py

POLYGRAPH_PEER is a Python with polygraphy, onnx, onnx_graphsurgeon and PyYAML.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

PROGRAM = os.environ.get("POLYGRAPH", "polygraph")
PEER = os.environ.get("POLYGRAPH_PEER", "python3")

# The same pattern for both.
PATTERN_PY = '''
import onnx_graphsurgeon as gs

def get_plugin_pattern():
    pattern = gs.GraphPattern()
    p = pattern.variable()
    q = pattern.add("Leaky", "LeakyRelu", inputs=[p])
    r = pattern.add("Exponential", "Exp", inputs=[q])
    s = pattern.add("Negative", "Neg", inputs=[r])
    pattern.set_output_tensors([s])
    return pattern

def get_matching_subgraphs(graph):
    return [{"inputs": [tensor.name for tensor in match.inputs], "outputs": [tensor.name for tensor in match.outputs],
             "attributes": {"fixed": 3, "slope": match.get("Leaky").attrs["alpha"]}}
            for match in get_plugin_pattern().match_all(graph)]

def get_plugin_metadata():
    return {"name": "toy", "op": "Toy"}
'''

PATTERN_TEXT = """<ir_version: 10, opset_import: ["" : 13], metadata_props: ["name": "toy", "op": "Toy", "attributes.fixed": "3"]>
toy (p) => (s) {
  q = LeakyRelu <alpha: float = @slope> (p)
  r = Exp (q)
  s = Neg (r)
}
"""

# Makes a model in the folder named, lets Polygraphy match and replace, and prints the nodes of both results.
PEER_PROGRAM = r"""
import contextlib, io, json, os, sys
import onnx
from onnx import TensorProto, helper
from polygraphy.tools import main

os.chdir(sys.argv[1])
nodes, last = [], "x"
for i in range(4):
    nodes += [helper.make_node("LeakyRelu", [last], [f"b{i}"], name=f"leaky{i}", alpha=0.5 / (i + 1) if i != 2 else 0.25),
              helper.make_node("Exp", [f"b{i}"], [f"c{i}"], name=f"exp{i}"),
              helper.make_node("Neg" if i != 1 else "Abs", [f"c{i}"], [f"{i}"], name=f"neg{i}"),
              helper.make_node("Relu", [f"{i}"], [f"e:{i}"], name=f"relu{i}")]
    last = f"e:{i}"
value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [2])
graph = helper.make_graph(nodes, "g", [value("x")], [value(last)])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), "model.onnx")
for arguments in (["match", "-o", "theirs.yaml"], ["replace", "--config", "theirs.yaml", "-o", "theirs.onnx"]):
    sys.argv = ["polygraphy", "plugin", arguments[0], "model.onnx", "--plugin-dir", "plugins", *arguments[1:]]
    with contextlib.redirect_stdout(io.StringIO()):
        main()
"""

PRINT_NODES = r"""
import json, sys, onnx
model = onnx.load(sys.argv[1])
print(json.dumps([[n.op_type, list(n.input), list(n.output),
                   {a.name: onnx.helper.get_attribute_value(a) for a in n.attribute}] for n in model.graph.node]))
"""


def has_yaml():
    return subprocess.run([PEER, "-c", "import yaml"], stderr=subprocess.DEVNULL, check=False).returncode == 0


@unittest.skipUnless(has_yaml(), "the peer has no PyYAML")
class PluginTools(unittest.TestCase):
    maxDiff = None

    def nodes(self, name):
        result = subprocess.run([PEER, "-c", PRINT_NODES, str(self.folder / name)], stdout=subprocess.PIPE, check=True)
        return json.loads(result.stdout)

    def run_ours(self, *arguments):
        subprocess.run([PROGRAM, "plugin", *map(str, arguments), "--plugin-dir", str(self.folder / "plugins")], check=True,
                       stdout=subprocess.PIPE)

    def test_match_and_replace(self):
        with tempfile.TemporaryDirectory() as folder:
            self.folder = pathlib.Path(folder)
            (self.folder / "plugins" / "toy").mkdir(parents=True)
            (self.folder / "plugins" / "toy" / "pattern.py").write_text(PATTERN_PY)
            (self.folder / "plugins" / "toy" / "pattern.onnxtxt").write_text(PATTERN_TEXT)
            subprocess.run([PEER, "-c", PEER_PROGRAM, folder], check=True)
            model = self.folder / "model.onnx"
            self.run_ours("match", model, "-o", self.folder / "ours.yaml")
            theirs = (self.folder / "theirs.yaml").read_text()
            self.assertEqual(theirs.count("- inputs"), 3)
            self.assertEqual((self.folder / "ours.yaml").read_text(), theirs)
            # Ours reads what theirs wrote.
            self.run_ours("replace", model, "--config", self.folder / "theirs.yaml", "-o", self.folder / "ours.onnx")
            self.assertEqual(self.nodes("ours.onnx"), self.nodes("theirs.onnx"))


if __name__ == "__main__":
    unittest.main()
