"""Puts `avq_search.pth` at the top of wheels, for which setuptools has no setting; see `avq_search/early.py`.

All else stands in pyproject.toml.
"""

import base64
import hashlib
import zipfile
from pathlib import Path
from typing import Any

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel

PTH = "avq_search.pth"


class BuildWithPth(build_py):
    """For `pip install .`."""

    def run(self) -> None:
        """Copies the file to where the packages are."""
        super().run()
        if not self.editable_mode:
            self.copy_file(PTH, str(Path(self.build_lib) / PTH))

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """Names the file too."""
        return [*super().get_outputs(include_bytecode), str(Path(self.build_lib) / PTH)]


class EditableWithPth(editable_wheel):
    """For `pip install -e .`."""

    def run(self) -> None:
        """Adds the file to the wheel, and to its list of files, by which pip removes it again."""
        super().run()
        for wheel in Path(self.dist_dir).glob("*.whl"):
            with zipfile.ZipFile(wheel) as file:
                contents = {name: file.read(name) for name in file.namelist()}
            content = contents[PTH] = Path(PTH).read_bytes()
            (record,) = [name for name in contents if name.endswith(".dist-info/RECORD")]
            digest = (
                base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            )
            contents[record] += f"{PTH},sha256={digest},{len(content)}\n".encode()
            with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as file:
                for name, data in contents.items():
                    file.writestr(name, data)


commands: dict[str, Any] = {"build_py": BuildWithPth, "editable_wheel": EditableWithPth}
setup(cmdclass=commands)
