"""The findings of an examination."""

from dataclasses import dataclass

from npu_hal.api import Finding, FindingStatus


@dataclass(frozen=True, slots=True)
class Section:
    """Findings about one subject."""

    title: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything that was found."""

    sections: tuple[Section, ...]

    def count(self, status: FindingStatus) -> int:
        """How many findings are of a status."""
        return sum(finding.status is status for section in self.sections for finding in section.findings)

    @property
    def is_healthy(self) -> bool:
        """Whether there is no problem; warnings do not count."""
        return not self.count(FindingStatus.PROBLEM)


def ok(check: str, observation: str, advice: str = "") -> Finding:
    """A finding that all is well."""
    return Finding(check, FindingStatus.OK, observation, advice)


def warning(check: str, observation: str, advice: str = "") -> Finding:
    """A finding that something could be better."""
    return Finding(check, FindingStatus.WARNING, observation, advice)


def problem(check: str, observation: str, advice: str = "") -> Finding:
    """A finding that something does not work."""
    return Finding(check, FindingStatus.PROBLEM, observation, advice)
