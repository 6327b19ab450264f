"""Stands for the build backends of source distributions: no_build.py PYTHON installs it into that environment.

pip asks a source distribution's build backend for its name and version even if it is only to be fetched. That would run
code of the distribution and install, without hashes, what that code needs. This one answers from what the distribution
says of itself.
"""

import pathlib
import subprocess
import sys

BACKEND = '''
import pathlib


def prepare_metadata_for_build_wheel(folder, *_):
    text = pathlib.Path("PKG-INFO").read_text(encoding="utf-8")
    fields = dict(line.split(": ", 1) for line in text.split("\\n\\n")[0].splitlines() if line.startswith(("Name: ", "Version: ")))
    info = pathlib.Path(folder, f"{fields['Name'].replace('-', '_')}-{fields['Version']}.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("".join(f"{key}: {value}\\n" for key, value in {"Metadata-Version": "2.1", **fields}.items()))
    return info.name


class _Legacy:
    prepare_metadata_for_build_wheel = staticmethod(prepare_metadata_for_build_wheel)


__legacy__ = _Legacy()
'''


def main(python):
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = pathlib.Path(subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip())
    for name in ("setuptools/build_meta.py", "scikit_build_core/build.py"):
        module = packages / name
        module.parent.mkdir(exist_ok=True)
        (module.parent / "__init__.py").write_text("")
        module.write_text(BACKEND)


main(*sys.argv[1:])
