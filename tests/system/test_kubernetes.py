"""The manifests: valid, hardened, and every name in them leads to something that there is. No cluster ever ran them."""

import importlib.util
import re
import shutil
import subprocess
from itertools import chain
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.core.management import get_commands
from django.urls import resolve

from mailboxes.services import metric_kinds, metrics
from tests.system import kustomize
from tests.system.pods import OURS, Object, Pod, image, of_kind, pods, selects

ROOT = kustomize.ROOT
OVERLAYS = ("base", "overlays/production", "overlays/proxy-protocol", "overlays/trial")
VERSIONS = ("1.33", "1.37")  # the first with everything that is used here; the newest known
# Made by hand: docs/kubernetes.md.
SECRETS = {
    "tempmail-keys": {"secrets.env"},
    "tempmail-database": {"owner", "site", "worker", "tasks"},
    "tempmail-redis": {"url"},
    "tempmail-metrics": {"token"},
    "tempmail-tls": {"tls.crt", "tls.key"},
}
# Read by deploy/gunicorn.conf.py; and those that are only there to be put into others.
NO_SETTINGS = {"WEB_CONCURRENCY", "POD_IP", "HOSTS", "DOMAIN"}
DOCKERFILE = (ROOT / "deploy" / "docker" / "Dockerfile").read_text()


@pytest.fixture(scope="module", params=OVERLAYS)
def objects(request: pytest.FixtureRequest) -> list[Object]:
    return kustomize.build(request.param)


@pytest.fixture(scope="module")
def base() -> list[Object]:
    return kustomize.build("base")


def containers(objects: list[Object]) -> list[tuple[Pod, Object]]:
    return [(pod, container) for pod in pods(objects) for container in pod.containers]


def ours(objects: list[Object]) -> list[tuple[Pod, Object]]:
    return [(pod, each) for pod, each in containers(objects) if image(each) in OURS]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_valid_and_has_nothing_that_kubernetes_does_not_know(objects, version):
    for each in objects:
        kubernetes_validate.validate(each, version, strict=True)


def test_a_field_that_kubernetes_does_not_know_is_found(base):
    (site,) = (
        each for each in base if (each["kind"], each["metadata"]["name"]) == ("Deployment", "site")
    )
    site["spec"]["template"]["spec"]["hostUser"] = False
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(site, VERSIONS[0], strict=True)
    del site["spec"]["template"]["spec"]["hostUser"]


def test_no_container_can_write_to_its_root_or_gain_rights(objects):
    for _, each in containers(objects):
        context = each["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"]["drop"] == ["ALL"]
        assert each["resources"]["limits"]["memory"]


def test_only_postfix_begins_as_root_and_it_is_root_of_its_user_name_space(objects):
    as_root = []
    for pod, each in containers(objects):
        context = {**pod.spec.get("securityContext", {}), **each["securityContext"]}
        if not (context.get("runAsNonRoot") and context["runAsUser"]):
            as_root.append(
                (each["name"], pod.spec["hostUsers"], context["capabilities"].get("add"))
            )
        else:
            assert "add" not in context["capabilities"]
    wanted = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"]
    assert as_root == [("postfix", False, wanted)]


def test_no_pod_has_a_token_of_the_cluster_and_all_have_the_default_seccomp_profile(objects):
    for pod in pods(objects):
        assert pod.spec["automountServiceAccountToken"] is False
        assert pod.spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}


def test_users_and_groups_are_those_of_the_images(base):
    known = {int(number) for number in re.findall(r"--[ug]id (\d+)", DOCKERFILE)} | {0}
    for pod, each in containers(base):
        context = {**pod.spec.get("securityContext", {}), **each["securityContext"]}
        named = {
            context["runAsUser"],
            context["runAsGroup"],
            *context.get("supplementalGroups", []),
        }
        assert named <= known


def test_images_are_targets_of_the_dockerfile(base):
    targets = {
        f"tempmail-{name}" for name in re.findall(r"^FROM \S+ AS (\w+)", DOCKERFILE, re.MULTILINE)
    }
    assert {image(each) for _, each in containers(base)} == set(OURS) <= targets


def test_every_variable_is_a_setting(objects):
    text = (ROOT / "tempmail_site" / "settings.py").read_text()
    known = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', text)) | NO_SETTINGS
    maps = {each["metadata"]["name"]: each["data"] for each in of_kind(objects, "ConfigMap")}
    for _, each in ours(objects):
        given = {variable["name"] for variable in each.get("env", [])}
        given |= set(
            chain.from_iterable(
                maps[source["configMapRef"]["name"]] for source in each.get("envFrom", [])
            )
        )
        assert given - known == set()


def test_variables_are_put_into_others_only_after_they_were_given(objects):
    for _, each in containers(objects):
        before: set[str] = set()
        for variable in each.get("env", []):
            assert set(re.findall(r"\$\((\w+)\)", variable.get("value", ""))) <= before
            before.add(variable["name"])
        words = " ".join([*each.get("command", []), *each.get("args", [])])
        assert set(re.findall(r"\$\((\w+)\)", words)) <= before


def test_every_secret_and_configuration_that_is_named_is_there_or_is_documented(objects):
    there = {name: set(keys) for name, keys in SECRETS.items()}
    there |= {
        each["metadata"]["name"]: set(each.get("data", {})) for each in of_kind(objects, "Secret")
    }
    there |= {each["metadata"]["name"]: set(each["data"]) for each in of_kind(objects, "ConfigMap")}
    for pod, each in containers(objects):
        for variable in each.get("env", []):
            source = variable.get("valueFrom", {})
            for reference in (source.get("secretKeyRef"), source.get("configMapKeyRef")):
                assert reference is None or reference["key"] in there[reference["name"]]
        for volume in pod.spec.get("volumes", []):
            name = volume.get("secret", {}).get("secretName") or volume.get("configMap", {}).get(
                "name"
            )
            assert name is None or name in there


def test_every_mount_has_its_volume_and_every_volume_is_mounted(objects):
    for pod in pods(objects):
        mounted = {
            mount["name"] for each in pod.containers for mount in each.get("volumeMounts", [])
        }
        assert mounted == pod.volumes


def test_selectors_find_pods(objects):
    everywhere = pods(objects)
    for each in objects:
        spec = each.get("spec", {})
        if each["kind"] in {"Deployment", "StatefulSet"}:
            (own,) = (pod for pod in everywhere if pod.name == each["metadata"]["name"])
            assert [pod for pod in everywhere if selects(spec["selector"], pod)] == [own]
        elif each["kind"] == "PodDisruptionBudget":
            assert len([pod for pod in everywhere if selects(spec["selector"], pod)]) == 1
        elif each["kind"] == "Service":
            assert [pod for pod in everywhere if selects({"matchLabels": spec["selector"]}, pod)]


def test_ports_of_services_probes_and_policies_are_there(objects):
    everywhere = pods(objects)
    for each in of_kind(objects, "Service"):
        chosen = [
            pod for pod in everywhere if selects({"matchLabels": each["spec"]["selector"]}, pod)
        ]
        for port in each["spec"]["ports"]:
            assert all(port["targetPort"] in pod.ports for pod in chosen)
    for _, each in containers(objects):
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            if answer := each.get(kind, {}).get("httpGet"):
                assert answer["port"] in {port["name"] for port in each["ports"]}
    for policy in of_kind(objects, "NetworkPolicy"):
        _check_ports_of_policy(policy["spec"], everywhere)


def _check_ports_of_policy(spec: Object, everywhere: list[Pod]) -> None:
    chosen = [pod for pod in everywhere if selects(spec["podSelector"], pod)]
    assert chosen
    numbers = {number for pod in everywhere for number in pod.ports.values()} | {
        53,
        443,
        5432,
        6379,
    }
    for rule in [*spec.get("ingress", []), *spec.get("egress", [])]:
        for port in rule["ports"]:
            if isinstance(port["port"], str):
                assert all(port["port"] in pod.ports for pod in chosen)
            else:
                assert port["port"] in numbers


def test_the_base_forbids_what_is_not_allowed_and_nothing_goes_out_on_port_25(objects):
    policies = {
        each["metadata"]["name"]: each["spec"] for each in of_kind(objects, "NetworkPolicy")
    }
    assert policies["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    far = []
    for name, spec in policies.items():
        for rule in spec.get("egress", []):
            assert 25 not in {port["port"] for port in rule["ports"]}
            blocks = [target["ipBlock"]["cidr"] for target in rule["to"] if "ipBlock" in target]
            far += [
                (name, port["port"])
                for block in blocks
                if block == "0.0.0.0/0"
                for port in rule["ports"]
            ]
    assert far == [("tasks", 443)]


def test_with_the_proxy_protocol_the_internet_reaches_only_ports_that_expect_it():
    objects = kustomize.build("overlays/proxy-protocol")
    outside = {
        each["metadata"]["name"]: {port["targetPort"] for port in each["spec"]["ports"]}
        for each in of_kind(objects, "Service")
        if each["spec"].get("type") == "LoadBalancer"
    }
    assert outside == {"edge-outside": {"https-proxy"}, "mail-outside": {"smtp-proxy"}}
    for policy in of_kind(objects, "NetworkPolicy"):
        for rule in policy["spec"].get("ingress", []):
            assert rule["from"], "nothing is open to everybody"


def test_without_it_the_clients_address_is_kept():
    for each in of_kind(kustomize.build("overlays/production"), "Service"):
        if each["spec"].get("type") == "LoadBalancer":
            assert each["spec"]["externalTrafficPolicy"] == "Local"


def test_probes_ask_for_what_is_served(base):
    edge = (ROOT / "deploy/docker/edge/tls.conf").read_text()
    for _, each in containers(base):
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            if answer := each.get(kind, {}).get("httpGet"):
                if image(each) == "tempmail-edge":
                    assert f"location = {answer['path']}" in edge
                else:
                    resolve(answer["path"])


def test_commands_name_modules_and_management_commands_that_there_are(base):
    for _, each in ours(base):
        hooks = [
            each.get(kind, {}).get("exec", {})
            for kind in ("startupProbe", "readinessProbe", "livenessProbe")
        ]
        hooks.append(each.get("lifecycle", {}).get("preStop", {}).get("exec", {}))
        for words in (each.get("command", []), *(hook.get("command", []) for hook in hooks)):
            _check_command(words)


def _check_command(words: list[str]) -> None:
    if "manage.py" in words:
        assert words[words.index("manage.py") + 1] in get_commands()
    if words[:2] == ["python", "-m"]:
        assert importlib.util.find_spec(words[2])
    for word in words:
        if word.startswith("--config="):
            assert (ROOT / word.removeprefix("--config=")).is_file()


def test_who_is_asked_to_end_has_the_time_that_it_may_take(base):
    for pod in pods(base):
        grace = pod.spec.get("terminationGracePeriodSeconds", 30)
        for each in pod.containers:
            hook = (
                each.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["0"])
            )
            assert int(hook[-1]) + 20 <= grace, "after the hook the process has time to end"
    (mail,) = (pod for pod in pods(base) if pod.name == "mail")
    first = [
        each["name"]
        for each in mail.spec["initContainers"]
        if each.get("restartPolicy") == "Always"
    ]
    # Sidecars end after the containers ("Sidecar Containers"): the worker is there until the queue is empty.
    assert first == ["worker", "metrics"]
    assert [each["name"] for each in mail.spec["containers"]] == ["postfix"]


def test_the_queue_outlives_its_pod(base):
    (mail,) = of_kind(base, "StatefulSet")
    assert mail["spec"]["persistentVolumeClaimRetentionPolicy"] == {
        "whenDeleted": "Retain",
        "whenScaled": "Retain",
    }
    (postfix,) = mail["spec"]["template"]["spec"]["containers"]
    mounts = {mount["mountPath"]: mount["name"] for mount in postfix["volumeMounts"]}
    assert mounts["/var/spool/postfix"] == "queue"
    memory = {
        v["name"]
        for v in mail["spec"]["template"]["spec"]["volumes"]
        if v.get("emptyDir", {}).get("medium")
    }
    assert mounts["/run/mail-log"] in memory, "each line of the mail log holds addresses"


def rules() -> list[dict[str, Any]]:
    text = (ROOT / "deploy/kubernetes/monitoring/adapter-rules.yml").read_text()
    found: list[dict[str, Any]] = yaml.safe_load(text)["rules"]
    return found


def test_what_autoscalers_ask_for_is_made_and_is_made_of_what_is_counted(base):
    made = {rule["name"]["as"] for rule in rules()}
    asked = {
        metric["pods"]["metric"]["name"]
        for scaler in of_kind(base, "HorizontalPodAutoscaler")
        for metric in scaler["spec"]["metrics"]
    }
    assert asked == made
    assert metrics.HTTP_SECONDS.name in metric_kinds.defined
    for rule in rules():
        series = re.sub(r"_(bucket|count|sum|total)$", "", rule["seriesQuery"].partition("{")[0])
        assert series in metric_kinds.defined


def test_autoscalers_scale_what_is_there(base):
    there = {(each["kind"], each["metadata"]["name"]) for each in base}
    for scaler in of_kind(base, "HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        assert (target["kind"], target["name"]) in there


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not here")
def test_prometheus_understands_the_queries(tmp_path: Path) -> None:
    queries = []
    for rule in rules():
        series = rule["seriesQuery"].partition("{")[0]
        query = rule["metricsQuery"].replace("<<.Series>>", series)
        query = query.replace("<<.LabelMatchers>>", 'namespace="a",pod=~"b|c"')
        query = query.replace("<<.GroupBy>>", "pod")
        queries.append({"record": rule["name"]["as"], "expr": query})
    recorded = tmp_path / "rules.yml"
    recorded.write_text(yaml.safe_dump({"groups": [{"name": "adapter", "rules": queries}]}))
    words = ["promtool", "check", "rules", str(recorded)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_scrape_configuration_finds_what_the_pods_say() -> None:
    # Debian's promtool knows no kubernetes_sd_configs: read as YAML only.
    text = (ROOT / "deploy/kubernetes/monitoring/scrape.yml").read_text()
    (job,) = yaml.safe_load(text)["scrape_configs"]
    keep, address, *_ = job["relabel_configs"]
    assert re.fullmatch(keep["regex"], "9100")
    assert re.fullmatch(address["regex"], "10.1.2.3;9100")
    (search,) = job["kubernetes_sd_configs"]
    assert search["namespaces"] == {"names": ["tempmail"]}


def test_pods_name_the_port_that_prometheus_asks(base):
    for each in base:
        template = each.get("spec", {}).get("template", {})
        port = template.get("metadata", {}).get("annotations", {}).get("prometheus.io/port")
        if port:
            (pod,) = (one for one in pods(base) if one.name == each["metadata"]["name"])
            assert int(port) in pod.ports.values()
