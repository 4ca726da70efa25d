"""Classify an image by TensorFlow Lite with npu-hal's delegate, and compare with TensorFlow Lite's own kernels.

``python examples/demo.py [IMAGE]``; TEFLON_DRIVER names the driver, `software` unless it is set.
"""

import os
import sys
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType, load_delegate
from numpy.typing import NDArray
from PIL import Image

import teflon
from npu_hal.api import NpuHalError

DIGITS = Path(__file__).resolve().parent / "digits"
MODEL = DIGITS / "digits_uint8.tflite"
LABELS = DIGITS / "labels.txt"
IMAGE = DIGITS / "digit_7.png"


def main(image_path: Path) -> int:
    os.environ.setdefault("TEFLON_DRIVER", "software")
    library = teflon.library_path()
    delegated = Interpreter(str(MODEL), experimental_delegates=[load_delegate(str(library))])
    plain = Interpreter(str(MODEL), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    pixels = np.asarray(Image.open(image_path).convert("L").resize((8, 8)), np.uint8)
    ours, theirs = (classify(interpreter, pixels) for interpreter in (delegated, plain))

    labels = LABELS.read_text().split()
    print(f"{image_path.name}, {MODEL.name}, through {library.name} with driver {os.environ['TEFLON_DRIVER']}")
    print("label  npu-hal  TFLite")
    for index in np.argsort(-ours.astype(int), kind="stable")[:3]:
        print(f"{labels[index]:>5}  {ours[index] / 256:7.3f}  {theirs[index] / 256:6.3f}")
    if not is_delegated(delegated):
        print("TFLite gave the delegate nothing to run", file=sys.stderr)
        return 1
    difference = int(np.abs(ours.astype(int) - theirs).max())
    print("outputs are identical" if difference == 0 else f"outputs differ by at most {difference} of 255")
    print(f"the digit is: {labels[ours.argmax()]}")
    return 0


def classify(interpreter: Interpreter, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The model's ten scores, 0 to 255, for an image of 8x8 pixels."""
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels[np.newaxis, :, :, np.newaxis])
    interpreter.invoke()
    scores: NDArray[np.uint8] = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
    return scores


def is_delegated(interpreter: Interpreter) -> bool:
    """Whether some operation of the interpreter's plan is a delegate's."""
    return any("DELEGATE" in details["op_name"].upper() for details in interpreter._get_ops_details())


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGE))
    # A delegate that cannot be made is a ValueError to TFLite, one that cannot take a model a RuntimeError.
    except (NpuHalError, OSError, ValueError, RuntimeError) as error:
        sys.exit(f"demo: {error}")
