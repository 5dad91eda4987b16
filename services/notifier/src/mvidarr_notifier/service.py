"""The notifier as a whole."""

from mvidarr_common.service import Hears, Service

from .deps import Deps, open_deps
from .hearing import EVENTS, tell
from .jobs import notify
from .settings import NotifierSettings

AT_ONCE = 8
"""Events heard at once: they wait for one another, to ask together."""

service: Service[NotifierSettings, Deps] = Service(
    name="notifier",
    settings=NotifierSettings,
    open=open_deps,
    jobs=(notify,),
    slots=lambda settings: {"notify": settings.notify_slots},
    hears=Hears(EVENTS, tell, slots=AT_ONCE),
    preload=("apprise",),
)
