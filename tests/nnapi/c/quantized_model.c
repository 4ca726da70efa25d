/* Runs a quantised convolution through NNAPI in a process that knows nothing of Python: at once, in the background, in
 * a burst, and from several threads. Results are held against a convolution in plain C. Prints the names of the
 * devices and "ok". */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "neural_networks.h"

#define CHECK(call)                                                                    \
    do {                                                                               \
        int code = (call);                                                             \
        if (code != 0) {                                                               \
            fprintf(stderr, "line %d: %s returned %d\n", __LINE__, #call, code);       \
            exit(1);                                                                   \
        }                                                                              \
    } while (0)

#define EXPECT(expected, call)                                                                          \
    do {                                                                                                \
        int code = (call);                                                                              \
        if (code != (expected)) {                                                                       \
            fprintf(stderr, "line %d: %s returned %d, not %d\n", __LINE__, #call, code, (expected));    \
            exit(1);                                                                                    \
        }                                                                                               \
    } while (0)

enum { SIZE = 9, CHANNELS = 5, OUTPUTS = 7, TAPS = 3, OUTPUT_SIZE = SIZE - TAPS + 1, THREADS = 4, RUNS = 50 };

#define INPUT_SCALE 0.05f
#define FILTER_SCALE 0.02f
#define OUTPUT_SCALE 0.11f
enum { INPUT_ZERO = 120, FILTER_ZERO = 131, OUTPUT_ZERO = 3 };

static uint8_t image[SIZE][SIZE][CHANNELS];
static uint8_t filter[OUTPUTS][TAPS][TAPS][CHANNELS];
static int32_t bias[OUTPUTS];
static uint8_t expected[OUTPUT_SIZE][OUTPUT_SIZE][OUTPUTS];
static ANeuralNetworksCompilation *compilation;

static void fill(void)
{
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof image; i++)
        ((uint8_t *)image)[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
    for (size_t i = 0; i < sizeof filter; i++)
        ((uint8_t *)filter)[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
    for (int i = 0; i < OUTPUTS; i++)
        bias[i] = (int32_t)(i * 700) - 2000;
}

static void convolve(void)
{
    for (int y = 0; y < OUTPUT_SIZE; y++)
        for (int x = 0; x < OUTPUT_SIZE; x++)
            for (int o = 0; o < OUTPUTS; o++) {
                int32_t sum = bias[o];
                for (int v = 0; v < TAPS; v++)
                    for (int u = 0; u < TAPS; u++)
                        for (int c = 0; c < CHANNELS; c++)
                            sum += (image[y + v][x + u][c] - INPUT_ZERO) * (filter[o][v][u][c] - FILTER_ZERO);
                double real = sum * (double)INPUT_SCALE * FILTER_SCALE;
                double stored = round((real < 0 ? 0 : real) / OUTPUT_SCALE) + OUTPUT_ZERO;
                expected[y][x][o] = (uint8_t)(stored > 255 ? 255 : stored);
            }
}

static void check(uint8_t result[OUTPUT_SIZE][OUTPUT_SIZE][OUTPUTS])
{
    int seen[256] = {0}, kinds = 0;
    for (size_t i = 0; i < sizeof expected; i++) {
        int difference = ((uint8_t *)result)[i] - ((uint8_t *)expected)[i];
        if (difference < -1 || difference > 1) {
            fprintf(stderr, "element %zu is %d, not %d\n", i, ((uint8_t *)result)[i], ((uint8_t *)expected)[i]);
            exit(1);
        }
        kinds += !seen[((uint8_t *)result)[i]]++;
    }
    if (kinds < 50) {
        fprintf(stderr, "only %d different values say little\n", kinds);
        exit(1);
    }
}

static uint32_t add(ANeuralNetworksModel *model, int32_t type, uint32_t rank, const uint32_t *dimensions, float scale,
                    int32_t zero_point)
{
    static uint32_t count;
    ANeuralNetworksOperandType kind = {type, rank, dimensions, scale, zero_point};
    CHECK(ANeuralNetworksModel_addOperand(model, &kind));
    return count++;
}

static ANeuralNetworksModel *build(void)
{
    const uint32_t image_shape[] = {1, SIZE, SIZE, CHANNELS}, filter_shape[] = {OUTPUTS, TAPS, TAPS, CHANNELS},
                   bias_shape[] = {OUTPUTS}, output_shape[] = {1, OUTPUT_SIZE, OUTPUT_SIZE, OUTPUTS};
    const int32_t scalars[] = {2, 1, 1, ANEURALNETWORKS_FUSED_RELU};
    uint32_t inputs[7], output;
    ANeuralNetworksModel *model = NULL;
    CHECK(ANeuralNetworksModel_create(&model));
    inputs[0] = add(model, ANEURALNETWORKS_TENSOR_QUANT8_ASYMM, 4, image_shape, INPUT_SCALE, INPUT_ZERO);
    inputs[1] = add(model, ANEURALNETWORKS_TENSOR_QUANT8_ASYMM, 4, filter_shape, FILTER_SCALE, FILTER_ZERO);
    inputs[2] = add(model, ANEURALNETWORKS_TENSOR_INT32, 1, bias_shape, INPUT_SCALE * FILTER_SCALE, 0);
    for (int i = 0; i < 4; i++) {
        inputs[3 + i] = add(model, ANEURALNETWORKS_INT32, 0, NULL, 0, 0);
        CHECK(ANeuralNetworksModel_setOperandValue(model, (int32_t)inputs[3 + i], &scalars[i], sizeof scalars[i]));
    }
    output = add(model, ANEURALNETWORKS_TENSOR_QUANT8_ASYMM, 4, output_shape, OUTPUT_SCALE, OUTPUT_ZERO);

    int file = memfd_create("weights", 0);
    if (file < 0 || write(file, filter, sizeof filter) != sizeof filter) {
        perror("weights");
        exit(1);
    }
    ANeuralNetworksMemory *weights = NULL;
    CHECK(ANeuralNetworksMemory_createFromFd(sizeof filter, PROT_READ, file, 0, &weights));
    close(file);
    CHECK(ANeuralNetworksModel_setOperandValueFromMemory(model, (int32_t)inputs[1], weights, 0, sizeof filter));
    ANeuralNetworksMemory_free(weights);
    CHECK(ANeuralNetworksModel_setOperandValue(model, (int32_t)inputs[2], bias, sizeof bias));
    CHECK(ANeuralNetworksModel_addOperation(model, ANEURALNETWORKS_CONV_2D, 7, inputs, 1, &output));
    CHECK(ANeuralNetworksModel_identifyInputsAndOutputs(model, 1, inputs, 1, &output));
    EXPECT(ANEURALNETWORKS_BAD_STATE, ANeuralNetworksCompilation_create(model, &compilation));
    CHECK(ANeuralNetworksModel_finish(model));
    return model;
}

static ANeuralNetworksExecution *prepare(uint8_t result[OUTPUT_SIZE][OUTPUT_SIZE][OUTPUTS])
{
    ANeuralNetworksExecution *execution = NULL;
    memset(result, 0x55, sizeof expected);
    CHECK(ANeuralNetworksExecution_create(compilation, &execution));
    CHECK(ANeuralNetworksExecution_setInput(execution, 0, NULL, image, sizeof image));
    CHECK(ANeuralNetworksExecution_setOutput(execution, 0, NULL, result, sizeof expected));
    return execution;
}

static void *run_many(void *unused)
{
    uint8_t result[OUTPUT_SIZE][OUTPUT_SIZE][OUTPUTS];
    for (int i = 0; i < RUNS; i++) {
        ANeuralNetworksExecution *execution = prepare(result);
        CHECK(ANeuralNetworksExecution_compute(execution));
        ANeuralNetworksExecution_free(execution);
        check(result);
    }
    return unused;
}

static void print_devices(void)
{
    uint32_t count = 0;
    CHECK(ANeuralNetworks_getDeviceCount(&count));
    for (uint32_t i = 0; i < count; i++) {
        ANeuralNetworksDevice *device = NULL;
        const char *name = NULL;
        CHECK(ANeuralNetworks_getDevice(i, &device));
        CHECK(ANeuralNetworksDevice_getName(device, &name));
        printf("%s\n", name);
    }
}

int main(void)
{
    uint8_t result[OUTPUT_SIZE][OUTPUT_SIZE][OUTPUTS];
    pthread_t threads[THREADS];
    ANeuralNetworksEvent *event = NULL;
    ANeuralNetworksBurst *burst = NULL;
    fill();
    convolve();
    print_devices();
    EXPECT(ANEURALNETWORKS_UNEXPECTED_NULL, ANeuralNetworksModel_finish(NULL));

    ANeuralNetworksModel *model = build();
    CHECK(ANeuralNetworksCompilation_create(model, &compilation));
    CHECK(ANeuralNetworksCompilation_setPreference(compilation, ANEURALNETWORKS_PREFER_SUSTAINED_SPEED));
    CHECK(ANeuralNetworksCompilation_finish(compilation));
    ANeuralNetworksModel_free(model);

    ANeuralNetworksExecution *execution = prepare(result);
    CHECK(ANeuralNetworksExecution_compute(execution));
    EXPECT(ANEURALNETWORKS_BAD_STATE, ANeuralNetworksExecution_compute(execution));
    ANeuralNetworksExecution_free(execution);
    check(result);

    execution = prepare(result);
    CHECK(ANeuralNetworksExecution_startCompute(execution, &event));
    CHECK(ANeuralNetworksEvent_wait(event));
    ANeuralNetworksEvent_free(event);
    ANeuralNetworksExecution_free(execution);
    check(result);

    CHECK(ANeuralNetworksBurst_create(compilation, &burst));
    for (int i = 0; i < 3; i++) {
        execution = prepare(result);
        CHECK(ANeuralNetworksExecution_burstCompute(execution, burst));
        ANeuralNetworksExecution_free(execution);
        check(result);
    }
    ANeuralNetworksBurst_free(burst);

    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, run_many, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ANeuralNetworksCompilation_free(compilation);
    ANeuralNetworksCompilation_free(NULL);
    puts("ok");
    return 0;
}
