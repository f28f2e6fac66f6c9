"""The compiled machine: rules in as programs, events in as bytes, names out."""

import errno
import os
import stat

cimport cython

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.list cimport PyList_New, PyList_SET_ITEM
from cpython.ref cimport Py_INCREF
from cython.operator cimport dereference as deref
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libcpp.memory cimport make_shared, shared_ptr, unique_ptr
from libcpp.string cimport string
from libcpp.utility cimport move
from libcpp.vector cimport vector

from matcher.errors import EventError

__all__ = ["LineFile", "Machine", "Reader", "simd_levels"]

# Small events are matched under the GIL: letting it go and taking it again costs as much as they do.
cdef enum:
    LARGE_EVENT = 65536
    ERRORS_KEPT = 100

cdef tuple REASONS = (
    "",
    "the text ends too early",
    "an event must be a JSON object",
    "expected a value",
    'expected a member name in double quotes',
    'expected ":" after a member name',
    'expected "," or the closing brace or bracket',
    "a control character inside a string must be escaped",
    "a bad escape sequence",
    "a lone surrogate escape",
    "not UTF-8",
    "a malformed number",
    "a misspelt literal (true, false and null are allowed)",
    "nested deeper than the limit of {depth} levels (Limits.nesting)",
    "a member name longer than the limit of {name} UTF-16 units (Limits.name_length)",
    "a number of more than the limit of {digits} digits (Limits.number_digits)",
    "text after the event",
    "its arrays need more than the limit of {steps} steps (Limits.array_steps)",
    "larger than 4 GiB",
    "a line of more than the limit of {line} bytes (Limits.line_bytes)",
)


cdef object event_error(Failure failure, const CMachine* core):
    cdef const TextLimits* text = &core.settings.text
    reason = (<str> REASONS[<int> failure.fault]).format(
        depth=text.depth, name=text.name, digits=text.digits, steps=core.settings.steps,
        line=core.settings.line,
    )
    return EventError(reason, failure.at)


cdef Simd wished_simd():
    cdef bytes wish = os.environ.get("MATCHER_SIMD", "").encode()
    return choose_simd(PyBytes_AS_STRING(wish))


def simd_levels():
    """The vector instruction sets that this machine can run, the slowest first, as MATCHER_SIMD names them."""
    cdef int best = <int> choose_simd(b"")
    return ["scalar", "sse2", "avx2", "avx512"][: best + 1]


cdef list names_of(const uint32_t* owners, size_t count, list names):
    cdef list out = PyList_New(count)
    cdef size_t i
    for i in range(count):
        name = names[owners[i]]
        Py_INCREF(name)
        PyList_SET_ITEM(out, i, name)
    return out


cdef list stored_list(Stored stored):
    cdef list out = []
    cdef size_t i
    for i in range(stored.owners.size()):
        out.append((stored.owners[i], stored.programs[i].data()[: stored.programs[i].size()]))
    return out


cdef Machine machine_of(shared_ptr[const CMachine] core):
    cdef Machine made = Machine.__new__(Machine)
    made.core = core
    return made


cdef list told(const CMachine* core, vector[Answers]& answers, list names, bint keep_errors):
    cdef list out = []
    cdef uint64_t start, end
    cdef size_t refused, part, i
    for part in range(answers.size()):
        start = refused = 0
        first = len(out)
        for i in range(answers[part].ends.size()):
            end = answers[part].ends[i]
            if refused < answers[part].refused.size() and answers[part].refused[refused] == first + i:
                error = event_error(answers[part].failures[refused], core)
                if not keep_errors:
                    raise error
                out.append(error)
                refused += 1
            else:
                out.append(names_of(answers[part].owners.data() + start, end - start, names))
            start = end
    return out


@cython.final
cdef class Machine:
    """All the rules of a set, frozen. Changing makes another one; any thread may match on any of them.

    A rule is an owner (the number of its name) and a program (`lower`).
    """

    @staticmethod
    def empty(
        bytes seed not None, bint strict, uint32_t depth, size_t name, size_t digits, uint64_t steps, size_t line
    ):
        """A machine without rules.

        `seed`: 16 random bytes that key its hashes; `strict`: validate all of an event, else only what rules read;
        the limits of an event: levels of nesting, UTF-16 units of a name, digits of a number, steps in its arrays;
        that of files: bytes of a line.
        """
        cdef Machine made = Machine.__new__(Machine)
        cdef Seed words
        words.first = int.from_bytes(seed[:8], "little")
        words.second = int.from_bytes(seed[8:16], "little")
        cdef shared_ptr[CMachine] core = make_shared[CMachine](words)
        deref(core).settings.text.depth = depth
        deref(core).settings.text.name = name
        deref(core).settings.text.digits = digits
        deref(core).settings.steps = steps
        deref(core).settings.line = line
        deref(core).settings.strict = strict
        deref(core).settings.scan = scan_function(wished_simd())
        made.core = <shared_ptr[const CMachine]> core
        return made

    # ---- matching ----

    cdef list match(self, bytes event, list names):
        """The names (`names[owner]`) of the rules that match, in the order of their owners."""
        cdef const CMachine* core = self.core.get()
        cdef Scratch* scratch = &thread_scratch()
        cdef const uint8_t* text = <const uint8_t*> PyBytes_AS_STRING(event)
        cdef size_t size = PyBytes_GET_SIZE(event)
        cdef Failure failure
        if size < LARGE_EVENT:
            failure = core.match(text, size, False, deref(scratch))
        else:
            with nogil:
                failure = core.match(text, size, False, deref(scratch))
                scratch.trim()
        if <int> failure.fault != 0:
            raise event_error(failure, core)
        return names_of(scratch.owners.data, scratch.owners.size, names)

    def match_many(self, list events not None, list names not None, unsigned threads, bint keep_errors):
        """A list of names for each event; for a refused one the EventError, raised unless `keep_errors`."""
        cdef vector[Text] texts
        cdef Text text
        cdef vector[Answers] answers
        texts.reserve(len(events))
        for event in events:
            text.data = <const uint8_t*> PyBytes_AS_STRING(<bytes?> event)
            text.size = PyBytes_GET_SIZE(event)
            texts.push_back(text)
        with nogil:
            answers = match_batch(deref(self.core.get()), texts, threads)
        return told(self.core.get(), answers, names, keep_errors)

    def stats(self, bytes event not None):
        """What matching the event took, counted: bytes, fields, probes, candidates, tests, array_steps, matches."""
        cdef Scratch* scratch = &thread_scratch()
        scratch.counters.reset()
        cdef Failure failure = self.core.get().match(
            <const uint8_t*> PyBytes_AS_STRING(event), PyBytes_GET_SIZE(event), False, deref(scratch)
        )
        if <int> failure.fault != 0:
            raise event_error(failure, self.core.get())
        return {
            "bytes": scratch.counters.bytes,
            "fields": scratch.counters.fields,
            "probes": scratch.counters.probes,
            "candidates": scratch.counters.candidates,
            "tests": scratch.counters.tests,
            "array_steps": scratch.counters.array_steps,
            "matches": scratch.owners.size,
        }

    # ---- changing ----

    def with_rules(self, rules):
        """A machine that has these too: pairs of (owner, program whose terms name paths), owners in ascending order."""
        cdef Intake* intake = new Intake(deref(self.core.get()))
        cdef Batch batch
        cdef string slotted
        try:
            for owner, program in rules:
                slotted = intake.slotted(
                    <const uint8_t*> PyBytes_AS_STRING(<bytes?> program), PyBytes_GET_SIZE(program)
                )
                batch.add(owner, <const uint8_t*> slotted.data(), slotted.size())
            return machine_of(self.core.get().with_rules(move(batch), intake.fresh))
        finally:
            del intake

    def without(self, list owners not None):
        """A machine that has no rule of these owners."""
        cdef vector[uint32_t] numbers = owners
        return machine_of(self.core.get().without(numbers))

    def compacted(self):
        """The same rules in one index."""
        return machine_of(self.core.get().compacted())

    def renumbered(self, list owners not None):
        """The same rules under other owners: the old owner n becomes owners[n]; the order stays."""
        cdef vector[uint32_t] numbers = owners
        return machine_of(self.core.get().renumbered(numbers))

    # ---- keeping ----

    def dump(self):
        """All that `restored` needs: paths, and rules as owners and program offsets (32-bit words) and programs."""
        cdef Batch batch = dumped(deref(self.core.get()))
        cdef size_t count = batch.owners.size()
        return (
            self.paths(),
            (<const char*> batch.owners.data())[: count * 4],
            (<const char*> batch.program_at.data())[: count * 4],
            batch.programs.data()[: batch.programs.size()],
        )

    def restored(self, list paths not None, bytes owners not None, bytes offsets not None, bytes programs not None):
        """An empty machine filled with what another one dumped. The bytes are trusted: check a digest before."""
        cdef vector[string] fresh
        cdef Batch batch
        cdef const uint32_t* owner = <const uint32_t*> PyBytes_AS_STRING(owners)
        cdef const uint32_t* offset = <const uint32_t*> PyBytes_AS_STRING(offsets)
        cdef size_t count = PyBytes_GET_SIZE(owners) // 4
        for path in paths:
            fresh.push_back((<str> path).encode())
        batch.owners.assign(owner, owner + count)
        batch.program_at.assign(offset, offset + count)
        batch.programs.assign(PyBytes_AS_STRING(programs), <size_t> PyBytes_GET_SIZE(programs))
        return machine_of(self.core.get().with_rules(move(batch), fresh))

    # ---- telling ----

    def rules(self):
        """Every rule: (owner, program whose terms name slots)."""
        return stored_list(stored_rules(deref(self.core.get())))

    def rules_of(self, uint32_t owner):
        """The owner's rules, in the order added."""
        return stored_list(stored_rules_of(deref(self.core.get()), owner))

    def has(self, uint32_t owner, bytes program not None):
        """Whether the owner has this very rule (its terms name paths)."""
        cdef Intake* intake = new Intake(deref(self.core.get()))
        cdef string slotted
        cdef Stored stored
        cdef size_t i
        try:
            slotted = intake.slotted(<const uint8_t*> PyBytes_AS_STRING(program), PyBytes_GET_SIZE(program))
            stored = stored_rules_of(deref(self.core.get()), owner)
        finally:
            del intake
        for i in range(stored.programs.size()):
            if stored.programs[i] == slotted:
                return True
        return False

    def paths(self):
        """The path of each slot."""
        cdef const Paths* paths = self.core.get().paths.get()
        return [paths.texts[i].decode() for i in range(paths.texts.size())]

    def path_count(self):
        """How many slots there are."""
        return self.core.get().paths.get().texts.size()

    def count(self):
        """How many rules there are."""
        return self.core.get().rules()

    def memory(self):
        """Bytes that the machine takes."""
        return self.core.get().memory()


@cython.final
cdef class LineFile:
    """The answers to a file of JSON lines, in order, blank lines left out.

    `path` is read by `threads` threads of their own, which stop when this object goes. `keep`: "all" lines, those that
    are "matched" (or refused), or only "counts". It begins with the first line that starts at byte `start` or behind
    it, of which `lines` others come before. Iterating gives (line number from 1, names or EventError); `answers` gives
    a chunk of lines, with their bytes if `texts`; `count` only adds a chunk to the `totals`. Use one of these three.
    """

    cdef object path
    # Its descriptor and one, as 0 is what a construction that failed leaves; no file object, which would warn where a
    # cycle is collected.
    cdef int opened
    cdef Machine machine
    cdef list names
    cdef LineScan* lines
    cdef unique_ptr[ChunkAnswers] chunk
    cdef size_t place, refused   # in the chunk: the next kept line, the next refused one
    cdef uint64_t start          # of the chunk's names
    cdef uint64_t before         # lines before the chunk
    cdef uint64_t begin          # the byte where this file's reading began
    cdef bint texts
    cdef uint64_t events, matched, size, faults  # the totals so far
    cdef vector[uint64_t] counts
    cdef list errors

    def __cinit__(
        self, path, Machine machine not None, list names not None, unsigned threads, str keep not None, *,
        uint64_t start=0, uint64_t lines=0, bint texts=False
    ):
        cdef Keep kept = {"all": Keep.all, "matched": Keep.matched, "counts": Keep.counts}[keep]
        self.machine = machine
        self.names = names
        self.begin = start
        self.before = lines
        self.texts = texts
        self.errors = []
        self.counts = vector[uint64_t](len(names) if kept == Keep.counts else 0, 0)
        self.path = os.fspath(path)
        cdef int file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
        self.opened = file + 1
        status = os.fstat(file)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), self.path)
        cdef uint64_t size = status.st_size
        self.lines = new LineScan(machine.core, file, start, size, threads, len(names), kept, texts)

    def __dealloc__(self):
        if self.lines != NULL:
            with nogil:
                del self.lines
        if self.opened:
            os.close(self.opened - 1)

    def __iter__(self):
        return self

    @property
    def position(self):
        """(byte, line): `start` and `lines` of a reading that goes on behind the chunks given so far."""
        if not self.chunk:
            return self.begin, self.before
        return deref(self.chunk).end, self.before + deref(self.chunk).lines

    cdef bint advance(self) except -1:
        """Go to the next chunk; False at the end of the file."""
        cdef unique_ptr[ChunkAnswers] chunk
        with nogil:
            chunk = self.lines.next()
        if not chunk:
            return False
        if deref(chunk).error:
            raise OSError(deref(chunk).error, os.strerror(deref(chunk).error), self.path)
        if self.chunk:
            self.before += deref(self.chunk).lines
        self.chunk = move(chunk)
        self.place = self.refused = self.start = 0
        return True

    cdef object answer(self):
        """The names of the line at hand, or its error; go to the next."""
        cdef ChunkAnswers* chunk = self.chunk.get()
        cdef uint64_t end = chunk.ends[self.place]
        if self.refused < chunk.refused.size() and chunk.refused[self.refused] == self.place:
            answer = event_error(chunk.failures[self.refused], self.machine.core.get())
            self.refused += 1
        else:
            answer = names_of(chunk.owners.data() + self.start, end - self.start, self.names)
        self.start = end
        self.place += 1
        return answer

    def __next__(self):
        while not self.chunk or self.place == deref(self.chunk).at.size():
            if not self.advance():
                raise StopIteration
        return self.before + deref(self.chunk).at[self.place] + 1, self.answer()

    def answers(self):
        """The kept lines of the next chunk, or None at the end: (line number, byte, names or EventError, line or None).

        Of a line over the limit no text is given. All lines are in the first three totals, and the fifth.
        """
        if not self.advance():
            return None
        self.tally()
        cdef ChunkAnswers* chunk = self.chunk.get()
        cdef uint64_t begin = 0
        cdef size_t place
        cdef list out = []
        for place in range(chunk.at.size()):
            text = None
            if self.texts:
                text = (<const char*> chunk.texts.data())[begin : chunk.text_ends[place]]
                begin = chunk.text_ends[place]
            out.append((self.before + chunk.at[place] + 1, chunk.begins[place], self.answer(), text))
        return out

    cdef void tally(self) noexcept:
        """Add the chunk to the totals, but for what `count` alone asks of it."""
        cdef ChunkAnswers* chunk = self.chunk.get()
        self.events += chunk.accepted
        self.matched += chunk.matched
        self.size += chunk.bytes
        self.faults += chunk.refused.size()

    def count(self):
        """Add the next chunk to the totals; False at the end of the file."""
        if not self.advance():
            return False
        self.tally()
        cdef ChunkAnswers* chunk = self.chunk.get()
        cdef size_t i
        for i in range(chunk.counts.size()):
            self.counts[i] += chunk.counts[i]
        for i in range(chunk.refused.size()):
            if len(self.errors) == ERRORS_KEPT:
                break
            error = event_error(chunk.failures[i], self.machine.core.get())
            self.errors.append((self.before + chunk.at[i] + 1, chunk.begins[i], error))
        return True

    @property
    def totals(self):
        """What was counted so far: events, those that matched, bytes, matches by owner, refused lines, the first of
        these as (line number, byte, EventError), a hundred at most.
        """
        return self.events, self.matched, self.size, self.counts, self.faults, list(self.errors)


@cython.final
cdef class Reader:
    """The scanner alone: reads the leaves at some paths. For tests and tools."""

    cdef Machine strict, structural

    def __init__(self, list paths not None, uint32_t depth=1000):
        # A rule `{path: [{"exists": true}]}` for each path, in order, gives each its slot.
        rules = []
        for number, path in enumerate(paths):
            name = path.encode()
            size = len(name)
            head = bytearray([3])
            while size >= 0x80:
                head.append((size & 0x7F) | 0x80)
                size >>= 7
            head.append(size)
            rules.append((number, bytes(head) + name + bytes([1, 13, 1])))
        self.strict = Machine.empty(bytes(16), True, depth, 50000, 1000, 1, 0).with_rules(rules)
        self.structural = Machine.empty(bytes(16), False, depth, 50000, 1000, 1, 0).with_rules(rules)

    def read(self, bytes event not None, bint structural=False):
        """The leaves at the paths, in order: (path number, kind, text, ((array, element), …)).

        kind: "string" (text decoded to UTF-8), "number" (as spelt), "true", "false", "null". Raises EventError.
        """
        cdef const CMachine* core = (self.structural if structural else self.strict).core.get()
        cdef Scratch* scratch = &thread_scratch()
        cdef Failure failure = core.read(
            <const uint8_t*> PyBytes_AS_STRING(event), PyBytes_GET_SIZE(event), False, deref(scratch)
        )
        if <int> failure.fault != 0:
            raise event_error(failure, core)
        cdef list out = []
        cdef Field* field
        cdef uint32_t i, elem
        for i in range(scratch.event.fields.size):
            field = &scratch.event.fields.data[i]
            trail = []
            elem = field.elem
            while elem != 0:
                trail.append((scratch.event.elems.data[elem].array, elem))
                elem = scratch.event.elems.data[elem].parent
            kind = ("string", "number", "true", "false", "null")[<int> field.kind]
            out.append((field.slot, kind, (<const char*> field.text)[: field.size], tuple(reversed(trail))))
        return out
