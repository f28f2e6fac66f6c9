"""What a rule set matches with, so that a call of `match` goes straight to the core."""

cimport cython

from matcher._core.machine cimport Machine

__all__ = ["Current"]


cdef class Current:
    """What readers of a rule set use, swapped as one: a machine, and the names of its owners."""

    cdef tuple state  # (Machine, list); None: not set yet

    @property
    def _state(self):
        with cython.critical_section(self):
            return self.state

    @_state.setter
    def _state(self, tuple state not None):
        if len(state) != 2 or type(state[0]) is not Machine or type(state[1]) is not list:
            raise TypeError("want a Machine and a list of names")
        with cython.critical_section(self):
            self.state = state

    def match(self, event, /):
        """Give the names of the rules that match, in the order first added.

        Raises EventError, with the byte offset, if the event is not a strict JSON object or is over a limit.
        """
        cdef tuple state
        with cython.critical_section(self):
            state = self.state
        if state is None:
            raise TypeError("no rule set: it was not initialised")
        if type(event) is not bytes:
            event = self._text(event)
        # Both checked when they were set; the tuple keeps them while this runs.
        return (<Machine> state[0]).match(<bytes> event, <list> state[1])
