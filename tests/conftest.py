"""What holds for every process of a run that has any of these tests in it."""

import os

from testbed.ports import keep_apart

keep_apart(os.environ)
