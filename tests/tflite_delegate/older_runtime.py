"""Run by an interpreter that has tflite-runtime: compares the delegate with the runtime's reference kernels.

usage: older_runtime.py MODEL... Prints a line of JSON for each model and way to load the delegate.
"""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from tflite_runtime.interpreter import Interpreter, OpResolverType, load_delegate

import teflon

BATCHES = (1, 3, 2, 1)


def output(interpreter: Any, batch: int) -> Any:
    """The only output for a batch of random values."""
    (details,) = interpreter.get_input_details()
    shape = (batch, *details["shape"][1:])
    interpreter.resize_tensor_input(details["index"], shape)
    interpreter.allocate_tensors()
    limits = np.iinfo(details["dtype"])
    values = np.random.default_rng(0).integers(limits.min, limits.max, shape, details["dtype"], endpoint=True)
    interpreter.set_tensor(details["index"], values)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def refusal(make: Callable[[Mapping[str, str]], Any]) -> str:
    """What is said of a driver that there is not."""
    try:
        make({"driver": "nope"})
    except Exception as error:
        return str(error)
    return ""


def main(model: str) -> None:
    """Compare and print."""
    makers: dict[str, Callable[[Mapping[str, str]], Any]] = {
        "object": lambda options: teflon.Delegate(options=options),
        "library": lambda options: load_delegate(str(teflon.library_path()), options),
    }
    reference = Interpreter(model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    for name, make in makers.items():
        interpreter = Interpreter(model, experimental_delegates=[make({"driver": "software"})])
        result = {
            "how": name,
            "same": all(np.array_equal(output(interpreter, batch), output(reference, batch)) for batch in BATCHES),
            "last": interpreter._get_ops_details()[-1]["op_name"],
            "message": refusal(make),
        }
        sys.stdout.write(json.dumps(result) + "\n")


for path in sys.argv[1:]:
    main(path)
