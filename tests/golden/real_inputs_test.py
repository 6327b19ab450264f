"""Real inputs for real models: speech for silero-vad, files for magika, a page of text for rapidocr. ONNX Runtime and
OpenVINO are compared by the examples and by `polygraph run`."""

import array
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
import wave

from program import PROGRAM, run
from run_test import needs_onnxruntime

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPS = pathlib.Path(os.environ["POLYGRAPH_DEPS"])
EXAMPLES = pathlib.Path(PROGRAM).parent / "examples"
MAGIKA = DEPS / "magika/models/standard_v3_3"
SILERO = DEPS / "silero_vad/data"
RAPIDOCR = DEPS / "rapidocr_onnxruntime/models"
FONT = pathlib.Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")

# Text on white, rendered by Debian's Python, which has the imaging library.
RENDER = """
import sys
from PIL import Image, ImageDraw, ImageFont
font, path, *lines = sys.argv[1:]
image = Image.new("RGB", (640, 40 + 70 * len(lines)), "white")
for i, line in enumerate(lines):
    ImageDraw.Draw(image).text((20, 20 + 70 * i), line, font=ImageFont.truetype(font, 28), fill="black")
image.save(path)
"""


def example(name, *arguments):
    return subprocess.run([EXAMPLES / name / name, *map(str, arguments)], capture_output=True, text=True, timeout=100, check=False)


class RealInputs(unittest.TestCase):
    def setUp(self):
        if not SILERO.exists():
            self.skipTest("setup/install.sh test fetches the models")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def check(self, result, status, *texts):
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        for text in texts:
            self.assertIn(text, result.stdout + result.stderr)


def needs(what, there):
    return unittest.skipUnless(there, f"{what} is not installed: see setup/debian-packages.txt")


@needs_onnxruntime
@needs("espeak-ng", shutil.which("espeak-ng"))
class Speech(RealInputs):
    def setUp(self):
        super().setUp()
        self.wave = self.folder / "speech.wav"
        subprocess.run(["espeak-ng", "-v", "en", "-w", self.wave, "Polygraph compares what two engines compute."], check=True)

    def test_example(self):
        with wave.open(str(self.wave)) as file:
            seconds = file.getnframes() / file.getframerate()
        result = example("speech", SILERO / "silero_vad_op18_ifless.onnx", self.wave)
        self.check(result, 0)
        spoken = [tuple(map(float, pair)) for pair in re.findall(r"speech from ([0-9.]+) s to ([0-9.]+) s", result.stdout)]
        self.assertGreater(sum(end - begin for begin, end in spoken), seconds / 2, result.stdout)
        agree, steps = map(int, re.search(r"agree in (\d+) of (\d+) steps", result.stdout).groups())
        self.assertEqual(agree, steps)
        self.assertGreater(steps, seconds * 30)

    def test_silence_is_not_speech(self):
        with wave.open(str(self.wave), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(bytes(4 * 8000))
        result = example("speech", SILERO / "silero_vad_op18_ifless.onnx", self.wave)
        self.check(result, 0, "agree in 32 of 32 steps")
        self.assertNotIn("speech from", result.stdout)

    def test_no_recording(self):
        self.wave.write_bytes(b"RIFF")
        self.check(example("speech", SILERO / "silero_vad_op18_ifless.onnx", self.wave), 3, "no WAVE file")

    def frames(self):
        """The recording as the sequence model wants it: rows of 576 samples, and an empty state."""
        with wave.open(str(self.wave)) as file:
            samples = array.array("h", file.readframes(file.getnframes()))
        samples = [samples[int(i * 22050 / 16000)] / 32768 for i in range(len(samples) * 16000 // 22050)]
        rows = [samples[begin:begin + 576] for begin in range(0, len(samples) - 576, 512)]
        inputs = self.folder / "inputs"
        inputs.mkdir()
        (inputs / "input.bin").write_bytes(array.array("f", sum(rows, [])).tobytes())
        for state in ("h", "c"):
            (inputs / f"{state}.bin").write_bytes(bytes(4 * 128))
        return inputs, len(rows)

    def test_a_sequence_of_frames(self):
        inputs, count = self.frames()
        self.check(run("run", SILERO / "silero_vad_16k_sequence.onnx", "--onnxrt", "--openvino", "--fp32", "--load-inputs", inputs,
                       "--atol", "1e-3"), 0, f"speech_probs [dtype=float32, shape=({count},)]", "PASSED | simple | All outputs matched")

    def test_models_that_openvino_refuses_name_the_operators(self):
        for model in ("silero_vad.onnx", "silero_vad_16k_op15.onnx", "silero_vad_half.onnx"):
            with self.subTest(model=model):
                result = run("run", SILERO / model, "--openvino")
                self.check(result, 4, "it cannot convert these operators", "Conv", "ReduceMean", "--onnxrt")

    def test_what_the_message_advises_helps(self):
        fixed = self.folder / "fixed.onnx"
        self.check(run("surgeon", "sanitize", SILERO / "silero_vad_16k_op15.onnx", "--override-input-shapes", "input:[1,576]",
                       "--fold-constants", "-o", fixed), 0)
        self.check(run("run", fixed, "--onnxrt", "--openvino", "--fp32", "--val-range", "sr:[16000,16000]", "--atol", "1e-3"), 0,
                   "PASSED | simple")


@needs_onnxruntime
class Files(RealInputs):
    def test_labels_of_a_data_set(self):
        result = example("own_data", MAGIKA, ROOT / "tests/samples")
        same, files = map(int, re.search(r"(\d+) of (\d+) files are of the same type", result.stdout).groups())
        self.assertEqual(files, sum(path.is_file() for path in (ROOT / "tests/samples").rglob("*")))
        self.check(result, 0 if same == files else 1)
        self.assertEqual(result.stdout.count(", not "), files - same)

    def test_precisions(self):
        result = example("compare_precisions", MAGIKA / "model.onnx")
        self.check(result, 0)
        rows = {line.split()[0]: line for line in result.stdout.splitlines()}
        self.assertEqual(list(rows), ["allowed", "FP32", "BF16", "FP16"])
        self.assertRegex(rows["FP32"], r" as good as FP32 +float32$")
        for name, ran in (("BF16", "bfloat16"), ("FP16", "float16")):
            if ran not in rows[name]:  # the processor has none: FP32 ran, and the numbers are its
                self.assertRegex(rows[name], r" as good as FP32 +float32$")

    def test_layer_by_layer_on_a_real_file(self):
        data = (ROOT / "README.md").read_bytes()
        tokens = lambda part: list(part) + [256] * (1024 - len(part))
        begin, end = data[:4096].lstrip()[:1024], data[-4096:].rstrip()[-1024:]
        (self.folder / "bytes.bin").write_bytes(array.array("i", tokens(begin) + [256] * (1024 - len(end)) + list(end)).tobytes())
        report = self.folder / "report.json"
        self.check(run("run", MAGIKA / "model.onnx", "--onnxrt", "--openvino", "--fp32", "--onnx-outputs", "*",
                       "--load-inputs", self.folder / "bytes.bin", "--atol", "1e-3", "--rtol", "1e-3", "--json", report), 0)
        outputs = json.loads(report.read_text())["comparisons"][0]["functions"][0]["outputs"]
        self.assertGreater(len(outputs), 50)


@needs_onnxruntime
@needs("python3-pil or fonts-dejavu-core", FONT.exists() and subprocess.run(["/usr/bin/python3", "-c", "import PIL"], check=False).returncode == 0)
class Page(RealInputs):
    def test_text_is_read(self):
        lines = ["Engines agree or", "they do not: 42"]
        page = self.folder / "page.ppm"
        subprocess.run(["/usr/bin/python3", "-c", RENDER, FONT, page, *lines], check=True)
        result = example("ocr", RAPIDOCR, page)
        self.check(result, 0)
        self.assertEqual(result.stdout.splitlines(), [*lines, "finding lines: both agree", "reading them: both agree"])

    def test_an_empty_page_and_no_page(self):
        page = self.folder / "page.pgm"
        page.write_bytes(b"P5 64 32 255\n" + b"\xff" * (64 * 32))
        self.check(example("ocr", RAPIDOCR, page), 0, "finding lines: both agree", "reading them: not needed")
        page.write_bytes(b"P5 64 32 255\n" + b"\xff" * 64)
        self.check(example("ocr", RAPIDOCR, page), 3, "cut off")


if __name__ == "__main__":
    unittest.main()
