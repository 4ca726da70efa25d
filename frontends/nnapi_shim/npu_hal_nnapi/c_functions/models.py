"""ANeuralNetworksModel_*."""

from ctypes import c_bool, c_char_p, c_float, c_int32, c_size_t, c_uint16, c_uint32

from npu_hal_nnapi.c_functions.arguments import (
    CChannelQuantization,
    indices,
    operand_type,
    optional_buffer,
    require,
    store,
)
from npu_hal_nnapi.c_functions.devices import chosen
from npu_hal_nnapi.c_functions.exports import ADDRESS, SIZE, exported, exported_free
from npu_hal_nnapi.c_functions.handles import memories, models
from npu_hal_nnapi.devices import supported_operations
from npu_hal_nnapi.errors import bad_data, unexpected_null
from npu_hal_nnapi.model import Model


@exported("ANeuralNetworksModel_create", ADDRESS)
def _create(model: int) -> None:
    store(c_size_t, require(model, "where the model is to go"), models.add(Model()))


exported_free("ANeuralNetworksModel_free", models)


@exported("ANeuralNetworksModel_finish", ADDRESS)
def _finish(model: int) -> None:
    models[model].finish()


@exported("ANeuralNetworksModel_addOperand", ADDRESS, ADDRESS)
def _add_operand(model: int, kind: int) -> None:
    models[model].add_operand(operand_type(kind))


@exported("ANeuralNetworksModel_setOperandValue", ADDRESS, c_int32, ADDRESS, SIZE)
def _set_operand_value(model: int, index: int, buffer: int, length: int) -> None:
    models[model].set_operand_value(index, optional_buffer(buffer, length))


@exported("ANeuralNetworksModel_setOperandValueFromMemory", ADDRESS, c_int32, ADDRESS, SIZE, SIZE)
def _set_operand_value_from_memory(model: int, index: int, memory: int, offset: int, length: int) -> None:
    models[model].set_operand_value_from_memory(index, memories[memory], offset, length)


@exported("ANeuralNetworksModel_setOperandValueFromModel", ADDRESS, c_int32, ADDRESS)
def _set_operand_value_from_model(model: int, index: int, value: int) -> None:
    models[model].set_operand_value_from_model(index, models[value])


@exported("ANeuralNetworksModel_setOperandSymmPerChannelQuantParams", ADDRESS, c_int32, ADDRESS)
def _set_channel_quantization(model: int, index: int, parameters: int) -> None:
    target = models[model]
    given = CChannelQuantization.from_address(require(parameters, "the quantisation"))
    target.check_channel_quantization(index, given.channel_dimension, given.scale_count)
    scales = tuple((c_float * given.scale_count).from_address(require(given.scales, "the array of scales")))
    target.set_channel_quantization(index, given.channel_dimension, scales)


@exported("ANeuralNetworksModel_setOperandExtensionData", ADDRESS, c_int32, ADDRESS, SIZE)
def _set_operand_extension_data(model: int, index: int, data: int, length: int) -> None:
    target = models[model]
    optional_buffer(data, length)
    target.set_extension_data(index)


@exported("ANeuralNetworksModel_getExtensionOperandType", ADDRESS, c_char_p, c_uint16, ADDRESS)
def _get_extension_operand_type(model: int, extension: bytes | None, code: int, kind: int) -> None:
    _refuse_extension(model, extension, kind)


@exported("ANeuralNetworksModel_getExtensionOperationType", ADDRESS, c_char_p, c_uint16, ADDRESS)
def _get_extension_operation_type(model: int, extension: bytes | None, code: int, kind: int) -> None:
    _refuse_extension(model, extension, kind)


def _refuse_extension(model: int, extension: bytes | None, kind: int) -> None:
    models[model]
    require(kind, "where the type is to go")
    if extension is None:
        raise unexpected_null("the name of the extension is NULL")
    raise bad_data(f"there is no extension {extension.decode(errors='replace')!r}")


@exported("ANeuralNetworksModel_addOperation", ADDRESS, c_int32, c_uint32, ADDRESS, c_uint32, ADDRESS)
def _add_operation(model: int, code: int, input_count: int, inputs: int, output_count: int, outputs: int) -> None:
    target = models[model]
    require(inputs, "the array of inputs")
    require(outputs, "the array of outputs")
    target.check_operation(code, input_count, output_count)
    target.add_operation(code, indices(inputs, input_count), indices(outputs, output_count))


@exported("ANeuralNetworksModel_identifyInputsAndOutputs", ADDRESS, c_uint32, ADDRESS, c_uint32, ADDRESS)
def _identify_inputs_and_outputs(model: int, input_count: int, inputs: int, output_count: int, outputs: int) -> None:
    target = models[model]
    require(inputs, "the array of inputs")
    require(outputs, "the array of outputs")
    target.identify_inputs_and_outputs(indices(inputs, input_count), indices(outputs, output_count))


@exported("ANeuralNetworksModel_relaxComputationFloat32toFloat16", ADDRESS, c_bool)
def _relax_computation(model: int, allow: bool) -> None:
    models[model].relax_float32(allow)


@exported("ANeuralNetworksModel_getSupportedOperationsForDevices", ADDRESS, ADDRESS, c_uint32, ADDRESS)
def _get_supported_operations(model: int, devices: int, count: int, supported: int) -> None:
    target = models[model]
    found = chosen(devices, count)
    answers = supported_operations(target, found)
    (c_bool * len(answers)).from_address(require(supported, "where the answers are to go"))[:] = list(answers)
