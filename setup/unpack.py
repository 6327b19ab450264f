"""Unpacks the parts of a wheel that the build uses: unpack.py WHEEL FOLDER.

OpenVINO: headers, CMake package, libraries and licences; not the Python modules nor the GPU and NPU plugins.
magika: the model and its configuration.
"""

import fnmatch
import sys
import zipfile

# Wheel name -> (patterns to keep, patterns to leave out); fnmatch's * crosses folders.
PARTS = {
    "openvino": (
        ["openvino/include/*", "openvino/cmake/*", "openvino/libs/*", "*.dist-info/licenses/*"],
        ["*_intel_gpu_plugin.so", "*_intel_npu_plugin.so", "openvino/libs/cache.json"],
    ),
    "magika": (
        ["magika/models/standard_v3_3/model.onnx", "magika/models/standard_v3_3/config.min.json"],
        [],
    ),
}


def target(name, member):
    """Where a member lies below the wheel's own folder; licences move there from the metadata."""
    head, _, rest = member.partition("/")
    return member if head == name else f"{name}/{rest}"


def main(wheel, folder):
    name = wheel.rsplit("/", 1)[-1].split("-")[0]
    keep, leave = PARTS[name]
    kept = 0
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            member = info.filename
            if any(fnmatch.fnmatch(member, p) for p in keep) and not any(fnmatch.fnmatch(member, p) for p in leave):
                info.filename = target(name, member)
                archive.extract(info, folder)
                kept += 1
    if kept == 0:
        sys.exit(f"{wheel}: holds none of {keep}")


main(*sys.argv[1:])
