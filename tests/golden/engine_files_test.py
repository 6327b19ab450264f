"""Saved engines: what `inspect model` shows of them, and what is said of those that are damaged, foreign or none."""

import json
import os
import random
import subprocess
import unittest

import engines
from program import ProgramTest, run


def inspect(*arguments, **options):
    return run("inspect", "model", *arguments, **options)


class EngineTest(ProgramTest):
    """A test with an engine, built once, in a folder of its own."""

    @classmethod
    def setUpClass(cls):
        cls.built = {}

    def setUp(self):
        super().setUp()
        self.chain = self.write("chain.onnx", engines.relu_chain())
        self.engine = self.build("--profiling")

    def build(self, *options):
        path = self.path("x.engine")
        if options not in self.built:
            self.check(run("convert", self.chain, "-o", path, *options), 0, stdout="")
            self.built[options] = self.read_bytes(path)
        return self.write("x.engine", self.built[options])

    def edit(self, **changes):
        """An engine whose description differs in these members, with right checksums."""
        description, blob = engines.read_engine(self.engine)
        return engines.write_engine(self.path("edited.engine"), {**description, **changes}, blob)


@engines.needs_openvino
class InspectEngine(EngineTest):
    def test_text(self):
        result = inspect(self.engine)
        self.check(result, 0, stderr="")
        self.assertRegex(result.stdout, r"\A==== OpenVINO Engine ====\nName: relu_chain \| OpenVINO \d{4}\.\d+\.\d+")
        for part in (
            "---- 1 Engine Input(s) ----\n{x [dtype=float32, shape=(2, 3)]}\n",
            "---- 1 Engine Output(s) ----\n{y [dtype=float32, shape=(2, 3)]}\n",
            "---- Memory ----\nEngine: ",
            "| Instruction Set: ",
            "Precision: float32 | Allowed: float32\n",
            "Source: chain.onnx (XXH3 ",
            " Layer(s) ----\n",
        ):
            self.assertIn(part, result.stdout)
        self.assertNotIn("[Op: ", result.stdout)

    def test_through_a_pipe(self):
        for path in (self.engine, self.chain):
            with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
                piped = inspect("/dev/stdin", stdin=cat.stdout)
            self.assertEqual((piped.returncode, piped.stdout), (0, inspect(path).stdout), piped.stderr)

    def test_layers(self):
        result = inspect(self.engine, "--show", "layers")
        self.check(result, 0, stderr="", stdout=["Layer 0    | ", "[Op: Input]", "[Op: Output]", "Precision = float32 | Kernel = ", "| From = "])
        self.assertRegex(result.stdout, r"Time = \d+\.\d us")
        without = inspect(self.build(), "--show", "layers")
        self.check(without, 0, stderr="", stdout="[Op: Input]")
        self.assertNotIn("Time", without.stdout)

    def test_attributes_are_the_properties(self):
        self.assertIn("PERF_COUNT = YES\n", inspect(self.engine, "--show", "attrs").stdout)
        self.assertNotIn("PERF_COUNT", inspect(self.engine).stdout)

    def test_weights_cannot_be_shown(self):
        result = inspect(self.engine, "--show", "weights")
        self.check(result, 0, stderr="[W] An engine's weights are compiled into it")
        self.assertEqual(result.stdout, inspect(self.engine).stdout)

    def test_the_name_of_the_file_does_not_matter(self):
        text = inspect(self.engine).stdout
        os.rename(self.engine, self.path("x.onnx"))
        self.assertEqual(inspect(self.path("x.onnx")).stdout, text)
        self.assertEqual(inspect(self.path("x.onnx"), "--model-type", "engine").stdout, text)

    def test_json(self):
        result = inspect(self.engine, "--json")
        self.check(result, 0, stderr="")
        made = json.loads(result.stdout)
        description, blob = engines.read_engine(self.engine)
        self.assertEqual((made.pop("format"), made.pop("blob_size")), ("engine", len(blob)))
        self.assertEqual(made, description)

    def test_shapes_in_json_are_those_of_models(self):
        def tensor(*shape):
            return {"name": "x", "dtype": "float32", "shape": list(shape)}

        layer = engines.read_engine(self.engine)[0]["layers"][0]
        open_rank = {"name": "y", "dtype": None, "shape": None}
        stored = tensor(2, {}, {"name": "batch"}, {"min": 1, "max": 8}, {"name": "n", "max": 8})
        path = self.edit(inputs=[stored], outputs=[open_rank], layers=[{**layer, "outputs": [stored]}])
        made = json.loads(inspect(path, "--json").stdout)
        shown = tensor(2, None, "batch", {"min": 1, "max": 8}, {"name": "n", "max": 8})
        self.assertEqual((made["inputs"], made["outputs"], made["layers"][0]["outputs"]), ([shown], [open_rank], [shown]))
        self.check(inspect(path), 0, stdout="---- 1 Engine Output(s) ----\n{y}\n")

    def test_json_with_measured_times(self):
        layers = json.loads(inspect(self.engine, "--json", "--show", "layers").stdout)["layers"]
        times = {layer["type"]: layer["mean_seconds"] for layer in layers}
        self.assertIsNone(times["Input"])
        self.assertTrue(any(time is not None and 0 <= time < 1 for time in times.values()), times)

    def test_a_description_that_is_not_of_this_machine_is_shown(self):
        """Inspection needs no engine library, but times do."""
        foreign = self.edit(instruction_set="VAX", device_name="PDP-11")
        self.check(inspect(foreign), 0, stdout="CPU (PDP-11) | Instruction Set: VAX", stderr="")
        result = inspect(foreign, "--show", "layers")
        self.check(result, 0, stdout="[Op: Input]", stderr=["[W] The layers' times cannot be measured here", "VAX"])
        self.assertNotIn("Time", result.stdout)


@engines.needs_openvino
class ForeignEngines(EngineTest):
    """Engines are loaded where times are measured."""

    def check_not_loaded(self, path, *parts):
        result = inspect(path, "--show", "layers")
        self.check(result, 0, stdout="[Op: Input]", stderr=["[W] ", *parts])
        self.assertNotIn("Time", result.stdout)

    def test_other_version(self):
        self.check_not_loaded(self.edit(backend_version="2025.0.0-1"), "built by OpenVINO 2025.0.0-1, and this is OpenVINO ", "Build the engine again")

    def test_other_instruction_set(self):
        self.check_not_loaded(self.edit(instruction_set="AMX9", device_name="Some Processor"),
                              "built for a processor with AMX9 (Some Processor), and this one has ", "Build the engine again")

    def test_other_backend(self):
        self.check_not_loaded(self.edit(backend="TensorRT"), "'tensorrt'")

    def test_blob_of_another_kind(self):
        description, _ = engines.read_engine(self.engine)
        path = engines.write_engine(self.path("edited.engine"), description, bytes(1000))
        self.check_not_loaded(path, "Loading the engine", "edited.engine", "Build the engine again")

    def test_input_of_open_type(self):
        description, _ = engines.read_engine(self.engine)
        inputs = [{**description["inputs"][0], "dtype": None}]
        self.check_not_loaded(self.edit(inputs=inputs), "the type or the rank of its input 'x' is open")


@engines.needs_openvino
class DamagedEngines(EngineTest):
    def check_refused(self, path, *parts):
        self.check_error(inspect(path), 3, os.path.basename(path), *parts)
        self.check_error(inspect(path, "--json"), 3, os.path.basename(path), *parts)

    def test_one_byte_flipped(self):
        data = bytearray(self.read_bytes(self.engine))
        description_size = int.from_bytes(data[12:16], "little")
        blob_offset = int.from_bytes(data[16:24], "little")
        for place, part in (
            (8, "format version"),
            (12, "header is damaged"),
            (17, "header is damaged"),
            (26, "header is damaged"),
            (33, "header is damaged"),
            (44, "header is damaged"),
            (48 + description_size // 2, "header is damaged"),
            (blob_offset, "compiled code and weights are damaged"),
            ((blob_offset + len(data)) // 2, "compiled code and weights are damaged"),
            (len(data) - 1, "compiled code and weights are damaged"),
        ):
            with self.subTest(place=place):
                damaged = data.copy()
                damaged[place] ^= 1
                self.check_refused(self.write("flipped.engine", damaged), part, "again")

    def test_truncated(self):
        data = self.read_bytes(self.engine)
        for size in (8, 20, 47, 48, 100, len(data) // 2, len(data) - 1):
            with self.subTest(size=size):
                self.check_refused(self.write("cut.engine", data[:size]), "bytes", "Build the engine again")
        self.check_refused(self.write("long.engine", data + b"x"), f"it has {len(data) + 1} bytes, and {len(data)} are expected")

    def test_format_of_the_future(self):
        description, blob = engines.read_engine(self.engine)
        path = engines.write_engine(self.path("new.engine"), description, blob, version=2)
        self.check_refused(path, "format version is 2", "reads version 1", "Build the engine again")

    def test_descriptions_that_are_wrong(self):
        description, blob = engines.read_engine(self.engine)
        path = self.path("edited.engine")

        def changed(**changes):
            return {**description, **changes}

        without_name = {key: value for key, value in description.items() if key != "name"}
        shape = [{"name": "x", "dtype": "float32", "shape": [-1]}]
        for wrong, part in (
            (b"", "the description is not JSON (wrong at byte 1)"),
            (b'"\xff\xfe"', "the description is not JSON (wrong at byte 2)"),
            (b"[]", "the description is not what it should be"),
            (without_name, "'name'"),
            (changed(layers=7), "the description is not what it should be"),
            (changed(inputs=[{"name": "x", "dtype": "float33", "shape": []}]), "'float33'"),
            (changed(inputs=shape), "a dimension is -1"),
            (changed(inputs=[{"name": "x", "dtype": "float32", "shape": [1e300]}]), "a dimension is 1e+300"),
            (changed(inputs=[{"name": "x", "dtype": "float32", "shape": [{"min": 5, "max": 2}]}]), "a dimension's min, 5, is above its max, 2"),
            (b"[" * 4_000_000, "nested deeper than 16 levels"),
            (b'{"a":' * 1_000_000, "nested deeper than 16 levels"),
        ):
            with self.subTest(part=part):
                engines.write_engine(path, wrong, blob)
                self.check_refused(path, part, "Build the engine again")


class NoEngines(ProgramTest):
    def check_refused(self, path, *parts):
        self.check_error(inspect(path, "--model-type", "engine"), 3, os.path.basename(path), *parts)

    def test_other_kinds_of_files(self):
        for name, content, part in (
            ("empty", b"", "is empty"),
            ("picture", b"\x89PNG\r\n\x1a\n" + bytes(100), "it looks like a PNG picture"),
            ("plan", b"ftrt" + bytes(100), "it looks like a TensorRT engine"),
            ("text", b"Only some words.\n", "it looks like a text file"),
            ("zeros", bytes(4096), "it looks like nothing but zeros"),
            ("random", b"\xfe" + random.Random(1).randbytes(10_000), "it is not a saved engine"),
        ):
            with self.subTest(kind=name):
                self.check_refused(self.write(name, content), part)

    def test_model_in_place_of_an_engine(self):
        self.check_refused(self.model, "it is not a saved engine", "it may be an ONNX model", "polygraph convert")

    def test_folder_and_missing_file(self):
        self.check_refused(self.folder, "Is a directory", "Name a file")
        self.write("x.engine", b"")
        self.check_refused(self.path("xx.engine"), "No such file", "Did you mean", "x.engine")


@engines.needs_openvino
class EngineInPlaceOfAModel(EngineTest):
    def test_with_the_type_given(self):
        self.check_error(inspect(self.engine, "--model-type", "onnx"), 3, "x.engine", "an engine saved by Polygraph")


if __name__ == "__main__":
    unittest.main()
