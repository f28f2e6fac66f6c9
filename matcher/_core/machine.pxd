# The core as Cython sees it: layouts and signatures of the headers.

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libcpp cimport bool as cbool
from libcpp.memory cimport shared_ptr, unique_ptr
from libcpp.string cimport string
from libcpp.vector cimport vector


cdef extern from "scan.hpp" namespace "matcher" nogil:
    enum class Fault(uint8_t):
        none

    enum class Kind(uint8_t):
        string
        number

    enum class Simd(int):
        scalar

    cppclass TextLimits:
        uint32_t depth    # levels of nesting
        size_t name       # UTF-16 units of a member name
        size_t digits     # of a number

    cppclass ScanFunction:
        pass

    cppclass Failure:
        Fault fault
        size_t at         # byte offset into the event

    cppclass Seed:
        uint64_t first
        uint64_t second

    cppclass Pool[T]:
        T* data
        uint32_t size

    cppclass Elem:
        uint32_t parent   # the element around it; NONE: the event
        uint32_t array    # the array that it is an element of

    cppclass Field:
        const uint8_t* text
        uint32_t size
        uint32_t slot
        uint32_t elem     # the innermost array element around it; 0: none
        Kind kind

    cppclass Event:
        Pool[Field] fields
        Pool[Elem] elems

    cppclass Paths:
        vector[string] texts

    Simd choose_simd(const char* wish)
    ScanFunction scan_function(Simd level)


cdef extern from "batch.hpp" namespace "matcher" nogil:
    cppclass Counters:
        uint64_t bytes, fields, probes, candidates, tests, array_steps
        void reset()

    cppclass Scratch:
        Event event
        Pool[uint32_t] owners
        Counters counters
        void trim()

    Scratch& thread_scratch() except +

    cppclass Settings:
        TextLimits text
        uint64_t steps    # of reconciling array elements
        size_t line       # bytes of a line in a file
        cbool strict
        ScanFunction scan

    cppclass Batch:
        string programs
        vector[uint32_t] program_at
        vector[uint32_t] owners
        void add(uint32_t owner, const uint8_t* program, size_t size) except +

    cppclass CMachine "matcher::Machine":
        Settings settings
        shared_ptr[const Paths] paths
        CMachine(const Seed& seed) except +
        CMachine(const CMachine& other) except +
        Failure match(const uint8_t* text, size_t size, cbool padded, Scratch& scratch) except +
        Failure read(const uint8_t* text, size_t size, cbool padded, Scratch& scratch) except +
        size_t rules()
        size_t memory()
        shared_ptr[const CMachine] with_rules "with" (Batch batch, const vector[string]& fresh) except +
        shared_ptr[const CMachine] without(const vector[uint32_t]& owners) except +
        shared_ptr[const CMachine] renumbered(const vector[uint32_t]& owners) except +
        shared_ptr[const CMachine] compacted() except +

    cppclass Intake "matcher::Machine::Intake":
        vector[string] fresh
        Intake(const CMachine& machine) except +
        string slotted(const uint8_t* program, size_t size) except +

    cppclass Text:
        const uint8_t* data
        size_t size

    cppclass Answers:
        vector[uint32_t] owners
        vector[uint64_t] ends
        vector[uint64_t] refused
        vector[Failure] failures

    vector[Answers] match_batch(const CMachine& machine, const vector[Text]& texts, unsigned threads) except +

    cppclass Stored:
        vector[uint32_t] owners
        vector[string] programs

    Batch dumped(const CMachine& machine) except +
    Stored stored_rules(const CMachine& machine) except +
    Stored stored_rules_of(const CMachine& machine, uint32_t owner) except +


cdef extern from "lines.hpp" namespace "matcher" nogil:
    enum class Keep(uint8_t):
        all, matched, counts

    cppclass ChunkAnswers:
        uint64_t lines, end, bytes
        vector[uint32_t] at
        vector[uint64_t] begins
        vector[uint32_t] owners
        vector[uint64_t] ends
        vector[uint32_t] refused
        vector[Failure] failures
        vector[uint8_t] texts
        vector[uint64_t] text_ends
        vector[uint64_t] counts
        uint64_t accepted, matched
        int error

    cppclass LineScan:
        LineScan(shared_ptr[const CMachine] rules, int descriptor, uint64_t start, uint64_t stop, unsigned threads,
                 size_t names, Keep wanted, cbool texts) except +
        unique_ptr[ChunkAnswers] next() except +


cdef class Machine:
    cdef shared_ptr[const CMachine] core

    cdef list match(self, bytes event, list names)
