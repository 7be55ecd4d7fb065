"""The YAML that the lessons apply: the files beside this one, as they would be used on a real cluster."""
from __future__ import annotations

from importlib.resources import files


def manifest(*names: str) -> str:
    """manifest("volumes", "service") -> the text of both files, as one stream of YAML documents."""
    return "\n---\n".join((files(__package__) / f"{name}.yaml").read_text("utf-8").strip() for name in names) + "\n"


def by_file_name() -> dict[str, str]:
    """All of them: {"claim1.yaml": text, ...}."""
    return {file.name: file.read_text("utf-8") for file in files(__package__).iterdir() if file.name.endswith(".yaml")}


EXAMPLE = ("volumes", "service", "statefulset")
