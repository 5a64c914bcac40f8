"""`kubectl`: look at what is in a Kubernetes cluster, or change it. One verb for each step.

This is the half without hands: the specification, the plan, its preview. There is no `kubectl` program in it: the
cluster is spoken to over its API, through the connection of the Kubernetes client for Python (_kube_login), and what
each verb does is written in the modules beside this one (_kube_work has the table of them).

What an author may rely on: a verb that reads sends nothing but reads; names and selectors are data, whatever stands in
them; an object that is read, altered and written back carries its version, so that somebody else's change in between
is a conflict and not lost; a dry run asks the server (`dryRun=All`) and shows what would differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from ..model import Capabilities, HandlerSpec, Need, Param, Plan, Result, Target, TargetSpec, Text
from ..source import parse_duration
from . import _kube_preview
from ._kube_verbs import BOOLEANS, DURATIONS, MANY, effect_of, may_be_milder, problems, verbs_in
from ._texts import text_of

if TYPE_CHECKING:
    from .protocol import Hands

PATCHES = ("strategic", "merge", "json")
NUMBERS = ("replicas", "current_replicas", "tail", "limit", "to_revision")

_RESOURCE = "deployment/orders"
_VERBS = (
    Param("get", "text", "Read one object: its kind (with `name`), or kind/name.", "deployment/orders"),
    Param("list", "text", "Read the objects of a kind.", "pods"),
    Param("describe", "text", "Read one object, condensed, and the events about it.", "pod/orders-7f9c"),
    Param("logs", "text", "Read the log of a pod, or of a pod of a deployment.", _RESOURCE),
    Param("top", "text", "Read what pods or nodes use; the cluster needs its metrics server.", "pods"),
    Param(
        "events", "any", "Read the events; of one object, when it stands here or in `for`.", _RESOURCE, nullable=True
    ),
    Param(
        "exec", "text", "Run a command in a container of a pod. A change, unless declared a read.", "pod/orders-7f9c"
    ),
    Param("rollout", "text", "restart, status, undo, history, pause or resume.", "restart"),
    Param("scale", "text", "Set the number of replicas.", _RESOURCE),
    Param("set_image", "text", "Set images of containers.", _RESOURCE),
    Param("patch", "text", "Patch one object.", _RESOURCE),
    Param(
        "apply",
        "any",
        "Apply a manifest, or a list of them, on the server's side; or {file: path}.",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "orders"}, "data": {"pool": "40"}},
    ),
    Param("delete", "text", "Delete one object.", "pod/orders-7f9c"),
    Param("cordon", "text", "Keep new pods away from a node.", "node/n1"),
    Param("uncordon", "text", "Let new pods come to a node again.", "node/n1"),
    Param("drain", "text", "Cordon a node, and evict its pods as their disruption budgets allow.", "node/n1"),
    Param("wait", "any", "As a verb: what to wait for (with `for`). Beside others: how long to wait.", "2m"),
    Param("label", "text", "Set labels of one object, or remove them.", "pod/orders-7f9c"),
    Param("annotate", "text", "Set annotations of one object, or remove them.", _RESOURCE),
    Param("can_i", "text", "Ask whether a verb of the API is allowed (with `resource`).", "patch"),
)
_BESIDE = (
    Param("name", "text", "The name of the object.", "orders"),
    Param("namespace", "text", "The namespace, when it is not that of the target.", "shop"),
    Param("all_namespaces", "boolean", "Look in all namespaces.", True),
    Param("resource", "text", "rollout: what is rolled out. can_i: the kind that is asked about.", _RESOURCE),
    Param("selector", "text", "A selector of labels.", "app=orders"),
    Param("field_selector", "text", "A selector of fields.", "status.phase=Running"),
    Param("limit", "any", "The most objects that are read; 500 unless said.", 50),
    Param("container", "text", "The container of the pod, when it has several.", "app"),
    Param("tail", "any", "logs: the last lines only.", 100),
    Param("since", "duration", "logs: only what is not older.", "10m"),
    Param("previous", "boolean", "logs: of the container before its last restart.", True),
    Param("follow", "duration", "logs: go on reading what comes, for this long.", "30s"),
    Param("timestamps", "boolean", "logs: begin each line with its time.", True),
    Param("argv", "list", "exec: the program and its arguments.", ["cat", "/proc/loadavg"]),
    Param("stdin", "text", "exec: what it reads; needs a cluster of version 1.30 or later.", "select 1;"),
    Param("to_revision", "any", "rollout undo: the revision to go back to; the previous one unless said.", 3),
    Param("replicas", "any", "scale: how many there should be.", 3),
    Param("current_replicas", "any", "scale: only if there should be so many now.", 2),
    Param("images", "map", "set_image: containers and their images.", {"app": "registry.example/orders:1.4"}),
    Param("type", "text", "patch: strategic, merge or json; strategic unless said.", "merge"),
    Param("body", "any", "patch: the patch.", {"spec": {"paused": True}}),
    Param("field_manager", "text", "apply: who owns the fields; steadyhand unless said.", "orders-team"),
    Param("force", "boolean", "apply: take fields over from others. drain: evict pods that nobody brings back.", True),
    Param("grace", "duration", "delete, drain: what a pod is given to end.", "30s"),
    Param("ignore_daemonsets", "boolean", "drain: leave pods of daemon sets where they are; true unless said.", False),
    Param("delete_emptydir", "boolean", "drain: pods that would lose the data of an emptyDir, too.", True),
    Param("for", "text", "wait: condition=NAME, condition=NAME=VALUE, delete, jsonpath=PATH=VALUE. events: of what.",
          "condition=Available"),
    Param("within", "duration", "wait: for how long; 30s unless said.", "2m"),
    Param("types", "list", "events: Normal, Warning; both unless said.", ["Warning"]),
    Param("values", "map", "label, annotate: names and values; null removes one.", {"pool": "ok"}, items="any"),
    Param("overwrite", "boolean", "label, annotate: also where there is another value; false unless said.", True),
    Param("subresource", "text", "can_i: scale, status, log, exec...", "scale"),
)  # fmt: skip

spec = HandlerSpec(
    name="kubectl",
    summary="Look at what is in a Kubernetes cluster, or change it.",
    params=(*_VERBS, *_BESIDE),
    results={
        "done": "whether the verb did all that it was asked for; false for an object that is not there",
        "message": "what came of it, in a sentence",
        "found": "whether the object is there",
        "object": "the object as it is now, as plain JSON, without its managed fields",
        "objects": "list, events, top, apply: the objects",
        "count": "how many objects there are",
        "names": "the names of the objects",
        "complete": "list: whether these are all",
        "events": "describe: the events about the object, newest last",
        "stdout": "logs, exec: the output, at most 1 MiB of it",
        "stderr": "exec: the errors, at most 1 MiB of it",
        "exit_code": "exec: the exit code",
        "pod": "logs, exec: the pod",
        "status": "the status of the object",
        "revision": "rollout: the revision that is rolled out",
        "revisions": "rollout history: the revisions, oldest first",
        "ready": "how many replicas are ready",
        "replicas": "how many replicas are asked for",
        "failing": "rollout: the pods that do not come up, with reason and last lines of their logs",
        "allowed": "can_i: whether it is allowed",
        "reason": "can_i, rollout: why",
        "changed": "whether the object differs from what it was",
        "diff": "what differs, as a unified diff",
        "evicted": "drain: the pods that were evicted",
        "left": "drain: the pods that are still there, and why",
        "duration": "microseconds from the start to the end",
    },
    default_expect={"done": True},
    effect_of=effect_of,
    effect_known=True,
    effect_open=may_be_milder,
    problems=problems,
    capabilities=Capabilities(cancel=True, stream=True, dry_run=True, remote=True),
    targets=(
        TargetSpec(
            "kubernetes",
            "A Kubernetes cluster.",
            (
                Param("kubeconfig", "text", "The file; KUBECONFIG or ~/.kube/config unless said.", "/etc/kube/prod"),
                Param("context", "text", "The context in it; its current one unless said.", "prod"),
                Param("namespace", "text", "The namespace; that of the context unless said.", "shop"),
                Param("in_cluster", "boolean", "Use the service account of the pod that this runs in.", True),
                Param("server", "text", "The address of the API, instead of a file.", "https://10.0.0.1:6443"),
                Param("token", "text", "The token for it.", "{{ secrets.cluster_token }}"),
                Param("ca", "text", "The file of the authorities that its certificate is from.", "/etc/kube/ca.crt"),
                Param("as_user", "text", "Act as this user (impersonation).", "runbooks"),
            ),
        ),
    ),
    modules=("kubernetes",),
    extra="kubernetes",
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """What would be asked of the API, with its secrets by name. Raises BadInput."""
    for message, hint in problems({key: _written(value) for key, value in params.items()}):
        raise BadInput(message, hint)
    (verb,) = verbs_in(params)
    place = dict(target.params) if target is not None else {}
    _check_place(place)
    request = {key: _normal(key, value, verb) for key, value in params.items()}
    for check in (_check_name, _check_words, _check_numbers):
        check(verb, request)
    where = target.name if target is not None else "kubernetes"
    return Plan(
        "kubectl",
        _kube_preview.preview(verb, request, place, target.name if target is not None else ""),
        {"verb": verb, "params": request, "place": place},
        (_kube_preview.acted_on(where, verb, request, place),),
    )


def perform(plan: Plan, hands: Hands) -> Result:
    """Do it, once."""
    from . import _kube_work  # noqa: PLC0415 the client is not for `validate`

    return Result(_kube_work.carry_out(plan.request, hands))


def dry_run(plan: Plan, hands: Hands) -> Result:
    """Have the server say what the change would do, and whether it would take it."""
    from . import _kube_work  # noqa: PLC0415 the client is not for `validate`

    return Result(_kube_work.carry_out(plan.request, hands, dry=True))


def preflight(plan: Plan, hands: Hands) -> list[Need]:
    """Whether the cluster answers, knows us, and allows exactly what would be done."""
    from . import _kube_access  # noqa: PLC0415 the client is not for `validate`

    return _kube_access.needs(plan.request, hands)


def access(asked: Mapping[str, Any], target: Target | None, hands: Hands) -> Need:
    """Whether what `requires: {access: [{kubernetes: {verb, resource, namespace, ...}}]}` asks for is allowed."""
    from . import _kube_access  # noqa: PLC0415 the client is not for `validate`

    place = dict(target.params) if target is not None else {}
    _check_place(place)
    return _kube_access.allowed(asked, place, hands)


# --- checks that need no hands


def _written(value: Any) -> Any:
    return value.masked() if isinstance(value, Text) else value


def _normal(key: str, value: Any, verb: str) -> Any:
    """A parameter as the hands take it: durations as microseconds, numbers as numbers."""
    if key == "wait" and verb != "wait":
        found = parse_duration(_written(value)) if isinstance(value, (Text, str)) else None
        if found is None:
            raise BadInput(f"`wait` must be a duration, and is {str(_written(value))[:40]!r}", "write wait: 2m")
        return found
    if key in NUMBERS and not isinstance(value, (int, Text)):
        raise BadInput(f"`{key}` must be a number, and is {str(value)[:40]!r}", f"write {key}: 3")
    if key in NUMBERS and isinstance(value, Text):
        shown = value.masked()
        return int(shown) if shown.isascii() and shown.isdecimal() else value
    if key in DURATIONS or key in BOOLEANS or key in {"body", "apply", "values", "argv", "images", "types"}:
        return value
    if key in NUMBERS or value is None:
        return value
    return text_of(value)


def _check_name(verb: str, request: Mapping[str, Any]) -> None:
    """A thing that is named once, by kind and name."""
    if verb in MANY:
        return
    key = "resource" if verb == "rollout" else verb
    text = request[key].masked()
    given, has_name = "/" in text, "name" in request
    if given and has_name:
        raise BadInput(f"`{key}` names {text[:60]!r}, and `name` is given too", "give the name once")
    alone = {"logs": "pod", "exec": "pod", "cordon": "node", "uncordon": "node", "drain": "node"}
    if not given and not has_name and verb not in alone:
        hint = f"write {key}: {text}/NAME" + (f", or list: {text}" if verb == "get" else "")
        raise BadInput(f"`{key}: {text[:60]}` names no object", hint)


def _check_words(verb: str, request: Mapping[str, Any]) -> None:
    kind = request.get("type")
    if kind is not None and not kind.secrets and kind.masked() not in PATCHES:
        raise BadInput(f"`type` cannot be {kind.masked()[:40]!r}", f"one of {', '.join(PATCHES)}")
    body = request.get("body")
    if verb == "patch":
        wanted = (list, tuple) if kind is not None and kind.masked() == "json" else Mapping
        if not isinstance(body, (Text, wanted)):
            word = "a list of operations" if wanted is not Mapping else "a map"
            raise BadInput(f"the body of this patch must be {word}", "look at `type`: strategic and merge take a map")
    if verb == "apply" and not isinstance(request["apply"], (Mapping, list, tuple, Text)):
        raise BadInput("`apply` must be a manifest, a list of them, or {file: path}", "write the manifest as a map")
    if verb == "top" and request["top"].masked() not in {"pods", "pod", "nodes", "node"}:
        raise BadInput(f"`top` cannot be {request['top'].masked()[:40]!r}", "write top: pods, or top: nodes")
    if verb == "exec" and not list(request["argv"]):
        raise BadInput("`argv` names no program", "give at least the program, as its first item")


def _check_numbers(verb: str, request: Mapping[str, Any]) -> None:
    del verb
    for key in NUMBERS:
        value = request.get(key)
        if isinstance(value, bool) or (isinstance(value, int) and value < (1 if key == "limit" else 0)):
            raise BadInput(f"`{key}` cannot be {value}", f"write {key}: 3")


def _check_place(place: Mapping[str, Any]) -> None:
    """The ways to a cluster: a file, the pod's own account, or an address. One of them."""
    ways = [name for name in ("kubeconfig", "in_cluster", "server") if place.get(name)]
    if len(ways) > 1:
        raise BadInput(f"the target gives both `{ways[0]}` and `{ways[1]}`", "give one way to the cluster")
    for key in ("token", "ca"):
        if key in place and "server" not in place:
            raise BadInput(f"the target's `{key}` needs `server`", "a kubeconfig holds its own")
    if "context" in place and ways and ways != ["kubeconfig"]:
        raise BadInput(f"the target's `context` does not go with `{ways[0]}`", "contexts stand in a kubeconfig")
