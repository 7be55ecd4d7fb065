"""Which function runs which command: each takes the session and its arguments and may give an exit code."""
from __future__ import annotations

from collections.abc import Callable

from . import auth, config, generators, rollout, server, templates
from .apply import apply, set_last_applied, view_last_applied
from .args import Args
from .cp import cp
from .create import create, replace
from .delete import delete
from .describe import describe
from .diff import diff
from .drain import drain
from .edit import edit
from .events import events
from .exec import exec
from .explain import explain
from .expose import expose
from .generators import generate
from .get import get
from .help import options
from .logs import logs
from .marks import annotate, label
from .nodes import cordon, taint, uncordon
from .patch import patch
from .run import run
from .scale import scale
from .session import Session
from .wait import wait

VERBS: dict[str, Callable[[Session, Args], int | None]] = {
    "annotate": annotate,
    "api-resources": server.api_resources,
    "api-versions": server.api_versions,
    "apply": apply,
    "apply set-last-applied": set_last_applied,
    "apply view-last-applied": view_last_applied,
    "auth can-i": auth.can_i,
    "auth whoami": auth.whoami,
    "cluster-info": server.cluster_info,
    "config current-context": config.current_context,
    "config get-clusters": config.get_clusters,
    "config get-contexts": config.get_contexts,
    "config get-users": config.get_clusters,
    "config set-context": config.set_context,
    "config use-context": config.use_context,
    "config view": config.view,
    "cordon": cordon,
    "cp": cp,
    "create": create,
    "create configmap": generate("configmaps", generators.configmap, "configmap:"),
    "create deployment": generate("deployments.apps", generators.deployment, "deployment:"),
    "create namespace": generate("namespaces", generators.namespace),
    "create poddisruptionbudget": generate("poddisruptionbudgets.policy", generators.disruptionbudget, "poddisruptionbudgets:"),
    "create priorityclass": generate("priorityclasses.scheduling.k8s.io", generators.priorityclass, "priorityclass:"),
    "create quota": generate("resourcequotas", generators.quota, "quota:"),
    "create secret docker-registry": generate("secrets", generators.registry_secret, "secret"),
    "create secret generic": generate("secrets", generators.secret, "secret"),
    "create secret tls": generate("secrets", generators.tls_secret, "secret"),
    "create service clusterip": generate("services", generators.service("ClusterIP"), "ClusterIP service:"),
    "create service externalname": generate("services", generators.service("ExternalName"), "ExternalName service:"),
    "create service loadbalancer": generate("services", generators.service("LoadBalancer"), "LoadBalancer service:"),
    "create service nodeport": generate("services", generators.service("NodePort"), "NodePort service:"),
    "create serviceaccount": generate("serviceaccounts", generators.serviceaccount, "serviceaccount:"),
    "delete": delete,
    "describe": describe,
    "diff": diff,
    "drain": drain,
    "edit": edit,
    "events": events,
    "exec": exec,
    "explain": explain,
    "expose": expose,
    "get": get,
    "label": label,
    "logs": logs,
    "options": lambda session, _args: session.say(options(), end=""),
    "patch": patch,
    "replace": replace,
    "rollout history": rollout.history,
    "rollout pause": rollout.pause,
    "rollout restart": rollout.restart,
    "rollout resume": rollout.resume,
    "rollout status": rollout.status,
    "rollout undo": rollout.undo,
    "run": run,
    "scale": scale,
    "set env": templates.env,
    "set image": templates.image,
    "set resources": templates.resources,
    "set selector": templates.selector,
    "set serviceaccount": templates.serviceaccount,
    "taint": taint,
    "uncordon": uncordon,
    "version": server.version,
    "wait": wait,
}
