"""The emulator runs another driver's job lists, rebuilt from fields and bytes, and agrees with TFLite's kernels."""

import re
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from npu_hal.api.errors import DeviceLost
from npu_hal_etnaviv.coefficients.compatibility import Compatibility
from npu_hal_etnaviv.emulator.emulated_interface import open_emulator
from tests.conftest import shared_folder
from tests.etnaviv.golden_replay import GoldenReplay
from tests.etnaviv.golden_weights import golden_jobs, job_weights, model_path, same_as_golden
from tests.etnaviv.test_golden_coefficients import encode

interpreter = pytest.importorskip("ai_edge_litert.interpreter")

CHIPS = ("a311d", "imx8mp")

_FED_ADDS = "|".join(["8", "11", "14", "19", "22", "25", "32", "35", "38", "45", "49", "53", "60", "64", "68"])

WRONG_IN_THE_GOLDENS = {
    "a311d|imx8mp": {
        rf"mobiledet({_FED_ADDS})": "an ADD of graph inputs, which that driver leaves in NHWC",
        "mobiledet82": "depthwise stride 2 SAME with the padding of another size",
        "mb01": "the file's shapes are not consistent",
    },
    "a311d": {
        r".*_int8": "int8 weights are stored without + 128",
        r"g_add_112_k1_i1_o120": "ADD of more than 8191 rows wraps the size fields",
        r"g_dw_5x5_k5_i32_o32_s2_same": "the reshuffle has padded already",
        r"g_dw_6x6_k3_i32_o32_s2_same": "weights for a reshuffled input, and no reshuffle",
        r"g_fc_(64_10|1024_1001)": "weights in linear order, which a convolution with the same config does not have",
    },
    "imx8mp": {},
}
"""Names of models, as regular expressions, whose golden does not compute what the model says, and why."""

LARGER_DIFFERENCES = {"g_resnetish": 2}
"""Chains of jobs, each of which may round otherwise than TFLite, can differ by more than 1."""

MOBILENET = "full.mobilenet_v1_1.0_224_quant"
"""The one whole network: on random input the rounding of 27 layers adds up, so that its jobs are compared alone."""


def reason_to_differ(chip: str, model: str) -> str | None:
    for chips, patterns in WRONG_IN_THE_GOLDENS.items():
        if chip in chips.split("|"):
            for pattern, reason in patterns.items():
                if re.fullmatch(pattern, model):
                    return reason
    return None


def missing_coefficients(shared: Path, chip: str, model: str) -> dict[str, NDArray[np.uint8]]:
    """Coefficients that are too large to be among the goldens, encoded anew: the goldens have their checksums."""
    missing = {}
    for job in golden_jobs(shared, chip, model):
        if job.coefficients is None:
            data = encode(job, job_weights(job), Compatibility.MESA).data
            assert same_as_golden(job, data)
            missing[job.name] = data
    return missing


class ReferenceRun:
    """A model run by TFLite's reference kernels on random inputs, every tensor kept."""

    def __init__(self, path: Path) -> None:
        self._interpreter = interpreter.Interpreter(
            str(path),
            experimental_op_resolver_type=interpreter.OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=True,
            num_threads=1,
        )
        self._interpreter.allocate_tensors()
        random = np.random.default_rng(20)
        for details in self._interpreter.get_input_details():
            limits = np.iinfo(details["dtype"])
            values = random.integers(limits.min, limits.max, details["shape"], details["dtype"], endpoint=True)
            self._interpreter.set_tensor(details["index"], values)
        self._interpreter.invoke()

    def tensor(self, index: int) -> NDArray[np.uint8]:
        """A tensor's bytes as the NPU holds them: unsigned, int8 raised by 128."""
        values: NDArray[np.uint8] | NDArray[np.int8] = self._interpreter.get_tensor(index).reshape(-1)
        if values.dtype == np.int8:
            return (values.astype(np.int16) + 128).astype(np.uint8)
        return values.astype(np.uint8)


def largest_difference(shared: Path, chip: str, model: str) -> int:
    reference = ReferenceRun(model_path(shared, model))
    with open_emulator(f"emulator:{chip}") as kernel:
        path = shared / "golden" / chip / f"{model}.json"
        jobs = GoldenReplay(path, kernel, missing_coefficients(shared, chip, model))
        for subgraph in jobs.subgraphs:
            for index in jobs.boundary(subgraph)[0]:
                jobs.tensor(subgraph, index)[:] = reference.tensor(index)
        jobs.run()
        return max(
            int(np.abs(jobs.tensor(subgraph, index).astype(int) - reference.tensor(index)).max())
            for subgraph in jobs.subgraphs
            for index in jobs.boundary(subgraph)[1]
        )


def golden_models() -> list[str]:
    names = {path.stem for path in (shared_folder() / "golden" / "a311d").glob("*.json")}
    return sorted(names - {MOBILENET})


@pytest.mark.parametrize("model", golden_models())
@pytest.mark.parametrize("chip", CHIPS)
def test_a_golden_job_list_computes_what_tflite_computes(shared: Path, chip: str, model: str) -> None:
    reason = reason_to_differ(chip, model)
    if reason is None:
        assert largest_difference(shared, chip, model) <= LARGER_DIFFERENCES.get(model, 1)
        return
    try:
        difference = largest_difference(shared, chip, model)
    except (DeviceLost, ValueError):
        return
    assert difference > LARGER_DIFFERENCES.get(model, 1), f"the golden is right: {reason} is no exception"


@pytest.mark.parametrize("chip", CHIPS)
def test_every_job_of_mobilenet_is_right(shared: Path, chip: str) -> None:
    reference = ReferenceRun(model_path(shared, MOBILENET))
    with open_emulator(chip) as kernel:
        path = shared / "golden" / chip / f"{MOBILENET}.json"
        jobs = GoldenReplay(path, kernel, missing_coefficients(shared, chip, MOBILENET))
        for subgraph in jobs.subgraphs:
            for index in jobs.boundary(subgraph)[0]:
                jobs.tensor(subgraph, index)[:] = reference.tensor(index)
        jobs.run()
        features = jobs.subgraphs[0]
        index = jobs.boundary(features)[1][0]
        assert np.corrcoef(jobs.tensor(features, index), reference.tensor(index))[0, 1] > 0.99
        compared = sum(check_jobs_alone(jobs, subgraph, reference) for subgraph in jobs.subgraphs)
        assert compared >= 25


def check_jobs_alone(jobs: GoldenReplay, subgraph: dict[str, Any], reference: ReferenceRun) -> int:
    """Run each NN job between tensors of the model on TFLite's own input; returns how many there are."""
    compared = 0
    for job in subgraph["ops"]:
        shapes = [(job["inputs"][0], job["in_whc"]), (job["outputs"][0], job["out_whc"])]
        # That driver numbers the tensors between its own jobs like tensors of the model: their sizes differ.
        sizes_differ = any(reference.tensor(index).size != prod(shape) for index, shape in shapes)
        if job["type"] == "TP" or sizes_differ:
            continue
        source, wanted = (planar(reference.tensor(index), shape) for index, shape in shapes)
        jobs.tensor(subgraph, job["inputs"][0])[:] = source
        jobs.run_job(f"sg{subgraph['subgraph']}.job{job['job']}.config0")
        result = jobs.tensor(subgraph, job["outputs"][0])
        assert np.abs(result.astype(int) - wanted).max() <= 1, job["job"]
        compared += 1
    return compared


def planar(values: NDArray[np.uint8], shape: list[int]) -> NDArray[np.uint8]:
    return values.reshape(shape).transpose(2, 0, 1).reshape(-1)
