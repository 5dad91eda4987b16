"""Small programs in C, for what Python would blur. They are compiled when they are first wanted."""

import shutil
import subprocess
from pathlib import Path


def compiled(name: str, folder: Path) -> Path:
    """The program of that name; raises RuntimeError where there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise RuntimeError(f"{name}.c needs a C compiler (cc)")
    program, source = folder / name, Path(__file__).with_name(f"{name}.c")
    subprocess.run([compiler, "-O2", "-o", program, source], check=True)
    return program
