"""Build the compiled core; everything else is in pyproject.toml.

MATCHER_DEBUG=1 builds without optimisation, with bounds checks and annotated C++.
MATCHER_SANITIZE=address,undefined builds with these sanitizers of gcc or clang (`make asan` runs such a build).
"""

import os
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

DEBUG = "MATCHER_DEBUG" in os.environ
SANITIZE = os.environ.get("MATCHER_SANITIZE", "")
CORE = Path("matcher/_core")


def compile_flags() -> list[str]:
    if sys.platform == "win32":
        # Exceptions are how the standard library reports exhausted memory; MSVC drops their clean-up without /EHsc.
        return ["/std:c++20", "/EHsc", "/utf-8", "/Od" if DEBUG else "/O2"]
    flags = ["-std=c++20", "-fvisibility=hidden"]
    if sys.platform.startswith("linux"):
        flags.append("-pthread")
    if SANITIZE:
        sanitizers = [f"-fsanitize={SANITIZE}", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"]
        return [*flags, "-O1", "-g", *sanitizers]
    return [*flags, "-O0", "-g"] if DEBUG else [*flags, "-O3", "-g0"]


def link_flags() -> list[str]:
    flags = ["-pthread"] if sys.platform.startswith("linux") else []
    return [*flags, f"-fsanitize={SANITIZE}"] if SANITIZE else flags


extensions = [
    Extension(
        f"matcher._core.{source.stem}",
        [source.as_posix()],
        language="c++",
        depends=[part.as_posix() for pattern in ("*.hpp", "*.pxd") for part in sorted(CORE.glob(pattern))],
        extra_compile_args=compile_flags(),
        extra_link_args=link_flags(),
        define_macros=[("CYTHON_USE_MODULE_STATE", "1"), ("CYTHON_USE_TYPE_SPECS", "1")],
    )
    for source in sorted(CORE.glob("*.pyx"))
]

directives = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "initializedcheck": DEBUG,
    "cdivision": True,
    "auto_pickle": False,
    "autotestdict": False,
    # Not "subinterpreters_compatible": orjson, on which the package stands, refuses to load in one.
    "freethreading_compatible": True,
}

setup(
    ext_modules=cythonize(
        extensions,
        compiler_directives=directives,
        build_dir="build/cython",
        annotate=DEBUG,
        # cythonize looks at timestamps alone, so it would take the C++ of another kind of build for its own.
        force=DEBUG or bool(SANITIZE),
    )
)
