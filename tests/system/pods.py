"""What is asked of built manifests: pods with their labels, containers, ports, volumes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
# Images of this project; others' containers have commands and settings of their own.
OURS = ("tempmail-site", "tempmail-mail", "tempmail-edge")


@dataclass(frozen=True)
class Pod:
    """A pod as its controller would make it."""

    name: str
    labels: Mapping[str, str]
    spec: Object
    claims: tuple[str, ...] = ()

    @property
    def containers(self) -> list[Object]:
        """All of them, also those that come first and those beside."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    @property
    def ports(self) -> dict[str, int]:
        """Numbers by name."""
        return {
            port["name"]: port["containerPort"]
            for container in self.containers
            for port in container.get("ports", [])
        }

    @property
    def volumes(self) -> set[str]:
        """Names, also of what a StatefulSet claims."""
        return {volume["name"] for volume in self.spec.get("volumes", [])} | set(self.claims)


def pods(objects: list[Object]) -> list[Pod]:
    """Return the pods of all Deployments, StatefulSets and jobs."""
    return [pod for each in objects for pod in _pods_of(each)]


def _pods_of(one: Object) -> Iterator[Pod]:
    spec = one.get("spec", {})
    if one["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    if one["kind"] not in {"Deployment", "StatefulSet", "Job", "CronJob"}:
        return
    template = spec["template"]
    claims = tuple(each["metadata"]["name"] for each in spec.get("volumeClaimTemplates", []))
    yield Pod(one["metadata"]["name"], template["metadata"]["labels"], template["spec"], claims)


def of_kind(objects: list[Object], kind: str) -> list[Object]:
    """Return the objects of a kind."""
    return [each for each in objects if each["kind"] == kind]


def selects(selector: Object, pod: Pod) -> bool:
    """Tell whether a label selector is true for a pod; an empty one is for all."""
    wanted = selector.get("matchLabels", {}).items()
    among = selector.get("matchExpressions", [])
    assert all(each["operator"] == "In" for each in among)
    return all(pod.labels.get(name) == value for name, value in wanted) and all(
        pod.labels.get(each["key"]) in each["values"] for each in among
    )


def image(container: Object) -> str:
    """Return the name of a container's image, without registry and tag."""
    return str(container["image"]).rpartition("/")[2].partition(":")[0]
