"""Services that settings name, asked in the child: viewers' reports of parts, and proofs of origin.

They may stand in a private network. Nothing that a page says has a part in their addresses.
"""

import hashlib
import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from yt_dlp.extractor.youtube.pot.provider import (
    PoTokenProvider,
    PoTokenProviderError,
    PoTokenRequest,
    PoTokenResponse,
    register_provider,
)
from yt_dlp.extractor.youtube.pot.utils import WEBPO_CLIENTS, get_webpo_content_binding
from yt_dlp.postprocessor import SponsorBlockPP
from yt_dlp.utils import PostProcessingError

from .connections import trusting

PATIENCE = 30.0
_MOST = 8 * 1024**2


def ask(url: str, body: object = None) -> Any:
    """The JSON of the answer; None for "404 Not Found"."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"})  # noqa: S310  # ours
    try:
        with trusting(), build_opener(ProxyHandler({})).open(request, timeout=PATIENCE) as answer:
            return json.loads(answer.read(_MOST))
    except HTTPError as error:
        if error.code == 404:
            return None
        raise


class ReportedParts(SponsorBlockPP):  # type: ignore[misc]  # yt-dlp has no types
    """Asks SponsorBlock, or a service like it, for the parts that viewers have reported. It is told
    the first letters of a hash, and so never learns which video it is."""

    def _get_sponsor_segments(self, video_id: str, service: str) -> list[dict[str, Any]]:
        start = hashlib.sha256(video_id.encode()).hexdigest()[:4]
        categories = ",".join(f'"{name}"' for name in self._categories)
        query = f"service={service}&categories=[{categories}]".replace('"', "%22")
        try:
            found = ask(f"{self._API_URL}/api/skipSegments/{start}?{query}") or []
        except (OSError, ValueError) as error:
            raise PostProcessingError(f"SponsorBlock did not answer: {error}") from error
        return [part for each in found if each["videoID"] == video_id for part in each["segments"]]


@register_provider
class OwnServicePTP(PoTokenProvider):  # type: ignore[misc]  # yt-dlp has no types
    """Gets proofs of origin for YouTube from the service that the settings name."""

    PROVIDER_VERSION = "1"
    PROVIDER_NAME = "own-service"
    _SUPPORTED_CLIENTS = WEBPO_CLIENTS
    _SUPPORTED_CONTEXTS = None
    _SUPPORTED_EXTERNAL_REQUEST_FEATURES = None

    def is_available(self) -> bool:
        """Only where there is such a service."""
        return bool(self._address)

    @property
    def _address(self) -> str | None:
        address: str | None = self._configuration_arg("address", [None], casesense=True)[0]
        return address

    def _real_request_pot(self, request: PoTokenRequest) -> PoTokenResponse:
        binding, _ = get_webpo_content_binding(request)
        asked = {"content_binding": binding, "bypass_cache": request.bypass_cache}
        try:
            answer = ask(f"{self._address}/get_pot", asked)
            return PoTokenResponse(po_token=answer["poToken"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PoTokenProviderError(f"no proof of origin: {error}") from error
