"""The house keeps its floors: dashboard -> layers -> geo, never back; views draw; no other host."""

import ast
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("geo", "layers", "dashboard", "data")

# What the modules of a folder may not import, anywhere in a file, in functions too.
FORBIDDEN = {
    "geo": {
        *("dashboard", "layers", "data"),
        *("streamlit", "streamlit_folium", "folium", "branca"),
        *("pyogrio", "fiona", "rasterio", "sqlalchemy", "alembic", "requests", "urllib3", "httpx"),
        # no file, no network, no clock, no chance without a seed
        *("io", "pathlib", "socket", "urllib", "http", "subprocess", "time", "random"),
        *("secrets", "tempfile", "shutil", "sqlite3", "tomllib"),
    },
    "layers": {"dashboard", "data", "streamlit", "streamlit_folium", "folium", "branca"},
    "data": {"dashboard", "streamlit", "streamlit_folium", "folium", "branca", "requests"},
    "dashboard/workflows": {"streamlit", "streamlit_folium", "folium", "branca"},
}

# Hosts our own code may name in a string, and why. No browser asks any of them for anything.
HOSTS = {
    "www.w3.org": "XML and SVG namespaces",
    "www.opengis.net": "KML namespace and CRS names of OGC",
    "schemas.opengis.net": "KML schema names",
    "www.topografix.com": "GPX namespace",
    "www.google.com": "KML extension namespace",
    "earth.google.com": "old KML namespace",
    "127.0.0.1": "this machine; a proxy that leads nowhere",
    "mrcc.com": "DTD name of QGIS style documents; nothing is fetched",
    "localhost": "this machine",
    "tiles.example.org": "what an address of online tiles looks like, in an error sentence",
    "testserver": "this machine",
}
URL = re.compile(r"(?:https?|wss?|ftp):\\?/\\?/([^\s/'\"<>`)\\]*)", re.I)
BARE_HOST = re.compile(r"\b(?:[a-z0-9-]+\.)+(?:com|org|net)\b", re.I)
COMMENT = re.compile(r"/\*.*?\*/|<!--.*?-->|^\s*//[^\n]*|(?<=[\s;])//\s[^\n]*", re.S | re.M)

LONGEST_VIEW_FUNCTION = 80
LONGEST_RENDER = 60


# --- what the checks look at ------------------------------------------------------------------


def python_files(folder: str) -> list[Path]:
    return [
        path
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not {"vendor", "__pycache__"} & set(path.parts)
    ]


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def where(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def imports(tree: ast.AST, *, package: str = "") -> Iterator[tuple[ast.AST, str]]:
    """Every module a tree imports by its full name, imports inside functions included.

    `package` is the dotted package the file is in, against which relative imports are resolved.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join(
                [*(parts if node.level else []), *([node.module] if node.module else [])]
            )
            for alias in node.names:
                yield node, f"{base}.{alias.name}"
        elif isinstance(node, ast.Call) and _called(node) in {"import_module", "__import__"}:
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant):
                    yield node, str(argument.value)


def _called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def package_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).parent.parts)


def silenced(tree: ast.AST) -> Iterator[ast.AST]:
    """Places that swallow any error: `except Exception: pass`, `suppress(Exception)`."""
    broad = {"Exception", "BaseException"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            names = (
                {each.id for each in ast.walk(node.type) if isinstance(each, ast.Name)}
                if node.type
                else broad
            )
            if names & broad and all(_does_nothing(each) for each in node.body):
                yield node
        elif isinstance(node, ast.Call) and _called(node) == "suppress":
            named = {each.id for each in node.args if isinstance(each, ast.Name)}
            if named & broad:
                yield node


def _does_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass | ast.Continue) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def said(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """The strings a program uses: its constants without docstrings; comments are not in a tree."""
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            text = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
            if isinstance(text, str):
                yield node, text


def foreign_hosts(text: str) -> set[str]:
    """Hosts a text names that are not in HOSTS; a host that is filled in later has no name yet."""
    named = {match.split("@")[-1].split(":")[0].lower() for match in URL.findall(text)}
    named |= {match.lower() for match in BARE_HOST.findall(text)}
    return {host for host in named if host.strip("{}$") and "{" not in host} - set(HOSTS)


# --- the direction ----------------------------------------------------------------------------


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_a_floor_imports_nothing_from_above_and_nothing_it_has_no_business_with(
    folder: str,
) -> None:
    wrong = [
        f"{where(path, node)} imports {name}"
        for path in python_files(folder)
        for node, name in imports(parsed(path), package=package_of(path))
        if name.split(".")[0] in FORBIDDEN[folder]
    ]
    assert wrong == []


def test_every_floor_is_looked_at() -> None:
    for folder in (*FLOORS, *FORBIDDEN):
        assert python_files(folder), folder


def test_workflows_reach_no_module_of_ours_that_draws() -> None:
    graph = {_module(path): _ours(path) for folder in FLOORS for path in python_files(folder)}
    drawing = {
        _module(path)
        for path in python_files("dashboard")
        if {name.split(".")[0] for _, name in imports(parsed(path))}
        & FORBIDDEN["dashboard/workflows"]
    }
    seen: set[str] = set()
    ahead = [name for name in graph if name.startswith("dashboard.workflows")]
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead.extend(graph[name])
    assert seen & drawing == set()


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _ours(path: Path) -> set[str]:
    """Our modules that a file imports, found as files; `from a import b` may mean either."""
    found = set()
    for _, name in imports(parsed(path), package=package_of(path)):
        for candidate in (name, name.rpartition(".")[0]):
            file = ROOT / Path(*candidate.split("."))
            if candidate.split(".")[0] in FLOORS and (
                file.with_suffix(".py").is_file() or (file / "__init__.py").is_file()
            ):
                found.add(candidate)
                break
    return found


@pytest.mark.parametrize("module", ["geo", "layers.read", "layers.store", "dashboard.workflows"])
def test_a_program_without_pages_never_loads_streamlit_or_folium(module: str) -> None:
    code = f"""
        import importlib, sys
        importlib.import_module({module!r})
        print(sorted({{"streamlit", "folium", "streamlit_folium"}} & set(sys.modules)))
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.stdout.strip() == "[]", run.stderr[-2000:]


def test_geo_opens_no_file_and_reads_no_clock() -> None:
    reads = {"open", "today", "now", "utcnow", "read_file", "read_parquet", "to_file", "to_parquet"}
    wrong = [
        f"{where(path, node)} calls {_called(node)}"
        for path in python_files("geo")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and _called(node) in reads
    ]
    assert wrong == []


def test_geo_asks_the_machine_only_how_many_cores_it_has() -> None:
    asked = {
        node.attr
        for path in python_files("geo")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    }
    assert asked <= {"cpu_count", "sched_getaffinity", "process_cpu_count"}
    assert not [
        where(path, node)
        for path in python_files("geo")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom) and node.module == "os"
    ]


def test_no_module_of_the_dashboard_shadows_a_package() -> None:
    # `streamlit run dashboard/x.py` puts dashboard/ itself on the path
    names = {path.stem for path in (ROOT / "dashboard").iterdir() if path.suffix in ("", ".py")}
    assert names & {"layers", "geo", "data", "tests", "bench"} == set()
    assert names & set(sys.stdlib_module_names) == set()


# --- habits -----------------------------------------------------------------------------------


def test_no_error_is_swallowed_whole() -> None:
    wrong = [
        where(path, node)
        for folder in (*FLOORS, "bench", "tests")
        for path in python_files(folder)
        for node in silenced(parsed(path))
    ]
    assert wrong == []


def test_views_are_short_enough_to_read_on_one_screen() -> None:
    wrong = []
    for path in python_files("dashboard/views"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                longest = LONGEST_RENDER if node.name == "render" else LONGEST_VIEW_FUNCTION
                if lines > longest:
                    wrong.append(f"{where(path, node)} {node.name} has {lines} lines")
    assert wrong == []


def test_python_code_names_no_other_host() -> None:
    wrong = [
        f"{where(path, node)} names {', '.join(sorted(hosts))}"
        for folder in ("dashboard", "layers", "geo")
        for path in python_files(folder)
        for node, text in said(parsed(path))
        if (hosts := foreign_hosts(text))
    ]
    assert wrong == []


def test_scripts_pages_and_styles_of_our_own_name_no_other_host() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} names {', '.join(sorted(hosts))}"
        for folder in ("dashboard", "layers")
        for suffix in ("js", "mjs", "html", "css", "svg", "json", "toml")
        for path in sorted((ROOT / folder).rglob(f"*.{suffix}"))
        if not {"vendor", "node_modules"} & set(path.parts)
        if (hosts := foreign_hosts(COMMENT.sub(" ", path.read_text(encoding="utf-8"))))
    ]
    assert wrong == []


# --- the checks themselves see what they look for ----------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "import streamlit as st",
        "from streamlit.testing import v1",
        "def late():\n    import streamlit.config",
        "import importlib\nimportlib.import_module('streamlit')",
    ],
)
def test_an_import_is_seen_wherever_it_hides(source: str) -> None:
    assert "streamlit" in {name.split(".")[0] for _, name in imports(ast.parse(source))}


def test_a_relative_import_is_resolved_to_its_package() -> None:
    tree = ast.parse("from .. import maps\nfrom .types import Hit")
    names = {name for _, name in imports(tree, package="dashboard.workflows")}
    assert names == {"dashboard.maps", "dashboard.workflows.types.Hit"}


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept (OSError, Exception):\n    ...",
        "try:\n    f()\nexcept:\n    pass",
        "for x in y:\n    try:\n        f()\n    except BaseException as error:\n        continue",
        "with suppress(Exception):\n    f()",
    ],
)
def test_a_swallowed_error_is_seen(source: str) -> None:
    assert list(silenced(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    f()\nexcept OSError:\n    pass",
        "try:\n    f()\nexcept Exception as error:\n    raise ReadError('x') from error",
        "with suppress(FileNotFoundError):\n    f()",
    ],
)
def test_a_narrow_or_answered_error_is_fine(source: str) -> None:
    assert not list(silenced(ast.parse(source)))


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("<script src='https://cdn.example.com/x.js'>", {"cdn.example.com"}),
        ("url(//unpkg.com/leaflet)", {"unpkg.com"}),
        ('"http:\\/\\/tiles.example.io\\/{z}"', {"tiles.example.io"}),
        ("wss://live.example.dev:8000/stream", {"live.example.dev"}),
        ("http://www.opengis.net/kml/2.2", set()),
        ("http://127.0.0.1:9", set()),
        ("http://{host}:{port}/cg/", set()),
        ("http://${location.host}/cg/", set()),
        ("no host here, layers.read.vector", set()),
    ],
)
def test_a_host_is_seen_in_a_text(text: str, hosts: set[str]) -> None:
    assert foreign_hosts(text) == hosts


def test_docstrings_and_comments_may_cite_a_page() -> None:
    tree = ast.parse('"""See https://example.org."""\n# https://example.org\nx = "https://a.dev"')
    assert [text for _, text in said(tree)] == ["https://a.dev"]
    assert not foreign_hosts(COMMENT.sub(" ", "a();\n// https://example.org\n/* b.org */ b();"))
