#define _GNU_SOURCE
#include "libpython.h"

#include <dlfcn.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef NPU_HAL_PYTHON
#define NPU_HAL_PYTHON ""
#endif

extern char **environ;

/* Prints the path of libpython. Distributions move it from where it was configured to be (Debian: into a folder per
 * architecture; relocatable builds: anywhere), so the likely folders are tried, and the loader's own search is last. */
static const char WHERE_IS_LIBPYTHON[] =
    "import os, sys, sysconfig\n"
    "name = sysconfig.get_config_var('INSTSONAME') or ''\n"
    "folder = sysconfig.get_config_var('LIBDIR') or ''\n"
    "folders = [folder, os.path.join(folder, sysconfig.get_config_var('MULTIARCH') or ''),\n"
    "           os.path.join(sys.base_prefix, 'lib')]\n"
    "paths = [os.path.join(folder, name) for folder in folders]\n"
    "print(next((path for path in paths if os.path.isfile(path)), name) if '.so' in name else '')\n";

/* Looks for bin/python3 in the folders above the file `path`, the nearest first. Shortens `path` on the way. */
static int find_above(char *path, char *executable, size_t size)
{
    for (char *slash = strrchr(path, '/'); slash && slash != path; slash = strrchr(path, '/')) {
        *slash = '\0';
        if (snprintf(executable, size, "%s/bin/python3", path) < (int)size && access(executable, X_OK) == 0)
            return 1;
    }
    return 0;
}

static int find_executable(char *executable, size_t size)
{
    const char *named = getenv("TEFLON_PYTHON");
    if (named && *named)
        return snprintf(executable, size, "%s", named) < (int)size;
    if (access(NPU_HAL_PYTHON, X_OK) == 0)
        return snprintf(executable, size, "%s", NPU_HAL_PYTHON) < (int)size;

    Dl_info self;
    char path[PATH_MAX];
    if (!dladdr((void *)libpython_load, &self))
        return 0;
    /* As it was loaded first: an installer may have made the file a link into a store that all environments share. */
    if (self.dli_fname[0] == '/' && snprintf(path, sizeof path, "%s", self.dli_fname) < (int)sizeof path &&
        find_above(path, executable, size))
        return 1;
    return realpath(self.dli_fname, path) && find_above(path, executable, size);
}

/* Runs `executable` and keeps the first line that it prints, without its end. */
static int ask_for_libpython(const char *executable, char *line, size_t size)
{
    int ends[2];
    if (pipe(ends) != 0)
        return 0;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    char *arguments[] = {(char *)executable, "-I", "-S", "-c", (char *)WHERE_IS_LIBPYTHON, NULL};
    pid_t child;
    int failed = posix_spawn(&child, executable, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    FILE *output = failed ? NULL : fdopen(ends[0], "r");
    if (!output) {
        close(ends[0]);
        return 0;
    }
    int answered = fgets(line, (int)size, output) != NULL;
    fclose(output);
    waitpid(child, NULL, 0);
    if (answered)
        line[strcspn(line, "\n")] = '\0';
    return answered && *line;
}

static void *open_libpython(char *executable, size_t executable_size, char *error, size_t error_size)
{
    char library[PATH_MAX];
    const char *named = getenv("TEFLON_LIBPYTHON");
    if (!find_executable(executable, executable_size)) {
        snprintf(error, error_size, "no Python interpreter was found near this library; set TEFLON_PYTHON to one");
        return NULL;
    }
    if (named && *named) {
        snprintf(library, sizeof library, "%s", named);
    } else if (!ask_for_libpython(executable, library, sizeof library)) {
        snprintf(error, error_size,
                 "%s has no shared libpython, or does not run; install its libpython, or set TEFLON_PYTHON to an "
                 "interpreter or TEFLON_LIBPYTHON to a library", executable);
        return NULL;
    }
    /* Global, because Python's extension modules expect libpython's symbols in the process. */
    void *handle = dlopen(library, RTLD_NOW | RTLD_GLOBAL);
    if (!handle)
        snprintf(error, error_size, "cannot load libpython: %s", dlerror());
    return handle;
}

int libpython_load(struct libpython *python, char *executable, size_t executable_size, char *error, size_t error_size)
{
    void *handle = RTLD_DEFAULT;
    *executable = '\0';
    if (!dlsym(handle, "Py_IsInitialized") && !(handle = open_libpython(executable, executable_size, error, error_size)))
        return -1;

#define RESOLVE_OPTIONAL(name) (*(void **)&python->name = dlsym(handle, #name))
#define RESOLVE(name)                                                             \
    if (!RESOLVE_OPTIONAL(name)) {                                                \
        snprintf(error, error_size, "this libpython has no function %s", #name); \
        return -1;                                                                \
    }
    RESOLVE(Py_IsInitialized)
    RESOLVE(Py_InitializeEx)
    RESOLVE(Py_DecodeLocale)
    RESOLVE(PyEval_SaveThread)
    RESOLVE(PyGILState_Ensure)
    RESOLVE(PyGILState_Release)
    RESOLVE(PyImport_ImportModule)
    RESOLVE(PyObject_GetAttrString)
    RESOLVE(PyObject_Call)
    RESOLVE(PyObject_Str)
    RESOLVE(PyTuple_New)
    RESOLVE(PyTuple_SetItem)
    RESOLVE(PyLong_FromUnsignedLongLong)
    RESOLVE(PyLong_AsUnsignedLongLongMask)
    RESOLVE(PyUnicode_AsUTF8AndSize)
    RESOLVE(PyErr_Occurred)
    RESOLVE(PyErr_Fetch)
    RESOLVE(PyErr_NormalizeException)
    RESOLVE(PyErr_Clear)
    RESOLVE(Py_DecRef)
    RESOLVE_OPTIONAL(Py_SetProgramName);
    RESOLVE_OPTIONAL(PyInitConfig_Create);
    RESOLVE_OPTIONAL(PyInitConfig_Free);
    RESOLVE_OPTIONAL(PyInitConfig_SetStr);
    RESOLVE_OPTIONAL(PyInitConfig_SetInt);
    RESOLVE_OPTIONAL(PyInitConfig_GetError);
    RESOLVE_OPTIONAL(Py_InitializeFromInitConfig);
#undef RESOLVE
#undef RESOLVE_OPTIONAL
    if (!(python->none = dlsym(handle, "_Py_NoneStruct"))) {
        snprintf(error, error_size, "this libpython has no None");
        return -1;
    }
    /* Python was loaded, yet nobody has started it: it must still be told which environment is meant. */
    if (!*executable && !python->Py_IsInitialized())
        find_executable(executable, executable_size);
    return 0;
}

static int start_by_config(const struct libpython *python, const char *executable, char *error, size_t error_size)
{
    PyInitConfig *config = python->PyInitConfig_Create();
    if (!config) {
        snprintf(error, error_size, "no memory to start Python");
        return -1;
    }
    /* The default is an isolated interpreter; PYTHONPATH and the like count here as they do for the executable. */
    int failed = python->PyInitConfig_SetInt(config, "use_environment", 1) < 0 ||
                 python->PyInitConfig_SetInt(config, "user_site_directory", 1) < 0 ||
                 (*executable && python->PyInitConfig_SetStr(config, "program_name", executable) < 0) ||
                 python->Py_InitializeFromInitConfig(config) < 0;
    if (failed) {
        const char *message = NULL;
        python->PyInitConfig_GetError(config, &message);
        snprintf(error, error_size, "cannot start Python: %s", message ? message : "no reason given");
    }
    python->PyInitConfig_Free(config);
    return failed ? -1 : 0;
}

int libpython_start(const struct libpython *python, const char *executable, char *error, size_t error_size)
{
    if (python->Py_InitializeFromInitConfig && python->PyInitConfig_Create && python->PyInitConfig_Free &&
        python->PyInitConfig_SetStr && python->PyInitConfig_SetInt && python->PyInitConfig_GetError) {
        if (start_by_config(python, executable, error, error_size) != 0)
            return -1;
    } else {
        /* Python looks for pyvenv.cfg next to the program of this name, and so finds the virtual environment. It
         * keeps the pointer, so the text is never freed. */
        wchar_t *name = *executable && python->Py_SetProgramName ? python->Py_DecodeLocale(executable, NULL) : NULL;
        if (name)
            python->Py_SetProgramName(name);
        /* 0: the host's signal handlers stay as they are. */
        python->Py_InitializeEx(0);
    }
    python->PyEval_SaveThread();
    return 0;
}
