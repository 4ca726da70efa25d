/* The external delegate interface of TensorFlow Lite: the two functions that a runtime looks up in the library that
 * load_delegate() is given. Everything they do is done by the Python module teflon.plugin. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../python_bridge/python_bridge.h"

#define EXPORT __attribute__((visibility("default")))

static const char PLUGIN[] = "teflon.plugin";

EXPORT void *tflite_plugin_create_delegate(char **keys, char **values, size_t count, void (*report_error)(const char *))
{
    char error[4096], message[4128];
    uint64_t delegate = 0;
    /* Some runtimes pass the count as int, which leaves the upper half of the register undefined. */
    uint64_t arguments[] = {(uintptr_t)keys, (uintptr_t)values, (uint32_t)count};
    if (python_bridge_call(PLUGIN, "create", arguments, 3, &delegate, error, sizeof error) != 0) {
        snprintf(message, sizeof message, "libteflon.so: %s", error);
        if (report_error)
            report_error(message);
        else
            fprintf(stderr, "%s\n", message);
        return NULL;
    }
    return (void *)(uintptr_t)delegate;
}

EXPORT void tflite_plugin_destroy_delegate(void *delegate)
{
    char error[4096];
    uint64_t unused, arguments[] = {(uintptr_t)delegate};
    /* A runtime may outlive the interpreter; what Python held is gone then, and there is nothing to destroy. */
    if (!delegate || !python_bridge_is_running())
        return;
    if (python_bridge_call(PLUGIN, "destroy", arguments, 1, &unused, error, sizeof error) != 0)
        fprintf(stderr, "libteflon.so: %s\n", error);
}
