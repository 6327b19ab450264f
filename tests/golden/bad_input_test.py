"""`polygraph run` on what should not be compared, or not without a word: each is an error that says what to do, or a verdict
that says what it is about. Nothing passes because nothing was compared."""

import base64
import io
import json
import math
import os
import pathlib
import struct
import unittest
import zipfile

from program import ProgramTest, identity_model, run

FORMATS = {"<f4": "f", "<f8": "d", "<i4": "i", "<i8": "q", "<u8": "Q"}
RUNNER = ("--reference",)


def npy(descr, shape, values):
    """A tensor as NumPy's .npy; texts as <U4."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    if descr == "<U4":
        data = b"".join(value.ljust(4, "\0").encode("utf-32-le") for value in values)
    else:
        data = struct.pack(f"<{len(values)}{FORMATS[descr]}", *values)
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


def array(descr, shape, values):
    text = base64.b64encode(npy(descr, shape, values)).decode()
    return {"values": {"array": text, "polygraphy_class": "ndarray"}, "polygraphy_class": "LazyArray"}


def results(name, *iterations):
    """Saved outputs of one runner: a dictionary of arrays for each iteration."""
    made = [{"outputs": outputs, "runtime": 0.1, "runner_name": name, "polygraphy_class": "IterationResult"} for outputs in iterations]
    return json.dumps({"lst": [[name, made]], "polygraphy_class": "RunResults"}).encode()


class BadInput(ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("model.onnx", identity_model())
        self.model = self.path("model.onnx")

    def compared(self, first, second, *options):
        """One output 'y' beside another: arguments of `array` each."""
        self.write("first.json", results("first", {"y": array(*first)}))
        self.write("second.json", results("second", {"y": array(*second)}))
        return run("run", "--load-outputs", self.path("first.json"), self.path("second.json"), *options)

    def refused(self, words, *options, status=3):
        """Before any inference, with an error that says what to do."""
        result = run("run", self.model, *RUNNER, *options)
        self.check(result, status, stdout="", stderr=[words] if isinstance(words, str) else words)
        self.assertRegex(result.stderr, r"\[!\] .*\n    .", "and what to do")
        return result

    # Numbers of iterations

    def test_no_iterations(self):
        self.refused("0 is too small: it must be 1 or more", "--iterations", "0", status=2)
        self.refused("is too large", "--iterations", "9" * 20, status=2)
        for empty in ([], [{}]):
            self.write("none.json", json.dumps(empty).encode())
            self.refused(("inputs" if not empty else "no array for the input 'x'"), "--load-inputs", self.path("none.json"))

    def test_different_numbers_of_iterations(self):
        one, three = self.path("one.json"), self.path("three.json")
        for path, count in ((one, 1), (three, 3)):
            self.check(run("run", self.model, *RUNNER, "--iterations", count, "--save-outputs", path), 0)
        for files in ((one, three), (three, one)):
            self.check(run("run", "--load-outputs", *files), 3, stderr=["'" + one + "' has 1 iteration(s), and '" + three + "' has more"])
        self.check(run("run", self.model, *RUNNER, "--load-outputs", three), 3, stderr=["three.json", "more than the 1 iteration(s)"])
        self.check(run("run", self.model, *RUNNER, "--iterations", "5", "--load-outputs", three), 3, stderr=["three.json", "are 3 iteration(s)"])

    # Outputs

    def test_results_files_are_read_before_anything_runs(self):
        self.write("empty.json", b"")
        self.write("object.json", b'{"lst": [], "polygraphy_class": "RunResults"}')
        self.write("cut.json", results("r", {"y": array("<f4", (4,), [1, 2, 3, 4])})[:200])
        self.write("inputs.json", json.dumps([{"x": array("<f4", (1, 2), [1, 2])}]).encode())
        for name, words in (("empty.json", "it holds nothing"), ("object.json", "object.json"), ("cut.json", "a string does not end"),
                            ("inputs.json", "it holds inputs"), ("missing.json", "missing.json")):
            with self.subTest(name=name):
                result = self.refused(words, "--load-outputs", self.path(name))
                self.assertNotIn("Activated", result.stderr)

    def test_names_that_differ(self):
        """As in Polygraphy outputs are then paired by their places, which is told."""
        tensor = array("<f4", (1,), [1])
        self.write("a.json", results("a", {"one": tensor, "two": tensor}))
        self.write("b.json", results("b", {"x": tensor, "y": array("<f4", (1,), [2]), "z": tensor}))
        self.check(run("run", "--load-outputs", self.path("a.json"), self.path("b.json")), 1, stdout="Mismatched outputs: ['two']", stderr=[
            "Assuming b output: x corresponds to output: one", "Assuming b output: y corresponds to output: two",
            "Output 'z' of b was not compared: a has nothing like it."])

    def test_nothing_to_compare(self):
        self.write("a.json", results("a", {"y": array("<f4", (1,), [1])}))
        self.write("none.json", results("none", {}))
        for pair in (("a.json", "none.json"), ("none.json", "a.json"), ("none.json", "none.json")):
            with self.subTest(pair=pair):
                result = run("run", "--load-outputs", *map(self.path, pair))
                self.assertIn(result.returncode, (1, 3), result.stdout + result.stderr)
                self.assertNotIn("PASSED | ", result.stdout)

    def test_an_output_missing_on_one_side(self):
        tensor = array("<f4", (1,), [1])
        self.write("a.json", results("a", {"y": tensor}))
        self.write("b.json", results("b", {"y": tensor, "z": tensor}))
        self.check(run("run", "--load-outputs", self.path("a.json"), self.path("b.json")), 0,
                   stdout="Outputs: ['y']", stderr="Output 'z' of b was not compared: a has nothing like it.")

    def test_shapes_that_differ(self):
        self.check(self.compared(("<f4", (4,), [1, 2, 3, 4]), ("<f4", (2, 2), [1, 2, 3, 4])), 1,
                   stdout=["Will not compare outputs of different shapes.", "(4,) and (2, 2)"])
        self.check(self.compared(("<f4", (0, 3), []), ("<f4", (0, 4), [])), 1, stdout="(0, 3) and (0, 4)")

    def test_types_that_differ(self):
        self.check(self.compared(("<f4", (2,), [1, 2]), ("<i8", (2,), [1, 2])), 0,
                   stdout="'y' (dtype=float32, shape=(2,)) with 'y' (dtype=int64, shape=(2,))")
        self.check(self.compared(("<f4", (2,), [1, 2]), ("<i8", (2,), [1, 3])), 1)
        result = self.compared(("<f4", (1,), [1]), ("<U4", (1,), ["1"]))
        self.assertIn(result.returncode, (1, 3))
        self.assertIn("string", result.stdout + result.stderr)

    # Numbers

    def test_not_a_number(self):
        nan = ("<f4", (2,), [math.nan, 1])
        self.check(self.compared(nan, nan), 1, stdout="First NaN: first | Output: y at (0,), 1 of 2")
        self.check(self.compared(nan, ("<f4", (2,), [0, 1])), 1, stdout="First NaN: first")
        self.check(self.compared(("<f4", (2,), [0, 1]), nan), 1, stdout="First NaN: second")

    def test_infinity(self):
        both = ("<f4", (2,), [math.inf, -math.inf])
        self.check(self.compared(both, both), 1)
        self.check(self.compared(both, both, "--infinities-compare-equal"), 0)
        other = ("<f4", (2,), [math.inf, math.inf])
        self.check(self.compared(both, other, "--infinities-compare-equal"), 1)
        self.check(self.compared(both, ("<f4", (2,), [math.inf, 3e38]), "--infinities-compare-equal"), 1)

    def test_zeros_and_denormals(self):
        zeros = (("<f4", (2,), [0.0, -0.0]), ("<f4", (2,), [-0.0, 0.0]))
        self.check(self.compared(*zeros, "--atol", "0", "--rtol", "0"), 0, stdout="[abs=0] OR [rel=0]")
        denormals = (("<f4", (2,), [1e-45, 1e-40]), ("<f4", (2,), [3e-45, 2e-40]))
        self.check(self.compared(*denormals), 0, stdout="[abs=1e-40] OR [rel=0.5]")
        self.check(self.compared(*denormals, "--atol", "0", "--rtol", "0.1"), 1)

    def test_empty_and_scalar(self):
        empty = ("<f4", (0, 3), [])
        self.check(self.compared(empty, empty), 0, stdout="The output has no elements, so nothing can differ.")
        self.check(self.compared(("<f4", (), [1.5]), ("<f4", (), [1.5])), 0)
        self.check(self.compared(("<f4", (), [1.5]), ("<f4", (), [1.6])), 1, stdout="abs=0.1")

    def test_texts(self):
        self.check(self.compared(("<U4", (2,), ["a", "b"]), ("<U4", (2,), ["a", "b"])), 0)
        self.check(self.compared(("<U4", (2,), ["a", "b"]), ("<U4", (2,), ["a", "c"])), 1)

    def test_integers_that_float64_has_not(self):
        exact = ("--atol", "0", "--rtol", "0")
        for descr, first, second in (("<i8", 2**53, 2**53 + 1), ("<i8", -(2**63), -(2**63) + 1), ("<u8", 2**64 - 1, 2**64 - 2)):
            with self.subTest(descr=descr, first=first):
                self.check(self.compared((descr, (1,), [first]), (descr, (1,), [first]), *exact), 0)
                self.check(self.compared((descr, (1,), [first]), (descr, (1,), [second]), *exact), 1, stdout="[abs=1]")

    # Inputs

    def test_inputs_that_do_not_fit(self):
        right = array("<f4", (1, 2), [1, 2])
        for name, feeds, words in (
                ("name.json", [{"wrong": right}], ["no input 'wrong'", "'x'"]),
                ("shape.json", [{"x": array("<f4", (5,), [1] * 5)}], ["(5,)", "(1, 2)"]),
                ("text.json", [{"x": array("<U4", (1, 2), ["a"] * 2)}], ["'x'"])):
            with self.subTest(name=name):
                self.write(name, json.dumps(feeds).encode())
                self.refused(words, "--load-inputs", self.path(name))
        # They end early: the second iteration lacks its input.
        self.write("ends.json", json.dumps([{"x": right}, {}]).encode())
        self.check(run("run", self.model, *RUNNER, "--load-inputs", self.path("ends.json")), 3, stderr="no array for the input 'x'")

    def test_damaged_files(self):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("../../etc/x.npy", npy("<f4", (4,), [1, 2, 3, 4]))
        self.write("climbs.npz", archive.getvalue())
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("/x.npy", npy("<f4", (4,), [1, 2, 3, 4]))
        self.write("absolute.npz", archive.getvalue())
        self.write("cut.npz", archive.getvalue()[:100])
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:  # zeros that say they are 4 TB
            file.writestr("x.npy", npy("<f4", (4,), [1, 2, 3, 4]).replace(b"(4,)          ", b"(1000000000000,)"[:14].ljust(14)) + bytes(10**7))
        self.write("swells.npz", archive.getvalue())
        self.write("brackets.json", b"[" * 5_000_000)
        self.write("objects.json", b'{"a":' * 2_000_000)
        self.write("bytes.json", bytes(range(256)))
        for name, words in (("climbs.npz", "'..'"), ("absolute.npz", "absolute path"), ("cut.npz", "truncated"), ("swells.npz", "swells.npz"),
                            ("brackets.json", "byte 1"), ("objects.json", "nested deeper than 64"), ("bytes.json", "no JSON")):
            with self.subTest(name=name):
                self.refused(words, "--load-inputs", self.path(name))
                self.refused(name, "--load-outputs", self.path(name))

    # Places

    def test_a_place_that_is_taken(self):
        os.mkdir(self.path("folder"))
        self.write("folder/file", b"kept")
        self.refused(["folder", "not empty"], "--save-outputs", self.path("folder"))
        self.assertEqual(os.listdir(self.path("folder")), ["file"])
        self.refused("would be read and written", "--load-inputs", self.path("x.json"), "--save-inputs", self.path("x.json"), status=2)
        self.write("old.json", b"old")
        self.check(run("run", self.model, *RUNNER, "--save-outputs", self.path("old.json")), 0)
        self.check(run("inspect", "data", self.path("old.json")), 0)

    def test_a_results_file_where_accuracy_results_belong(self):
        self.write("r.json", results("r", {"y": array("<f4", (1,), [1])}))
        self.check_error(run("check", "accuracy", self.path("r.json")), 3, "accuracy results: it holds results", "--save-accuracy-results")

    # Engines

    def test_runners_that_are_not_there(self):
        self.refused("Did you mean '--onnxrt'?", "--onnrt", status=2)
        self.refused("TensorRT", "--trt", status=4)

    def test_a_library_that_is_not_onnx_runtime(self):
        library = str(pathlib.Path(os.environ["POLYGRAPH_STAND_INS"]) / "libonnxruntime_nothing.so")
        if not os.path.exists(library):
            self.skipTest("the tests of ONNX Runtime are not built")
        result = run("run", self.model, "--onnxrt", environment={"POLYGRAPH_ONNXRUNTIME": library})
        self.check_error(result, 4, "is not ONNX Runtime: it lacks OrtGetApiBase()", "pip install onnxruntime")

    def test_a_provider_that_does_not_exist(self):
        folder = os.environ.get("POLYGRAPH_TEST_ONNXRUNTIME") or "/nowhere"
        if not os.path.exists(folder):
            self.skipTest("ONNX Runtime is not installed")
        result = run("run", self.model, "--onnxrt", "--providers", "cudo", environment={"POLYGRAPH_ONNXRUNTIME": folder})
        self.check_error(result, 2, "no execution provider 'cudo'", "'CPUExecutionProvider'")


if __name__ == "__main__":
    unittest.main()
