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

    def test_known_differences_are_real(self):
        """A model leaves the list when Polygraphy prints it as Polygraph does."""
        cases = [(path, SHOWN[-1]) for path in self.models if path.stem in DIFFERENT]
        self.assertEqual(len(cases), len(DIFFERENT))
        for (path, shown), theirs in zip(cases, peer_texts(cases), strict=True):
            with self.subTest(model=path.name):
                self.assertNotEqual(our_text(path, shown), theirs)


if __name__ == "__main__":
    unittest.main()
