/* A program without Python that loads libteflon.so and imitates what a TensorFlow Lite runtime does with it.
 *
 * usage: host LIBRARY [--null-report] [--option KEY=VALUE]... [--threads N] [--invokes N] [--bad-shape]
 *             [--other-shape] [--destroy-first]
 *
 * Its model is one ADD of a uint8 input and a uint8 constant, both with scale 1 and zero point 0, so every output is
 * min(input + constant, 255). It checks that after each of these: an invocation from the main thread; one after the
 * tensors' memory has moved; N from each of several threads that Python did not make, which share one delegate and have
 * a context each. With --bad-shape or --other-shape, it changes the input's shape between Prepare and the kernel's
 * prepare, to one that cannot be added to the constant or one that can; with --destroy-first, it destroys the delegate
 * while a kernel of it is still in use. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tflite_structures.h"

enum { TYPE_UINT8 = 3, MMAP_RO = 1, ARENA_RW = 2, AFFINE = 1, BUILTIN_ADD = 0, LENGTH = 8, ROWS = 2, MAX_OPTIONS = 8 };

typedef TfLiteDelegate *create_function(char **, char **, size_t, void (*)(const char *));
typedef void destroy_function(TfLiteDelegate *);

static const unsigned char constant[LENGTH] = {0, 1, 2, 3, 100, 200, 254, 255};

typedef struct {
    TfLiteContext context;
    TfLiteTensor tensors[3];
    TfLiteNode nodes[2];
    TfLiteRegistration registrations[2];
    TfLiteAddParams options;
    TfLiteAffineQuantization quantization;
    int node_count;
    unsigned char memory[2][2][ROWS * LENGTH];
} Model;

static TfLiteIntArray *int_array(int size, const int *values)
{
    TfLiteIntArray *array = malloc(sizeof *array + (size_t)size * sizeof *values);
    array->size = size;
    memcpy(array->data, values, (size_t)size * sizeof *values);
    return array;
}

static void report_error(TfLiteContext *context, const char *format, ...)
{
    (void)context;
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static void report_create_error(const char *message)
{
    fprintf(stderr, "reported: %s\n", message);
}

static int get_execution_plan(TfLiteContext *context, TfLiteIntArray **plan)
{
    static const int first = 0;
    static TfLiteIntArray *only_node;
    (void)context;
    if (!only_node)
        only_node = int_array(1, &first);
    *plan = only_node;
    return 0;
}

static int get_node(TfLiteContext *context, int index, TfLiteNode **node, TfLiteRegistration **registration)
{
    Model *model = context->impl_;
    if (index < 0 || index >= model->node_count)
        return 1;
    *node = &model->nodes[index];
    *registration = &model->registrations[index];
    return 0;
}

static int replace_nodes(TfLiteContext *context, TfLiteRegistration registration, const TfLiteIntArray *nodes,
                         TfLiteDelegate *delegate)
{
    Model *model = context->impl_;
    if (nodes->size == 0)
        return 0;
    TfLiteDelegateParams params = {delegate, int_array(nodes->size, nodes->data), model->nodes[0].inputs,
                                   model->nodes[0].outputs};
    model->nodes[1] = (TfLiteNode){.inputs = params.input_tensors, .outputs = params.output_tensors,
                                   .delegate = delegate};
    model->registrations[1] = registration;
    model->node_count = 2;
    model->nodes[1].user_data = registration.init(context, (const char *)&params, 0);
    free(params.nodes_to_replace);
    return 0;
}

static int resize_tensor(TfLiteContext *context, TfLiteTensor *tensor, TfLiteIntArray *shape)
{
    (void)context;
    free(tensor->dims);
    tensor->dims = shape;
    tensor->bytes = 1;
    for (int i = 0; i < shape->size; i++)
        tensor->bytes *= (size_t)shape->data[i];
    return tensor->bytes > ROWS * LENGTH;
}

static void place(Model *model, int which)
{
    model->tensors[0].data = model->memory[which][0];
    model->tensors[2].data = model->memory[which][1];
}

static Model *make_model(void)
{
    static const char *names[] = {"x", "constant", "sum"};
    static const int shape[] = {1, LENGTH}, inputs[] = {0, 1}, outputs[] = {2}, zero = 0;
    Model *model = calloc(1, sizeof *model);
    TfLiteFloatArray *scale = malloc(sizeof *scale + sizeof(float));
    scale->size = 1;
    scale->data[0] = 1.0f;
    model->quantization = (TfLiteAffineQuantization){scale, int_array(1, &zero), 0};
    for (int i = 0; i < 3; i++)
        model->tensors[i] = (TfLiteTensor){
            .type = TYPE_UINT8, .dims = int_array(2, shape), .params = {1.0f, 0}, .bytes = LENGTH, .name = names[i],
            .allocation_type = i == 1 ? MMAP_RO : ARENA_RW, .data = i == 1 ? (void *)constant : NULL,
            .quantization = {AFFINE, &model->quantization}};
    model->nodes[0] = (TfLiteNode){.inputs = int_array(2, inputs), .outputs = int_array(1, outputs),
                                   .builtin_data = &model->options};
    model->registrations[0] = (TfLiteRegistration){.builtin_code = BUILTIN_ADD, .version = 1};
    model->node_count = 1;
    model->context = (TfLiteContext){
        .tensors_size = 3, .tensors = model->tensors, .impl_ = model, .ResizeTensor = resize_tensor,
        .ReportError = report_error,
        .GetExecutionPlan = get_execution_plan, .GetNodeAndRegistration = get_node,
        .ReplaceNodeSubsetsWithDelegateKernels = replace_nodes, .recommended_num_threads = 1};
    return model;
}

static int check(Model *model, int seed)
{
    unsigned char *input = model->tensors[0].data, *output = model->tensors[2].data;
    size_t length = model->tensors[2].bytes;
    for (size_t i = 0; i < length; i++)
        input[i] = (unsigned char)((size_t)seed * 31 + i * 7);
    memset(output, 0x55, length);
    if (model->registrations[1].invoke(&model->context, &model->nodes[1]) != 0)
        return 1;
    for (size_t i = 0; i < length; i++) {
        int sum = input[i] + constant[i % LENGTH];
        if (output[i] != (sum > 255 ? 255 : sum)) {
            fprintf(stderr, "output %zu is %d, not %d\n", i, output[i], sum);
            return 1;
        }
    }
    return 0;
}

static int apply(Model *model, TfLiteDelegate *delegate, const int *other_shape)
{
    if (delegate->Prepare(&model->context, delegate) != 0)
        return 1;
    if (model->node_count != 2) {
        fprintf(stderr, "the delegate took no node\n");
        return 1;
    }
    if (other_shape)
        resize_tensor(&model->context, &model->tensors[0], int_array(2, other_shape));
    return model->registrations[1].prepare(&model->context, &model->nodes[1]);
}

typedef struct { TfLiteDelegate *delegate; int number, invokes, failed; } Worker;

static void *work(void *argument)
{
    Worker *worker = argument;
    Model *model = make_model();
    worker->failed = apply(model, worker->delegate, NULL);
    place(model, 0);
    for (int i = 0; i < worker->invokes && !worker->failed; i++)
        worker->failed = check(model, worker->number + i);
    if (model->node_count == 2)
        model->registrations[1].free(&model->context, model->nodes[1].user_data);
    return NULL;
}

int main(int argc, char **argv)
{
    char *keys[MAX_OPTIONS], *values[MAX_OPTIONS];
    size_t options = 0;
    int threads = 0, invokes = 1, null_report = 0, destroy_first = 0;
    static const int bad_shape[] = {1, LENGTH + 1}, possible_shape[] = {ROWS, LENGTH}, *other_shape = NULL;
    for (int i = 2; i < argc; i++) {
        char *equals = i + 1 < argc ? strchr(argv[i + 1], '=') : NULL;
        if (!strcmp(argv[i], "--null-report"))
            null_report = 1;
        else if (!strcmp(argv[i], "--bad-shape"))
            other_shape = bad_shape;
        else if (!strcmp(argv[i], "--other-shape"))
            other_shape = possible_shape;
        else if (!strcmp(argv[i], "--destroy-first"))
            destroy_first = 1;
        else if (!strcmp(argv[i], "--threads"))
            threads = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--invokes"))
            invokes = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--option") && equals && options < MAX_OPTIONS) {
            *equals = '\0';
            keys[options] = argv[++i];
            values[options++] = equals + 1;
        }
    }
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 2;
    }
    create_function *create = (create_function *)dlsym(library, "tflite_plugin_create_delegate");
    destroy_function *destroy = (destroy_function *)dlsym(library, "tflite_plugin_destroy_delegate");
    TfLiteDelegate *delegate = create(options ? keys : NULL, options ? values : NULL, options,
                                      null_report ? NULL : report_create_error);
    if (!delegate)
        return 3;

    Model *model = make_model();
    if (apply(model, delegate, other_shape) != 0)
        return 4;
    for (int i = 0; i < 3; i++) {
        place(model, i % 2);
        if (check(model, i) != 0)
            return 5;
    }
    Worker *workers = calloc((size_t)threads + 1, sizeof *workers);
    pthread_t *handles = calloc((size_t)threads + 1, sizeof *handles);
    for (int i = 0; i < threads; i++) {
        workers[i] = (Worker){delegate, i, invokes, 0};
        pthread_create(&handles[i], NULL, work, &workers[i]);
    }
    int failed = 0;
    for (int i = 0; i < threads; i++) {
        pthread_join(handles[i], NULL);
        failed |= workers[i].failed;
    }
    if (destroy_first) {
        destroy(delegate);
        failed |= check(model, 0);
    }
    model->registrations[1].free(&model->context, model->nodes[1].user_data);
    if (!destroy_first)
        destroy(delegate);
    if (failed)
        return 6;
    printf("ok\n");
    return 0;
}
