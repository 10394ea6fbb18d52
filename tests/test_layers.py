"""The house rules, read from the source: who may import whom, one SDK in one place, and how long things may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Layers from the bottom up. A module imports its own layer and those below; in INGEST_MIDDLE not even its own layer.
INGEST = (
    ("types", "errors", "settings", "tokens", "names"),
    ("parse", "parsers", "chunk", "embed", "archive", "catalog", "files", "broker"),
    ("library",),
    ("pipeline", "verify"),
    ("worker",),
)
INGEST_MIDDLE = 1
SAME_PART = {"parsers": "parse"}
DOCQA = (
    ("settings", "errors", "events", "prompts", "database"),
    ("llm", "memory", "citations"),
    ("tools",),
    ("agent",),
    ("recording",),
    ("registry",),
    ("answering",),
    ("api", "cli", "evals", "worker"),
)
SDK_PLACES = {
    "pymupdf": ("ingest.parse", "ingest.parsers"),
    "fitz": (),
    "llama_index": ("ingest.chunk",),
    "tiktoken": ("ingest.tokens",),
    "openvino": ("ingest.embed",),
    "tokenizers": ("ingest.embed",),
    "openai": ("ingest.embed", "docqa.llm.openai"),
    "lancedb": ("ingest.archive",),
    "pyarrow": ("ingest.archive",),
    "weaviate": ("ingest.archive.weaviate",),
    "grpc": ("ingest.archive.weaviate",),
    "Stemmer": ("ingest.archive.words",),
    "sqlalchemy": ("ingest.catalog", "docqa.database", "docqa.memory.recall", "docqa.registry"),
    "alembic": ("ingest.catalog", "docqa.database", "docqa.memory.recall", "docqa.registry"),
    "fsspec": ("ingest.files",),
    "s3fs": ("ingest.files",),
    "botocore": ("ingest.files",),
    "celery": ("ingest.worker", "docqa.worker"),
    "kombu": ("ingest.worker",),
    "redis": ("ingest.broker",),
    "fastapi": ("docqa.api",),
    "starlette": ("docqa.api",),
    "uvicorn": ("docqa.api",),
    "python_multipart": ("docqa.api",),
    "prometheus_client": ("docqa.api",),
    "opentelemetry": ("docqa.api",),
    "typer": ("docqa.cli",),
    "rich": ("docqa.cli",),
}

# What programs import first. Their backends, and the libraries of these, are loaded when they are asked for.
SEAMS = (
    "docqa.cli",
    "docqa.agent",
    "docqa.llm",
    "docqa.memory.archival",
    "docqa.registry",
    "ingest.library",
    "ingest.embed",
    "ingest.archive",
)


@dataclass(frozen=True)
class Import:
    """An import in the source: who imports what, and whether it runs when the importing module is loaded."""

    by: str
    what: str
    at_load: bool


def modules(*packages: str) -> dict[str, Path]:
    files = [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files}


MODULES = modules("ingest", "docqa")


def names_in(node: ast.AST, module: str) -> list[str]:
    """The modules that an import statement names; a relative one is an error, so that no import escapes the rules."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    assert node.level == 0, f"{module} imports relatively"
    base = node.module or ""
    return [f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base for alias in node.names]


def imports_of(module: str, tree: ast.Module) -> Iterator[Import]:
    def walk(node: ast.AST, at_load: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            yield from (Import(module, name, at_load) for name in names_in(child, module))
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            typing_only = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            yield from walk(child, at_load and not inside and not typing_only)

    return walk(tree, True)


IMPORTS = [item for module, path in MODULES.items() for item in imports_of(module, ast.parse(path.read_text()))]


def part(module: str) -> str:
    """``archive`` for ``ingest.archive.lancedb``; empty for the package itself."""
    return [*module.split("."), ""][1]


def layer(module: str, layers: tuple[tuple[str, ...], ...]) -> int:
    return next(index for index, names in enumerate(layers) if part(module) in names)


def inner(package: str) -> list[Import]:
    """Imports between two different parts of a package."""
    inside = [i for i in IMPORTS if i.by.startswith(f"{package}.") and i.what.startswith(f"{package}.")]
    return [i for i in inside if part(i.by) != part(i.what)]


def within(module: str, place: str) -> bool:
    return module == place or module.startswith(f"{place}.")


@pytest.mark.parametrize(("package", "layers"), [("ingest", INGEST), ("docqa", DOCQA)])
def test_every_module_has_a_layer(package: str, layers: tuple[tuple[str, ...], ...]) -> None:
    known = {name for names in layers for name in names} | {""}
    assert {part(module) for module in MODULES if within(module, package)} <= known


def test_ingest_never_imports_docqa() -> None:
    assert [i for i in IMPORTS if within(i.by, "ingest") and within(i.what, "docqa")] == []


@pytest.mark.parametrize(("package", "layers"), [("ingest", INGEST), ("docqa", DOCQA)])
def test_no_module_imports_a_higher_layer(package: str, layers: tuple[tuple[str, ...], ...]) -> None:
    assert [i for i in inner(package) if layer(i.by, layers) < layer(i.what, layers)] == []


def test_the_middle_modules_of_ingest_never_import_each_other() -> None:
    def owner(module: str) -> str:
        return SAME_PART.get(part(module), part(module))

    middle = [i for i in inner("ingest") if layer(i.by, INGEST) == layer(i.what, INGEST) == INGEST_MIDDLE]
    assert [i for i in middle if owner(i.by) != owner(i.what)] == []


def test_each_sdk_is_imported_in_its_place_only() -> None:
    others = [i for i in IMPORTS if not (within(i.what, "openai.types") and within(i.by, "docqa.api"))]
    sdk = [(i, SDK_PLACES[i.what.split(".")[0]]) for i in others if i.what.split(".")[0] in SDK_PLACES]
    assert [i for i, places in sdk if not any(within(i.by, place) for place in places)] == []


def test_the_agent_sees_protocols_only() -> None:
    models = {module for module in MODULES if within(module, "docqa.llm")} - {"docqa.llm"}
    floor = {module for module in MODULES if within(module, "ingest")} - {f"ingest.{name}" for name in INGEST[0]}
    assert [i for i in IMPORTS if within(i.by, "docqa.agent") and i.what in models | floor] == []


def loaded_with(module: str) -> set[str]:
    """The modules, and the libraries' top names, that are loaded when a module is imported."""
    seen: set[str] = set()
    waiting = {module}
    while waiting:
        name = waiting.pop()
        seen.add(name if name in MODULES else name.split(".")[0])
        parents = {name.rsplit(".", depth)[0] for depth in range(1, name.count(".") + 1)}
        waiting |= (parents & MODULES.keys()) | {i.what for i in IMPORTS if i.by == name and i.at_load}
        waiting -= seen
        waiting = {each for each in waiting if each in MODULES or each.split(".")[0] not in seen}
    return seen


@pytest.mark.parametrize("seam", SEAMS)
def test_a_seam_is_imported_without_any_heavy_library(seam: str) -> None:
    assert loaded_with(seam) & SDK_PLACES.keys() <= {"typer"}


def test_no_import_cycle() -> None:
    edges = [(i.by, i.what) for i in IMPORTS if i.at_load and i.what != i.by]
    graph = {module: {what for by, what in edges if by == module} for module in MODULES}
    while leaves := [module for module, needs in graph.items() if not needs & graph.keys()]:
        for module in leaves:
            del graph[module]
    assert graph == {}


SOURCES = modules("ingest", "docqa", "benchmarks", "sample_docs")


@pytest.mark.parametrize("module", SOURCES)
def test_files_and_functions_stay_short(module: str) -> None:
    text = SOURCES[module].read_text()
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert text.count("\n") <= 300
    assert [f.name for f in functions if (f.end_lineno or 0) - f.lineno + 1 > 40] == []
