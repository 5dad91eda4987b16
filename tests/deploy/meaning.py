"""What a schema cannot see: whether the objects of an overlay fit together.

Each check gives a sentence for whatever is wrong."""

from collections.abc import Iterator
from typing import Any

Object = dict[str, Any]
WORKLOADS = ("Deployment", "StatefulSet", "Job")

# What operators make, and the first-install Job: it is not among the objects.
MADE_BY = {
    "RabbitmqCluster": {("Secret", "mvidarr-rabbitmq-default-user")},
    "Cluster": {("Secret", "mvidarr-postgres-app")},
    "Job": {("Secret", "mvidarr-keys")},
    "ExternalSecret": {("Secret", "mvidarr-keys")},
}
NAMED_BY = {"RabbitmqCluster": ("app.kubernetes.io/name",), "Cluster": ("cnpg.io/cluster",)}
"""The label by which an operator names its cluster on its pods."""
KEYS_MADE_BY = {
    "mvidarr-rabbitmq-default-user": {"connection_string", "username", "password"},
    "mvidarr-postgres-app": {"uri", "username", "password"},
    "mvidarr-keys": {"instance-key", "admin-password"},
}


def selectors(objects: list[Object]) -> Iterator[str]:
    """A workload's selector is part of its template's labels."""
    for each in objects:
        if "selector" in each.get("spec", {}) and each["kind"] in WORKLOADS:
            wanted, labels = each["spec"]["selector"]["matchLabels"], template(each)["labels"]
            if not wanted.items() <= labels.items():
                yield f"{name_of(each)} does not select its own pods"


def selected(objects: list[Object]) -> Iterator[str]:
    """Services, disruption budgets and monitors select pods that there are, or an operator's."""
    for each in objects:
        wanted = _pod_selector(each)
        if (
            wanted is not None
            and not _matching(objects, wanted)
            and not _operators(objects, wanted)
        ):
            yield f"{name_of(each)} selects nothing"


def ports(objects: list[Object]) -> Iterator[str]:
    """Services, probes and monitors name ports that their containers have; ports exist."""
    for each in objects:
        for container in containers(each):
            here = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
            yield from (
                f"{name_of(each)}: no port {p}" for p in _probed(container) if p not in here
            )
            yield from (f"{name_of(each)}: {p}" for p in here.values() if not 0 < p < 65536)
        wanted = _pod_selector(each)
        pods = _matching(objects, wanted) if wanted is not None else []
        for port in _wanted_ports(each) if pods else ():
            if not any(port in _port_names(pod) for pod in pods):
                yield f"{name_of(each)}: nobody has the port {port}"


def references(objects: list[Object]) -> Iterator[str]:
    """ConfigMaps, Secrets with their keys, accounts and volumes that are named are there."""
    there = {(each["kind"], each["metadata"]["name"]) for each in objects}
    there |= {made for each in objects for made in MADE_BY.get(each["kind"], ())}
    for each in objects:
        if each["kind"] not in WORKLOADS:
            continue
        for wanted in _named(template(each)["spec"]):
            if wanted not in there:
                yield f"{name_of(each)} needs {wanted[0]} {wanted[1]}"
        for secret, key in _secret_keys(template(each)["spec"]):
            if key not in _keys(objects, secret):
                yield f"{name_of(each)} needs the key {key} of {secret}"


def mounts(objects: list[Object]) -> Iterator[str]:
    """Every mount has its volume, and every volume is mounted."""
    for each in objects:
        if each["kind"] not in WORKLOADS:
            continue
        spec = template(each)["spec"]
        here = {volume["name"] for volume in spec.get("volumes", ())}
        here |= {
            claim["metadata"]["name"] for claim in each["spec"].get("volumeClaimTemplates", ())
        }
        used = {m["name"] for c in spec["containers"] for m in c.get("volumeMounts", ())}
        yield from (f"{name_of(each)}: volume {name}" for name in here ^ used)


def scaling(objects: list[Object]) -> Iterator[str]:
    """Scalers have a target, one each, whose number of replicas nobody else sets."""
    seen = set()
    for each in objects:
        if each["kind"] not in ("ScaledObject", "HorizontalPodAutoscaler"):
            continue
        target = each["spec"]["scaleTargetRef"]["name"]
        found = [
            o for o in objects if o["kind"] == "Deployment" and o["metadata"]["name"] == target
        ]
        if not found:
            yield f"{name_of(each)} scales nothing"
        elif "replicas" in found[0]["spec"]:
            yield f"{name_of(each)}: the replicas of {target} are set too"
        if target in seen:
            yield f"{target} is scaled twice"
        seen.add(target)


def grace(objects: list[Object]) -> Iterator[str]:
    """What happens before SIGTERM and our own grace end before the pod is killed."""
    for each in objects:
        if each["kind"] not in WORKLOADS:
            continue
        spec = template(each)["spec"]
        allowed = spec.get("terminationGracePeriodSeconds", 30)
        if allowed < 0:
            yield f"{name_of(each)}: negative grace"
        for container in spec["containers"]:
            needed = _pre_stop(container) + float(environment(container).get("MVIDARR_GRACE", 0))
            if needed >= allowed:
                yield f"{name_of(each)} needs {needed:g} s to end and has {allowed}"


def rights(objects: list[Object]) -> Iterator[str]:
    """Nobody has more rights than the restricted profile, with a read-only root and no token."""
    for each in objects:
        if each["kind"] not in WORKLOADS:
            continue
        spec = template(each)["spec"]
        pod = spec["securityContext"]
        if not pod.get("runAsNonRoot") or pod["seccompProfile"] != {"type": "RuntimeDefault"}:
            yield f"{name_of(each)}: the pod is not restricted"
        if spec["automountServiceAccountToken"] and each["metadata"]["name"] != "first-install":
            yield f"{name_of(each)} has a token"
        for container in spec["containers"]:
            own = container["securityContext"]
            closed = own["readOnlyRootFilesystem"] and not own["allowPrivilegeEscalation"]
            if not closed or own["capabilities"] != {"drop": ["ALL"]}:
                yield f"{name_of(each)}: the container is not restricted"
            if (
                "memory" not in container["resources"]["limits"]
                or not container["resources"]["requests"]
            ):
                yield f"{name_of(each)} has no requests and limits"


def complete(objects: list[Object]) -> Iterator[str]:
    """Each of our own has every probe, is spread, and lets one of its pods go at a time."""
    budgets = [o["spec"] for o in objects if o["kind"] == "PodDisruptionBudget"]
    for each in objects:
        if each["kind"] != "Deployment":
            continue
        if (
            missing := {"startupProbe", "readinessProbe", "livenessProbe"}
            - containers(each)[0].keys()
        ):
            yield f"{name_of(each)} has no {', '.join(sorted(missing))}"
        labels, spec = template(each)["labels"], template(each)["spec"]
        spread = spec.get("topologySpreadConstraints", ())
        if not any(matches(one["labelSelector"], labels) for one in spread):
            yield f"{name_of(each)} is not spread"
        if [b["maxUnavailable"] for b in budgets if matches(b["selector"], labels)] != [1]:
            yield f"{name_of(each)} may be disrupted as a whole"


CHECKS = (selectors, selected, ports, references, mounts, scaling, grace, rights, complete)


def name_of(each: Object) -> str:
    """For sentences."""
    return f"{each['kind']} {each['metadata']['name']}"


def template(each: Object) -> Object:
    """The pods of a workload; metadata is given as `labels` too."""
    found: Object = each["spec"]["template"]
    return found | {"labels": found.get("metadata", {}).get("labels", {})}


def containers(each: Object) -> list[Object]:
    """The containers of a workload; none of anything else."""
    return list(template(each)["spec"]["containers"]) if each["kind"] in WORKLOADS else []


def environment(container: Object) -> dict[str, str]:
    """What a container is told by plain variables."""
    return {each["name"]: each.get("value", "") for each in container.get("env", ())}


def _pod_selector(each: Object) -> Object | None:
    spec = each.get("spec", {})
    if each["kind"] == "Service":
        return {"matchLabels": spec["selector"]}
    if each["kind"] in ("PodDisruptionBudget", "PodMonitor"):
        found: Object = spec["selector"]
        return found
    return None


def _matching(objects: list[Object], selector: Object) -> list[Object]:
    pods = [each for each in objects if each["kind"] in WORKLOADS]
    return [each for each in pods if matches(selector, template(each)["labels"])]


def matches(selector: Object, labels: dict[str, str]) -> bool:
    """Whether a selector takes these labels."""
    plain = selector.get("matchLabels", {}).items() <= labels.items()
    listed = selector.get("matchExpressions", ())
    return plain and all(labels.get(each["key"]) in each["values"] for each in listed)


def _operators(objects: list[Object], selector: Object) -> bool:
    """Pods that an operator will make carry the name of its cluster."""
    return any(
        matches(selector, {label: o["metadata"]["name"]})
        for o in objects
        for label in NAMED_BY.get(o["kind"], ())
    )


def _probed(container: Object) -> Iterator[str]:
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        for way in ("httpGet", "tcpSocket"):
            if port := container.get(kind, {}).get(way, {}).get("port"):
                yield port


def _wanted_ports(each: Object) -> Iterator[str]:
    spec = each["spec"]
    yield from (port["targetPort"] for port in spec.get("ports", ()) if each["kind"] == "Service")
    yield from (end["port"] for end in spec.get("podMetricsEndpoints", ()))


def _port_names(each: Object) -> set[str]:
    return {port["name"] for c in containers(each) for port in c.get("ports", ())}


def _named(spec: Object) -> Iterator[tuple[str, str]]:
    yield "ServiceAccount", spec["serviceAccountName"]
    for volume in spec.get("volumes", ()):
        yield from _named_by(volume)
        for source in volume.get("projected", {}).get("sources", ()):
            yield "Secret", source["secret"]["name"]
    for container in spec["containers"]:
        for source in container.get("envFrom", ()):
            yield "ConfigMap", source["configMapRef"]["name"]


def _named_by(volume: Object) -> Iterator[tuple[str, str]]:
    if "configMap" in volume:
        yield "ConfigMap", volume["configMap"]["name"]
    if "secret" in volume:
        yield "Secret", volume["secret"]["secretName"]
    if "persistentVolumeClaim" in volume:
        yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]


def _secret_keys(spec: Object) -> Iterator[tuple[str, str]]:
    for volume in spec.get("volumes", ()):
        for item in volume.get("secret", {}).get("items", ()):
            yield volume["secret"]["secretName"], item["key"]
        for source in volume.get("projected", {}).get("sources", ()):
            yield from ((source["secret"]["name"], i["key"]) for i in source["secret"]["items"])


def _keys(objects: list[Object], secret: str) -> set[str]:
    for each in objects:
        if each["kind"] == "Secret" and each["metadata"]["name"] == secret:
            return set(each["data"])
    return KEYS_MADE_BY.get(secret, set())


def _pre_stop(container: Object) -> float:
    command = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command")
    return float(command[1]) if command else 0.0
