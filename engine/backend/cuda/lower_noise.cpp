// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/noise.h"
#include "engine/backend/cuda/launches.h"
#include "engine/backend/cuda/lower.h"
#include "engine/support/rng.h"

namespace gradwright::cuda {
namespace {

std::uint64_t noisySize(const Lowering& lowering) {
    return static_cast<std::uint64_t>(lowering.outputShape().elements());
}

NoiseStream noiseStream(RngStream stream, std::uint32_t substream) {
    return {static_cast<std::uint32_t>(stream), substream};
}

/// Forward and backward alike: the mask is made again from the step's seed.
void dropFrom(Lowering& lowering, const DropoutOp& op, const float* from, float* to) {
    const auto size = noisySize(lowering);
    const auto threshold = static_cast<std::uint64_t>(op.rate * 0x1.0p32);
    const auto scale = static_cast<float>(1.0 / (1.0 - op.rate));
    const auto stream = noiseStream(RngStream::Dropout, op.stream);
    const auto shape = lowering.outputShape();
    const auto positions = op.perChannel && shape.rank() > 2 ? channelsOf(shape).positions : 1;
    if (positions > 1)
        lowering.launch(kernel::dropoutRows, Lowering::forElements(size), from, to, size,
                        std::uint64_t{positions}, threshold, scale, stream, lowering.scalars());
    else
        lowering.launch(kernel::dropout, Lowering::forElements((size + 3) / 4), from, to, size,
                        threshold, scale, stream, lowering.scalars());
}

} // namespace

void lower(Lowering& lowering, const DropoutOp& op) {
    if (lowering.isTraining())
        dropFrom(lowering, op, lowering.input(), lowering.output());
    else
        copyElements(lowering, lowering.input(), lowering.output(), noisySize(lowering));
}

void lowerGradient(GradientLowering& lowering, const DropoutOp& op) {
    if (auto* gradient = lowering.inputGradient())
        dropFrom(lowering, op, lowering.outputGradient(), gradient);
}

void lower(Lowering& lowering, const GaussianNoiseOp& op) {
    const auto size = noisySize(lowering);
    if (!lowering.isTraining()) {
        copyElements(lowering, lowering.input(), lowering.output(), size);
        return;
    }
    lowering.launch(kernel::addGaussian, Lowering::forElements((size + 7) / 8), lowering.input(),
                    lowering.output(), size, static_cast<float>(op.deviation),
                    noiseStream(RngStream::Noise, op.stream), lowering.scalars());
}

} // namespace gradwright::cuda
