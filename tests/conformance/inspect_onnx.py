"""`inspect model` of ONNX files prints what Polygraphy prints, but for the differences in docs/differences.md.

    POLYGRAPH=build/bin/polygraph POLYGRAPH_PEER=venv/bin/python python3 tests/conformance/inspect_onnx.py

POLYGRAPH is the program; POLYGRAPH_PEER a Python with the packages polygraphy and onnx. Both run on all models that
tests/models/make_models.py makes and on the files that POLYGRAPH_MODELS names, separated by ':'.
"""

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

PEER_PROGRAM = "import sys; from polygraphy.tools import main; sys.exit(main())"


def peer_text(path, shown):
    """What Polygraphy prints, without the prefix of its log lines."""
    command = [PEER, "-c", PEER_PROGRAM, "inspect", "model", str(path)]
    result = subprocess.run(command + (["--show", *shown] if shown else []), capture_output=True, text=True, check=True)
    lines = result.stdout.split("[I] ==== ONNX Model ====\n")[1].split("\n")
    return "==== ONNX Model ====\n" + "\n".join(line[4:] if line.startswith("    ") else line for line in lines)


def our_text(path, shown):
    command = [PROGRAM, "inspect", "model", str(path)]
    result = subprocess.run(command + (["--show", *shown] if shown else []), capture_output=True, text=True, check=True)
    return result.stdout


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
        compared = 0
        for path in self.models:
            if path.stem in DIFFERENT:
                continue
            for shown in SHOWN:
                with self.subTest(model=path.name, shown=" ".join(shown)):
                    ours, theirs = our_text(path, shown), peer_text(path, shown)
                    if "nested" in path.stem:
                        ours, theirs = with_even_indents(ours), with_even_indents(theirs)
                    self.assertEqual(ours, theirs)
                    compared += 1
        self.assertGreater(compared, 80)

    def test_known_differences_are_real(self):
        """A model leaves the list when Polygraphy prints it as Polygraph does."""
        shown = ["layers", "attrs", "weights"]
        for path in self.models:
            if path.stem in DIFFERENT:
                with self.subTest(model=path.name):
                    self.assertNotEqual(our_text(path, shown), peer_text(path, shown))


if __name__ == "__main__":
    unittest.main()
