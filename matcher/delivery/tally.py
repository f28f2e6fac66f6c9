"""Turn what becomes of one queue's attempts into counts, and into what an observer is told under EventBridge's names."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.delivery.subscription import Subscription
from matcher.observe import SILENT, Observer
from matcher.store.records import Dead, Delivery, Done, Outcome, Retry

__all__ = ["Counts", "Tally"]


@dataclass(slots=True)
class Counts:
    """Of one queue, since the engine started."""

    attempts: int = 0
    delivered: int = 0
    retried: int = 0
    dead: int = 0
    throttled: int = 0
    #: What the last attempt that failed did so by.
    last_error: str = ""


class Tally:
    """Counts, measures and tells of the attempts of one queue."""

    def __init__(self, subscription: Subscription, observer: Observer, counts: Counts) -> None:
        self.counts = counts
        self._observer = observer
        self._silent = observer is SILENT
        self._labels = {"bus": subscription.bus, "rule": subscription.rule, "target": subscription.target}

    def throttled(self) -> None:
        """A delivery waits for the rate."""
        self.counts.throttled += 1
        self._observer.count("ThrottledRules", **self._labels)

    def ended(self, outcome: Outcome, started: float, now: float) -> None:
        """An attempt has ended. (A delivery that is retried is counted as an invocation when it ends for good.)"""
        counts, first = self.counts, outcome.delivery.attempts == 0
        counts.attempts += 1
        match outcome:
            case Done():
                counts.delivered += 1
            case Retry(error=told):
                counts.retried += 1
                counts.last_error = told
            case Dead(letter=letter):
                counts.dead += 1
                counts.last_error = f"{letter.error_code}: {letter.error_message}"
        if not self._silent:
            self._measure(outcome, started, now, first=first)
            self._log(outcome, now)

    def _measure(self, outcome: Outcome, started: float, now: float, *, first: bool) -> None:
        count, time, labels = self._observer.count, self._observer.time, self._labels
        accepted = outcome.delivery.entry.accepted
        count("InvocationAttempts", **labels)
        time("InvocationLatency", now - started, **labels)
        if first:
            time("IngestionToInvocationStartLatency", started - accepted, **labels)
        else:
            count("RetryInvocationAttempts", **labels)
        if isinstance(outcome, Retry):
            return
        count("Invocations", **labels)
        time("IngestionToInvocationCompleteLatency", now - accepted, **labels)
        if isinstance(outcome, Dead):
            count("FailedInvocations", **labels)
        else:
            count("SuccessfulInvocationAttempts", **labels)
            time("IngestionToInvocationSuccessLatency", now - accepted, **labels)

    def _log(self, outcome: Outcome, now: float) -> None:
        fields = {**self._labels, **identity(outcome.delivery), "attempt": outcome.delivery.attempts + 1}
        match outcome:
            case Done():
                self._observer.log("debug", "delivered", **fields)
            case Retry(due=due, error=told):
                self._observer.log("warning", "the attempt failed", error=told, retry_in=round(due - now, 3), **fields)
            case Dead(letter=letter):
                self._observer.log(
                    "error", "dead letter", error_code=letter.error_code, error=letter.error_message,
                    exhausted=letter.exhausted, dead_letter_queue=letter.dead_letter_queue, **fields,
                )  # fmt: skip


def identity(delivery: Delivery) -> dict[str, str | None]:
    """The fields by which a delivery is found in logs."""
    entry = delivery.entry
    return {
        "event_id": entry.id,
        "correlation_id": entry.correlation_id,
        "delivery_id": delivery.id,
        "group": delivery.group,
    }
