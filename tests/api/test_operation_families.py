"""Operations are imported family by family, and each is where the table says."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from typing import get_args

import pytest

import npu_hal.api
from npu_hal.api import AnyOperation, Conv2D, InvalidGraph, Operation, operations
from npu_hal.api.operations import is_operation


def _kinds_by_module() -> dict[str, set[str]]:
    """The operations that each module of the package defines: classes with a kind of their own."""
    found: dict[str, set[str]] = {}
    for module in pkgutil.iter_modules(operations.__path__, f"{operations.__name__}."):
        for name, value in vars(importlib.import_module(module.name)).items():
            is_own = inspect.isclass(value) and value.__module__ == module.name and issubclass(value, Operation)
            if is_own and "kind" in vars(value).get("__annotations__", {}):
                found.setdefault(module.name, set()).add(name)
    return found


def test_the_table_is_what_the_modules_define() -> None:
    table: dict[str, set[str]] = {}
    for name, module in operations.MODULE_OF.items():
        table.setdefault(module, set()).add(name)
    assert table.pop(f"{operations.__name__}.any_operation") == {"AnyOperation"}
    assert table == _kinds_by_module()


def test_all_names_are_listed_and_there() -> None:
    assert sorted(operations.MODULE_OF) == sorted(operations.__all__)
    assert set(operations.MODULE_OF) < set(npu_hal.api.__all__)
    for package in (operations, npu_hal.api):
        assert set(package.__all__) <= set(dir(package))
        for name in package.__all__:
            assert getattr(package, name) is getattr(npu_hal.api, name)


def test_the_union_has_every_kind() -> None:
    union, _ = get_args(AnyOperation)
    names = [kind.__name__ for kind in get_args(union)]
    assert sorted([*names, "AnyOperation"]) == sorted(operations.MODULE_OF)


@pytest.mark.parametrize("module", ["npu_hal.api", "npu_hal.api.operations"])
def test_other_names_are_missed_as_usual(module: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{module}' has no attribute 'Conv3D'"):
        importlib.import_module(module).Conv3D  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'Conv3D'"):
        exec(f"from {module} import Conv3D", {})


def test_importing_the_interface_imports_no_family() -> None:
    program = (
        "import sys, npu_hal.api\n"
        "print(*sys.modules)\n"
        "from npu_hal.api import MaxPool2D\n"
        "print(*sys.modules)\n"
        "from npu_hal.api import *\n"
        "print(Conv2D.__name__, AnyOperation is not None)"
    )
    lines = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    before, after, last = lines.splitlines()
    families = set(operations.MODULE_OF.values())
    assert not families & set(before.split())
    assert families & set(after.split()) == {"npu_hal.api.operations.pooling"}
    assert last == "Conv2D True"


def test_what_is_an_operation() -> None:
    class Special(Conv2D):
        """A kind within a kind."""

    class Stranger(Operation):
        """None of the closed set, whatever its name."""

        kind: str = "STRANGER"

        def infer_shapes(self, tensors: object) -> tuple[tuple[int, ...], ...]:
            return ()

        def check_types(self, tensors: object) -> None:
            pass

    stranger = Stranger()
    assert is_operation(Special(input=0, filter=1, output=2, padding="SAME"))
    assert not is_operation(stranger)
    assert not is_operation("CONV_2D")
    with pytest.raises(InvalidGraph, match="Graph: operations"):
        npu_hal.api.Graph(tensors=(), operations=(stranger,), inputs=(), outputs=())
