// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

Inferred inferGaussianNoise(const InferContext& context) {
    return context.inputs[0];
}

ValueId lowerGaussianNoise(LowerContext& context) {
    // The number of ops so far is unique in the graph and the same whenever it is built.
    const auto stream = static_cast<std::uint32_t>(context.opCount());
    return context.op(GaussianNoiseOp{context.params().real("deviation"), stream});
}

std::string labelGaussianNoise(const Params& params) {
    return fmt::format("Noise {}", params.real("deviation"));
}

PyTorchCode pytorchGaussianNoise(const CodeContext& context) {
    const auto& x = context.input();
    if (context.params().real("deviation") == 0)
        return {"", x};
    return {"", fmt::format("{0} + {1} * torch.randn_like({0}) if self.training else {0}", x,
                            code::number(context.params().real("deviation")))};
}

std::string kerasGaussianNoise(const CodeContext& context) {
    if (context.params().real("deviation") == 0)
        return context.input();
    return code::kerasLayer("GaussianNoise", context,
                            {code::number(context.params().real("deviation"))});
}

} // namespace

LayerDef gaussianNoise() {
    return {
        .key = "gaussian-noise",
        .title = "Gaussian noise",
        .category = Category::Regularization,
        .doc =
            "While training, adds random numbers, so that small changes of the input matter less. "
            "Does nothing at inference. In front of an autoencoder it makes it a denoising one.",
        .formula = "y = x + n, n drawn from N(0, deviation²)",
        .source = "Bishop: Training with noise is equivalent to Tikhonov regularization, 1995",
        .params = {realParam("deviation", "Deviation", 0.1, 0, 1000,
                             "Standard deviation of the noise.")},
        .infer = inferGaussianNoise,
        .lower = lowerGaussianNoise,
        .pytorch = pytorchGaussianNoise,
        .keras = kerasGaussianNoise,
        .label = labelGaussianNoise};
}

} // namespace gradwright::layers
