"""Turn `python -m matcher.cli` into the command `matcher`."""

import sys

from matcher.cli import main

sys.exit(main())
