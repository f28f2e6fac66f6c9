"""The names of a rule set: name → owner and back, in the order first added, in few bytes a name.

Not safe for threads by itself: RuleSet calls it under its lock. The list of names only grows, so that readers of an
older machine still find theirs in it.
"""

cimport cython
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport uint32_t, uint64_t

__all__ = ["Names"]

cdef enum:
    FREE = 0             # a cell never used
    GONE = 0xFFFFFFFF    # a cell whose name was removed

cdef struct Cell:
    uint32_t tag         # of the name's hash
    uint32_t owner       # one more than the owner; FREE; GONE


cdef uint64_t spread(object name) except? 0:
    cdef uint64_t mixed = <uint64_t> (<Py_hash_t> hash(name))
    return (mixed ^ (mixed >> 32)) * <uint64_t> 0x9E3779B97F4A7C15


@cython.final
cdef class Names:
    """Names by owner in `table`; `find`, `add`, `discard`; iterates over the names in use, in the order of owners."""

    cdef readonly list table
    cdef bytearray alive     # owner → 1 while its name is in use
    cdef Cell* cells
    cdef uint64_t mask
    cdef uint64_t used       # cells not FREE
    cdef Py_ssize_t live

    def __cinit__(self):
        self.table = []
        self.alive = bytearray()
        self.mask = 7
        self.cells = <Cell*> PyMem_Calloc(8, sizeof(Cell))
        if self.cells == NULL:
            raise MemoryError()

    def __dealloc__(self):
        PyMem_Free(self.cells)

    def find(self, name):
        """The name's owner; -1: it is not in use. Raises TypeError for what is not hashable."""
        cdef uint64_t mixed = spread(name)
        cdef uint32_t tag = <uint32_t> mixed
        cdef uint64_t at = (mixed >> 32) & self.mask
        while self.cells[at].owner != FREE:
            if self.cells[at].owner != GONE and self.cells[at].tag == tag:
                known = self.table[self.cells[at].owner - 1]
                if known is name or known == name:
                    return self.cells[at].owner - 1
            at = (at + 1) & self.mask
        return -1

    def add(self, name):
        """Give a name that is not in use an owner, the next one."""
        cdef uint32_t owner = len(self.table)
        self.table.append(name)
        self.alive.append(1)
        self.live += 1
        self.place(spread(name), owner)
        return owner

    cdef int place(self, uint64_t mixed, uint32_t owner) except -1:
        if self.used * 3 >= self.mask * 2:
            self.widen()
        cdef uint64_t at = (mixed >> 32) & self.mask
        while self.cells[at].owner != FREE:
            at = (at + 1) & self.mask
        self.cells[at].tag = <uint32_t> mixed
        self.cells[at].owner = owner + 1
        self.used += 1
        return 0

    cdef int widen(self) except -1:
        cdef uint64_t room = 8
        while room < <uint64_t> self.live * 2 + 8:
            room *= 2
        cdef Cell* old = self.cells
        cdef uint64_t count = self.mask + 1
        cdef uint64_t at
        self.cells = <Cell*> PyMem_Calloc(room, sizeof(Cell))
        if self.cells == NULL:
            self.cells = old
            raise MemoryError()
        self.mask = room - 1
        self.used = 0
        try:
            for at in range(count):
                if old[at].owner != FREE and old[at].owner != GONE:
                    self.place(spread(self.table[old[at].owner - 1]), old[at].owner - 1)
        finally:
            PyMem_Free(old)
        return 0

    def discard(self, name):
        """Take a name out of use and give its owner. Raises KeyError."""
        cdef Py_ssize_t owner = self.find(name)
        if owner < 0:
            raise KeyError(name)
        cdef uint64_t at = (spread(name) >> 32) & self.mask
        while self.cells[at].owner != <uint32_t> owner + 1:
            at = (at + 1) & self.mask
        self.cells[at].owner = GONE
        self.alive[owner] = 0
        self.live -= 1
        return owner

    def __len__(self):
        return self.live

    def __iter__(self):
        return iter([name for name, alive in zip(self.table, self.alive) if alive])

    def owners(self):
        """The owners whose names are in use, in order."""
        return [owner for owner, alive in enumerate(self.alive) if alive]

    def memory(self):
        """Bytes of the tables, not of the names themselves."""
        return self.table.__sizeof__() + self.alive.__sizeof__() + (self.mask + 1) * sizeof(Cell)
