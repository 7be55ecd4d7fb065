"""What every namespace is given: the service account "default" and the cluster's root certificate (API-64)."""
from __future__ import annotations

from .base import Controller, Key, name, phase

CERTIFICATE = "kube-root-ca.crt"
PEM = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"
DESCRIPTION = ("Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal "
               "service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.")


class ServiceAccounts(Controller):
    name, component, kind = "serviceaccount", "service-account-controller", "Namespace"

    def watches(self):
        return ("Namespace", "ServiceAccount", "ConfigMap")

    def keys(self, change, view):
        if change.key.kind == "Namespace":
            yield change.key
        elif change.new is None and change.key.name in ("default", CERTIFICATE):
            yield Key("Namespace", "", change.key.namespace)

    def reconcile(self, api, namespace):
        if phase(namespace) != "Active":
            return
        here = {"namespace": name(namespace)}
        if api.find("ServiceAccount", "default", name(namespace)) is None:
            api.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", **here}}, because="API-64")
        if api.find("ConfigMap", CERTIFICATE, name(namespace)) is None:
            about = {"name": CERTIFICATE, "annotations": {"kubernetes.io/description": DESCRIPTION}, **here}
            api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": about, "data": {"ca.crt": PEM}}, because="API-64")
