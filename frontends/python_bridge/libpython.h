/* The functions of CPython that the bridge calls, resolved at run time.
 *
 * All but the two ways to set the program's name are in the stable ABI, so one binary serves every version. */
#ifndef NPU_HAL_LIBPYTHON_H
#define NPU_HAL_LIBPYTHON_H

#include <stddef.h>
#include <wchar.h>

typedef struct PyObject PyObject;
typedef struct PyInitConfig PyInitConfig;
typedef struct PyThreadState PyThreadState;

struct libpython {
    int (*Py_IsInitialized)(void);
    void (*Py_InitializeEx)(int with_signal_handlers);
    wchar_t *(*Py_DecodeLocale)(const char *text, size_t *size);
    PyThreadState *(*PyEval_SaveThread)(void);
    int (*PyGILState_Ensure)(void);
    void (*PyGILState_Release)(int state);

    PyObject *(*PyImport_ImportModule)(const char *name);
    PyObject *(*PyObject_GetAttrString)(PyObject *object, const char *name);
    PyObject *(*PyObject_Call)(PyObject *callable, PyObject *arguments, PyObject *keywords);
    PyObject *(*PyObject_Str)(PyObject *object);
    PyObject *(*PyTuple_New)(ptrdiff_t size);
    int (*PyTuple_SetItem)(PyObject *tuple, ptrdiff_t position, PyObject *stolen_item);
    PyObject *(*PyLong_FromUnsignedLongLong)(unsigned long long value);
    unsigned long long (*PyLong_AsUnsignedLongLongMask)(PyObject *object);
    const char *(*PyUnicode_AsUTF8AndSize)(PyObject *text, ptrdiff_t *size);
    PyObject *(*PyErr_Occurred)(void);
    void (*PyErr_Fetch)(PyObject **type, PyObject **value, PyObject **traceback);
    void (*PyErr_NormalizeException)(PyObject **type, PyObject **value, PyObject **traceback);
    void (*PyErr_Clear)(void);
    void (*Py_DecRef)(PyObject *object);
    PyObject *none;

    /* Up to Python 3.14; NULL where it is gone. */
    void (*Py_SetProgramName)(const wchar_t *name);
    /* From Python 3.14 on; all NULL before. */
    PyInitConfig *(*PyInitConfig_Create)(void);
    void (*PyInitConfig_Free)(PyInitConfig *config);
    int (*PyInitConfig_SetStr)(PyInitConfig *config, const char *name, const char *value);
    int (*PyInitConfig_SetInt)(PyInitConfig *config, const char *name, long long value);
    int (*PyInitConfig_GetError)(PyInitConfig *config, const char **message);
    int (*Py_InitializeFromInitConfig)(PyInitConfig *config);
};

/* Finds libpython in the process or loads the one of an interpreter that it finds, and resolves `python`'s functions.
 * `executable` gets the path of that interpreter, or "" if libpython was there. Returns 0, or -1 and a line in `error`. */
int libpython_load(struct libpython *python, char *executable, size_t executable_size, char *error, size_t error_size);

/* Starts the interpreter `executable` in this process and drops the lock that starting it takes. Returns 0, or -1 and
 * a line in `error`. */
int libpython_start(const struct libpython *python, const char *executable, char *error, size_t error_size);

#endif
