"""Turn the text of a plain pattern into its program in one pass, without a tree."""

cimport cython

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t
from libcpp cimport bool as cbool
from libcpp.string cimport string

__all__ = ["Compiler"]


cdef extern from "compile.hpp" namespace "matcher" nogil:
    cppclass PatternLimits:
        size_t bytes, paths

    cppclass PlainCompiler:
        PlainCompiler()
        cbool compile(const uint8_t* text, size_t size, const PatternLimits& limits, string& program) except +


@cython.final
cdef class Compiler:
    """Compiles plain patterns of less than 64 levels from their text. The limits: bytes of text, and paths."""

    cdef PlainCompiler compiler
    cdef PatternLimits limits

    def __init__(self, size_t pattern_bytes, size_t paths):
        self.limits.bytes = pattern_bytes
        self.limits.paths = paths

    def program(self, bytes pattern not None):
        """The program that `lower(parse(pattern))` gives, or None where only the parser can tell."""
        cdef string out
        if not self.compiler.compile(
            <const uint8_t*> PyBytes_AS_STRING(pattern), PyBytes_GET_SIZE(pattern), self.limits, out
        ):
            return None
        return out.data()[: out.size()]
