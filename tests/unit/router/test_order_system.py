"""The order system of the examples loses nothing on a bad day."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
WANTED = """\
The payment provider is down.
put 4 orders, 0 refused
  o-1 is a dead letter: CONNECTION_FAILURE, ConnectionError: the payment provider does not answer; attempts: 4
  o-2 is a dead letter: CONNECTION_FAILURE, ConnectionError: the payment provider does not answer; attempts: 4
  o-3 is a dead letter: CONNECTION_FAILURE, ConnectionError: the payment provider does not answer; attempts: 4
  o-4 is a dead letter: CONNECTION_FAILURE, ConnectionError: the payment provider does not answer; attempts: 4
  charged: nothing
It is back: what waits as dead letters is sent again.
  redriven: 4
  o-4 is a dead letter: INVALID_AMOUNT, -1.0 is no amount to charge; attempts: 1
  charged: [('o-1', 40.0), ('o-2', 250.0), ('o-3', 15.5)]
  packed: ['o-1', 'o-2', 'o-3']
  sent: ['Dear bruno, your order o-2 of 250.0 EUR is paid: a gift comes with it.']
An order that is placed twice is charged once.
put 1 orders, 0 refused
  calls of the provider: 0
A rule that is new gets what happened before it.
  replayed: 5
  seen: ['ada', 'ada', 'ada', 'bruno', 'chen']
"""


def test_the_order_system_does_what_it_says(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "examples" / "order-system" / "demo.py")]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == WANTED, done.stderr
