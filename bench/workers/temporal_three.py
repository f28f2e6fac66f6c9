"""Turn a number into one that is three more, as a workflow of Temporal's; run by that peer's Python alone."""

from datetime import timedelta

from temporalio import activity, workflow

__all__ = ["Three", "add"]


@activity.defn
async def add(number: int) -> int:
    return number + 1


@workflow.defn
class Three:
    @workflow.run
    async def run(self, number: int) -> int:
        for _ in range(3):
            number = await workflow.execute_activity(add, number, start_to_close_timeout=timedelta(seconds=60))
        return number
