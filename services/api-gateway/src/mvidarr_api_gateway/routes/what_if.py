"""Trying a quality profile or a naming template: a question, though it has a body."""

from fastapi import Response

from mvidarr_api_gateway.answers import NO_COMMAND
from mvidarr_api_gateway.bodies import Wish
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_common.errors import Invalid
from mvidarr_common.messages.queries import Suppositions, WhatIf

router = guarded_router("/api/v1/what-if", "what-if")

PATIENCE = 60.0


@router.post("", openapi_extra=needs("user") | NO_COMMAND, response_model=Suppositions)
async def what_if(body: Wish, deps: Given) -> Response:
    """What would be upgraded, transcoded, renamed or refused, and why. Nothing is changed."""
    if body.profile is None and body.template is None:
        raise Invalid("invalid_body", "Name a profile, a template, or both.")
    asked = WhatIf(**body.model_dump(by_alias=False))
    return json_bytes(await deps.reads.get(asked, PATIENCE))
