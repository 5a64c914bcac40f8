"""Step kinds are found without importing what they need, and a broken plug-in is a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from steadyhand.errors import NotFound
from steadyhand.handlers import http, registry, shell
from steadyhand.handlers.protocol import Handler, Preflighted

GOOD = """
from steadyhand.model import HandlerSpec, Plan, Result
spec = HandlerSpec(name="{name}", summary="s", params=())
def plan(params, target): return Plan("{name}", "", {{}})
def perform(plan, hands): return Result()
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs real distributions, as far as finding them goes: a module and its metadata on the path."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(package: str, module: str, source: str, entries: dict[str, str]) -> None:
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{package.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = "".join(f"{name} = {value}\n" for name, value in entries.items())
        (info / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{lines}")

    return make


def test_the_built_in_kinds():
    assert list(registry.specs()) == list(registry.BUILT_IN)
    assert len(registry.specs()) == len(registry.BUILT_IN)
    assert list(registry.BUILT_IN)[:5] == ["shell", "http", "ssh", "kubectl", "sql"]
    assert {name: spec.name for name, spec in registry.specs().items()} == {name: name for name in registry.specs()}
    assert registry.handler("shell") is shell
    assert registry.handler("http") is http
    assert all(isinstance(registry.handler(name), (Handler, Preflighted)) for name in registry.BUILT_IN)


def test_what_is_not_there():
    with pytest.raises(KeyError):
        registry.specs()["teleport"]
    with pytest.raises(NotFound) as caught:
        registry.handler("teleport")
    assert (caught.value.message, caught.value.hint) == (
        "there is no handler for teleport steps", "install the package that brings it",
    )  # fmt: skip


def test_a_plug_in_is_found(install):
    install("steady-teleport", "teleport_ok", GOOD.format(name="teleport"), {"teleport": "teleport_ok"})
    found, problems = registry.plugins()
    assert found["teleport"].spec.name == "teleport"
    assert problems == ()


@pytest.mark.parametrize(
    ("module", "source", "entry", "problem"),
    [
        (
            "broken_a",
            "import no_such_library_x",
            "broken_a",
            "cannot be loaded from broken_a: ModuleNotFoundError: No module named 'no_such_library_x'",
        ),
        ("broken_b", "raise SystemExit(3)", "broken_b", "cannot be loaded from broken_b: SystemExit: 3"),
        ("broken_c", "raise ValueError('a\\n  b' + 'c' * 500)", "broken_c",
         f"cannot be loaded from broken_c: ValueError: a b{'c' * 197}"),
        ("broken_d", "raise ValueError", "broken_d", "cannot be loaded from broken_d: ValueError"),
        (
            "broken_e",
            "",
            "broken_e:nothing",
            "cannot be loaded from broken_e:nothing: AttributeError: module 'broken_e' has no attribute 'nothing'",
        ),
        ("broken_f", "", "broken_f", "has no `spec`"),
        ("broken_g", GOOD.format(name="beam"), "broken_g", "calls itself `beam`"),
        ("broken_h", GOOD.format(name="teleport") + "del perform", "broken_h", "has no `perform`"),
        ("broken_i", GOOD.format(name="teleport") + "plan = 3", "broken_i", "has no `plan`"),
        ("broken_j", "def", "broken_j", "cannot be loaded from broken_j: SyntaxError: invalid syntax (broken_j.py, line 1)"),
    ],
)  # fmt: skip
def test_a_broken_plug_in_is_a_sentence(install, module, source, entry, problem):
    install("steady-teleport", module, source, {"teleport": entry})
    found, problems = registry.plugins()
    assert "teleport" not in found
    assert problems == (f"steady-teleport 1.0: handler `teleport` {problem}",)


@pytest.mark.parametrize("name", ["shell", "ssh"])
def test_a_plug_in_may_not_replace_a_built_in(install, name, tmp_path):
    marker = tmp_path / "imported"
    source = f"open({str(marker)!r}, 'w').close()\n" + GOOD.format(name=name)
    install("steady-evil", f"evil_{name}", source, {name: f"evil_{name}"})
    found, problems = registry.plugins()
    assert name not in found
    assert problems == (f"steady-evil 1.0: handler `{name}` may not take the place of a built-in one",)
    assert not marker.exists(), "it is not even imported"


def test_two_plug_ins_of_one_name(install):
    install("steady-a", "teleport_a", GOOD.format(name="teleport"), {"teleport": "teleport_a"})
    install("steady-b", "teleport_b", GOOD.format(name="teleport"), {"teleport": "teleport_b"})
    found, problems = registry.plugins()
    assert found["teleport"].__name__ == "teleport_a"
    assert problems == ("steady-b 1.0: handler `teleport` is already brought by steady-a 1.0",)


COLD = """
import sys
import steadyhand.model, steadyhand.errors
before = set(sys.modules)
from steadyhand.handlers import registry
registry.specs()
print(*sorted(m for m in set(sys.modules) - before if not m.startswith("steadyhand")))
"""


def test_the_specifications_are_cheap():
    env = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", COLD], capture_output=True, text=True, check=True, env=env)
    assert set(done.stdout.split()) <= {"shlex", "importlib"}, "a cold start imports nothing for them"


def test_the_example_package_is_one():
    source = Path(__file__).parents[2] / "examples/handler-package/pyproject.toml"
    import tomllib

    assert tomllib.loads(source.read_text())["project"]["entry-points"][registry.GROUP] == {
        "memcached": "steadyhand_memcached"
    }
