"""The names of a rule set: name → owner and back, in the order first added, in few bytes a name.

Not safe for threads by itself: RuleSet calls it under its lock. The list of names only grows, so that readers of an
older machine still find theirs in it.
"""

cimport cython
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport uint8_t, uint32_t, uint64_t

__all__ = ["Names"]

cdef enum:
    FREE = 0             # a cell never used
    GONE = 0xFFFFFFFF    # a cell whose name was removed
    CELL = 5             # bytes of a cell and its tag
    FIRST_ROOM = 8


cdef uint64_t spread(object name) except? 0:
    cdef uint64_t mixed = <uint64_t> (<Py_hash_t> hash(name))
    return (mixed ^ (mixed >> 32)) * <uint64_t> 0x9E3779B97F4A7C15


@cython.final
cdef class Names:
    """Names by owner in `table`; `find`, `add`, `discard`; iterates over the names in use, in the order of owners."""

    cdef readonly list table
    cdef bytearray alive     # owner → 1 while its name is in use
    cdef uint32_t* cells     # one more than the owner; FREE; GONE. Behind them a tag each, a byte of the name's hash
    cdef uint64_t room       # how many cells
    cdef uint64_t used       # cells not FREE
    cdef Py_ssize_t live

    def __cinit__(self):
        self.table = []
        self.alive = bytearray()
        self.room = FIRST_ROOM
        self.cells = <uint32_t*> PyMem_Calloc(FIRST_ROOM, CELL)
        if self.cells == NULL:
            raise MemoryError()

    def __dealloc__(self):
        PyMem_Free(self.cells)

    cdef uint8_t* tags(self) noexcept:
        return <uint8_t*> (self.cells + self.room)

    cdef uint64_t first(self, uint64_t mixed) noexcept:
        return (mixed >> 32) * self.room >> 32

    cdef uint64_t after(self, uint64_t at) noexcept:
        return 0 if at + 1 == self.room else at + 1

    def find(self, name):
        """The name's owner; -1: it is not in use. Raises TypeError for what is not hashable."""
        cdef uint64_t mixed = spread(name)
        cdef uint8_t tag = mixed & 0xFF
        cdef uint64_t at = self.first(mixed)
        while self.cells[at] != FREE:
            if self.tags()[at] == tag and self.cells[at] != GONE:
                known = self.table[self.cells[at] - 1]
                if known is name or known == name:
                    return self.cells[at] - 1
            at = self.after(at)
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
        if self.used * 4 >= self.room * 3:
            self.widen()
        cdef uint64_t at = self.first(mixed)
        while self.cells[at] != FREE:
            at = self.after(at)
        self.cells[at] = owner + 1
        self.tags()[at] = mixed & 0xFF
        self.used += 1
        return 0

    cdef int widen(self) except -1:
        cdef uint32_t* old = self.cells
        cdef uint64_t count = self.room
        cdef uint64_t at
        cdef uint64_t room = FIRST_ROOM + self.live * 2
        cdef uint32_t* cells = <uint32_t*> PyMem_Calloc(room, CELL)
        if cells == NULL:
            raise MemoryError()
        self.cells, self.room, self.used = cells, room, 0
        try:
            for at in range(count):
                if old[at] != FREE and old[at] != GONE:
                    self.place(spread(self.table[old[at] - 1]), old[at] - 1)
        finally:
            PyMem_Free(old)
        return 0

    def discard(self, name):
        """Take a name out of use and give its owner. Raises KeyError."""
        cdef Py_ssize_t owner = self.find(name)
        if owner < 0:
            raise KeyError(name)
        cdef uint64_t at = self.first(spread(name))
        while self.cells[at] != <uint32_t> owner + 1:
            at = self.after(at)
        self.cells[at] = GONE
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
        return self.table.__sizeof__() + self.alive.__sizeof__() + self.room * CELL
