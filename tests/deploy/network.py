"""Simulates network policies: whether a flow is let out where it starts, and in where it ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from .meaning import matches

Policy = dict[str, Any]
HOME = "mvidarr"


@dataclass(frozen=True)
class Pod:
    """A pod by its labels and namespace."""

    labels: Mapping[str, str]
    namespace: str = HOME


@dataclass(frozen=True)
class Address:
    """Something outside of the cluster, or not a pod."""

    ip: str


@dataclass(frozen=True)
class Network:
    """The policies of our namespace; other namespaces have none."""

    policies: list[Policy] = field(default_factory=list)

    def lets(
        self, source: Pod | Address, target: Pod | Address, port: int, udp: bool = False
    ) -> bool:
        """Whether the flow gets through."""
        way = ("UDP" if udp else "TCP", port)
        return self._side("Egress", source, target, way) and self._side(
            "Ingress", target, source, way
        )

    def _side(
        self, kind: str, mine: Pod | Address, other: Pod | Address, way: tuple[str, int]
    ) -> bool:
        if not isinstance(mine, Pod) or mine.namespace != HOME:
            return True
        about = [
            policy["spec"]
            for policy in self.policies
            if kind in policy["spec"]["policyTypes"]
            and matches(policy["spec"]["podSelector"], dict(mine.labels))
        ]
        rules = [rule for spec in about for rule in spec.get(kind.lower(), ())]
        peers = "to" if kind == "Egress" else "from"
        return not about or any(_rule_lets(rule, rule.get(peers), other, way) for rule in rules)


def _rule_lets(
    rule: Policy, peers: list[Policy] | None, other: Pod | Address, way: tuple[str, int]
) -> bool:
    ports = [(each.get("protocol", "TCP"), each["port"]) for each in rule.get("ports", ())]
    return (not ports or way in ports) and (peers is None or any(_is(p, other) for p in peers))


def _is(peer: Policy, other: Pod | Address) -> bool:
    if isinstance(other, Address):
        return "ipBlock" in peer and _inside(peer["ipBlock"], other.ip)
    if "ipBlock" in peer:
        return False  # pods have private addresses, which our blocks leave out
    space = {"kubernetes.io/metadata.name": other.namespace}
    near = matches(peer["namespaceSelector"], space) if "namespaceSelector" in peer else (
        other.namespace == HOME
    )  # fmt: skip
    return near and matches(peer.get("podSelector", {}), dict(other.labels))


def _inside(block: Policy, ip: str) -> bool:
    address = ip_address(ip)
    within = address in ip_network(block["cidr"])
    return within and not any(address in ip_network(each) for each in block.get("except", ()))
