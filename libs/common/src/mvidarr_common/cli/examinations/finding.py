"""What an examination says."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["well", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one thing. What is wrong keeps something from working."""

    about: str
    verdict: Verdict
    sentence: str
