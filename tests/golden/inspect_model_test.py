"""`polygraph inspect model`: what it prints, where, and what it says of files that are no models."""

import json
import os
import random
import unittest

from program import ProgramTest, identity_model, run


def inspect(*arguments, **options):
    return run("inspect", "model", *arguments, **options)


class InspectModel(ProgramTest):
    def test_text(self):
        result = inspect(self.model)
        self.check(result, 0, stderr="")
        self.assertIn("==== ONNX Model ====\nName: one_node | ONNX Opset: 13\n", result.stdout)
        self.assertIn("---- 1 Graph Input(s) ----\n{x [dtype=float32, shape=(1, 2)]}\n", result.stdout)
        self.assertIn("---- 1 Graph Output(s) ----\n{y [dtype=float32, shape=(1, 2)]}\n", result.stdout)
        self.assertNotIn("[Op: Identity]", result.stdout)

    def test_show(self):
        result = inspect(self.model, "--show", "layers", "attrs", "weights")
        self.check(result, 0, stdout="[Op: Identity]", stderr="")

    def test_the_name_of_the_file_does_not_matter(self):
        renamed = self.write("model.engine", identity_model())
        self.assertEqual(inspect(renamed).stdout, inspect(self.model).stdout)
        self.assertEqual(inspect(renamed, "--model-type", "onnx").stdout, inspect(self.model).stdout)

    def test_json_in_place_of_text(self):
        for arguments in (["--json"], ["--json", "-"], ["--json=-"]):
            result = inspect(self.model, *arguments)
            self.check(result, 0, stderr="")
            self.assertEqual(json.loads(result.stdout)["inputs"][0]["name"], "x")

    def test_json_to_a_file_beside_the_text(self):
        result = inspect(self.model, "--json", self.path("model.json"))
        self.assertEqual(result.stdout, inspect(self.model).stdout)
        self.assertEqual(self.read("model.json"), inspect(self.model, "--json").stdout)

    def test_json_does_not_replace_the_model(self):
        self.check_error(inspect(self.model, "--json", self.model), 2, "is the model itself")
        with open(self.model, "rb") as file:
            self.assertEqual(file.read(), identity_model())

    def test_json_to_a_place_that_cannot_be_written(self):
        result = inspect(self.model, "--json", "/proc/no/model.json")
        self.check(result, 3, stderr=["[!] ", "/proc/no"])


class BadFiles(ProgramTest):
    def check_refused(self, path, *parts):
        self.check_error(inspect(path), 3, *parts)

    def test_missing(self):
        self.check_refused(self.path("identiy.onnx"), "identiy.onnx", "No such file or directory")

    def test_folder(self):
        self.check_refused(self.folder, self.folder, "directory")

    def test_empty(self):
        self.check_refused(self.write("empty.onnx", b""), "empty.onnx' is empty")

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_unreadable(self):
        os.chmod(self.model, 0)
        self.check_refused(self.model, "Permission denied")

    def test_truncated_anywhere(self):
        whole = identity_model()
        for size in range(1, len(whole)):
            with self.subTest(size=size):
                result = inspect(self.write("cut.onnx", whole[:size]))
                # What ends between two fields of the model may be a model with less in it.
                self.assertIn(result.returncode, (0, 3))
                if result.returncode == 3:
                    self.check_error(result, 3, "cut.onnx")
        self.check_refused(self.write("cut.onnx", whole[:-1]), "cut.onnx")

    def test_random(self):
        noise = random.Random(1)
        for size in (1, 10, 1000, 100_000):
            with self.subTest(size=size):
                self.check_refused(self.write("random.onnx", b"\xff" + noise.randbytes(size)), "random.onnx")

    def test_other_kinds_of_files(self):
        for name, start, kind in (
            ("picture", b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG"),
            ("checkpoint", b"PK\x03\x04" + bytes(100), "ZIP"),
            ("page", b"<!DOCTYPE html><html></html>\n", "HTML"),
            ("notes", b"Only some words.\n", "text"),
            ("zeros", bytes(4096), "zeros"),
        ):
            with self.subTest(kind=kind):
                self.check_refused(self.write(name, start), name, kind)

    def test_device_and_pipe(self):
        self.check_refused("/dev/null", "/dev/null")


if __name__ == "__main__":
    unittest.main()
