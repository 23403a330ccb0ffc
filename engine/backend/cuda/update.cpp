// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/update.h"

#include "engine/optimizers/all_rules.h"

#include <algorithm>
#include <cstring>

namespace gradwright::cuda {
namespace {

constexpr std::uint64_t kElementsOfBlock = 2048;

using RuleKernel =
    KernelName<void(const UpdateEntry*, const UpdateBlock*, const void*, const StepSums*)>;

template <class Rule>
struct KernelOf;
#define GRADWRIGHT_KERNEL_OF(name, ...)                                                            \
    template <>                                                                                    \
    struct KernelOf<__VA_ARGS__> {                                                                 \
        static constexpr RuleKernel value = kernel::name;                                          \
    };
GRADWRIGHT_KERNEL_OF(stepDescent, DescentRule<float>)
GRADWRIGHT_KERNEL_OF(stepMomentum, MomentumRule<float, false>)
GRADWRIGHT_KERNEL_OF(stepNesterov, MomentumRule<float, true>)
GRADWRIGHT_KERNEL_OF(stepPerceptron, PerceptronRule<float>)
GRADWRIGHT_KERNEL_OF(stepLion, LionRule<float>)
GRADWRIGHT_KERNEL_OF(stepAdagrad, AdagradRule<float>)
GRADWRIGHT_KERNEL_OF(stepAdadelta, AdadeltaRule<float>)
GRADWRIGHT_KERNEL_OF(stepRmsprop, RmspropRule<float, false, false>)
GRADWRIGHT_KERNEL_OF(stepRmspropCentered, RmspropRule<float, true, false>)
GRADWRIGHT_KERNEL_OF(stepRmspropMomentum, RmspropRule<float, false, true>)
GRADWRIGHT_KERNEL_OF(stepRmspropCenteredMomentum, RmspropRule<float, true, true>)
GRADWRIGHT_KERNEL_OF(stepAdam, AdamRule<float>)
GRADWRIGHT_KERNEL_OF(stepAdamw, AdamwRule<float>)
GRADWRIGHT_KERNEL_OF(stepAmsgrad, AmsgradRule<float>)
GRADWRIGHT_KERNEL_OF(stepAdamax, AdamaxRule<float>)
GRADWRIGHT_KERNEL_OF(stepNadam, NadamRule<float>)
GRADWRIGHT_KERNEL_OF(stepRadam, RadamRule<float>)
GRADWRIGHT_KERNEL_OF(stepLamb, LambRule<float>)
#undef GRADWRIGHT_KERNEL_OF

/// Calls visit(rule) for the step; false where the optimizer has no element rule.
template <class Visit>
bool visitRule(const UpdateRule& rule, double learningRate, std::uint64_t step,
               const Visit& visit) {
    return visitElementRule<float>(rule, {learningRate, step, rule.constants}, visit);
}

template <class T>
void fill(const std::shared_ptr<Device>& device, Memory& memory, const std::vector<T>& values) {
    memory = Memory(device, values.size() * sizeof(T));
    Stream stream(device);
    stream.copyIn(memory.address(), values.data(), memory.bytes());
    stream.synchronize();
}

} // namespace

bool canUpdate(const UpdateRule& rule) {
    return !rule.isWhole() && visitRule(rule, 0.1, 1, [](const auto&) {});
}

void requireUpdate(const UpdateRule& rule) {
    if (!canUpdate(rule))
        throw Error("the optimizer {} does not run on NVIDIA GPUs; train on the CPU with it",
                    rule.key);
}

StepUpdate::StepUpdate(std::shared_ptr<Device> device, const OpGraph& graph,
                       const CompileOptions& options, const CudaWeights& weights)
    : rule_(options.update.value_or(UpdateRule{}))
    , weightCount_(graph.weights().size()) {
    if (options.update)
        requireUpdate(rule_);
    std::vector<UpdateBlock> blocks;
    for (const auto& [id, value] : graph.gradients()) {
        const auto& spec = graph.weight(id);
        UpdateEntry entry;
        entry.weight = reinterpret_cast<float*>(weights.value(id));
        entry.gradient = reinterpret_cast<float*>(weights.gradient(id));
        if (options.update)
            for (std::size_t slot = 0; slot < rule_.allSlots(); ++slot)
                (slot < rule_.slots ? entry.slots[slot] : entry.mean) =
                    reinterpret_cast<float*>(weights.slot(id, slot));
        entry.size = static_cast<std::uint64_t>(spec.shape.elements());
        elements_ += entry.size;
        entry.isKernel = spec.shape.rank() >= 2 ? 1 : 0;
        entry.rowSize =
            entry.isKernel ? entry.size / static_cast<std::uint64_t>(spec.shape[0]) : entry.size;
        entry.rateFactor = spec.rateFactor;
        const auto known = std::ranges::find(rateFactors_, spec.rateFactor);
        entry.rule = static_cast<std::uint32_t>(known - rateFactors_.begin());
        if (known == rateFactors_.end())
            rateFactors_.push_back(spec.rateFactor);
        entry.weightNumber = id.value;
        entry.firstBlock = static_cast<std::uint32_t>(blocks.size());
        for (std::uint64_t begin = 0; begin < entry.size; begin += kElementsOfBlock)
            blocks.push_back({static_cast<std::uint32_t>(hostEntries_.size()), begin,
                              std::min(begin + kElementsOfBlock, entry.size)});
        entry.blocks = static_cast<std::uint32_t>(blocks.size()) - entry.firstBlock;
        hostEntries_.push_back(entry);
    }
    blockCount_ = blocks.size();
    if (hostEntries_.empty())
        return;
    fill(device, entries_, hostEntries_);
    fill(device, blocks_, blocks);
    partial_ = Memory(device, blockCount_ * sizeof(double));
    // Weights without a gradient count as zero in sums over all.
    fill(device, weightSquares_, std::vector<double>(weightCount_));
    fill(device, otherSquares_, std::vector<double>(weightCount_));
    if (options.update) {
        rules_ = Memory(device, rulesFor(0, 1).size());
    }
}

std::span<const std::byte> StepUpdate::rulesFor(double learningRate, std::uint64_t step) {
    hostRules_.clear();
    for (const double factor : rateFactors_)
        visitRule(rule_, learningRate * factor, step, [&]<class Rule>(const Rule& rule) {
            static_assert(std::is_trivially_copyable_v<Rule>);
            const auto at = hostRules_.size();
            hostRules_.resize(at + sizeof(Rule));
            std::memcpy(hostRules_.data() + at, &rule, sizeof(Rule));
        });
    return hostRules_;
}

Launch StepUpdate::forBlocks() const {
    return {{static_cast<unsigned>(blockCount_)}, {kBlockThreads}};
}

LaunchCost StepUpdate::costOf(std::size_t read, std::size_t written) const {
    LaunchCost cost;
    cost.read = read * elements_ * sizeof(float);
    cost.written = written * elements_ * sizeof(float);
    cost.operations = static_cast<std::int64_t>((read + written) * elements_);
    return cost;
}

void StepUpdate::addSquares(LaunchList& list, UpdateArray array, std::int32_t slot,
                            double* squares) const {
    const auto count = static_cast<std::uint32_t>(hostEntries_.size());
    list.addOfNone(kernel::partialSquares, forBlocks(), entriesOnDevice(), blocksOnDevice(),
                   onDevice(partial_), static_cast<std::int32_t>(array), slot)
        .cost = costOf(1, 0);
    list.addOfNone(kernel::addSquares, Lowering::forElements(count), entriesOnDevice(), count,
                   onDevice(partial_), squares);
}

void StepUpdate::addNorms(LaunchList& list, StepSums* sums, double* squares) const {
    if (const auto* scale = list.lossScale(); scale && !hostEntries_.empty())
        list.addOfNone(kernel::unscale, forBlocks(), entriesOnDevice(), blocksOnDevice(), scale,
                       sums)
            .cost = costOf(1, 1);
    if (!hostEntries_.empty())
        addSquares(list, UpdateArray::Gradient, 0, squares);
    list.addOfNone(kernel::judge, {{1}, {kBlockThreads}}, sums, squares,
                   static_cast<std::uint32_t>(weightCount_));
}

void StepUpdate::addUpdate(LaunchList& list, const StepScalars* scalars,
                           const StepSums* sums) const {
    if (hostEntries_.empty())
        return;
    if (auto* scale = list.lossScale())
        list.addOfNone(kernel::adjustScale, {{1}, {32}}, scale, sums);
    const auto& part = rule_.regularization;
    const auto* entries = entriesOnDevice();
    const auto* blocks = blocksOnDevice();
    if (part.l1 > 0 || part.l2 > 0 || part.clipValue > 0)
        list.addOfNone(kernel::regularize, forBlocks(), entries, blocks,
                       static_cast<float>(part.l1), static_cast<float>(part.l2),
                       static_cast<float>(part.clipValue), sums)
            .cost = costOf(2, 1);
    if (part.clipNorm > 0) {
        addSquares(list, UpdateArray::Gradient, 0, onDevice(otherSquares_));
        list.addOfNone(kernel::clipByNorm, forBlocks(), entries, blocks, onDevice(otherSquares_),
                       static_cast<std::uint32_t>(weightCount_), part.clipNorm, sums)
            .cost = costOf(1, 1);
    }
    visitRule(rule_, 0.1, 1, [&]<class Rule>(const Rule&) {
        list.addOfNone(KernelOf<Rule>::value, forBlocks(), entries, blocks,
                       reinterpret_cast<const void*>(rules_.address()), sums)
            .cost = costOf(2 + rule_.slots, 1 + rule_.slots);
    });
    if (rule_.layerwise) {
        const auto last = static_cast<std::int32_t>(rule_.slots) - 1;
        addSquares(list, UpdateArray::Weight, 0, onDevice(weightSquares_));
        addSquares(list, UpdateArray::LastSlot, last, onDevice(otherSquares_));
        list.addOfNone(kernel::followDirection, forBlocks(), entries, blocks,
                       onDevice(weightSquares_), onDevice(otherSquares_), last, scalars, sums)
            .cost = costOf(2, 1);
    }
    if (part.maxNorm > 0)
        for (std::size_t i = 0; i < hostEntries_.size(); ++i)
            if (const auto& entry = hostEntries_[i]; entry.isKernel && entry.rowSize > 0) {
                auto& launched = list.addOfNone(
                    kernel::limitRows,
                    {{static_cast<unsigned>(entry.size / entry.rowSize)}, {kBlockThreads}}, entries,
                    static_cast<std::uint32_t>(i), part.maxNorm, sums);
                launched.cost.read = launched.cost.written = entry.size * sizeof(float);
            }
    if (part.averageDecay > 0)
        list.addOfNone(kernel::averageWeights, forBlocks(), entries, blocks, part.averageDecay,
                       scalars, sums)
            .cost = costOf(2, 1);
}

} // namespace gradwright::cuda
