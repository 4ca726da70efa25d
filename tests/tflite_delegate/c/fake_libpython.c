/* Stands in for the libpython of Python 3.14 and later where it is started: it has the functions that start Python by a
 * configuration, and none that older versions are started by. Starting it fails with a message that tells how it was
 * configured. */
#include <stdio.h>
#include <string.h>

#define UNUSED(name) \
    void name(void) { }

UNUSED(PyEval_SaveThread)
UNUSED(PyGILState_Ensure)
UNUSED(PyGILState_Release)
UNUSED(PyImport_ImportModule)
UNUSED(PyObject_GetAttrString)
UNUSED(PyObject_Call)
UNUSED(PyObject_Str)
UNUSED(PyTuple_New)
UNUSED(PyTuple_SetItem)
UNUSED(PyLong_FromUnsignedLongLong)
UNUSED(PyLong_AsUnsignedLongLongMask)
UNUSED(PyUnicode_AsUTF8AndSize)
UNUSED(PyErr_Occurred)
UNUSED(PyErr_Fetch)
UNUSED(PyErr_NormalizeException)
UNUSED(PyErr_Clear)
UNUSED(Py_DecRef)
UNUSED(Py_DecodeLocale)
UNUSED(Py_InitializeEx)
int _Py_NoneStruct;

static char configuration[4096];
static int is_freed;

int Py_IsInitialized(void)
{
    return 0;
}

void *PyInitConfig_Create(void)
{
    return configuration;
}

int PyInitConfig_SetStr(void *config, const char *name, const char *value)
{
    char *end = (char *)config + strlen(config);
    snprintf(end, sizeof configuration - strlen(config), " %s=%s", name, value);
    return 0;
}

int PyInitConfig_SetInt(void *config, const char *name, long long value)
{
    char *end = (char *)config + strlen(config);
    snprintf(end, sizeof configuration - strlen(config), " %s=%lld", name, value);
    return 0;
}

int Py_InitializeFromInitConfig(void *config)
{
    return config == configuration && !is_freed ? -1 : 0;
}

int PyInitConfig_GetError(void *config, const char **message)
{
    *message = is_freed ? "freed too early" : config;
    return 1;
}

void PyInitConfig_Free(void *config)
{
    (void)config;
    is_freed = 1;
}
