/* The C functions of the Neural Networks API, feature levels 1 to 4.
 *
 * Each forwards to a C function that Python provides (npu_hal_nnapi.c_functions) and that was asked for by name when
 * the first of them was called. Objects are handles that only Python knows; they are passed through unseen. */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../python_bridge/python_bridge.h"

#define EXPORT __attribute__((visibility("default")))

enum { OP_FAILED = 5 };

/* name, parameters, arguments; everything that is not a number is an address. */
#define STATUS_FUNCTIONS(F)                                                                                            \
    F(ANeuralNetworksMemory_createFromFd, (size_t size, int protect, int fd, size_t offset, void **memory),            \
      (size, protect, fd, offset, memory))                                                                             \
    F(ANeuralNetworksMemory_createFromAHardwareBuffer, (const void *buffer, void **memory), (buffer, memory))          \
    F(ANeuralNetworksMemory_createFromDesc, (const void *desc, void **memory), (desc, memory))                         \
    F(ANeuralNetworksMemory_copy, (const void *source, const void *destination), (source, destination))                \
    F(ANeuralNetworksMemoryDesc_create, (void **desc), (desc))                                                         \
    F(ANeuralNetworksMemoryDesc_addInputRole,                                                                          \
      (void *desc, const void *compilation, uint32_t index, float frequency), (desc, compilation, index, frequency))   \
    F(ANeuralNetworksMemoryDesc_addOutputRole,                                                                         \
      (void *desc, const void *compilation, uint32_t index, float frequency), (desc, compilation, index, frequency))   \
    F(ANeuralNetworksMemoryDesc_setDimensions, (void *desc, uint32_t rank, const uint32_t *dimensions),                \
      (desc, rank, dimensions))                                                                                        \
    F(ANeuralNetworksMemoryDesc_finish, (void *desc), (desc))                                                          \
    F(ANeuralNetworks_getDeviceCount, (uint32_t *count), (count))                                                      \
    F(ANeuralNetworks_getDevice, (uint32_t index, void **device), (index, device))                                     \
    F(ANeuralNetworksDevice_getName, (const void *device, const char **name), (device, name))                          \
    F(ANeuralNetworksDevice_getType, (const void *device, int32_t *type), (device, type))                              \
    F(ANeuralNetworksDevice_getVersion, (const void *device, const char **version), (device, version))                 \
    F(ANeuralNetworksDevice_getFeatureLevel, (const void *device, int64_t *level), (device, level))                    \
    F(ANeuralNetworksDevice_getExtensionSupport, (const void *device, const char *name, bool *is_supported),           \
      (device, name, is_supported))                                                                                    \
    F(ANeuralNetworksDevice_wait, (const void *device), (device))                                                      \
    F(ANeuralNetworksModel_create, (void **model), (model))                                                            \
    F(ANeuralNetworksModel_finish, (void *model), (model))                                                             \
    F(ANeuralNetworksModel_addOperand, (void *model, const void *type), (model, type))                                 \
    F(ANeuralNetworksModel_setOperandValue, (void *model, int32_t index, const void *buffer, size_t length),           \
      (model, index, buffer, length))                                                                                  \
    F(ANeuralNetworksModel_setOperandValueFromMemory,                                                                  \
      (void *model, int32_t index, const void *memory, size_t offset, size_t length),                                  \
      (model, index, memory, offset, length))                                                                          \
    F(ANeuralNetworksModel_setOperandValueFromModel, (void *model, int32_t index, const void *value),                  \
      (model, index, value))                                                                                           \
    F(ANeuralNetworksModel_setOperandSymmPerChannelQuantParams, (void *model, int32_t index, const void *parameters),  \
      (model, index, parameters))                                                                                      \
    F(ANeuralNetworksModel_setOperandExtensionData,                                                                    \
      (void *model, int32_t index, const void *data, size_t length), (model, index, data, length))                     \
    F(ANeuralNetworksModel_getExtensionOperandType,                                                                    \
      (void *model, const char *extension, uint16_t code, int32_t *type), (model, extension, code, type))              \
    F(ANeuralNetworksModel_getExtensionOperationType,                                                                  \
      (void *model, const char *extension, uint16_t code, int32_t *type), (model, extension, code, type))              \
    F(ANeuralNetworksModel_addOperation,                                                                               \
      (void *model, int32_t type, uint32_t input_count, const uint32_t *inputs, uint32_t output_count,                 \
       const uint32_t *outputs),                                                                                       \
      (model, type, input_count, inputs, output_count, outputs))                                                       \
    F(ANeuralNetworksModel_identifyInputsAndOutputs,                                                                   \
      (void *model, uint32_t input_count, const uint32_t *inputs, uint32_t output_count, const uint32_t *outputs),     \
      (model, input_count, inputs, output_count, outputs))                                                             \
    F(ANeuralNetworksModel_relaxComputationFloat32toFloat16, (void *model, bool allow), (model, allow))                \
    F(ANeuralNetworksModel_getSupportedOperationsForDevices,                                                           \
      (const void *model, const void *const *devices, uint32_t count, bool *supported),                                \
      (model, devices, count, supported))                                                                              \
    F(ANeuralNetworksCompilation_create, (void *model, void **compilation), (model, compilation))                      \
    F(ANeuralNetworksCompilation_createForDevices,                                                                     \
      (void *model, const void *const *devices, uint32_t count, void **compilation),                                   \
      (model, devices, count, compilation))                                                                            \
    F(ANeuralNetworksCompilation_setPreference, (void *compilation, int32_t preference), (compilation, preference))    \
    F(ANeuralNetworksCompilation_setPriority, (void *compilation, int priority), (compilation, priority))              \
    F(ANeuralNetworksCompilation_setTimeout, (void *compilation, uint64_t duration), (compilation, duration))          \
    F(ANeuralNetworksCompilation_setCaching, (void *compilation, const char *folder, const uint8_t *token),            \
      (compilation, folder, token))                                                                                    \
    F(ANeuralNetworksCompilation_finish, (void *compilation), (compilation))                                           \
    F(ANeuralNetworksExecution_create, (void *compilation, void **execution), (compilation, execution))                \
    F(ANeuralNetworksExecution_setInput,                                                                               \
      (void *execution, int32_t index, const void *type, const void *buffer, size_t length),                           \
      (execution, index, type, buffer, length))                                                                        \
    F(ANeuralNetworksExecution_setInputFromMemory,                                                                     \
      (void *execution, int32_t index, const void *type, const void *memory, size_t offset, size_t length),            \
      (execution, index, type, memory, offset, length))                                                                \
    F(ANeuralNetworksExecution_setOutput,                                                                              \
      (void *execution, int32_t index, const void *type, void *buffer, size_t length),                                 \
      (execution, index, type, buffer, length))                                                                        \
    F(ANeuralNetworksExecution_setOutputFromMemory,                                                                    \
      (void *execution, int32_t index, const void *type, const void *memory, size_t offset, size_t length),            \
      (execution, index, type, memory, offset, length))                                                                \
    F(ANeuralNetworksExecution_setMeasureTiming, (void *execution, bool measure), (execution, measure))                \
    F(ANeuralNetworksExecution_setTimeout, (void *execution, uint64_t duration), (execution, duration))                \
    F(ANeuralNetworksExecution_setLoopTimeout, (void *execution, uint64_t duration), (execution, duration))            \
    F(ANeuralNetworksExecution_compute, (void *execution), (execution))                                                \
    F(ANeuralNetworksExecution_startCompute, (void *execution, void **event), (execution, event))                      \
    F(ANeuralNetworksExecution_startComputeWithDependencies,                                                           \
      (void *execution, const void *const *dependencies, uint32_t count, uint64_t duration, void **event),             \
      (execution, dependencies, count, duration, event))                                                               \
    F(ANeuralNetworksExecution_burstCompute, (void *execution, void *burst), (execution, burst))                       \
    F(ANeuralNetworksExecution_getDuration, (const void *execution, int32_t code, uint64_t *duration),                 \
      (execution, code, duration))                                                                                     \
    F(ANeuralNetworksExecution_getOutputOperandRank, (void *execution, int32_t index, uint32_t *rank),                 \
      (execution, index, rank))                                                                                        \
    F(ANeuralNetworksExecution_getOutputOperandDimensions, (void *execution, int32_t index, uint32_t *dimensions),     \
      (execution, index, dimensions))                                                                                  \
    F(ANeuralNetworksBurst_create, (void *compilation, void **burst), (compilation, burst))                            \
    F(ANeuralNetworksEvent_wait, (void *event), (event))                                                               \
    F(ANeuralNetworksEvent_createFromSyncFenceFd, (int fd, void **event), (fd, event))                                 \
    F(ANeuralNetworksEvent_getSyncFenceFd, (const void *event, int *fd), (event, fd))

#define FREE_FUNCTIONS(F)             \
    F(ANeuralNetworksMemory_free)     \
    F(ANeuralNetworksMemoryDesc_free) \
    F(ANeuralNetworksModel_free)      \
    F(ANeuralNetworksCompilation_free)\
    F(ANeuralNetworksExecution_free)  \
    F(ANeuralNetworksBurst_free)      \
    F(ANeuralNetworksEvent_free)

#define INDEX(name, ...) name##_index,
#define NAME(name, ...) #name,

enum { STATUS_FUNCTIONS(INDEX) FREE_FUNCTIONS(INDEX) FUNCTION_COUNT };

static const char *const names[] = {STATUS_FUNCTIONS(NAME) FREE_FUNCTIONS(NAME)};
static void (*functions[FUNCTION_COUNT])(void);

static pthread_mutex_t reporting = PTHREAD_MUTEX_INITIALIZER;
static int is_bound, has_reported;

static void report(const char *error)
{
    pthread_mutex_lock(&reporting);
    if (!has_reported)
        fprintf(stderr, "libneuralnetworks.so: %s\n", error);
    has_reported = 1;
    pthread_mutex_unlock(&reporting);
}

/* Threads that come here together both ask Python, which gives both the same answer: a lock that is held while waiting
 * for the interpreter's own would be a deadlock. */
static int bind_functions(void)
{
    char error[4096];
    uint64_t unused, arguments[] = {(uintptr_t)names, (uintptr_t)functions, FUNCTION_COUNT};
    if (python_bridge_call("npu_hal_nnapi.c_functions", "bind", arguments, 3, &unused, error, sizeof error) != 0) {
        report(error);
        return 0;
    }
    __atomic_store_n(&is_bound, 1, __ATOMIC_RELEASE);
    return 1;
}

/* Whether the functions can be called from this thread. */
static int is_ready(void)
{
    if (__atomic_load_n(&is_bound, __ATOMIC_ACQUIRE)) {
        /* A host's last calls may come when Python has ended, and with it all objects. */
        if (!python_bridge_is_running())
            return 0;
    } else if (!bind_functions()) {
        return 0;
    }
    python_bridge_keep_thread();
    return 1;
}

#define DEFINE_STATUS_FUNCTION(name, parameters, arguments)                           \
    EXPORT int name parameters                                                        \
    {                                                                                 \
        return is_ready() ? ((int(*) parameters)functions[name##_index]) arguments : OP_FAILED; \
    }

#define DEFINE_FREE_FUNCTION(name)                                \
    EXPORT void name(void *object)                                \
    {                                                             \
        if (object && is_ready())                                 \
            ((void (*)(void *))functions[name##_index])(object);  \
    }

STATUS_FUNCTIONS(DEFINE_STATUS_FUNCTION)
FREE_FUNCTIONS(DEFINE_FREE_FUNCTION)

/* There are no loops to bound, for no driver runs WHILE; the specification wants an answer all the same. */
EXPORT uint64_t ANeuralNetworks_getDefaultLoopTimeout(void)
{
    return 2000000000;
}

EXPORT uint64_t ANeuralNetworks_getMaximumLoopTimeout(void)
{
    return 15000000000;
}
