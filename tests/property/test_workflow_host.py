"""Random machines give what is right on a host that ends and begins again, on a store that fails now and then."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import count

from hypothesis import example, given, settings
from hypothesis import strategies as st

from matcher.errors import StoreError
from matcher.testing import FakeClock
from matcher.workflow.host.codec import decoded, decoded_result, encoded, encoded_result
from matcher.workflow.host.memory import MemoryJournal
from matcher.workflow.workflows import Workflows
from tests.property.test_workflow_steps import SEQUENCES, definition, naive

#: What happens to the host: so many seconds pass, with a store that works or not; then it ends, or goes on.
PLANS = st.lists(st.tuples(st.sampled_from([0.0, 0.4, 1.0, 2.5]), st.booleans(), st.booleans()), max_size=8)


class Through(MemoryJournal):
    """A journal whose frames and results go through the rows of a file; it refuses to save while it is `full`."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False
        self._beside: dict[int, bytes] = {}

    async def save(self, save):
        if self.full:
            raise StoreError("no space is left")
        for number, (frame, stored) in save.frames.items():
            row, beside = encoded(frame, stored)
            if beside is not None:
                self._beside[number] = beside
            # What stays in memory is what was given, as with a file: only a load gives other objects.
            save.frames[number] = (decoded(row, self._beside.get(number)), stored)
        save.results = [decoded_result(encoded_result(result)) for result in save.results]
        await super().save(save)


class Run:
    def __init__(self, machine) -> None:
        self.machine = machine
        self.clock = FakeClock()
        self.journal = Through()
        self.calls = Counter()

    def host(self) -> Workflows:
        made = Workflows(self.journal, clock=self.clock, tasks={f"fails-{times}": self.failing(times) for times in range(3)})
        made.add("m", self.machine)
        return made

    def failing(self, times):
        async def double(number, call):
            key = call.call_id.rsplit("-", 1)[0], call.state
            self.calls[key] += 1
            if self.calls[key] <= times:
                raise ValueError
            return number * 2

        return double

    async def carry_out(self, number, plan):
        host = self.host()
        await host.__aenter__()
        await host.start("m", number, "one")
        for seconds, full, ends in plan:
            self.journal.full = full
            await self.clock.advance(seconds)
            if ends:
                await host.__aexit__(None, None, None)
                host = self.host()
                await host.__aenter__()
        self.journal.full = False
        await self.clock.advance(1_000)
        record = await host.describe("m", "one")
        events = await host.history("m", "one")
        assert len(host._hosts["STANDARD"]._alarms) == 0
        assert host._hosts["STANDARD"]._live == {}
        await host.__aexit__(None, None, None)
        return record, events


#: The last result of the Map was stored behind its clearing, and counted as one of the Parallel's after a restart.
LATE_RESULT = [("map", (2, [("wait", 1)], False, 0)), ("parallel", [[("wait", 1)]])]


@settings(max_examples=60, deadline=None)
@example(sequence=LATE_RESULT, number=0, plan=[(1.0, False, True)])
@given(sequence=SEQUENCES, number=st.integers(-9, 9), plan=PLANS)
def test_a_host_that_ends_and_fails_gives_what_is_right(sequence, number, plan):
    machine = {"QueryLanguage": "JSONata", **definition(sequence, count())}
    run = Run(machine)
    record, events = asyncio.run(run.carry_out(number, plan))
    assert (record.status, record.error, record.output) == ("SUCCEEDED", None, naive(sequence, number))
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert events[-1].type == "ExecutionSucceeded"
    kinds = Counter(event.type for event in events)
    assert kinds["LambdaFunctionScheduled"] == kinds["LambdaFunctionSucceeded"] + kinds["LambdaFunctionFailed"]
    kept = run.journal._kept[record.id]
    assert (kept.frames, kept.results) == ({}, {})
    assert asyncio.run(run.journal.letters(0, 9)) == []
