"""The cookies that people have stored for sites, one file for each site; no other site sees them.

A file is what browsers export (Netscape format), plain or sealed with the instance key.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mvidarr_common.secrets import InstanceKey
from mvidarr_common.site_secrets import first_expiry
from mvidarr_common.sites import for_address

from . import failures

_SEALED = "gAAAA"
"""How a Fernet token begins."""


@dataclass(frozen=True)
class Jar:
    """A folder of such files; none without a folder."""

    folder: Path | None = None
    key: InstanceKey | None = None

    def cookies_for(self, url: str) -> str | None:
        """Those of the URL's site, or of the nearest one above it; raises the failure
        `cookies_expired` when none of them is good any longer."""
        for site in for_address(url):
            text = self._stored(site)
            if text is not None:
                return living(text, site)
        return None

    def note(self) -> str | None:
        """What health says of cookies that expire within days, or have."""
        soon = datetime.now(UTC) + timedelta(days=3)
        names = sorted(path.stem for path in self.folder.glob("*.txt")) if self.folder else []
        ends = {name: first_expiry(self._stored(name) or "") for name in names}
        due = [f"{name} ({end:%Y-%m-%d})" for name, end in ends.items() if end and end < soon]
        return f"Cookies expire: {', '.join(due)}." if due else None

    def _stored(self, site: str) -> str | None:
        if self.folder is None or not site or "/" in site:
            return None
        try:
            text = (self.folder / f"{site}.txt").read_text()
        except FileNotFoundError:
            return None
        sealed = text.startswith(_SEALED) and self.key is not None
        return self.key.unseal(text.strip()) if sealed and self.key else text


def living(text: str, site: str | None = None) -> str:
    """The lines (of this site) whose time has not passed; a cookie without one lives. Raises the
    failure `cookies_expired` when there is none."""
    rows = [line.split("\t") for line in text.splitlines() if line.count("\t") == 6]
    ours = [row for row in rows if site is None or _is_for(row[0], site)]
    living = [row for row in ours if not row[4].isdigit() or not 0 < int(row[4]) < time.time()]
    if ours and not living:
        raise failures.EXPIRED_COOKIES.error(f"{len(ours)} cookies")
    return "\n".join(["# Netscape HTTP Cookie File", *("\t".join(row) for row in living), ""])


def _is_for(domain: str, site: str) -> bool:
    name = domain.removeprefix("#HttpOnly_").lstrip(".")
    return name == site or name.endswith(f".{site}")
