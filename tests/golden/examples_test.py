"""The example programs, run as a user would: the main job on identity.onnx, and file types with a real model."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

root = pathlib.Path(__file__).parents[2]
examples = pathlib.Path(os.environ["POLYGRAPH"]).parent / "examples"
magika = root / "deps/magika/models/standard_v3_3"
samples = root / "tests/samples"
peer = root / "deps/peer/bin/python"

# Scores of the samples in ONNX Runtime, to see that they are what the model means.
reference_script = """
import sys, numpy, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
for name in sys.argv[2:]:
    data = open(name, "rb").read()
    begin = list(data[:4096].lstrip()[:1024])
    end = list(data[-4096:].rstrip()[-1024:])
    row = begin + [256] * (1024 - len(begin)) + [256] * (1024 - len(end)) + end
    print(session.run(["target_label"], {"bytes": numpy.array([row], numpy.int32)})[0].max())
"""


def run(*command, cwd=None):
    return subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=100)


def file_types(*arguments):
    """What file_type prints: {file name: (type, score)}, and the first line."""
    done = run(examples / "file_type/file_type", *arguments)
    assert done.returncode == 0, done.stderr
    first, *lines = done.stdout.splitlines()
    found = {}
    for line in lines:
        path, label, score = re.fullmatch(r"(.*): (\S+) \(score ([0-9.]+)\)", line).groups()
        found[pathlib.Path(path).name] = (label, float(score))
    return found, first


class MainJob(unittest.TestCase):
    def test_immediately_and_lazily(self):
        for kind in ("immediate_eval_api", "lazy_api"):
            with self.subTest(kind), tempfile.TemporaryDirectory() as folder:
                self.assertEqual(run(sys.executable, root / "examples/make_identity.py", cwd=folder).returncode, 0)
                built = run(examples / kind / "build_and_run", cwd=folder)
                self.assertEqual(built.returncode, 0, built.stderr)
                self.assertIn("Inference succeeded!\n", built.stdout)
                self.assertTrue((pathlib.Path(folder) / "identity.engine").is_file())
                loaded = run(examples / kind / "load_and_run", cwd=folder)
                self.assertEqual((loaded.returncode, loaded.stdout), (0, "Inference succeeded!\n"))

    def test_lazy_prints_what_it_will_do(self):
        with tempfile.TemporaryDirectory() as folder:
            run(sys.executable, root / "examples/make_identity.py", cwd=folder)
            built = run(examples / "lazy_api/build_and_run", cwd=folder)
            self.assertIn('SaveEngine(EngineFromNetwork(extend(NetworkFromOnnxPath("identity.onnx"), add_identity), '
                          'CreateConfig({.fp16 = true})), "identity.engine")', built.stdout)

    def test_missing_files_are_bad_input(self):
        with tempfile.TemporaryDirectory() as folder:
            for program in ("build_and_run", "load_and_run"):
                done = run(examples / "immediate_eval_api" / program, cwd=folder)
                self.assertEqual(done.returncode, 3)
                self.assertIn("identity.", done.stderr)
                self.assertNotIn("terminate", done.stderr)

    def test_the_other_examples(self):
        with tempfile.TemporaryDirectory() as folder:
            run(sys.executable, root / "examples/make_identity.py", cwd=folder)
            threads = run(examples / "several_threads/several_threads", cwd=folder)
            self.assertEqual((threads.returncode, threads.stdout), (0, "400 of 400 inferences were right\n"), threads.stderr)
            extended = run(examples / "extend_network/extend_network", cwd=folder)
            self.assertEqual(extended.returncode, 0, extended.stderr)
            self.assertIn("42.", extended.stdout)


class FileType(unittest.TestCase):
    files = {
        root / "README.md": "markdown",
        samples / "notes.md": "markdown",
        root / "examples/file_type/graph.png": "png",
        root / "src/cli/main.cpp": "cpp",
        root / "examples/make_identity.py": "python",
        root / "setup/install.sh": "shell",
        magika / "model.onnx": "onnx",
    }

    def test_types_and_scores_in_fp32(self):
        found, _ = file_types(magika, *self.files)
        for path, label in self.files.items():
            self.assertEqual(found[path.name][0], label, path)
            self.assertGreater(found[path.name][1], 0.7, path)  # files of the project change, and their scores with them
        self.assertGreater(found["graph.png"][1], 0.99)
        self.assertAlmostEqual(found["notes.md"][1], 0.995, delta=0.002)

    @unittest.skipUnless(peer.exists(), "the Python peer is not installed")
    def test_scores_are_those_of_onnx_runtime(self):
        found, _ = file_types(magika, *self.files)
        reference = run(peer, "-c", reference_script, magika / "model.onnx", *self.files)
        self.assertEqual(reference.returncode, 0, reference.stderr)
        for path, score in zip(self.files, reference.stdout.split()):
            self.assertAlmostEqual(found[path.name][1], float(score), delta=0.002, msg=str(path))

    def test_bf16_loses(self):
        found, first = file_types("--simulate-bf16", magika, samples / "notes.md")
        self.assertIn("rounding as bfloat16 would", first)
        self.assertLess(found["notes.md"][1], 0.8)

    def test_bf16_runs_only_where_the_processor_has_it(self):
        found, first = file_types("--bf16", magika, samples / "notes.md")
        if "bfloat16" in first:
            self.assertLess(found["notes.md"][1], 0.99)
        else:
            self.assertEqual(first, "The engine computes in float32.")
            self.assertAlmostEqual(found["notes.md"][1], 0.995, delta=0.002)

    def test_bad_usage(self):
        self.assertEqual(run(examples / "file_type/file_type").returncode, 2)
        done = run(examples / "file_type/file_type", magika, "/nowhere/file")
        self.assertEqual(done.returncode, 3)
        self.assertIn("/nowhere/file", done.stderr)


if __name__ == "__main__":
    unittest.main()
