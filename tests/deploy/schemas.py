"""Schemas of Kubernetes' kinds and of the operators' kinds; an unknown field is an error."""

import json
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

import jsonschema
import kubernetes_validate  # type: ignore[import-untyped]  # it has no types

Schema = dict[str, Any]

OLDEST, NEWEST = "1.29", "1.37"

_MODELS = {
    "ScaledObject": "keda.v1alpha1",
    "TriggerAuthentication": "keda.v1alpha1",
    "PodMonitor": "prometheus_operator.v1",
    "PrometheusRule": "prometheus_operator.v1",
}
"""Where their models are; imported when they are needed, since that takes seconds."""

_TEXT, _WHOLE, _OBJECT = {"type": "string"}, {"type": "integer"}, {"type": "object"}


def _closed(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


_SIZE = _closed(size=_TEXT, storageClass=_TEXT)
_SYNCHRONOUS = _closed(
    method={"enum": ["any", "first"]}, number=_WHOLE,
    dataDurability={"enum": ["required", "preferred"]},
)  # fmt: skip
_FALLBACK = {"enum": ["static", "currentReplicas", "currentReplicasIfHigher"]}

_BY_HAND = {
    # No package carries these models: what we use of them, by their operators' references.
    "RabbitmqCluster": _closed(
        replicas=_WHOLE,
        terminationGracePeriodSeconds=_WHOLE,
        persistence=_closed(storage=_TEXT, storageClassName=_TEXT),
        resources=_closed(requests=_OBJECT, limits=_OBJECT),
        rabbitmq=_closed(
            additionalConfig=_TEXT, additionalPlugins={"type": "array", "items": _TEXT}
        ),
        affinity=_OBJECT,
    ),
    "ExternalSecret": _closed(
        refreshInterval=_TEXT,
        secretStoreRef=_closed(kind={"enum": ["SecretStore", "ClusterSecretStore"]}, name=_TEXT),
        target=_closed(name=_TEXT, creationPolicy={"enum": ["Owner", "Orphan", "Merge", "None"]}),
        data={
            "type": "array",
            "items": _closed(secretKey=_TEXT, remoteRef=_closed(key=_TEXT, property=_TEXT)),
        },
    ),
    "Cluster": _closed(
        instances=_WHOLE,
        bootstrap=_closed(initdb=_closed(database=_TEXT, owner=_TEXT)),
        storage=_SIZE,
        walStorage=_SIZE,
        resources=_closed(requests=_OBJECT, limits=_OBJECT),
        affinity=_closed(enablePodAntiAffinity={"type": "boolean"}, topologyKey=_TEXT),
        postgresql=_closed(parameters=_OBJECT, synchronous=_SYNCHRONOUS),
    ),
}


def problems(thing: dict[str, Any], version: str) -> tuple[str, ...]:
    """What is wrong with the form of an object; a kind without a schema is wrong."""
    return _judged(json.dumps(thing), version)


@cache
def _judged(text: str, version: str) -> tuple[str, ...]:
    """Overlays share most of their objects, and each takes its time."""
    return tuple(_problems(json.loads(text), version))


def _problems(thing: dict[str, Any], version: str) -> Iterator[str]:
    name = f"{thing['kind']} {thing['metadata']['name']}"
    try:
        if thing["kind"] in _MODELS:
            jsonschema.validate(thing, _strict(thing["kind"]))
        elif thing["kind"] in _BY_HAND:
            jsonschema.validate(thing["spec"], _BY_HAND[thing["kind"]])
        else:
            kubernetes_validate.validate(thing, version, strict=True)
    except kubernetes_validate.SchemaNotFoundError as error:
        yield f"{name}: {error.message}"
    except jsonschema.ValidationError as error:
        yield f"{name}: {error.json_path}: {error.message}"


@cache
def _strict(kind: str) -> Schema:
    models = import_module(f"cloudcoil.models.{_MODELS[kind]}")
    schema = getattr(models, kind).model_json_schema(by_alias=True)
    if kind == "ScaledObject":  # KEDA has it since 2.17; the newest models need a newer Python
        schema["$defs"]["Fallback"]["properties"]["behavior"] = _FALLBACK
    closed: Schema = _close(schema)
    return closed


def _close(schema: Any) -> Any:
    """Refuse what the schema does not name, wherever it names anything."""
    if isinstance(schema, list):
        return [_close(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _close(value) for key, value in schema.items() if not _go_only(key, value)}
    if closed.get("properties") and isinstance(closed["properties"], dict):
        closed.setdefault("additionalProperties", False)
    return closed


def _go_only(key: str, value: Any) -> bool:
    """A pattern that Go understands and Python does not."""
    return key == "pattern" and isinstance(value, str) and "(?i)" in value[1:]
