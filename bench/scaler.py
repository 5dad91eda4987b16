"""What KEDA would do: the triggers of deploy/k8s/components/keda, applied to recorded metrics."""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_SCALING = Path(__file__).parents[1] / "deploy/k8s/components/keda/scaling.yaml"


@dataclass(frozen=True)
class Recorded:
    """A moment: seconds since the first job, messages by queue, jobs not ended by queue."""

    seconds: float
    messages: dict[str, float]
    backlog: dict[str, float]


@dataclass(frozen=True)
class Scaler:
    """One ScaledObject: queues and backlogs with their targets for each replica."""

    name: str
    least: int
    most: int
    queues: dict[str, float]
    backlog: tuple[frozenset[str], float] | None

    def wanted(self, moment: Recorded) -> int:
        """KEDA: none while every trigger is at zero. The HPA below it: the largest of
        ceil(metric / target), within the bounds."""
        metrics = [(moment.messages.get(name, 0), target) for name, target in self.queues.items()]
        if self.backlog is not None:
            names, target = self.backlog
            metrics.append((sum(moment.backlog.get(name, 0) for name in names), target))
        if not any(metric for metric, _ in metrics):
            return self.least
        most = max(math.ceil(metric / target) for metric, target in metrics)
        return max(self.least, 1, min(self.most, most))


def scalers() -> dict[str, Scaler]:
    """Those of the workers, as they are deployed."""
    documents = yaml.safe_load_all(_SCALING.read_text())
    found = [_scaler(each) for each in documents if each["kind"] == "ScaledObject"]
    return {each.name: each for each in found}


def _scaler(document: dict[str, Any]) -> Scaler:
    spec = document["spec"]
    queues, backlog = {}, None
    for trigger in spec["triggers"]:
        told = trigger["metadata"]
        if trigger["type"] == "rabbitmq":
            queues[told["queueName"]] = float(told["value"])
        else:
            (names,) = re.findall(r'queue=~"([^"]+)"', told["query"])
            backlog = frozenset(names.split("|")), float(told["threshold"])
    bounds = spec["minReplicaCount"], spec["maxReplicaCount"]
    return Scaler(spec["scaleTargetRef"]["name"], *bounds, queues, backlog)
