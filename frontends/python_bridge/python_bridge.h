/* Calls Python from a shared library that is neither built against Python's headers nor linked to libpython.
 *
 * The host process may be Python itself, or a program that knows nothing of Python; in that case an interpreter is
 * looked for and started on the first call:
 *   1. the executable that the environment variable TEFLON_PYTHON names;
 *   2. the executable that NPU_HAL_PYTHON names, a macro that editable builds define, as their library lies in the
 *      source tree;
 *   3. bin/python3 in the nearest folder above this library: the environment, virtual or not, that it is installed in.
 * That executable says where its libpython is, unless TEFLON_LIBPYTHON names it.
 */
#ifndef NPU_HAL_PYTHON_BRIDGE_H
#define NPU_HAL_PYTHON_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

/* Imports `module` and calls its `function` with `count` integers; safe from any thread.
 *
 * Returns 0 and stores the integer that the function returns (None counts as 0) in *result; or returns -1 and writes
 * one line that says what failed to `error`. */
int python_bridge_call(const char *module, const char *function, const uint64_t *arguments, size_t count,
                       uint64_t *result, char *error, size_t error_size);

/* Whether a Python interpreter runs in this process, be it the host's or one that the bridge started. False again
 * once the interpreter has been finalised. Never starts one. */
int python_bridge_is_running(void);

/* Makes Python's state of the calling thread last as long as Python, where a callback would make and destroy one each
 * time, at ten times the cost of the callback. For a running interpreter. The price is a small leak for each thread that
 * ends. */
void python_bridge_keep_thread(void);

#endif
