// What kind of work an operator does, and the colour of that kind: [light, dark].
const COLOURS = {
  linear: ["#4673b3", "#3f669e"],
  activation: ["#bb6357", "#a3564c"],
  normalisation: ["#4d8a66", "#437859"],
  pooling: ["#3c8f94", "#357d82"],
  elementwise: ["#66768c", "#566579"],
  reduction: ["#a07a35", "#8b6a2f"],
  shape: ["#8a7a69", "#75685a"],
  recurrent: ["#6f63b0", "#61579b"],
  control: ["#8d559f", "#7b4a8b"],
  quantisation: ["#ab5886", "#944d75"],
  constant: ["#5f6b5a", "#535d4f"],
  other: ["#46546a", "#475469"],
};

const OPERATORS = {
  linear:
    "Conv ConvTranspose ConvInteger DeformConv MatMul MatMulInteger Gemm Einsum Attention MultiHeadAttention " +
    "GroupQueryAttention FusedMatMul FusedConv FusedGemm DFT STFT Det",
  activation:
    "Relu LeakyRelu PRelu Elu Selu Celu ThresholdedRelu Sigmoid HardSigmoid HardSwish Swish Mish Softplus Softsign Tanh " +
    "Gelu FastGelu QuickGelu BiasGelu Softmax LogSoftmax Hardmax Erf Shrink Clip",
  normalisation:
    "BatchNormalization InstanceNormalization LayerNormalization SimplifiedLayerNormalization RMSNormalization " +
    "GroupNormalization SkipLayerNormalization LpNormalization MeanVarianceNormalization LRN Dropout",
  pooling:
    "AveragePool MaxPool LpPool GlobalAveragePool GlobalMaxPool GlobalLpPool MaxUnpool MaxRoiPool RoiAlign Resize Upsample GridSample",
  elementwise:
    "Add Sub Mul Div Pow Mod Abs Neg Exp Log Sqrt Reciprocal Floor Ceil Round Sign Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh " +
    "Acosh Atanh And Or Xor Not Equal Greater Less GreaterOrEqual LessOrEqual Where Min Max Mean Sum BitShift BitwiseAnd " +
    "BitwiseOr BitwiseXor BitwiseNot IsNaN IsInf RotaryEmbedding",
  reduction:
    "ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare ArgMax " +
    "ArgMin CumSum CumProd TopK NonMaxSuppression Unique",
  shape:
    "Reshape Transpose Concat Split Slice Squeeze Unsqueeze Flatten Expand Tile Pad Gather GatherElements GatherND Scatter " +
    "ScatterElements ScatterND TensorScatter Shape Size Identity Cast CastLike DepthToSpace SpaceToDepth Compress NonZero Trilu " +
    "ReverseSequence OneHot EyeLike CenterCropPad Col2Im",
  recurrent: "LSTM GRU RNN",
  control:
    "If Loop Scan SequenceMap SequenceAt SequenceInsert SequenceConstruct SequenceEmpty SequenceErase SequenceLength " +
    "SplitToSequence ConcatFromSequence Optional OptionalGetElement OptionalHasElement",
  quantisation:
    "QuantizeLinear DequantizeLinear DynamicQuantizeLinear QLinearConv QLinearMatMul QLinearAdd QLinearMul QGemm MatMulNBits " +
    "QLinearConcat QLinearGlobalAveragePool QLinearSigmoid",
  constant: "Constant ConstantOfShape Range RandomNormal RandomNormalLike RandomUniform RandomUniformLike Bernoulli Multinomial",
};

const CATEGORY_OF = new Map();
for (const [category, names] of Object.entries(OPERATORS))
  for (const name of names.split(" ")) CATEGORY_OF.set(name, category);

function categoryOf(box) {
  return box.isFunction ? "other" : CATEGORY_OF.get(box.op) ?? "other";
}

function isDark() {
  return document.documentElement.classList.contains("dark");
}

function colourOf(box) {
  return COLOURS[categoryOf(box)][isDark() ? 1 : 0];
}
