"""Tactic replays that Polygraphy writes are shown and compared as Polygraphy does.

    POLYGRAPH=build/bin/polygraph POLYGRAPH_PEER=venv/bin/python python3 tests/conformance/tactics.py

POLYGRAPH is the program; POLYGRAPH_PEER a Python with polygraphy. Of TensorRT the peer needs the names of data types only,
which a module made here has.
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

PROGRAM = os.environ.get("POLYGRAPH", "polygraph")
PEER = os.environ.get("POLYGRAPH_PEER", "python3")

TENSORRT = """
__version__ = "10.0.1"

class DataType:
    def __init__(self, name):
        self.name = name
    def __str__(self):
        return f"DataType.{self.name}"
    __repr__ = __str__

for name in ("FLOAT", "HALF", "INT8"):
    setattr(DataType, name, DataType(name))
"""

# Writes replays below the folder named, and what Polygraphy's tools print of them.
PEER_PROGRAM = r"""
import os, random, sys
import tensorrt as trt
from polygraphy.backend.trt.algorithm_selector import Algorithm, TacticReplayData, TensorInfo
from polygraphy.tools import main

random.seed(1)
types = [trt.DataType.FLOAT, trt.DataType.HALF, trt.DataType.INT8]

def tensor():
    strides = tuple(random.randint(0, 9) for _ in range(random.randint(0, 4)))
    return TensorInfo(random.choice(types), strides, *random.choice([(None, None), (-1, 1), (1, 32)]))

def algorithm():
    return Algorithm(random.randint(-2**63, 2**63 - 1), random.randint(0, 3), [tensor() for _ in range(random.randint(0, 3))], [tensor()])

folder = sys.argv[1]
shared = {name: algorithm() for name in ("a", "caf\u00e9 \"1\"", "b/c")}
for kind in ("good", "bad"):
    os.mkdir(os.path.join(folder, kind))
    for i in range(2):
        replay = TacticReplayData()
        for name, same in shared.items():
            replay.add(name, same)
        if kind == "bad" and i == 1:
            replay.add("b/c", algorithm())
        replay.save(os.path.join(folder, kind, f"{i}.json"))
"""


class Tactics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = pathlib.Path(cls.temporary.name)
        (cls.folder / "modules").mkdir()
        (cls.folder / "modules" / "tensorrt.py").write_text(TENSORRT)
        (cls.folder / "replays").mkdir()
        cls.peer("-c", PEER_PROGRAM, cls.folder / "replays")

    @classmethod
    def peer(cls, *arguments):
        """What the peer prints, without its prefixes and its messages about itself."""
        environment = {**os.environ, "PYTHONPATH": str(cls.folder / "modules")}
        result = subprocess.run([PEER, "-B", *map(str, arguments)], env=environment, capture_output=True, text=True, timeout=100, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        lines = []
        for line in result.stdout.splitlines():
            if line.startswith(("[W]", "[I] Loading tactic", "[I] Saving tactic", "[I] Loaded ")):
                continue
            lines.append(line[4:] if line.startswith(("[I] ", "    ")) else line)
        return "\n".join(lines)

    def peer_tool(self, *arguments):
        return self.peer("-c", "import sys; from polygraphy.tools import main; sys.exit(main())", *arguments)

    def ours(self, *arguments):
        result = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=100, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.rstrip("\n")

    def test_tactics(self):
        replays = sorted((self.folder / "replays").glob("*/*.json"))
        self.assertEqual(len(replays), 4)
        for path in replays:
            self.assertEqual(self.ours("inspect", "tactics", path), self.peer_tool("inspect", "tactics", path))

    def test_diff_tactics(self):
        arguments = ("inspect", "diff-tactics", "--dir", self.folder / "replays")
        ours = self.ours(*arguments)
        self.assertIn("Layer: b/c", ours)
        self.assertEqual(ours, self.peer_tool(*arguments))
        good = self.folder / "replays" / "good"
        arguments = ("inspect", "diff-tactics", "--good", good, "--bad", good / "0.json")
        self.assertEqual(self.ours(*arguments), self.peer_tool(*arguments))


if __name__ == "__main__":
    unittest.main()
