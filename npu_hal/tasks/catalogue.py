"""The tasks by name, and which of them a model is for."""

from collections.abc import Mapping

from npu_hal.api import InvalidInput, InvalidOption
from npu_hal.tasks.audio import Audio
from npu_hal.tasks.classify import Classify
from npu_hal.tasks.denoise import Denoise
from npu_hal.tasks.depth import Depth
from npu_hal.tasks.detect import Detect
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.metadata import Content
from npu_hal.tasks.pose import Pose
from npu_hal.tasks.segment import Segment
from npu_hal.tasks.superres import SuperResolution
from npu_hal.tasks.task import Task

AUTOMATIC = "auto"

TASKS: Mapping[str, type[Task]] = {
    task.name: task for task in (Classify, Detect, Pose, Segment, Depth, SuperResolution, Audio, Denoise)
}


def task_named(name: str, interface: ModelInterface) -> type[Task]:
    """The task of that name; for `AUTOMATIC`, the one that the model's metadata or shapes leave no doubt of.

    Raises `InvalidOption` for an unknown name, `InvalidInput` if there is a doubt.
    """
    if name == AUTOMATIC:
        return _choose(interface)
    if name not in TASKS:
        raise InvalidOption(f"there is no task {name!r}; the tasks are: {', '.join(TASKS)}, or {AUTOMATIC}")
    return TASKS[name]


def _choose(interface: ModelInterface) -> type[Task]:
    noted = _noted(interface)
    if noted is not None:
        return noted
    fitting = [task for task in TASKS.values() if task.recognises(interface)]
    if len(fitting) == 1:
        return fitting[0]
    doubt = "fits " + " and ".join(task.name for task in fitting) if fitting else "fits none of them for certain"
    raise InvalidInput(
        f"the model has no metadata that tells what it is for, and its shape {doubt}; name the task by --task: "
        f"{', '.join(TASKS)}"
    )


def _noted(interface: ModelInterface) -> type[Task] | None:
    """The task that the metadata tells of."""
    metadata = interface.metadata
    if not metadata.inputs or not metadata.outputs:
        return None
    if any(output.content is Content.BOUNDING_BOX for output in metadata.outputs):
        return Detect
    if metadata.inputs[0].content is Content.AUDIO:
        return Audio
    is_labelled = any(output.axis_labels for output in metadata.outputs)
    if metadata.inputs[0].content is Content.IMAGE and is_labelled:
        return Segment if Segment.recognises(interface) else Classify
    return None
