"""A child with no other purpose than to be supervised: it notes what becomes of it in a file.

standin.py JOURNAL NAME live|die|stubborn
"""

import os
import signal
import sys
import time

journal, name, manner = sys.argv[1:]


def note(event: str) -> None:
    with open(journal, "a", encoding="utf-8") as file:  # noqa: PTH123 -- as light as can be
        file.write(f"{event} {name} {os.getpid()}\n")


def stop(*_: object) -> None:
    note("stopped")
    sys.exit(0)


signal.signal(signal.SIGTERM, signal.SIG_IGN if manner == "stubborn" else stop)
signal.signal(signal.SIGINT, lambda *_: note("interrupted"))
note("started")
if manner == "die":
    sys.exit(3)
while True:
    time.sleep(60)
