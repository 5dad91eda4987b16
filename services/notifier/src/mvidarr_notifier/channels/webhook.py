"""Webhooks: a signed JSON POST to the address that a subscriber gave.

The signature is HMAC-SHA256 with the subscription's secret over "<timestamp>.<body>": the receiver
knows who says it, and an old delivery cannot be played to it again as a new one.
"""

import hmac
import time
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from mvidarr_common.errors import JobError
from mvidarr_notifier.reach import Route, route_to

from .base import Channel, Means, Parcel

LONGEST_PAUSE = 24 * 3600.0


async def send(parcel: Parcel, means: Means) -> str:
    """POST it. Any 2xx is success; only "410 Gone" is final, all else may be mended some day."""
    body = parcel.announcement.model_dump_json().encode()
    route = await route_to(parcel.address, allow_private=means.allow_private)
    try:
        response = await _post(means.http, route, body, _headers(parcel, body))
    except httpx.TimeoutException:
        raise _failed("receiver_timeout", f"{route.host} did not answer in time.") from None
    except httpx.HTTPError as error:
        reason = f"{route.host} could not be reached: {type(error).__name__}."
        raise _failed("receiver_unreachable", reason) from None
    _require_success(route.host, response)
    return str(response.status_code)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What a receiver computes too, and compares."""
    return (
        "sha256=" + hmac.digest(secret.encode(), timestamp.encode() + b"." + body, "sha256").hex()
    )


def _headers(parcel: Parcel, body: bytes) -> dict[str, str]:
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "X-MVidarr-Event": parcel.announcement.event_type,
        "X-MVidarr-Delivery": parcel.delivery,
        "X-MVidarr-Timestamp": timestamp,
    }
    if parcel.secret is not None:
        headers["X-MVidarr-Signature"] = signature(parcel.secret, timestamp, body)
    return headers


async def _post(
    http: httpx.AsyncClient, route: Route, body: bytes, headers: dict[str, str]
) -> httpx.Response:
    """Try the host's addresses in turn until one takes the connection."""
    headers = headers | {"Host": route.authority}
    for url in route.urls[:-1]:
        with suppress(httpx.ConnectError, httpx.ConnectTimeout):
            return await _post_to(http, url, route.host, body, headers)
    return await _post_to(http, route.urls[-1], route.host, body, headers)


async def _post_to(
    http: httpx.AsyncClient, url: httpx.URL, host: str, body: bytes, headers: dict[str, str]
) -> httpx.Response:
    """The answer without its body, which nobody reads and which might not end."""
    async with http.stream(
        "POST", url, content=body, headers=headers, extensions={"sni_hostname": host}
    ) as response:
        return response


def _require_success(host: str, response: httpx.Response) -> None:
    if response.is_success:
        return
    status = response.status_code
    if status == HTTPStatus.GONE:
        raise JobError("receiver_gone", f"{host} answers 410: it wants nothing more.")
    after = _pause(response.headers.get("Retry-After"))
    raise _failed("receiver_refused", f"{host} answers {status}.", after)


def _failed(code: str, message: str, after: float | None = None) -> JobError:
    return JobError(code, message, retry=True, after=after)


def _pause(retry_after: str | None) -> float | None:
    """Seconds of a Retry-After header, which holds seconds or a date; None if it makes no sense."""
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        seconds = _seconds_until(retry_after)
    return min(max(seconds, 0.0), LONGEST_PAUSE) if seconds == seconds else None


def _seconds_until(date: str) -> float:
    try:
        when = parsedate_to_datetime(date)
    except ValueError:
        return float("nan")
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return (when - datetime.now(UTC)).total_seconds()


WEBHOOK = Channel("webhook", send)
