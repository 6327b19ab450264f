"""SIGINT and SIGTERM during a build."""

import os
import signal
import subprocess
import unittest

import engines
from program import PROGRAM, ProgramTest, clean_environment, run_on_terminal
from trt_test import RTX, needs_rtx


class Building(ProgramTest):
    """Builds that are interrupted."""

    arguments = []
    environment = {}

    def slow_model(self):
        return engines.slow_model()

    def setUp(self):
        super().setUp()
        self.model = self.write("slow.onnx", self.slow_model())
        self.engine = self.path("x.engine")

    def interrupted(self, number, timeout=10, more=(), **options):
        """Exit status and what was logged after the signal, which is sent once the build has begun."""
        command = [PROGRAM, "convert", self.model, "-o", self.engine, *self.arguments, *more]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=clean_environment(**self.environment), **options) as process:
            try:
                for line in process.stderr:
                    if line.startswith("[I] Building an engine"):
                        break
                else:
                    self.fail("the build did not begin")
                process.send_signal(number)
                stdout, stderr = process.communicate(timeout=timeout)
            finally:
                process.kill()
        self.assertEqual(stdout, "")
        return process.returncode, stderr


@engines.needs_openvino
class Interrupt(Building):
    def test_interrupt(self):
        self.assertEqual(self.interrupted(signal.SIGINT), (130, "[!] Interrupted\n"))
        self.assertEqual(sorted(os.listdir(self.folder)), ["identity.onnx", "slow.onnx"])

    def test_terminate(self):
        self.assertEqual(self.interrupted(signal.SIGTERM), (143, "[!] Terminated\n"))
        self.assertEqual(sorted(os.listdir(self.folder)), ["identity.onnx", "slow.onnx"])

    def test_an_older_engine_stays(self):
        self.write("x.engine", b"an older engine")
        self.assertEqual(self.interrupted(signal.SIGINT), (130, "[!] Interrupted\n"))
        self.assertEqual(self.read("x.engine"), "an older engine")
        self.assertEqual(sorted(os.listdir(self.folder)), ["identity.onnx", "slow.onnx", "x.engine"])

    def test_background_jobs_of_a_shell_are_not_interrupted(self):
        with self.assertRaises(subprocess.TimeoutExpired):
            self.interrupted(signal.SIGINT, timeout=2, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))


@needs_rtx
class InterruptTensorRt(Building):
    arguments = ["--convert-to", "trt-rtx"]
    environment = RTX

    def slow_model(self):
        return engines.slow_network()

    def test_interrupt(self):
        for number, code, last_words in ((signal.SIGINT, 130, "[!] Interrupted\n"), (signal.SIGTERM, 143, "[!] Terminated\n")):
            result = self.interrupted(number, timeout=3, more=["--save-timing-cache", self.path("timing.cache")])
            self.assertEqual(result, (code, last_words))
            self.assertEqual(sorted(os.listdir(self.folder)), ["identity.onnx", "slow.onnx"])

    def test_an_older_engine_stays(self):
        self.write("x.engine", b"an older engine")
        self.assertEqual(self.interrupted(signal.SIGINT, timeout=3), (130, "[!] Interrupted\n"))
        self.assertEqual(self.read("x.engine"), "an older engine")
        self.assertEqual(sorted(os.listdir(self.folder)), ["identity.onnx", "slow.onnx", "x.engine"])

    def test_a_terminal_shows_the_phase(self):
        self.write("slow.onnx", engines.slow_network(500))
        code, output = run_on_terminal("convert", self.model, "-o", self.engine, *self.arguments, environment=self.environment)
        self.assertEqual(code, 0, output)
        self.assertRegex(output, r"Building the engine: [A-Z][a-z ]+ +\d+% \[#* *\]? ?\d+ s")


if __name__ == "__main__":
    unittest.main()
