"""What a person sees while something takes long. Standard library only."""

import sys
import time


class Progress:
    """One line on what is done, how far and how long it took: rewritten on a terminal, rare in a log."""

    def __init__(self, stream=None, every: float = 15.0):
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty()
        self.every, self.start, self.last = every, time.monotonic(), -1e9

    def show(self, text: str, final: bool = False) -> None:
        now = time.monotonic()
        if not final and now - self.last < (0.2 if self.live else self.every):
            return
        self.last = now
        line = f"  {text}  ({now - self.start:.0f} s)"
        self.stream.write(f"\r{line[:100]:<100}" + "\n" * final if self.live else line + "\n")
        self.stream.flush()
