// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

Inferred inferEmbedding(const InferContext& context) {
    const auto& input = context.inputs[0];
    if (input.rank() != 1)
        return LayerProblem{
            fmt::format("Embedding takes a vector of numbers, one for each step; received {}.",
                        toString(input)),
            "",
            {{"Insert Flatten", InsertLayerProposal{PortIndex{0}, "flatten", {}}}}};
    return Shape{input[0], context.params.integer("dimensions")};
}

ValueId lowerEmbedding(LowerContext& context) {
    const auto& params = context.params();
    const EmbeddingOp op{params.integer("vocabulary"), params.integer("dimensions")};
    // U(-a, a) has the deviation a / sqrt(3).
    const auto table = context.weight("weight", {op.vocabulary, op.dimensions},
                                      {"uniform", params.real("deviation") * 1.7320508075688772});
    return context.op(op, context.inputs(), {table});
}

std::string labelEmbedding(const Params& params) {
    return fmt::format("Embedding {}", params.integer("dimensions"));
}

PyTorchCode pytorchEmbedding(const CodeContext& context) {
    const auto& params = context.params();
    return {code::call("nn.Embedding", {fmt::format("{}", params.integer("vocabulary")),
                                        fmt::format("{}", params.integer("dimensions"))}),
            fmt::format("self.{}({}.long())", context.name(), context.input())};
}

std::string kerasEmbedding(const CodeContext& context) {
    const auto& params = context.params();
    return code::kerasLayer("Embedding", context,
                            {fmt::format("{}", params.integer("vocabulary")),
                             fmt::format("{}", params.integer("dimensions"))});
}

} // namespace

LayerDef embedding() {
    auto deviation = realParam("deviation", "Deviation", 0.05, 0, 10,
                               "Standard deviation of the initial values.");
    deviation.advanced = true;
    return {.key = "embedding",
            .title = "Embedding",
            .category = Category::Sequence,
            .doc = "A learned vector for each entry of a vocabulary: takes the numbers of the "
                   "characters or words of a text and gives a sequence of their vectors.",
            .formula = "y[t] = table[x[t]]",
            .source = "Bengio, Ducharme, Vincent, Jauvin: A neural probabilistic language model, "
                      "2003",
            .hasWeights = true,
            .params = {intParam("vocabulary", "Vocabulary", 256, 1, 1 << 24,
                                "Number of entries; inputs are 0 to one less."),
                       intParam("dimensions", "Dimensions", 64, 1, 65536, "Length of each vector."),
                       std::move(deviation)},
            .infer = inferEmbedding,
            .lower = lowerEmbedding,
            .pytorch = pytorchEmbedding,
            .keras = kerasEmbedding,
            .kerasWeights = {.fittings = {kKerasEmbeddingFitting}},
            .label = labelEmbedding};
}

} // namespace gradwright::layers
