"""Runs the program that the environment's POLYGRAPH names, and makes small files for it."""

import os
import pty
import re
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["POLYGRAPH"]

def clean_environment(**changes):
    """The environment without what changes the program's output, and with the changes given."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "POLYGRAPH_BACKEND_PATH")
    }
    environment.update(changes)
    return environment


def run(*arguments, environment=None, **options):
    """The finished process, with its output as text."""
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    options.setdefault("timeout", 60)
    return subprocess.run(
        [PROGRAM, *map(str, arguments)], env=clean_environment(**(environment or {})), text=True, check=False, **options
    )


def tools(*words):
    """The words of every tool from there on, parents first, as the help texts list them."""
    found = [list(words)]
    _, heading, rest = run(*words, "-h").stdout.partition("\nTools:\n")
    if heading:
        for line in rest.split("\n\n")[0].splitlines():
            if match := re.match(r"  ([\w-]+) ", line):
                found += tools(*words, match[1])
    return found


def run_on_terminal(*arguments, environment=None):
    """Exit status and output of a run whose three streams are a terminal."""
    output = bytearray()
    parent, child = pty.openpty()
    settings = {"TERM": "xterm", **(environment or {})}
    with subprocess.Popen(
        [PROGRAM, *arguments], stdin=child, stdout=child, stderr=child, env=clean_environment(**settings)
    ) as process:
        os.close(child)
        try:
            while piece := os.read(parent, 4096):
                output += piece
        except OSError:  # the terminal is gone with the last process that had it open
            pass
        process.wait(60)
    os.close(parent)
    return process.returncode, output.decode().replace("\r\n", "\n")


def _field(number, payload):
    """A field of a protocol buffer: a varint if the payload is a number, else bytes of under 128."""
    if isinstance(payload, int):
        assert payload < 128
        return bytes([number << 3, payload])
    payload = payload.encode() if isinstance(payload, str) else payload
    assert len(payload) < 128
    return bytes([number << 3 | 2, len(payload)]) + payload


def _value_info(name, dims):
    shape = b"".join(_field(1, _field(1, size)) for size in dims)
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, shape)))


def identity_model():
    """The bytes of an ONNX model with one Identity node, from x to y, float32 of shape (1, 2)."""
    node = _field(1, "x") + _field(2, "y") + _field(3, "copy") + _field(4, "Identity")
    graph = _field(1, node) + _field(2, "one_node") + _field(11, _value_info("x", [1, 2])) + _field(12, _value_info("y", [1, 2]))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(2, 13))


class ProgramTest(unittest.TestCase):
    """A test with a folder of its own, which holds `identity.onnx`."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.model = self.write("identity.onnx", identity_model())

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def read_bytes(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def check(self, result, code, stdout=None, stderr=None):
        """Compares the exit status, and what has to be part of each stream ('' stands for an empty one)."""
        for name, wanted, found in (("stdout", stdout, result.stdout), ("stderr", stderr, result.stderr)):
            if wanted == "":
                self.assertEqual(found, "", name)
            elif wanted is not None:
                for part in [wanted] if isinstance(wanted, str) else wanted:
                    self.assertIn(part, found, name)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertNotIn("terminate called", result.stderr or "")

    def check_error(self, result, code, *parts):
        """An error: nothing on stdout, one message that begins with [!] and holds the parts."""
        self.check(result, code, stdout="", stderr=parts)
        self.assertTrue(result.stderr.startswith("[!] "), result.stderr)
        self.assertEqual(result.stderr.count("[!]"), 1, result.stderr)
