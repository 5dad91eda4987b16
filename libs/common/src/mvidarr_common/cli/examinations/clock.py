"""Whether clocks agree: timers, tokens and the order of what is seen hang on them."""

from datetime import UTC, datetime

from .finding import Finding

ABOUT = "clock"
LARGEST_SKEW = 2.0


def since(theirs: datetime) -> float:
    """How many seconds ours is ahead of a clock that was read just now."""
    return (datetime.now(UTC) - theirs).total_seconds()


def compared(whose: str, skew: float) -> Finding:
    """Ours and another's."""
    if abs(skew) > LARGEST_SKEW:
        return Finding(ABOUT, "wrong", f"Ours and the {whose}'s differ by {skew:.1f} s.")
    return Finding(ABOUT, "well", f"Ours and the {whose}'s agree.")
