"""%kubectl, %kubens and %%shell: a terminal's commands in a cell.

    %kubectl get pods                   a line, as it is typed in a terminal
    %%kubectl apply -f -                the rest of the cell is standard input
    %kubectl edit sts web               opens the object in the next cell; running that cell saves it
    %kubectl get pods | grep web        with a pipe, or >, ; or $(...), the line goes to a simulated bash
    %%shell                             so does a whole script: for i in 0 1; do kubectl exec web-$i -- hostname; done
    %kubens gsh                         from here on in that namespace; alone it lists them, - goes back

They act on the notebook's variable `lab`, so that its views follow.  Nothing in a line is replaced by Python's values:
"$HOSTNAME" and "{.items[0]}" arrive as they are (`lab.kubectl(f"...")` is for values).  A command that fails says so in red
and raises nothing; as after `!command`, its exit code is left in `_exit_code`.  Tab completes what kubectl can.
"""
from __future__ import annotations

import re
import shlex

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, no_var_expand
from IPython.display import display

from kstate.kubectl import Result, complete
from kstate.kubectl.edit import HOW

from .lab import Lab
from .output import Output, shown

OPERATORS = "|&;<>()`"
TYPED = re.compile(r"\s*(?:%(?P<cell>%?)kubectl\s+(?P<kubectl>.*)|%kubens\s+(?P<kubens>(?!-)\S*))")


def load(shell: InteractiveShell) -> None:
    """Make the magics known to a shell that does not know them yet."""
    if "kubectl" not in shell.magics_manager.magics["line"]:
        commands = Commands(shell)
        shell.register_magics(commands)
        shell.Completer.custom_matchers.append(commands.complete)


@magics_class
class Commands(Magics):
    """The magics of one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self.left = ""                  # the namespace before the last %kubens

    @property
    def lab(self) -> Lab:
        found = self.shell.user_ns.get("lab")
        if not isinstance(found, Lab):
            raise UsageError("there is no lab in this notebook; make one: lab = Lab()")
        return found

    @no_var_expand
    @line_cell_magic
    def kubectl(self, line: str, cell: str = "") -> None:
        """%kubectl get pods; or %%kubectl apply -f - with the standard input below."""
        if _of_a_shell(line):
            return self.print(self.lab.shell(f"kubectl {line}", cell))
        output = self.lab.kubectl(line, cell)
        if output.stdout.startswith(HOW):
            self.shell.set_next_input(f"%%kubectl {line}\n{output.stdout.removeprefix(HOW)}")
            output = shown(Result("The next cell holds what you want to edit: change it, then run it.\n", output.stderr, output.code))
        self.print(output)

    @no_var_expand
    @line_cell_magic("shell")
    def script(self, line: str, cell: str = "") -> None:
        """%%shell with a script below, or %shell and a line of one: in a simulated bash, where kubectl is a program."""
        self.print(self.lab.shell(cell or line))

    @no_var_expand
    @line_magic
    def kubens(self, line: str) -> None:
        """%kubens gsh switches to a namespace, %kubens - back; alone it lists them, the current one marked."""
        lab, words = self.lab, line.split()
        if not words:
            listed = (f"{'*' if name == lab.namespace else ' '} {name}\n" for name in _namespaces(lab))
            self.print(Output("".join(listed), "", 0))
        elif complaint := self._complaint(lab, words):
            self.print(shown(Result("", f"error: {complaint}\n", 1)))
        else:
            here, there = lab.namespace, self.left if words[0] == "-" else words[0]
            if here != there:
                self.left = here
                lab.kubectl(f"config set-context --current --namespace={there}")
            self.print(Output(f'✔ Active namespace is "{there}"\n', "", 0))

    def _complaint(self, lab: Lab, words: list[str]) -> str:
        """Why kubens does not do it, "" where it does."""
        if len(words) > 1:
            return "too many arguments"
        if words[0] == "-":
            return "" if self.left else "No previous namespace found for current context (kstate)"
        if words[0].startswith("-"):
            return f'unsupported option "{words[0]}"'
        return "" if words[0] in _namespaces(lab) else f'no namespace exists with name "{words[0]}"'

    def print(self, output: Output) -> None:
        """As a terminal does: at once, each command of a cell, and nothing for nothing."""
        self.shell.user_ns["_exit_code"] = output.code
        if repr(output):
            display(output)

    @context_matcher(identifier="kstate.kubectl")
    def complete(self, context: CompletionContext) -> SimpleMatcherResult:
        """What Tab offers on a line of ours; elsewhere nothing."""
        typed = TYPED.fullmatch(context.text_until_cursor)
        if not typed or typed["cell"] and context.cursor_line or not isinstance(lab := self.shell.user_ns.get("lab"), Lab):
            return {"completions": []}
        text = typed["kubectl"] if typed["kubens"] is None else f"get namespaces {typed['kubens']}"
        with lab.lock:
            offered = complete(lab.cluster, text)
        return {"completions": [SimpleCompletion(word, type="kubectl") for word in offered], "matched_fragment": re.search(r"\S*$", text)[0],
                "suppress": True, "ordered": True}


def _of_a_shell(line: str) -> bool:
    """Whether something stands in it that only a shell understands: outside of quotes a pipe, a redirection, `;`, `&` or a bracket."""
    words = shlex.shlex(line, posix=True, punctuation_chars=OPERATORS)
    words.whitespace_split, words.commenters = True, ""
    try:
        return any(word and not set(word) - set(OPERATORS) for word in words)
    except ValueError:
        return False            # a quote that does not end: kubectl says so


def _namespaces(lab: Lab) -> list[str]:
    return [each["metadata"]["name"] for each in lab.cluster.list("Namespace")]
