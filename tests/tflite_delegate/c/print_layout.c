/* Prints "structure.field offset" and "structure size" for every structure that the delegate mirrors. */
#include <stdio.h>

#include "tflite_structures.h"

#define SIZE(type) printf(#type " %zu\n", sizeof(type))
#define FIELD(type, field) printf(#type "." #field " %zu\n", offsetof(type, field))

int main(void)
{
    SIZE(TfLiteQuantizationParams);
    FIELD(TfLiteQuantizationParams, scale);
    FIELD(TfLiteQuantizationParams, zero_point);
    SIZE(TfLiteQuantization);
    FIELD(TfLiteQuantization, type);
    FIELD(TfLiteQuantization, params);
    SIZE(TfLiteAffineQuantization);
    FIELD(TfLiteAffineQuantization, scale);
    FIELD(TfLiteAffineQuantization, zero_point);
    FIELD(TfLiteAffineQuantization, quantized_dimension);
    SIZE(TfLiteTensor);
    FIELD(TfLiteTensor, type);
    FIELD(TfLiteTensor, data);
    FIELD(TfLiteTensor, dims);
    FIELD(TfLiteTensor, params);
    FIELD(TfLiteTensor, allocation_type);
    FIELD(TfLiteTensor, bytes);
    FIELD(TfLiteTensor, allocation);
    FIELD(TfLiteTensor, name);
    FIELD(TfLiteTensor, delegate);
    FIELD(TfLiteTensor, buffer_handle);
    FIELD(TfLiteTensor, data_is_stale);
    FIELD(TfLiteTensor, is_variable);
    FIELD(TfLiteTensor, quantization);
    FIELD(TfLiteTensor, sparsity);
    FIELD(TfLiteTensor, dims_signature);
    SIZE(TfLiteNode);
    FIELD(TfLiteNode, inputs);
    FIELD(TfLiteNode, outputs);
    FIELD(TfLiteNode, intermediates);
    FIELD(TfLiteNode, temporaries);
    FIELD(TfLiteNode, user_data);
    FIELD(TfLiteNode, builtin_data);
    FIELD(TfLiteNode, custom_initial_data);
    FIELD(TfLiteNode, custom_initial_data_size);
    FIELD(TfLiteNode, delegate);
    FIELD(TfLiteNode, might_have_side_effect);
    SIZE(TfLiteDelegateParams);
    FIELD(TfLiteDelegateParams, delegate);
    FIELD(TfLiteDelegateParams, nodes_to_replace);
    FIELD(TfLiteDelegateParams, input_tensors);
    FIELD(TfLiteDelegateParams, output_tensors);
    SIZE(TfLiteRegistration);
    FIELD(TfLiteRegistration, init);
    FIELD(TfLiteRegistration, free);
    FIELD(TfLiteRegistration, prepare);
    FIELD(TfLiteRegistration, invoke);
    FIELD(TfLiteRegistration, profiling_string);
    FIELD(TfLiteRegistration, builtin_code);
    FIELD(TfLiteRegistration, custom_name);
    FIELD(TfLiteRegistration, version);
    FIELD(TfLiteRegistration, registration_external);
    FIELD(TfLiteRegistration, async_kernel);
    FIELD(TfLiteRegistration, inplace_operator);
    SIZE(TfLiteDelegate);
    FIELD(TfLiteDelegate, data_);
    FIELD(TfLiteDelegate, Prepare);
    FIELD(TfLiteDelegate, CopyFromBufferHandle);
    FIELD(TfLiteDelegate, CopyToBufferHandle);
    FIELD(TfLiteDelegate, FreeBufferHandle);
    FIELD(TfLiteDelegate, flags);
    FIELD(TfLiteDelegate, opaque_delegate_builder);
    SIZE(TfLiteContext);
    FIELD(TfLiteContext, tensors_size);
    FIELD(TfLiteContext, GetExecutionPlan);
    FIELD(TfLiteContext, tensors);
    FIELD(TfLiteContext, impl_);
    FIELD(TfLiteContext, ResizeTensor);
    FIELD(TfLiteContext, ReportError);
    FIELD(TfLiteContext, AddTensors);
    FIELD(TfLiteContext, GetNodeAndRegistration);
    FIELD(TfLiteContext, ReplaceNodeSubsetsWithDelegateKernels);
    FIELD(TfLiteContext, recommended_num_threads);
    FIELD(TfLiteContext, GetExternalContext);
    FIELD(TfLiteContext, SetExternalContext);
    FIELD(TfLiteContext, allow_fp32_relax_to_fp16);
    FIELD(TfLiteContext, profiler);
    FIELD(TfLiteContext, AllocatePersistentBuffer);
    FIELD(TfLiteContext, AllocateBufferForEval);
    FIELD(TfLiteContext, RequestScratchBufferInArena);
    FIELD(TfLiteContext, GetScratchBuffer);
    FIELD(TfLiteContext, ResizeTensorExplicit);
    FIELD(TfLiteContext, PreviewDelegatePartitioning);
    FIELD(TfLiteContext, GetTensor);
    FIELD(TfLiteContext, GetEvalTensor);
    FIELD(TfLiteContext, GetModelMetadata);
    FIELD(TfLiteContext, AcquireSubgraphContext);
    FIELD(TfLiteContext, ReleaseSubgraphContext);
    return 0;
}
