#define _GNU_SOURCE
#include "python_bridge.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "libpython.h"

static struct libpython python;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int is_loaded;
static char load_error[PATH_MAX + 256];
static char executable[PATH_MAX];

/* Nothing in here takes the interpreter's lock of a host that is Python: a thread that holds the lock may be waiting
 * for this function to end in another thread. */
static void load(void)
{
    if (libpython_load(&python, executable, sizeof executable, load_error, sizeof load_error) != 0)
        return;
    if (!python.Py_IsInitialized() && libpython_start(&python, executable, load_error, sizeof load_error) != 0)
        return;
    is_loaded = 1;
}

int python_bridge_is_running(void)
{
    return is_loaded && python.Py_IsInitialized();
}

void python_bridge_keep_thread(void)
{
    enum { WAS_UNLOCKED = 1 };
    static __thread int is_kept;
    if (is_kept)
        return;
    is_kept = 1;
    /* Taking the lock once more than giving it back keeps the state; the lock itself goes back if it was free. */
    if (python.PyGILState_Ensure() == WAS_UNLOCKED)
        python.PyEval_SaveThread();
}

/* Turns the raised exception into one line, "Type: message", and clears it. */
static void describe_exception(char *error, size_t error_size)
{
    PyObject *type = NULL, *value = NULL, *traceback = NULL, *name = NULL, *text = NULL;
    const char *name_utf8 = NULL, *text_utf8 = NULL;
    python.PyErr_Fetch(&type, &value, &traceback);
    python.PyErr_NormalizeException(&type, &value, &traceback);
    if (type && (name = python.PyObject_GetAttrString(type, "__name__")))
        name_utf8 = python.PyUnicode_AsUTF8AndSize(name, NULL);
    if (value && (text = python.PyObject_Str(value)))
        text_utf8 = python.PyUnicode_AsUTF8AndSize(text, NULL);
    int length = snprintf(error, error_size, "%s: %s", name_utf8 ? name_utf8 : "error", text_utf8 ? text_utf8 : "");
    if (name_utf8 && !strcmp(name_utf8, "ModuleNotFoundError") && *executable && length < (int)error_size)
        snprintf(error + length, error_size - (size_t)length,
                 "; the interpreter is %s, and the environment variable TEFLON_PYTHON can name another", executable);
    python.PyErr_Clear();
    PyObject *owned[] = {type, value, traceback, name, text};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        if (owned[i])
            python.Py_DecRef(owned[i]);
}

static PyObject *call(const char *module, const char *function, const uint64_t *arguments, size_t count)
{
    PyObject *result = NULL, *callable = NULL, *tuple = NULL;
    PyObject *imported = python.PyImport_ImportModule(module);
    if (imported && (callable = python.PyObject_GetAttrString(imported, function)))
        tuple = python.PyTuple_New((ptrdiff_t)count);
    for (size_t i = 0; tuple && i < count; i++) {
        PyObject *number = python.PyLong_FromUnsignedLongLong(arguments[i]);
        if (!number || python.PyTuple_SetItem(tuple, (ptrdiff_t)i, number) != 0) {
            python.Py_DecRef(tuple);
            tuple = NULL;
        }
    }
    if (tuple) {
        result = python.PyObject_Call(callable, tuple, NULL);
        python.Py_DecRef(tuple);
    }
    if (callable)
        python.Py_DecRef(callable);
    if (imported)
        python.Py_DecRef(imported);
    return result;
}

int python_bridge_call(const char *module, const char *function, const uint64_t *arguments, size_t count,
                       uint64_t *result, char *error, size_t error_size)
{
    pthread_once(&once, load);
    if (!is_loaded) {
        snprintf(error, error_size, "%s", load_error);
        return -1;
    }
    if (!python.Py_IsInitialized()) {
        snprintf(error, error_size, "Python has been shut down in this process");
        return -1;
    }
    int state = python.PyGILState_Ensure();
    PyObject *returned = call(module, function, arguments, count);
    *result = 0;
    if (returned) {
        if (returned != python.none)
            *result = python.PyLong_AsUnsignedLongLongMask(returned);
        python.Py_DecRef(returned);
    }
    int failed = python.PyErr_Occurred() != NULL;
    if (failed)
        describe_exception(error, error_size);
    python.PyGILState_Release(state);
    return failed ? -1 : 0;
}
