"""The transcoder, whole: its settings, what it opens, the jobs it does, and how many at once."""

from mvidarr_common.service import Service

from .deps import Deps, open_deps
from .operations import OPERATIONS
from .settings import TranscoderSettings, slots

service: Service[TranscoderSettings, Deps] = Service(
    name="transcoder",
    settings=TranscoderSettings,
    open=open_deps,
    jobs=OPERATIONS,
    slots=slots,
    preload=("av", "PIL.Image", "mvidarr_transcoder.media"),
)
