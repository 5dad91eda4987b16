"""What parses media. It runs in forked children, which find these modules imported already."""

from .digest import sha256_of
from .examine import Examination, examine
from .facts import measure, measure_many
from .outline import Outline, outline
from .peaks import write_peaks
from .pictures import Wish, take_pictures
from .sheets import Picture
from .taking import StreamSpan

__all__ = [
    "Examination", "Outline", "Picture", "StreamSpan", "Wish", "examine", "measure",
    "measure_many", "outline", "sha256_of", "take_pictures", "write_peaks",
]  # fmt: skip
