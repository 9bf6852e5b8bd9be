"""What kubelet does with a pod, as far as podman and crun can: containers in order, volumes, users, probes, hooks.

Not here: scheduling, services that change ports, network policies, memory limits (control groups), idmapped mounts.
"""

import base64
import re
import shutil
from pathlib import Path
from typing import Any

from tests.system.engine import Engine, limit_words, wait_until
from tests.system.pods import Object, Pod, image

FIRST_UID = 200_000  # of a user name space
PROBES = ("startupProbe", "readinessProbe")


class RunningPod:
    """One pod. `secrets` are values by name of object and key; below `claims` is what outlives it."""

    def __init__(
        self, engine: Engine, pod: Pod, objects: list[Object], secrets: dict[str, Any], claims: Path
    ) -> None:
        self.engine, self.pod = engine, pod
        self.scratch = engine.scratch / "pods" / pod.name
        self._claims = claims
        self._secrets = {**secrets, **_data(objects, "Secret")}
        self._maps = _data(objects, "ConfigMap")
        self._is_mapped = pod.spec.get("hostUsers") is False

    def start(self) -> None:
        """Start all of it in kubelet's order: each of what comes first ends, or answers its probe, before the next."""
        self._make_pause()
        for each in self.pod.spec.get("initContainers", []):
            if each.get("restartPolicy") == "Always":
                self._run(each)
                self._await(each)
            else:
                self._run_to_its_end(each)
        for each in self.pod.spec["containers"]:
            self._run(each)
        for each in self.pod.spec["containers"]:
            self._await(each)

    def end(self) -> str:
        """End it as kubelet does: hook, then SIGTERM, and sidecars last. Return what the hooks printed."""
        printed = ""
        for each in self.pod.spec["containers"]:
            hook = each.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command")
            printed += self.inside(each["name"], *hook, check=False) if hook else ""
            self.engine.podman("stop", "--time", "30", self.name(each["name"]))
        for each in reversed(self.pod.spec.get("initContainers", [])):
            self.engine.podman("stop", "--time", "45", self.name(each["name"]))
        self.remove()
        return printed

    def remove(self) -> None:
        """Remove containers and everything but claims, as after a crash of the node: nothing is told to end."""
        for each in [*(each["name"] for each in reversed(self.pod.containers)), "pause"]:
            self.engine.podman("rm", "--force", "--time", "0", self.name(each), check=False)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def name(self, container: str) -> str:
        """Return the name of a container on the engine."""
        return f"{self.pod.name}-{container}"

    def inside(self, container: str, *words: str, check: bool = True) -> str:
        """Run a program in a container; return what it printed."""
        return self.engine.podman("exec", self.name(container), *words, check=check)

    def logs(self, container: str) -> str:
        """Return what a container printed."""
        return self.engine.podman("logs", self.name(container))

    @property
    def address(self) -> str:
        """The pod's address."""
        return self.engine.address(self.name("pause"))

    def _make_pause(self) -> None:
        """Hold the pod's network and users, as the pause container does."""
        users = [f"0:{FIRST_UID}:65536"]
        mapped = ["--uidmap", *users, "--gidmap", *users] if self._is_mapped else []
        self.engine.podman(
            *(
                "run",
                "--detach",
                "--name",
                self.name("pause"),
                "--network",
                "pods",
                *mapped,
                *limit_words(),
            ),
            *("--network-alias", self.pod.name, "--hostname", self.pod.name, "--no-healthcheck"),
            *("tempmail-site", "sleep", "infinity"),
        )

    def _run(self, each: Object) -> str:
        pause = self.name("pause")
        context = {**self.pod.spec.get("securityContext", {}), **each["securityContext"]}
        words = [
            "run",
            "--detach",
            "--name",
            self.name(each["name"]),
            "--network",
            f"container:{pause}",
            "--no-healthcheck",
        ]
        words += ["--userns", f"container:{pause}"] if self._is_mapped else []
        words += [
            "--user",
            f"{context['runAsUser']}:{context['runAsGroup']}",
            "--read-only",
            "--read-only-tmpfs=false",
        ]
        words += [
            w
            for group in context.get("supplementalGroups", [])
            for w in ("--group-add", str(group))
        ]
        words += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", *limit_words()]
        words += [w for name in context["capabilities"].get("add", []) for w in ("--cap-add", name)]
        words += [
            w
            for name, value in self._environment(each).items()
            for w in ("--env", f"{name}={value}")
        ]
        words += [
            w for mount in each.get("volumeMounts", []) for w in ("--volume", self._mount(mount))
        ]
        command = [_expanded(word, self._environment(each)) for word in each.get("command", [])]
        words += ["--entrypoint", ""] if command else []
        reference = each["image"] if image(each) != each["image"] else f"{each['image']}"
        self.engine.podman(*words, reference, *command, *each.get("args", []))
        return self.name(each["name"])

    def _run_to_its_end(self, each: Object) -> None:
        """Start it again until it ends well: its database may not be there yet."""
        name = self._run(each)

        def has_ended_well() -> bool:
            self.engine.podman("wait", name)
            if self.engine.inspect(name)["State"]["ExitCode"] == 0:
                return True
            self.engine.podman("start", name)
            return False

        wait_until(has_ended_well, 90, f"{name} does not end well")

    def _await(self, each: Object) -> None:
        for kind in PROBES:
            if probe := each.get(kind):
                words = probe.get("exec", {}).get("command") or self._question(
                    each, probe["httpGet"]
                )
                wait_until(
                    lambda words=words: self._answers(each["name"], words),
                    90,
                    self.logs(each["name"])[-3000:],
                )

    def _answers(self, container: str, words: list[str]) -> bool:
        script = ("sh", "-c", '"$@" >/dev/null 2>&1 && echo well; :', "sh")
        return self.inside(container, *script, *words, check=False).strip() == "well"

    def _question(self, each: Object, answer: Object) -> list[str]:
        if image(each) == "tempmail-edge":
            return ["bash", "/etc/nginx/edge/health.sh"]
        (port,) = (p["containerPort"] for p in each["ports"] if p["name"] == answer["port"])
        return ["python", "-m", "deploy.docker.health", "http", str(port), answer["path"]]

    def _environment(self, each: Object) -> dict[str, str]:
        found: dict[str, str] = {}
        for source in each.get("envFrom", []):
            found |= self._maps[source["configMapRef"]["name"]]
        for variable in each.get("env", []):
            found[variable["name"]] = _expanded(self._value(variable), found)
        return found

    def _value(self, variable: Object) -> str:
        source = variable.get("valueFrom", {})
        if reference := source.get("secretKeyRef"):
            return str(self._secrets[reference["name"]][reference["key"]])
        if reference := source.get("configMapKeyRef"):
            return str(self._maps[reference["name"]][reference["key"]])
        return self.address if "fieldRef" in source else str(variable["value"])

    def _mount(self, mount: Object) -> str:
        if mount["name"] in self.pod.claims:
            place = self._claims / f"{mount['name']}-{self.pod.name}-0"
        else:
            place = self.scratch / mount["name"]
        if not place.exists():
            self._make(place, mount["name"])
        if sub := mount.get("subPath"):
            place = place / sub
            if not place.exists():
                self._make_directory(place, 0o755)
        return f"{place}:{mount['mountPath']}:{'ro' if mount.get('readOnly') else 'rw'}"

    def _make(self, place: Path, name: str) -> None:
        self._make_directory(place, 0o755 if name in self.pod.claims else 0o777)
        (volume,) = [each for each in self.pod.spec.get("volumes", []) if each["name"] == name] or [
            {}
        ]
        source, files = volume.get("secret", {}), {}
        if source:
            files = self._secrets.get(source["secretName"], {})
        elif "configMap" in volume:
            files = self._maps[volume["configMap"]["name"]]
        for key, text in files.items():
            (place / key).write_text(text)
            self._own(place / key, source.get("defaultMode", 0o644))

    def _make_directory(self, place: Path, mode: int) -> None:
        place.mkdir(parents=True)
        self._own(place, mode)

    def _own(self, place: Path, mode: int) -> None:
        place.chmod(mode)
        owner = FIRST_UID if self._is_mapped else 0
        group = self.pod.spec.get("securityContext", {}).get("fsGroup", 0)
        shutil.chown(place, owner, owner + group)
        if group and place.is_dir():
            place.chmod(0o2775)


def _expanded(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\$\((\w+)\)", lambda match: values.get(match[1], match[0]), text)


def _data(objects: list[Object], kind: str) -> dict[str, dict[str, str]]:
    found = {}
    for each in objects:
        if each["kind"] == kind:
            values = each.get("data", {})
            decoded = (
                {name: base64.b64decode(value).decode() for name, value in values.items()}
                if kind == "Secret"
                else values
            )
            found[each["metadata"]["name"]] = decoded
    return found
