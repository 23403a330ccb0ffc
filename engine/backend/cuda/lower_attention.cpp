// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/attention.h"
#include "engine/backend/cuda/launches.h"
#include "engine/backend/cuda/lower.h"

#include <algorithm>
#include <cmath>

namespace gradwright::cuda {
namespace {

constexpr std::int64_t kMostHeads = 65535; ///< of a grid's third axis
constexpr std::int64_t kRowsOfBlock = kBlockThreads / 32;
constexpr std::int64_t kMostRowBlocks = 1 << 20;

/// Queries, keys and values stand side by side in the input.
enum class InputPart { Query, Key, Value };

/// One factor or the result of a product, by its strides: an array of a row for each step, or the
/// shares.
struct HeadMatrix {
    std::int64_t row = 0, column = 0, sample = 0, head = 0;
    [[nodiscard]] HeadMatrix transposed() const { return {column, row, sample, head}; }
};

class AttentionSizes {
public:
    AttentionSizes(const Lowering& lowering, const AttentionOp& op)
        : batch(lowering.outputShape()[0])
        , steps(lowering.outputShape()[1])
        , features(lowering.outputShape()[2])
        , heads(op.heads)
        , width(features / op.heads)
        , isCausal(op.causal) {}

    [[nodiscard]] HeadMatrix ofInput() const {
        return {3 * features, 1, steps * 3 * features, width};
    }
    [[nodiscard]] HeadMatrix ofOutput() const { return {features, 1, steps * features, width}; }
    [[nodiscard]] HeadMatrix ofShares() const {
        return {steps, 1, heads * steps * steps, steps * steps};
    }
    [[nodiscard]] std::size_t shares() const {
        return static_cast<std::size_t>(batch * heads * steps * steps);
    }
    [[nodiscard]] std::uint64_t rows() const {
        return static_cast<std::uint64_t>(batch * heads * steps);
    }
    [[nodiscard]] Launch forRows() const {
        const auto blocks = (batch * heads * steps + kRowsOfBlock - 1) / kRowsOfBlock;
        return {{count32(std::clamp<std::int64_t>(blocks, 1, kMostRowBlocks))}, {kBlockThreads}};
    }
    [[nodiscard]] double scale() const { return 1.0 / std::sqrt(static_cast<double>(width)); }
    /// Where a part begins in a row of the input.
    [[nodiscard]] std::int64_t offsetOf(InputPart part) const {
        return static_cast<std::int64_t>(part) * features;
    }

    std::int64_t batch, steps, features, heads, width;
    bool isCausal;
};

struct HeadSizes {
    std::int64_t rows, columns, depth;
};

/// c = scale · a · b for each head.
void attend(Lowering& lowering, const AttentionSizes& sizes, const HeadSizes& of, const float* a,
            const HeadMatrix& inA, const float* b, const HeadMatrix& inB, float* c,
            const HeadMatrix& inC, Reach reach, double scale = 1) {
    AttentionProduct product;
    product.rows = count32(of.rows);
    product.columns = count32(of.columns);
    product.depth = count32(of.depth);
    product.samples = count32(sizes.batch);
    product.heads = count32(sizes.heads);
    product.aRow = inA.row;
    product.aDepth = inA.column;
    product.aSample = inA.sample;
    product.aHead = inA.head;
    product.bDepth = inB.row;
    product.bColumn = inB.column;
    product.bSample = inB.sample;
    product.bHead = inB.head;
    product.cRow = inC.row;
    product.cColumn = inC.column;
    product.cSample = inC.sample;
    product.cHead = inC.head;
    product.scale = static_cast<float>(scale);
    product.reach = sizes.isCausal ? reach : Reach::All;
    const auto stack = std::clamp<std::int64_t>(sizes.batch * sizes.heads, 1, kMostHeads);
    lowering.launch(kernel::attend,
                    {{tilesOf(of.rows), tilesOf(of.columns), count32(stack)}, {kBlockThreads}}, a,
                    b, c, product);
}

} // namespace

void lower(Lowering& lowering, const AttentionOp& op) {
    const AttentionSizes sizes(lowering, op);
    auto* shares = lowering.isTraining() ? lowering.makeState<float>(sizes.shares())
                                         : lowering.scratch<float>(sizes.shares());
    const auto* in = lowering.input();
    const auto part = [&](InputPart which) { return in + sizes.offsetOf(which); };
    attend(lowering, sizes, {sizes.steps, sizes.steps, sizes.width}, part(InputPart::Query),
           sizes.ofInput(), part(InputPart::Key), sizes.ofInput().transposed(), shares,
           sizes.ofShares(), Reach::Below, sizes.scale());
    lowering.launch(kernel::shareAttention, sizes.forRows(), shares, sizes.rows(),
                    count32(sizes.steps), sizes.isCausal ? 1 : 0);
    attend(lowering, sizes, {sizes.steps, sizes.width, sizes.steps}, shares, sizes.ofShares(),
           part(InputPart::Value), sizes.ofInput(), lowering.output(), sizes.ofOutput(),
           Reach::DepthUpTo);
}

void lowerGradient(GradientLowering& lowering, const AttentionOp& op) {
    auto* gradient = lowering.inputGradient();
    if (!gradient)
        return;
    const AttentionSizes sizes(lowering, op);
    const auto* shares = lowering.state<float>();
    const auto* wanted = lowering.outputGradient();
    auto* slopes = lowering.scratch<float>(sizes.shares());
    const auto* in = lowering.input();
    const auto part = [&](InputPart which) { return in + sizes.offsetOf(which); };
    const auto gradientOf = [&](InputPart which) { return gradient + sizes.offsetOf(which); };
    const HeadSizes perStep{sizes.steps, sizes.width, sizes.steps};

    attend(lowering, sizes, perStep, shares, sizes.ofShares().transposed(), wanted,
           sizes.ofOutput(), gradientOf(InputPart::Value), sizes.ofInput(), Reach::DepthFrom);
    // The gradient of each share, then, through the softmax, of each score.
    attend(lowering, sizes, {sizes.steps, sizes.steps, sizes.width}, wanted, sizes.ofOutput(),
           part(InputPart::Value), sizes.ofInput().transposed(), slopes, sizes.ofShares(),
           Reach::Below);
    lowering.launch(kernel::shareAttentionBack, sizes.forRows(), shares, slopes, sizes.rows(),
                    count32(sizes.steps), sizes.isCausal ? 1 : 0,
                    static_cast<float>(sizes.scale()));
    attend(lowering, sizes, perStep, slopes, sizes.ofShares(), part(InputPart::Key),
           sizes.ofInput(), gradientOf(InputPart::Query), sizes.ofInput(), Reach::DepthUpTo);
    attend(lowering, sizes, perStep, slopes, sizes.ofShares().transposed(), part(InputPart::Query),
           sizes.ofInput(), gradientOf(InputPart::Key), sizes.ofInput(), Reach::DepthFrom);
}

} // namespace gradwright::cuda
