"""SIGINT and SIGTERM during a build."""

import os
import signal
import subprocess
import unittest

import engines
from program import PROGRAM, ProgramTest, clean_environment


@engines.needs_openvino
class Interrupt(ProgramTest):
    def setUp(self):
        super().setUp()
        self.model = self.write("slow.onnx", engines.slow_model())
        self.engine = self.path("x.engine")

    def interrupted(self, number, timeout=10, **options):
        """Exit status and what was logged after the signal, which is sent once the build has begun."""
        with subprocess.Popen([PROGRAM, "convert", self.model, "-o", self.engine], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, env=clean_environment(), **options) as process:
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


if __name__ == "__main__":
    unittest.main()
