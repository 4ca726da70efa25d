"""The pytest plugin behind ``npu-hal conformance``: which target, which capabilities, and what came of each test."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from npu_hal.conformance.markers import MARKER, REFUSED
from npu_hal.conformance.target import Target

TARGET = pytest.StashKey[Target]()


@dataclass(slots=True)
class Outcome:
    """What came of the tests of a capability: counts, the reasons of refusals, and failures by test."""

    counts: Counter[str] = field(default_factory=Counter)
    refusals: list[tuple[str, str]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)


class ConformancePlugin:
    """Runs the suite against a target and collects outcomes by capability."""

    def __init__(self, target: Target, capabilities: Sequence[str] = ()) -> None:
        self._target = target
        self._capabilities = frozenset(capabilities)
        self._capability_of: dict[str, str] = {}
        self.outcomes: dict[str, Outcome] = {}

    def pytest_configure(self, config: pytest.Config) -> None:
        """Leave the target where the suite's fixture looks for it."""
        config.stash[TARGET] = self._target

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out capabilities that were not asked for."""
        kept: list[pytest.Item] = []
        left: list[pytest.Item] = []
        for item in items:
            marker = item.get_closest_marker(MARKER)
            capability = str(marker.args[0]) if marker else ""
            self._capability_of[item.nodeid] = capability
            (kept if not self._capabilities or capability in self._capabilities else left).append(item)
        items[:] = kept
        if left:
            config.hook.pytest_deselected(items=left)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what came of a test."""
        if report.when != "call" and report.outcome == "passed":
            return
        outcome = self.outcomes.setdefault(self._capability_of.get(report.nodeid, ""), Outcome())
        name = report.nodeid.rpartition("::")[2]
        outcome.counts[report.outcome] += 1
        if report.outcome == "skipped":
            # The third is pytest's "Skipped: ..." around what the test said.
            said = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            outcome.refusals.append((name, said.removeprefix("Skipped: ").removeprefix(REFUSED)))
        elif report.outcome == "failed":
            outcome.failures.append((name, _last_line(report)))


def _last_line(report: pytest.TestReport) -> str:
    """What went wrong, in a line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message).splitlines()[0] if crash is not None else report.longreprtext.strip().splitlines()[-1]
