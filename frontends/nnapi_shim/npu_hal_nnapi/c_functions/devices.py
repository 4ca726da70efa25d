"""ANeuralNetworks_getDevice* and ANeuralNetworksDevice_*."""

from ctypes import addressof, c_bool, c_char_p, c_int32, c_int64, c_size_t, c_uint32, create_string_buffer
from functools import lru_cache
from typing import Any

from npu_hal_nnapi.c_functions.arguments import addresses, require, store
from npu_hal_nnapi.c_functions.exports import ADDRESS, exported
from npu_hal_nnapi.c_functions.handles import devices
from npu_hal_nnapi.devices import Device
from npu_hal_nnapi.devices import devices as usable_devices
from npu_hal_nnapi.errors import bad_data, unexpected_null


@lru_cache(maxsize=1)
def _handles() -> tuple[int, ...]:
    """The devices of this process: asked for once, for their handles and names stay valid for ever."""
    return tuple(devices.add(device) for device in usable_devices())


@lru_cache(maxsize=256)
def _permanent(value: str) -> Any:
    return create_string_buffer(value.encode())


def chosen(array: int, count: int) -> tuple[Device, ...]:
    """The devices of an array of handles, of one at least."""
    require(array, "the array of devices")
    if not count:
        raise bad_data("no device is given")
    return tuple(devices[handle] for handle in addresses(array, count))


@exported("ANeuralNetworks_getDeviceCount", ADDRESS)
def _get_device_count(count: int) -> None:
    store(c_uint32, require(count, "where the number is to go"), len(_handles()))


@exported("ANeuralNetworks_getDevice", c_uint32, ADDRESS)
def _get_device(index: int, device: int) -> None:
    store(c_size_t, require(device, "where the device is to go"), 0)
    handles = _handles()
    if index >= len(handles):
        raise bad_data(f"there is no device {index}; there are {len(handles)}")
    store(c_size_t, device, handles[index])


@exported("ANeuralNetworksDevice_getName", ADDRESS, ADDRESS)
def _get_name(device: int, name: int) -> None:
    found = devices[device]
    store(c_size_t, require(name, "where the name is to go"), addressof(_permanent(found.name)))


@exported("ANeuralNetworksDevice_getVersion", ADDRESS, ADDRESS)
def _get_version(device: int, version: int) -> None:
    found = devices[device]
    store(c_size_t, require(version, "where the version is to go"), addressof(_permanent(found.version)))


@exported("ANeuralNetworksDevice_getType", ADDRESS, ADDRESS)
def _get_type(device: int, kind: int) -> None:
    found = devices[device]
    store(c_int32, require(kind, "where the type is to go"), found.type)


@exported("ANeuralNetworksDevice_getFeatureLevel", ADDRESS, ADDRESS)
def _get_feature_level(device: int, level: int) -> None:
    found = devices[device]
    store(c_int64, require(level, "where the feature level is to go"), found.feature_level)


@exported("ANeuralNetworksDevice_getExtensionSupport", ADDRESS, c_char_p, ADDRESS)
def _get_extension_support(device: int, name: bytes | None, is_supported: int) -> None:
    devices[device]
    if name is None:
        raise unexpected_null("the name of the extension is NULL")
    store(c_bool, require(is_supported, "where the answer is to go"), False)


@exported("ANeuralNetworksDevice_wait", ADDRESS)
def _wait(device: int) -> None:
    devices[device]
