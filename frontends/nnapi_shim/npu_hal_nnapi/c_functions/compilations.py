"""ANeuralNetworksCompilation_*."""

from ctypes import c_char_p, c_int, c_int32, c_size_t, c_uint8, c_uint32, c_uint64
from os import fsdecode
from pathlib import Path

from npu_hal_nnapi.c_functions.arguments import require, store
from npu_hal_nnapi.c_functions.devices import chosen
from npu_hal_nnapi.c_functions.exports import ADDRESS, exported, exported_free
from npu_hal_nnapi.c_functions.handles import compilations, models
from npu_hal_nnapi.compilation import Compilation
from npu_hal_nnapi.compilation_cache import TOKEN_BYTES
from npu_hal_nnapi.errors import unexpected_null


@exported("ANeuralNetworksCompilation_create", ADDRESS, ADDRESS)
def _create(model: int, compilation: int) -> None:
    store(c_size_t, require(compilation, "where the compilation is to go"), 0)
    store(c_size_t, compilation, compilations.add(Compilation(models[model])))


@exported("ANeuralNetworksCompilation_createForDevices", ADDRESS, ADDRESS, c_uint32, ADDRESS)
def _create_for_devices(model: int, devices: int, count: int, compilation: int) -> None:
    store(c_size_t, require(compilation, "where the compilation is to go"), 0)
    target = models[model]
    store(c_size_t, compilation, compilations.add(Compilation(target, chosen(devices, count))))


exported_free("ANeuralNetworksCompilation_free", compilations)


@exported("ANeuralNetworksCompilation_setPreference", ADDRESS, c_int32)
def _set_preference(compilation: int, preference: int) -> None:
    compilations[compilation].set_preference(preference)


@exported("ANeuralNetworksCompilation_setPriority", ADDRESS, c_int)
def _set_priority(compilation: int, priority: int) -> None:
    compilations[compilation].set_priority(priority)


@exported("ANeuralNetworksCompilation_setTimeout", ADDRESS, c_uint64)
def _set_timeout(compilation: int, nanoseconds: int) -> None:
    compilations[compilation].set_timeout(nanoseconds)


@exported("ANeuralNetworksCompilation_setCaching", ADDRESS, c_char_p, ADDRESS)
def _set_caching(compilation: int, folder: bytes | None, token: int) -> None:
    target = compilations[compilation]
    if folder is None:
        raise unexpected_null("the name of the folder is NULL")
    content = (c_uint8 * TOKEN_BYTES).from_address(require(token, "the token"))
    target.set_caching(Path(fsdecode(folder)), bytes(content))


@exported("ANeuralNetworksCompilation_finish", ADDRESS)
def _finish(compilation: int) -> None:
    compilations[compilation].finish()
