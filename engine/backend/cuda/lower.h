// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/lowering.h"

namespace gradwright::cuda {

// The launches of each op, and of its gradient where that is fused, one file a family. An op that
// is not here has no kernels on a GPU: compiling says so.

void lower(Lowering& lowering, const DenseOp& op);
void lowerGradient(GradientLowering& lowering, const DenseOp& op);
void lower(Lowering& lowering, const MatMulOp& op);
void lower(Lowering& lowering, const ConvOp& op);
void lowerGradient(GradientLowering& lowering, const ConvOp& op);
void lower(Lowering& lowering, const ConvTransposeOp& op);
void lowerGradient(GradientLowering& lowering, const ConvTransposeOp& op);

void lower(Lowering& lowering, const ActivationOp& op);
void lowerGradient(GradientLowering& lowering, const ActivationOp& op);
void lower(Lowering& lowering, const UnaryOp& op);
void lower(Lowering& lowering, const BinaryOp& op);
void lower(Lowering& lowering, const CompareOp& op);
void lower(Lowering& lowering, const LogicOp& op);
void lower(Lowering& lowering, const WhereOp& op);
void lower(Lowering& lowering, const CastOp& op);
void lower(Lowering& lowering, const FusedOp& op);
void lower(Lowering& lowering, const FillOp& op);
void lower(Lowering& lowering, const ExpandOp& op);
void lower(Lowering& lowering, const AddOp& op);
void lower(Lowering& lowering, const LossSeedOp& op);
void lower(Lowering& lowering, const ReshapeOp& op);
void lower(Lowering& lowering, const PermuteOp& op);

void lower(Lowering& lowering, const SoftmaxCrossEntropyOp& op);
void lowerGradient(GradientLowering& lowering, const SoftmaxCrossEntropyOp& op);
void lower(Lowering& lowering, const MeanSquaredErrorOp& op);
void lowerGradient(GradientLowering& lowering, const MeanSquaredErrorOp& op);
void lower(Lowering& lowering, const ElementLossOp& op);
void lowerGradient(GradientLowering& lowering, const ElementLossOp& op);
void lower(Lowering& lowering, const HingeLossOp& op);
void lowerGradient(GradientLowering& lowering, const HingeLossOp& op);
void lower(Lowering& lowering, const CosineLossOp& op);
void lowerGradient(GradientLowering& lowering, const CosineLossOp& op);
void lower(Lowering& lowering, const OneHotOp& op);

void lower(Lowering& lowering, const PoolOp& op);
void lowerGradient(GradientLowering& lowering, const PoolOp& op);
void lower(Lowering& lowering, const GlobalAveragePoolOp& op);
void lowerGradient(GradientLowering& lowering, const GlobalAveragePoolOp& op);
void lower(Lowering& lowering, const ResampleOp& op);
void lowerGradient(GradientLowering& lowering, const ResampleOp& op);

void lower(Lowering& lowering, const ReduceOp& op);
void lowerGradient(GradientLowering& lowering, const ReduceOp& op);
void lower(Lowering& lowering, const SoftmaxOp& op);
void lowerGradient(GradientLowering& lowering, const SoftmaxOp& op);
void lower(Lowering& lowering, const ArgMaxOp& op);
void lower(Lowering& lowering, const TopKOp& op);
void lowerGradient(GradientLowering& lowering, const TopKOp& op);
void lower(Lowering& lowering, const GatherOp& op);
void lowerGradient(GradientLowering& lowering, const GatherOp& op);
void lower(Lowering& lowering, const SplitOp& op);
void lower(Lowering& lowering, const ConcatOp& op);

void lower(Lowering& lowering, const BatchNormOp& op);
void lowerGradient(GradientLowering& lowering, const BatchNormOp& op);
void lower(Lowering& lowering, const PreluOp& op);
void lowerGradient(GradientLowering& lowering, const PreluOp& op);
void lower(Lowering& lowering, const NormalizeOp& op);
void lowerGradient(GradientLowering& lowering, const NormalizeOp& op);
void lower(Lowering& lowering, const LocalResponseNormOp& op);
void lowerGradient(GradientLowering& lowering, const LocalResponseNormOp& op);
void lower(Lowering& lowering, const DropoutOp& op);
void lowerGradient(GradientLowering& lowering, const DropoutOp& op);
void lower(Lowering& lowering, const GaussianNoiseOp& op);
void lower(Lowering& lowering, const CombineOp& op);
void lowerGradient(GradientLowering& lowering, const CombineOp& op);

void lower(Lowering& lowering, const EmbeddingOp& op);
void lowerGradient(GradientLowering& lowering, const EmbeddingOp& op);
void lower(Lowering& lowering, const PositionOp& op);
void lowerGradient(GradientLowering& lowering, const PositionOp& op);
void lower(Lowering& lowering, const AttentionOp& op);
void lowerGradient(GradientLowering& lowering, const AttentionOp& op);
void lower(Lowering& lowering, const RecurrentOp& op);
void lowerGradient(GradientLowering& lowering, const RecurrentOp& op);

} // namespace gradwright::cuda
