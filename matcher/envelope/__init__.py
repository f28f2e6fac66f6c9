"""Turn what producers put (PutEvents entries, events without an envelope, any JSON object) into complete events."""

from __future__ import annotations

from matcher.envelope.answer import Refused, Sealed
from matcher.envelope.fields import Fill
from matcher.envelope.seal import Entry, check_call, seal, size
from matcher.moment import moment, spelled

__all__ = ["Entry", "Fill", "Refused", "Sealed", "check_call", "moment", "seal", "size", "spelled"]
