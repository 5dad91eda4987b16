"""Counts how far the whole of an attempt is while its stages pass: never less than before."""

Stage = tuple[str, float]
"""Its name, and how long it takes compared with the others."""


class Course:
    """Without stages that were announced, what is told counts for the whole."""

    def __init__(self) -> None:
        self._stages: tuple[Stage, ...] = ()
        self._now = 0
        self._far: float | None = None

    def announce(self, *stages: Stage) -> None:
        """What is to come, in its order. A name may come again."""
        self._stages, self._now = stages, 0

    def whole(self, stage: str, share: float | None) -> float | None:
        """How far the whole is when so much of a stage is done; None while nothing is known."""
        far = self._of_the_whole(stage, share)
        if far is not None:
            self._far = max(far, self._far or 0.0)
        return self._far if self._stages or far is not None else None

    def _of_the_whole(self, stage: str, share: float | None) -> float | None:
        if not self._stages:
            return share
        names = [name for name, _ in self._stages]
        if stage not in names[self._now :]:
            return None  # not announced: a trial, or one that has passed
        self._now = names.index(stage, self._now)
        weights = [weight for _, weight in self._stages]
        return (sum(weights[: self._now]) + weights[self._now] * (share or 0.0)) / sum(weights)
