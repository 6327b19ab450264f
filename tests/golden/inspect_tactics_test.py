"""Tactic replays of TensorRT: inspect tactics and inspect diff-tactics."""

import json
import os
import pathlib
import unittest

from program import ProgramTest, run

SAMPLE = pathlib.Path(__file__).parents[2] / "fuzz" / "corpus" / "tactic_replay" / "polygraphy"


def replay(**tactics):
    """The bytes of a replay: each layer, and its tactic."""
    layers = {
        name: {"implementation": 1, "tactic": tactic, "inputs": [], "outputs": [], "polygraphy_class": "Algorithm"}
        for name, tactic in tactics.items()
    }
    return json.dumps({"replay": layers, "polygraphy_class": "TacticReplayData"}).encode()


class Tactics(ProgramTest):
    def test_text_and_json(self):
        self.check(run("inspect", "tactics", SAMPLE), 0, stdout="""Layer: conv "1" é
    Algorithm: (Implementation: 2147483657, Tactic: -6066573263428) | Inputs: (TensorInfo(DataType.FLOAT, (4, 2, 1), -1, 1), \
TensorInfo(DataType.HALF, (8,), None, None)) | Outputs: (TensorInfo(DataType.FLOAT, (4, 2, 1), -1, 1),)
Layer: empty
    Algorithm: (Implementation: 1, Tactic: 0) | Inputs: () | Outputs: (TensorInfo(DataType.INT8, (), 1, 4),)
""", stderr="")
        layers = json.loads(run("inspect", "tactics", SAMPLE, "--json").stdout)["layers"]
        self.assertEqual([layer["name"] for layer in layers], ['conv "1" é', "empty"])
        self.assertEqual(layers[1]["outputs"], [{"dtype": "DataType.INT8", "strides": [], "vectorized_dim": 1, "components_per_element": 4}])

    def test_bad_files(self):
        self.check_error(run("inspect", "tactics", self.path("none.json")), 3, "none.json")
        self.check_error(run("inspect", "tactics", self.model), 3, "is no tactic replay", "identity.onnx")
        copy = self.write("replay.json", SAMPLE.read_bytes())
        self.check_error(run("inspect", "tactics", copy, "--json", copy), 2, "--json")


class DiffTactics(ProgramTest):
    def setUp(self):
        super().setUp()
        for folder in ("good", "bad", "bad/deeper"):
            os.mkdir(self.path(folder))
        self.write("good/0.json", replay(a=1, b=2))
        self.write("good/1.json", replay(a=3, b=2))
        self.write("bad/0.json", replay(a=3, b=4, c=5))
        self.write("bad/deeper/1.json", replay(a=1, b=6))
        self.write("bad/log.txt", b"no replay")

    def test_what_only_bad_ones_have(self):
        result = run("inspect", "diff-tactics", "--dir", self.folder)
        self.check(result, 0, stderr=["Loaded 2 good tactic replays.", "Loaded 2 bad tactic replays."])
        self.assertEqual(result.stdout, """Found potentially bad tactics:
Layer: b
    Algorithms: ['(Implementation: 1, Tactic: 4) | Inputs: () | Outputs: ()', '(Implementation: 1, Tactic: 6) | Inputs: () | Outputs: ()']
Layer: c
    Algorithms: ['(Implementation: 1, Tactic: 5) | Inputs: () | Outputs: ()']
""")
        in_folder = run("inspect", "diff-tactics", cwd=self.folder)
        self.assertEqual(in_folder.stdout, result.stdout)
        found = json.loads(run("inspect", "diff-tactics", "--dir", self.folder, "--json").stdout)
        self.assertEqual((found["good_replays"], found["bad_replays"]), (2, 2))
        self.assertEqual([(layer["name"], [a["tactic"] for a in layer["algorithms"]]) for layer in found["layers"]],
                         [("b", [4, 6]), ("c", [5])])

    def test_files_and_nothing_found(self):
        result = run("inspect", "diff-tactics", "--good", self.path("good"), "--bad", self.path("good/0.json"))
        self.check(result, 0, stdout="Could not determine potentially bad tactics.")

    def test_what_is_missing(self):
        self.check_error(run("inspect", "diff-tactics", "--good", self.path("nowhere")), 3, "--good", "nowhere")
        result = run("inspect", "diff-tactics", "--good", self.path("good"), "--bad", self.path("bad/log.txt"))
        self.check(result, 3, stderr="is no tactic replay")
        self.check(run("inspect", "diff-tactics", "--dir", self.folder, "-v"), 0, stderr="Passing over")


if __name__ == "__main__":
    unittest.main()
