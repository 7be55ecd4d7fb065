"""%kubectl, %kubens and %%shell in a real IPython shell."""
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import tutorial
from tests.helpers import EXAMPLE
from tutorial import Lab
from tutorial.output import Output

pytestmark = pytest.mark.filterwarnings("ignore:`Completer.complete`:PendingDeprecationWarning")     # shell.complete itself uses it
README = Path(__file__).parents[2] / "README.md"


class Notebook:
    """Cells, run one after the other; `said` holds what the magics displayed."""

    def __init__(self) -> None:
        self.shell = InteractiveShell()
        tutorial.load_ipython_extension(self.shell)
        self.said: list[Output] = []
        self.next_cell = ""
        self.shell.set_next_input = lambda text, replace=False: setattr(self, "next_cell", text)

    def run(self, cell: str) -> str:
        """The text of what a cell displayed and printed."""
        self.said.clear()
        with patch("tutorial.magics.display", self.said.append), capture_output() as printed:
            done = self.shell.run_cell(cell)
        assert isinstance(done.error_in_exec, UsageError | None)
        return "\n".join([*map(repr, self.said), *(printed.stdout + printed.stderr).splitlines()])

    @property
    def code(self) -> int:
        return self.shell.user_ns["_exit_code"]

    @property
    def lab(self) -> Lab:
        return self.shell.user_ns["lab"]

    def tab(self, line: str, jedi: bool = False) -> list[str]:
        """What Tab offers at the end of a line."""
        self.shell.Completer.use_jedi = jedi
        return self.shell.complete("", line, len(line))[1]


@pytest.fixture
def notebook() -> Notebook:
    notebook = Notebook()
    notebook.shell.user_ns["lab"] = Lab(EXAMPLE, namespace="gsh")
    return notebook


def test_a_line_is_typed_as_in_a_terminal(notebook):
    assert notebook.run("%kubectl get pods").splitlines()[0] == "NAME    READY   STATUS    RESTARTS   AGE"
    assert "<table>" in notebook.said[0].html and notebook.code == 0
    assert notebook.run("%kubectl get sts --no-headers").split()[:2] == ["web", "3/3"]


def test_every_line_of_a_cell_is_shown_and_silence_is_nothing(notebook):
    file = "/usr/share/nginx/html/aaa.txt"
    said = notebook.run(f"%kubectl exec web-0 -- sh -c 'echo hello > {file}'\n%kubectl exec web-0 -- cat {file}\n"
                        "%kubectl run busybox --rm -it --image=busybox -- wget -qO- web-0.nginx/aaa.txt")
    assert said == 'hello\nhello\npod "busybox" deleted' and len(notebook.said) == 2


def test_nothing_in_a_line_is_replaced_by_values_of_python(notebook):
    notebook.shell.user_ns.update(HOSTNAME="python", x="python", items="python")
    assert notebook.run("%kubectl exec web-1 -- sh -c 'x=1; echo $HOSTNAME ${HOSTNAME} $x {x} {{x}}'") == "web-1 web-1 1 {x} {{x}}"
    assert notebook.run("%kubectl get pods -o jsonpath='{.items[0].metadata.name}'") == "web-0"
    assert notebook.run("%kubectl get pods -o jsonpath='{range .items[*]}{.metadata.name}{\" \"}{end}'") == "web-0 web-1 web-2 "
    assert notebook.run("%%kubectl exec -i web-1 -- sh\necho $HOSTNAME {x}") == "web-1 {x}"


def test_the_rest_of_the_cell_is_standard_input(notebook):
    assert notebook.run("%%kubectl apply -f -\napiVersion: v1\nkind: Service\nmetadata: {name: front}\nspec:\n  ports: [{port: 80}]\n"
                        "  selector: {app: nginx}") == "service/front created"
    assert notebook.lab.cluster.get("Service", "front")["spec"]["selector"] == {"app": "nginx"}


def test_a_line_with_a_pipe_is_a_script(notebook):
    assert notebook.run("%kubectl get pods -o name | tail -n 1") == "pod/web-2"
    assert notebook.run("%kubectl get pods $(kubectl get pods -o name | head -1 | cut -d/ -f2) --no-headers > pod; cut -c-5 pod") == "web-0"
    assert notebook.run("%%kubectl apply -f - | wc -l\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}") == "1"
    assert notebook.run("%kubectl get pods -o name | grep web-7") == "" and notebook.code == 1
    assert notebook.run("%kubectl exec web-0 -- sh -c 'echo a | tr a b; echo c > /tmp/c'") == "b"         # quoted: the pod's shell has it
    assert notebook.run("%kubectl label pod web-0 empty= 'odd='") == "pod/web-0 labeled"


def test_a_whole_script(notebook):
    loop = 'for i in 0 1; do kubectl exec "web-$i" -- sh -c \'echo "$(hostname)" > /usr/share/nginx/html/index.html\'; done\n'
    assert notebook.run(f"%%shell\n{loop}for i in 0 1; do kubectl exec -i -t web-$i -- curl http://localhost/; done") == "web-0\nweb-1"
    assert notebook.run("%%shell\ncat > a.yaml <<EOF\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nEOF") == ""
    assert notebook.run("%kubectl apply -f a.yaml") == "configmap/a created"
    assert notebook.run("%shell ls a*; foo") == "a.yaml\nbash: line 1: foo: command not found" and notebook.code == 127
    other = Lab(EXAMPLE, namespace="gsh")
    other.replay(notebook.lab.session())
    assert other.cluster.story() == notebook.lab.cluster.story() and other.files == notebook.lab.files


def test_manifests_of_the_lessons_are_there(notebook):
    assert notebook.run("%kubectl apply -f class-fast.yaml") == "storageclass.storage.k8s.io/fast created"
    assert notebook.run("%kubectl apply -f nosuch.yaml") == 'error: the path "nosuch.yaml" does not exist'


def test_a_failure_is_shown_raises_nothing_changes_nothing_and_leaves_its_code(notebook):
    before = notebook.lab.cluster.engine.world.revision
    for line, text, code in (("get pods nope", 'Error from server (NotFound): pods "nope" not found', 1), ("get pods 'a", "kubectl: No closing quotation", 2),
                             ("frobnicate", 'error: unknown command "frobnicate" for "kubectl"', 1)):
        assert notebook.run(f"%kubectl {line}") == text and notebook.code == code
        assert 'class="stderr failed"' in notebook.said[0].html
    assert notebook.lab.cluster.engine.world.revision == before
    notebook.run("%kubectl exec web-0 -- sh -c 'exit 7'")
    assert notebook.code == 7
    notebook.run("%kubectl get pods")
    assert notebook.code == 0


def test_views_are_told_and_the_session_holds_it(notebook):
    told = []
    notebook.lab.listeners.append(lambda: told.append(len(notebook.lab.cluster.list("Pod"))))
    notebook.run("%kubectl scale sts web --replicas=2")
    assert told == [2] and notebook.lab.commands[-1] == "kubectl scale sts web --replicas=2"
    notebook.run("%kubens default")
    assert len(told) == 2 and notebook.lab.namespace == "default"
    twin = Lab(EXAMPLE, namespace="gsh")
    twin.replay(notebook.lab.session())
    assert twin.namespace == "default" and twin.cluster.story() == notebook.lab.cluster.story()


def test_the_lab_is_what_the_notebook_calls_lab(notebook):
    notebook.shell.user_ns["lab"] = Lab(namespace="other")
    assert notebook.run("%kubectl get pods") == "No resources found in other namespace."
    del notebook.shell.user_ns["lab"]
    for line in ("%kubectl get pods", "%kubens", "%%kubectl apply -f -\nkind: Pod"):
        assert notebook.run(line) == "UsageError: there is no lab in this notebook; make one: lab = Lab()"
    assert "%%bash" in notebook.tab("%kubectl ")        # nothing of ours: IPython offers its own


def test_edit_opens_the_next_cell_which_saves(notebook):
    assert notebook.run("%kubectl edit sts web") == "The next cell holds what you want to edit: change it, then run it."
    cell = notebook.next_cell
    assert cell.startswith("%%kubectl edit sts web\napiVersion: apps/v1\n") and "  replicas: 3\n" in cell
    assert notebook.run(cell) == "Edit cancelled, no changes made."
    assert notebook.run(cell.replace("replicas: 3\n", "replicas: 2\n", 1)) == "statefulset.apps/web edited"
    assert notebook.lab.cluster.get("StatefulSet", "web")["status"]["readyReplicas"] == 2
    notebook.next_cell = ""
    assert notebook.run("%kubectl edit sts nope").startswith("Error from server (NotFound)") and not notebook.next_cell


def test_KCTL_14_a_watch_shows_what_comes_until_the_cluster_is_at_rest(notebook):
    notebook.lab.cluster.delete("pod", "web-0")
    rows = notebook.run("%kubectl get pods -w").splitlines()
    assert rows[1].split()[:3] == ["web-0", "1/1", "Terminating"] and rows[-1].split()[:3] == ["web-0", "1/1", "Running"]


def test_kubens_lists_switches_and_goes_back(notebook):
    assert notebook.run("%kubens").splitlines() == ["  default", "* gsh", "  kube-node-lease", "  kube-public", "  kube-system"]
    assert notebook.run("%kubens -") == "error: No previous namespace found for current context (kstate)" and notebook.code == 1
    assert notebook.run("%kubens default") == '✔ Active namespace is "default"' and notebook.lab.namespace == "default"
    assert notebook.run("%kubectl get pods") == "No resources found in default namespace."
    assert notebook.run("%kubens default\n%kubens -") == '✔ Active namespace is "default"\n✔ Active namespace is "gsh"'     # staying is no step
    assert notebook.run("%kubens -\n%kubens -").splitlines()[1] == '✔ Active namespace is "gsh"' and notebook.lab.namespace == "gsh"
    assert notebook.run("%kubectl config set-context --current --namespace=kube-system") == 'Context "kstate" modified.'
    assert "* kube-system" in notebook.run("%kubens")


@pytest.mark.parametrize("line, said", [
    ("nope", 'no namespace exists with name "nope"'), ("a b", "too many arguments"), ("--unset", 'unsupported option "--unset"'),
])
def test_what_kubens_does_not_do_it_says_and_stays(notebook, line, said):
    assert notebook.run(f"%kubens {line}") == f"error: {said}" and notebook.code == 1 and notebook.lab.namespace == "gsh"


@pytest.mark.parametrize("line, offered", [
    ("%kubectl ap", ["apply", "api-versions", "api-resources"]), ("%kubectl get pods w", ["web-0", "web-1", "web-2"]), ("%kubectl get pod/web-2", ["pod/web-2"]),
    ("  %kubectl get pods ", ["web-0", "web-1", "web-2"]), ("%kubectl get pods --namespace=g", ["--namespace=gsh"]), ("%kubectl get pods -n g", ["gsh"]),
    ("%kubectl explain sts.spec.vol", ["sts.spec.volumeClaimTemplates"]), ("%%kubectl app", ["apply"]), ("%kubens kube-p", ["kube-public"]),
])
def test_tab_offers_what_kubectl_would_with_jedi_and_without(notebook, line, offered):
    assert notebook.tab(line, jedi=False) == notebook.tab(line, jedi=True) == offered


@pytest.mark.parametrize("cell, completed", [
    ("%kubectl get pods --namespace=g", "%kubectl get pods --namespace=gsh"), ("%kubectl get pod/web-2", "%kubectl get pod/web-2"),
    ("a = 1\n%kubectl explain sts.spec.vol", "a = 1\n%kubectl explain sts.spec.volumeClaimTemplates"), ("%%kubectl edit statef", "%%kubectl edit statefulsets"),
    ("%%kubectl apply -f -\n%%kubectl edit statef", None),
])
def test_tab_completes_the_whole_word_as_a_kernel_is_asked_for_it(notebook, cell, completed):
    """The same call that ipykernel makes for a complete_request; the body of a cell is not ours."""
    with provisionalcompleter():
        found = [cell[:each.start] + each.text for each in notebook.shell.Completer.completions(cell, len(cell))]
    assert found == [completed] if completed else not any("statefulsets" in each for each in found)


def test_tab_elsewhere_is_left_to_ipython(notebook):
    assert "web-0" not in notebook.tab("kubectl get pods w") and "print" in notebook.tab("pri") and "%kubectl" in notebook.tab("%kubec")
    assert "--all-namespaces" not in notebook.tab("%kubens -")


def test_what_the_readme_shows_works(notebook):
    block = re.search(r"## kubectl in the notebook.*?```\n(.*?)```", README.read_text("utf-8"), re.DOTALL)[1]
    said = notebook.run(block)
    assert notebook.code == 0 and 'hello from web-0\npod "busybox" deleted' in said and all(each.code == 0 for each in notebook.said)


def test_import_is_enough_in_ipython_and_loading_twice_is_once():
    tutorial.load_ipython_extension((notebook := Notebook()).shell)
    assert len(notebook.shell.Completer.custom_matchers) == 1
    code = "from IPython.core.interactiveshell import InteractiveShell as S; s = S.instance(); s.run_cell('from tutorial import Lab; lab = Lab()'); " \
           "s.run_cell('%load_ext tutorial'); s.run_cell('%kubectl get ns default --no-headers')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.startswith("default   Active")


def test_import_outside_of_ipython_brings_no_ipython():
    code = "import sys, tutorial; print('IPython' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
