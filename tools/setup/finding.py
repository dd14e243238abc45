"""What the doctor found. Standard library only."""

from dataclasses import dataclass


@dataclass
class Finding:
    """What was looked at: ``state`` is "good", "note" (works, but) or "bad"; ``remedy`` is what to do."""

    state: str
    what: str
    remedy: str = ""
