/* What this project knows of TensorFlow Lite's C structures, for hosts that imitate a runtime. */
#ifndef TFLITE_STRUCTURES_H
#define TFLITE_STRUCTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct { int size; int data[]; } TfLiteIntArray;
typedef struct { int size; float data[]; } TfLiteFloatArray;
typedef struct { float scale; int32_t zero_point; } TfLiteQuantizationParams;
typedef struct { int type; void *params; } TfLiteQuantization;
typedef struct {
    TfLiteFloatArray *scale;
    TfLiteIntArray *zero_point;
    int32_t quantized_dimension;
} TfLiteAffineQuantization;

typedef struct TfLiteContext TfLiteContext;
typedef struct TfLiteDelegate TfLiteDelegate;

typedef struct {
    int type;
    void *data;
    TfLiteIntArray *dims;
    TfLiteQuantizationParams params;
    int allocation_type;
    size_t bytes;
    const void *allocation;
    const char *name;
    TfLiteDelegate *delegate;
    int buffer_handle;
    bool data_is_stale;
    bool is_variable;
    TfLiteQuantization quantization;
    void *sparsity;
    const TfLiteIntArray *dims_signature;
} TfLiteTensor;

typedef struct {
    TfLiteIntArray *inputs, *outputs, *intermediates, *temporaries;
    void *user_data;
    void *builtin_data;
    const void *custom_initial_data;
    int custom_initial_data_size;
    TfLiteDelegate *delegate;
    bool might_have_side_effect;
} TfLiteNode;

typedef struct {
    TfLiteDelegate *delegate;
    TfLiteIntArray *nodes_to_replace, *input_tensors, *output_tensors;
} TfLiteDelegateParams;

typedef struct {
    void *(*init)(TfLiteContext *, const char *buffer, size_t length);
    void (*free)(TfLiteContext *, void *user_data);
    int (*prepare)(TfLiteContext *, TfLiteNode *);
    int (*invoke)(TfLiteContext *, TfLiteNode *);
    const char *(*profiling_string)(const TfLiteContext *, const TfLiteNode *);
    int32_t builtin_code;
    const char *custom_name;
    int version;
    void *registration_external;
    void *async_kernel;
    uint64_t inplace_operator;
} TfLiteRegistration;

struct TfLiteDelegate {
    void *data_;
    int (*Prepare)(TfLiteContext *, TfLiteDelegate *);
    int (*CopyFromBufferHandle)(TfLiteContext *, TfLiteDelegate *, int, TfLiteTensor *);
    int (*CopyToBufferHandle)(TfLiteContext *, TfLiteDelegate *, int, TfLiteTensor *);
    void (*FreeBufferHandle)(TfLiteContext *, TfLiteDelegate *, int *);
    int64_t flags;
    void *opaque_delegate_builder;
};

struct TfLiteContext {
    size_t tensors_size;
    int (*GetExecutionPlan)(TfLiteContext *, TfLiteIntArray **);
    TfLiteTensor *tensors;
    void *impl_;
    int (*ResizeTensor)(TfLiteContext *, TfLiteTensor *, TfLiteIntArray *);
    void (*ReportError)(TfLiteContext *, const char *format, ...);
    int (*AddTensors)(TfLiteContext *, int, int *);
    int (*GetNodeAndRegistration)(TfLiteContext *, int, TfLiteNode **, TfLiteRegistration **);
    int (*ReplaceNodeSubsetsWithDelegateKernels)(TfLiteContext *, TfLiteRegistration, const TfLiteIntArray *,
                                                 TfLiteDelegate *);
    int recommended_num_threads;
    void *(*GetExternalContext)(TfLiteContext *, int);
    void (*SetExternalContext)(TfLiteContext *, int, void *);
    bool allow_fp32_relax_to_fp16;
    void *profiler;
    void *(*AllocatePersistentBuffer)(TfLiteContext *, size_t);
    int (*AllocateBufferForEval)(TfLiteContext *, size_t, void **);
    int (*RequestScratchBufferInArena)(TfLiteContext *, size_t, int *);
    void *(*GetScratchBuffer)(TfLiteContext *, int);
    int (*ResizeTensorExplicit)(TfLiteContext *, TfLiteTensor *, int, const int *);
    int (*PreviewDelegatePartitioning)(TfLiteContext *, const TfLiteIntArray *, TfLiteDelegateParams **, int *);
    TfLiteTensor *(*GetTensor)(const TfLiteContext *, int);
    void *(*GetEvalTensor)(const TfLiteContext *, int);
    int (*GetModelMetadata)(const TfLiteContext *, const char *, const char **, size_t *);
    int (*AcquireSubgraphContext)(TfLiteContext *, int, TfLiteContext **);
    int (*ReleaseSubgraphContext)(TfLiteContext *, int);
};

typedef struct { int fused_activation_function; bool pot_scale_int16; } TfLiteAddParams;

#endif
