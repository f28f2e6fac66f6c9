"""What every test shares: hypothesis without a clock, and the way to the files beside the project."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A deadline would fail a right answer on a busy machine; what must be fast is counted elsewhere, not timed.
settings.register_profile("matcher", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples on every machine, so that a red run is red again.
settings.register_profile("ci", settings.get_profile("matcher"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "matcher")
