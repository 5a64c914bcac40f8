"""How people write kinds and objects of Kubernetes, and how the API does. Pure.

`deployment/orders`, `deploy/orders`, `deployments.apps/orders`: three spellings of one object. Called by the preview
(which locks the object), and by the hands, which ask the cluster about what is not in the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from ..errors import BadInput


class Kind(NamedTuple):
    """A kind as the API knows it. `evictions` is the version of the API that evicts objects of it; '' for none."""

    group: str
    version: str
    plural: str
    name: str
    namespaced: bool
    evictions: str = ""

    @property
    def api_version(self) -> str:
        """As manifests write it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "", sub: str = "") -> str:
        """Where objects of the kind, or one of them, are reached. Everything in it is data."""
        parts = ["apis", self.group, self.version] if self.group else ["api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", segment(namespace, "namespace")]
        parts.append(self.plural)
        if name:
            parts.append(segment(name, "name"))
        return "/" + "/".join([*parts, *([sub] if sub else [])])


COMMON: Mapping[str, tuple[str, str, str]] = {
    "pods": ("", "pod", "po"),
    "services": ("", "service", "svc"),
    "nodes": ("", "node", "no"),
    "namespaces": ("", "namespace", "ns"),
    "configmaps": ("", "configmap", "cm"),
    "secrets": ("", "secret", ""),
    "events": ("", "event", "ev"),
    "endpoints": ("", "endpoints", "ep"),
    "serviceaccounts": ("", "serviceaccount", "sa"),
    "persistentvolumeclaims": ("", "persistentvolumeclaim", "pvc"),
    "persistentvolumes": ("", "persistentvolume", "pv"),
    "replicationcontrollers": ("", "replicationcontroller", "rc"),
    "deployments": ("apps", "deployment", "deploy"),
    "replicasets": ("apps", "replicaset", "rs"),
    "statefulsets": ("apps", "statefulset", "sts"),
    "daemonsets": ("apps", "daemonset", "ds"),
    "controllerrevisions": ("apps", "controllerrevision", ""),
    "jobs": ("batch", "job", ""),
    "cronjobs": ("batch", "cronjob", "cj"),
    "poddisruptionbudgets": ("policy", "poddisruptionbudget", "pdb"),
    "horizontalpodautoscalers": ("autoscaling", "horizontalpodautoscaler", "hpa"),
    "ingresses": ("networking.k8s.io", "ingress", "ing"),
    "networkpolicies": ("networking.k8s.io", "networkpolicy", "netpol"),
}
"""Plural to group, singular and short name, of what runbooks speak of most."""
SPELLINGS: Mapping[str, str] = {
    word: plural for plural, (_, one, short) in COMMON.items() for word in (plural, one, short) if word
}


def spelled(kind: str) -> str:
    """One spelling for the ways in which people write a kind."""
    head, dot, group = kind.lower().partition(".")
    plural = SPELLINGS.get(head, head)
    return f"{plural}{dot}{group}" if group and COMMON.get(plural, ("",))[0] != group else plural


def parted(text: str, name: str = "", alone: str = "") -> tuple[str, str]:
    """Kind and name of what is written: `deployment/orders`, or the kind with the name beside it. `alone` is the kind
    of a name that stands without one. Raises BadInput.
    """
    kind, slash, rest = text.partition("/")
    if not slash:
        kind, rest = (text, name) if name or not alone else (alone, text)
    if not kind or not rest:
        raise BadInput(f"{text[:80]!r} names no object", "write kind/name, such as deployment/orders")
    segment(rest, "name")
    return kind, rest


def segment(text: str, what: str) -> str:
    """A name as one part of a path. Raises BadInput for what the API could take for more than one."""
    if text in {"", ".", ".."} or "/" in text or "%" in text or len(text) > 253 or any(c < " " for c in text):
        raise BadInput(f"{text[:80]!r} is no {what} of an object", "names are letters, digits, - and .")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise BadInput(
            f"the {what} holds half a character (a lone surrogate)", "correct it where it comes from"
        ) from None
