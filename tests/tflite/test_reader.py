"""Model files become graphs that are the same as those that were written, and share the file's memory."""

import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tflite

from npu_hal.api import DType, InvalidModel, Quantization, Reshape, UnsupportedOperation
from npu_hal.tflite import Model, read_model, read_operators

from ..tflite_models import FileOperator, FileTensor, write_file, write_model
from .graphs import GRAPHS, small_graph
from .litert import differences, interpreter

Code = tflite.BuiltinOperator
UINT8, INT32, FLOAT32 = tflite.TensorType.UINT8, tflite.TensorType.INT32, tflite.TensorType.FLOAT32


def quantised(name: str, shape: Sequence[int] | None, **fields: Any) -> FileTensor:
    return FileTensor(name, shape, UINT8, **{"scales": [0.5], "zero_points": [128], **fields})


def real(name: str, shape: Sequence[int] | None, **fields: Any) -> FileTensor:
    return FileTensor(name, shape, FLOAT32, **fields)


def relu_model(x: FileTensor, y: FileTensor, **fields: Any) -> bytes:
    """A model of one RELU."""
    return write_file([x, y], [FileOperator(Code.RELU, [0], [1])], [0], [1], **fields)


def root_of(array: Any) -> Any:
    """What owns the memory of a view."""
    while isinstance(array, np.ndarray | memoryview):
        array = array.base if isinstance(array, np.ndarray) else array.obj
    return array


@pytest.mark.parametrize("name", GRAPHS)
def test_a_written_graph_is_read_back(name: str) -> None:
    graph = small_graph(name)
    model = read_model(write_model(graph, "about it"))
    assert model.graph == graph
    assert model.description == "about it"


# LiteRT's SLICE insists on the stored shape.
@pytest.mark.parametrize("name", [name for name in GRAPHS if name != "slice"])
def test_shapes_are_those_that_litert_infers(name: str) -> None:
    """With the stored shapes of all computed tensors taken away."""
    graph = small_graph(name)
    stripped = graph.model_copy(
        update={
            "tensors": tuple(
                tensor.model_copy(update={"shape": (1,)}) if index in graph.producers() else tensor
                for index, tensor in enumerate(graph.tensors)
            )
        }
    )
    data = write_model(stripped)
    assert differences(read_model(data), interpreter(data)) == []
    assert read_model(data).graph == graph


def test_constants_are_views_of_the_bytes() -> None:
    data = write_model(small_graph("conv_2d"))
    constants = [tensor.constant() for tensor in read_model(data).graph.tensors if tensor.is_constant]
    assert len(constants) == 2
    assert all(np.shares_memory(array, np.frombuffer(data, np.uint8)) for array in constants)
    assert not any(array.flags.writeable for array in constants)


def test_constants_are_views_of_the_mapped_file(tmp_path: Path) -> None:
    path = tmp_path / "conv.tflite"
    path.write_bytes(write_model(small_graph("conv_2d")))
    constants = [tensor.constant() for tensor in read_model(path).graph.tensors if tensor.is_constant]
    assert [type(root_of(array)) for array in constants] == [mmap.mmap, mmap.mmap]
    assert all(array.flags.aligned for array in constants)


def test_misaligned_constants_are_copied() -> None:
    data = write_model(small_graph("conv_2d"))
    shifted = memoryview(b"x" + data)[1:]
    graph = read_model(shifted).graph
    assert graph == read_model(data).graph
    assert all(tensor.data.flags.aligned for tensor in graph.tensors if tensor.data is not None)


class TestContentsBehindTheFlatbuffer:
    """Files beyond 2 GiB have them there."""

    TENSORS = (real("x", [2]), real("c", [2], data=np.array([1, 2], np.float32).tobytes()), real("y", [2]))
    OPERATORS = (FileOperator(Code.ADD, [0, 1], [2], "AddOptions"),)

    def test_they_are_read_in_place(self) -> None:
        data = write_file(self.TENSORS, self.OPERATORS, [0], [2], contents_at=4096)
        constant = read_model(data).graph.tensors[1].constant()
        assert constant.tolist() == [1.0, 2.0]
        assert np.shares_memory(constant, np.frombuffer(data, np.uint8)[4096:])

    def test_litert_reads_the_same(self, tmp_path: Path) -> None:
        path = tmp_path / "model.tflite"
        path.write_bytes(write_file(self.TENSORS, self.OPERATORS, [0], [2], contents_at=4096))
        assert differences(read_model(path), interpreter(path)) == []

    def test_they_must_be_in_the_file(self) -> None:
        data = write_file(self.TENSORS, self.OPERATORS, [0], [2], contents_at=4096)
        with pytest.raises(InvalidModel, match="buffer 1: 8 bytes at offset 4096 lie outside of the file's 4103 bytes"):
            read_model(data[:-1])


class TestBoundary:
    """Inputs and outputs of the model, whatever they are, are those of the graph."""

    def test_an_output_given_twice_is_copied(self) -> None:
        data = write_file([quantised("x", [4]), quantised("y", [4])], [FileOperator(Code.RELU, [0], [1])], [0], [1, 1])
        model = read_model(data)
        assert model.output_names == ("y", "y")
        assert model.tensor_indices == (0, 1, 1)
        assert model.graph.operations[1] == Reshape(input=1, output=2, shape=(4,))
        assert model.graph.outputs == (1, 2)

    def test_an_output_that_is_an_input_or_a_constant_is_copied(self) -> None:
        tensors = [real("x", [2]), real("c", [1], data=b"\0" * 4)]
        graph = read_model(write_file(tensors, [], [0], [0, 1])).graph
        assert [tensor.shape for tensor in graph.output_tensors] == [(2,), (1,)]
        assert graph.tensors[graph.outputs[0]].quantization is None

    def test_an_output_that_nothing_computes_is_invalid(self) -> None:
        with pytest.raises(InvalidModel, match="output tensor 1 'y' is computed by no operator"):
            read_model(write_file([real("x", [2]), real("y", [2])], [], [0], [1]))

    def test_an_input_that_is_not_read_stays_an_input(self) -> None:
        tensors = [real("x", [2]), real("y", [2]), real("unused", [3])]
        graph = read_model(write_file(tensors, [FileOperator(Code.RELU, [0], [1])], [2, 0], [1])).graph
        assert [tensor.name for tensor in graph.input_tensors] == ["unused", "x"]

    def test_names_of_the_signature(self) -> None:
        signature = {"inputs": {"image": 0}, "outputs": {"label": 1}}
        model = read_model(relu_model(real("x", [2]), real("y", [2]), signature=signature))
        assert (model.input_names, model.output_names) == (("image",), ("label",))

    def test_names_of_tensors_where_the_signature_has_none(self) -> None:
        signature = {"inputs": {}, "outputs": {"label": 7}}
        model = read_model(relu_model(real("x", [2]), real("", [2]), signature=signature))
        assert (model.input_names, model.output_names) == (("x",), ("tensor1",))

    def test_metadata(self) -> None:
        model = read_model(relu_model(real("x", [2]), real("y", [2]), metadata={"about": b"a test"}))
        assert {name: bytes(value) for name, value in model.metadata.items()} == {"about": b"a test"}

    def test_the_schemas_name_and_version_of_an_operator_are_kept(self) -> None:
        tensors = [real("x", [2]), real("y", [2])]
        (operator,) = read_operators(write_file(tensors, [FileOperator(Code.RELU, [0], [1], version=2)], [0], [1]))
        assert (operator.name, operator.view.version) == ("RELU", 2)


class TestTensors:
    def test_tensors_that_nothing_uses_do_not_matter(self) -> None:
        tensors = [real("x", [2]), real("y", [2]), FileTensor("text", [-7], tflite.TensorType.STRING)]
        model = read_model(write_file(tensors, [FileOperator(Code.RELU, [0], [1])], [0], [1]))
        assert model.tensor_indices == (0, 1)

    def test_scalars_and_missing_shapes(self) -> None:
        graph = read_model(relu_model(real("x", []), real("y", None))).graph
        assert [tensor.shape for tensor in graph.tensors] == [(), ()]

    def test_the_stored_shape_of_an_input_holds_where_its_signature_is_open(self) -> None:
        model = relu_model(real("x", [1, 4], shape_signature=[-1, 4]), real("y", [1, 4], shape_signature=[-1, 4]))
        assert read_model(model).graph.input_tensors[0].shape == (1, 4)

    def test_an_empty_constant_is_a_constant(self) -> None:
        tensors = [real("x", [1]), FileTensor("shape", [0], INT32, b""), real("y", [])]
        model = read_model(write_file(tensors, [FileOperator(Code.RESHAPE, [0, 1], [2])], [0], [2]))
        assert model.graph.operations == (Reshape(input=0, output=1, shape=()),)

    def test_a_name_that_is_not_utf_8_is_read_as_far_as_it_goes(self) -> None:
        data = relu_model(real("x", [2]), real("neim", [2])).replace(b"neim", b"n\xffim")
        assert read_model(data).output_names == ("n\ufffdim",)

    @pytest.mark.parametrize(
        ("tensor", "reason"),
        [
            (real("c", [-1, 2], data=b""), r"tensor 1 'c' has the impossible shape \[-1, 2\]"),
            (real("c", [1] * 33, data=b"1234"), "impossible shape"),
            (real("c", [0, 2**31 - 1, 2**31 - 1, 2**31 - 1], data=b""), "impossible shape"),
            (real("c", [2], data=b"1234567"), "takes 8 bytes, but its buffer 1 has 7"),
            (real("c", [2**14] * 4, data=b"1234"), "takes .* bytes, but its buffer 1 has 4"),
            (real("c", [2**14] * 4), "exceeds"),
            (real("c", [2**31 - 1] * 4), "impossible shape"),
            (FileTensor("c", [2], 19), "unknown type 19"),
            (FileTensor("c", [2], -1), "unknown type -1"),
        ],
    )
    def test_damaged_tensors(self, tensor: FileTensor, reason: str) -> None:
        tensors = [real("x", [2]), tensor, real("y", [2])]
        with pytest.raises(InvalidModel, match=reason):
            read_model(write_file(tensors, [FileOperator(Code.ADD, [0, 1], [2], "AddOptions")], [0], [2]))

    @pytest.mark.parametrize(
        ("tensor", "reason"),
        [
            (FileTensor("c", [2], tflite.TensorType.FLOAT16, b"1234"), "has elements of FLOAT16"),
            (FileTensor("c", [2], tflite.TensorType.INT4, b"1"), "has elements of INT4"),
            (FileTensor("c", [2], tflite.TensorType.STRING), "elements of STRING"),
        ],
    )
    def test_tensors_that_the_interface_has_not(self, tensor: FileTensor, reason: str) -> None:
        tensors = [real("x", [2]), tensor, real("y", [2])]
        data = write_file(tensors, [FileOperator(Code.ADD, [0, 1], [2], "AddOptions")], [0], [2])
        with pytest.raises(UnsupportedOperation, match=f"ADD at 0: tensor 1 'c' .*{reason}"):
            read_model(data)
        (operator,) = read_operators(data)
        assert operator.operation is None


class TestQuantization:
    @staticmethod
    def read(tensor: FileTensor, x: FileTensor | None = None) -> Quantization | None:
        """The quantisation of a constant that an ADD reads."""
        x = quantised("x", tensor.shape) if x is None else x
        y = quantised("y", tensor.shape) if x.type == UINT8 else real("y", tensor.shape)
        data = write_file([x, tensor, y], [FileOperator(Code.ADD, [0, 1], [2], "AddOptions")], [0], [2])
        return read_model(data).graph.tensors[1].quantization

    def test_per_tensor(self) -> None:
        assert self.read(quantised("c", [2], data=b"12")) == Quantization.per_tensor(0.5, 128)

    def test_per_axis(self) -> None:
        tensor = quantised("c", [1, 2], data=b"12", scales=[0.5, 0.25], zero_points=[1, 2], axis=1)
        assert self.read(tensor) == Quantization.per_axis((0.5, 0.25), 1, (1, 2))

    def test_one_zero_point_stands_for_one_per_scale(self) -> None:
        tensor = quantised("c", [1, 2], data=b"12", scales=[0.5, 0.25], zero_points=[3], axis=1)
        assert self.read(tensor) == Quantization.per_axis((0.5, 0.25), 1, (3, 3))

    def test_a_vector_has_one_axis_whatever_is_recorded(self) -> None:
        tensor = quantised("c", [2], data=b"12", scales=[0.5, 0.25], zero_points=[1, 2], axis=3)
        assert self.read(tensor) == Quantization.per_axis((0.5, 0.25), 0, (1, 2))

    def test_that_of_real_tensors_is_dropped(self) -> None:
        tensor = real("c", [1], data=b"\0" * 4, scales=[0.5], zero_points=[0])
        assert self.read(tensor, real("x", [1])) is None

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"scales": [0.5, 0.5], "axis": 0}, "2 scales along axis 0, which do not fit its shape"),
            ({"scales": [0.5, 0.5], "axis": 2}, "2 scales along axis 2, which do not fit its shape"),
            ({"scales": [0.5, 0.5], "axis": -1}, "2 scales along axis -1"),
            ({"scales": [0.5] * 2, "zero_points": [1] * 3, "axis": 1}, "2 scales, but 3 zero points"),
            ({"zero_points": None}, "1 scales, but 0 zero points"),
            ({"scales": [float("nan")]}, "finite"),
            ({"scales": [float("inf")]}, "finite"),
            ({"scales": [-0.5]}, "not negative"),
            ({"zero_points": [256]}, "zero point 256 is outside"),
            ({"zero_points": [-(2**63)]}, "is outside"),
            ({"scales": None, "zero_points": None}, "without quantisation"),
        ],
    )
    def test_parameters_that_do_not_fit(self, fields: dict[str, Any], reason: str) -> None:
        with pytest.raises(InvalidModel, match=reason):
            self.read(quantised("c", [1, 2], data=b"12", **fields))


class TestOperators:
    TENSORS = (real("x", [2]), real("y", [2]), real("z", [2]))

    @pytest.mark.parametrize(
        ("operators", "reason"),
        [
            ([FileOperator(Code.RELU, [3], [1])], "operator 0 uses tensor 3, but the model has 3 tensors"),
            ([FileOperator(Code.RELU, [-2], [1])], "operator 0 uses tensor -2"),
            ([FileOperator(Code.RELU, [0], [-1])], "operator 0 uses tensor -1"),
            ([FileOperator(Code.RELU, [-1], [1])], r"operator 0 \(RELU\): input 0 of RELU is absent"),
            ([FileOperator(Code.RELU, [0], [])], "has outputs"),
            (
                [FileOperator(Code.RELU, [2], [1]), FileOperator(Code.RELU, [0], [2])],
                r"operation 0 \(RELU\) reads tensor 2 'z' before anything has computed it",
            ),
            (
                [FileOperator(Code.ADD, [0, 2], [1], "AddOptions"), FileOperator(Code.RELU, [1], [2])],
                "reads tensor 2 'z' before anything has computed it",
            ),
            ([FileOperator(Code.RELU, [1], [1])], "reads tensor 1 'y' before"),
            (
                [FileOperator(Code.RELU, [0], [0]), FileOperator(Code.RELU, [0], [1])],
                "writes tensor 0 'x', which is an input",
            ),
            (
                [FileOperator(Code.RELU, [0], [1]), FileOperator(Code.RELU, [0], [1])],
                "operation 1 .* writes tensor 1 'y'",
            ),
            ([FileOperator(Code.ADD, [0, 0], [1], "MulOptions")], "options table 21"),
            ([FileOperator(120, [0], [1]), FileOperator(10_000, [1], [2])], "unknown builtin operator BUILTIN_10000"),
        ],
    )
    def test_invalid_operators(self, operators: list[FileOperator], reason: str) -> None:
        data = write_file(self.TENSORS, operators, [0], [1])
        with pytest.raises(InvalidModel, match=reason):
            read_model(data)

    def test_every_operator_that_cannot_be_expressed_is_named_with_its_reason(self) -> None:
        operators = [
            FileOperator(Code.WHILE, [0], [1]),
            FileOperator(Code.CUSTOM, [1], [2], custom_name="Decode"),
            FileOperator(Code.RELU, [0], [1]),
            FileOperator(Code.WHILE, [0], [1]),
        ]
        data = write_file(self.TENSORS, operators, [0], [1])
        with pytest.raises(UnsupportedOperation) as refusal:
            read_model(data)
        assert str(refusal.value) == (
            "3 of the model's 4 operators are not supported: WHILE at 0, 3: npu-hal has no operation for WHILE; "
            "CUSTOM:Decode at 1: npu-hal has no operation for CUSTOM:Decode"
        )
        assert [operator.reason for operator in read_operators(data)] == [
            "npu-hal has no operation for WHILE",
            "npu-hal has no operation for CUSTOM:Decode",
            "",
            "npu-hal has no operation for WHILE",
        ]

    def test_what_depends_on_a_shape_that_only_a_refused_operator_knows_is_refused_too(self) -> None:
        tensors = [real("x", [2]), real("y", None), real("z", None)]
        operators = [FileOperator(Code.WHILE, [0], [1]), FileOperator(Code.RELU, [1], [2])]
        first, second = read_operators(write_file(tensors, operators, [0], [2]))
        assert first.operation is None
        assert "tensor 1 'y' has no stored shape" in second.reason


class TestFiles:
    @pytest.mark.parametrize(
        ("name", "reason"), [("missing.tflite", "No such file"), (".", "directory"), ("empty.tflite", "is empty")]
    )
    def test_files_that_cannot_be_read(self, tmp_path: Path, name: str, reason: str) -> None:
        (tmp_path / "empty.tflite").touch()
        with pytest.raises(InvalidModel, match=reason):
            read_model(tmp_path / name)

    def test_something_else(self) -> None:
        with pytest.raises(InvalidModel, match="no TensorFlow Lite model: its file identifier is b'IHDR'"):
            read_model(b"....IHDR and whatever follows")

    def test_a_schema_of_another_version(self) -> None:
        data = bytearray(relu_model(real("x", [2]), real("y", [2])))
        table = int.from_bytes(data[:4], "little")
        vtable = table - int.from_bytes(data[table : table + 4], "little", signed=True)
        version = table + int.from_bytes(data[vtable + 4 : vtable + 6], "little")
        assert data[version] == 3
        data[version] = 2
        with pytest.raises(InvalidModel, match="schema has version 2; only version 3"):
            read_model(bytes(data))

    def test_every_truncation_is_invalid(self) -> None:
        data = relu_model(real("x", [2]), real("y", [2]))
        # Up to the padding behind the last field.
        for length in range(len(data) - 8):
            with pytest.raises(InvalidModel):
                read_model(data[:length])


def test_models_are_not_changed_by_reading_them_again() -> None:
    data = write_model(small_graph("split_and_concatenation"))
    first, second = read_model(data), read_model(data)
    assert isinstance(first, Model)
    assert first.graph == second.graph
    assert first.graph.tensors[0].dtype is DType.UINT8
