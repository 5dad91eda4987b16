"""What parses media. It runs in forked children, which find these modules imported already."""

from .digest import sha256_of
from .examine import Examination, examine
from .facts import measure, measure_many
from .images import work_on
from .outline import Outline, outline
from .packets import same_packets
from .peaks import write_peaks
from .pictures import Wish, take_pictures
from .prints import picture_hashes
from .sheets import Picture
from .taking import StreamSpan
from .timing import Timing, key_frame_at, timing

__all__ = [
    "Examination", "Outline", "Picture", "StreamSpan", "Timing", "Wish", "examine", "key_frame_at",
    "measure", "measure_many", "outline", "picture_hashes", "same_packets", "sha256_of",
    "take_pictures", "timing", "work_on", "write_peaks",
]  # fmt: skip
