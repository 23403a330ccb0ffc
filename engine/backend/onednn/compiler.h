// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/bf16_support.h"
#include "engine/backend/onednn/layout.h"
#include "engine/backend/onednn/part_group.h"
#include "engine/backend/onednn/schedule.h"
#include "engine/backend/onednn/weight_store.h"

#include <map>
#include <stop_token>

namespace gradwright::onednn {

/// A value of the graph, or a copy of one in another layout, while a program is compiled.
struct Lowered {
    Layout layout;
    Buffer* buffer = nullptr;
    bool isClass = false;       ///< 32-bit class indices
    bool wantsGradient = false; ///< the objective depends on a trained weight through it
    bool dirtyPadding = false;  ///< the extra channels may hold something else than zeros
    std::size_t readers = 0;    ///< in the graph
    /// Applied by the op that made it: its backward pass starts with the derivative, …
    std::optional<Activation> fused = {};
    /// … unless a reader has taken care of it (max pooling does it on fewer elements).
    bool derivativeApplied = false;
    std::vector<Buffer*> gradients = {}; ///< contributed, in this layout
    std::vector<Lowered*> copies = {};   ///< in other layouts
    std::byte* all = nullptr;            ///< the values of all parts, where these share memory
};

/// What an op has to know about itself to be lowered.
struct OpContext {
    const Op& op;
    std::vector<Lowered*> inputs;
    const Activation* fused = nullptr; ///< the next op, to be folded into this one
    bool trains = false;               ///< a gradient of one of its weights is wanted
};

/// Statistics of a batch that wait for the update.
struct PendingStatistics {
    Buffer* batchMean;
    Buffer* batchVariance; ///< biased
    WeightId mean, variance;
    float momentum;
    float unbiasing; ///< n / (n - 1)
    /// Where ranks share them: what n is in each step.
    const ChannelMeeting* meeting = nullptr;
};

struct CompilerOptions {
    bool trainingMode = false;  ///< batch statistics, dropout
    bool differentiate = false; ///< with a backward pass
    /// For finding faults: nothing is fused and every value can be read afterwards.
    bool keepEverything = false;
    std::size_t slots = 0; ///< of the optimizer, for each trained weight
    bool bf16 = false;     ///< convolutions and dense layers multiply in bfloat16
    /// Where the program has a part of a batch: what it shares with the others, and its number. The
    /// losses are means over the whole batch. A part keeps its gradients to itself, but for the
    /// first, whose are the store's; so others can be added to them.
    PartGroup* parts = nullptr;
    std::size_t part = 0;
    std::stop_token stop = {}; ///< taken between two ops
};

/// Turns a graph into a Schedule: forward ops add their steps at once and leave a closure for their
/// backward steps, which run in reverse order when the forward pass is complete.
class Compiler {
public:
    Compiler(const OpGraph& graph, std::int64_t batch, CompilerOptions options,
             OneDnnWeights& weights, Schedule& schedule);

    void run();

    // What the program needs afterwards.
    struct Readable {
        ValueId value;
        Buffer* buffer; ///< row-major
    };
    std::vector<Readable> readable;
    std::vector<Buffer*> inputCopies; ///< by input of the graph; nullptr where not needed
    std::vector<PendingStatistics> statistics;
    std::vector<WeightId> trained;  ///< weights with a gradient …
    std::vector<Buffer*> gradients; ///< … and these, as they are kept
    /// The segment behind which parts have made a gradient together, if they have.
    std::map<WeightId, std::size_t> gradientSegments;
    std::vector<FormNumber> forms; ///< of weights, to be refreshed before each pass
    ProgramReport report;
    /// The last step of each op in the report's forward pass, where it has steps.
    std::vector<std::optional<std::size_t>> lastSteps;
    std::deque<AlignedBuffer> constants; ///< that steps refer to; must live as long as they

    // For the lowering of ops.
    [[nodiscard]] const OpGraph& graph() const { return graph_; }
    [[nodiscard]] std::int64_t batch() const { return batch_; }
    /// Row-major, in FP32.
    [[nodiscard]] Layout plainLayout(ValueId value) const {
        return plainLayoutOf(graph_.type(value).shapeFor(batch_));
    }
    [[nodiscard]] bool trainingMode() const { return options_.trainingMode; }
    [[nodiscard]] bool differentiates() const { return options_.differentiate; }
    [[nodiscard]] bool usesBf16() const { return options_.bf16; }
    /// The processor multiplies them itself.
    [[nodiscard]] bool usesNativeBf16() const {
        return options_.bf16 && bf16Support() == Bf16Support::Native;
    }
    /// Weights are the same in many passes. Not so in the search for faults, which runs once.
    [[nodiscard]] bool readsOnly() const {
        return !options_.trainingMode && !options_.keepEverything;
    }
    /// Weights in bfloat16 stay from pass to pass: the optimizer writes them.
    [[nodiscard]] bool keepsRounded() const { return usesBf16() && !options_.keepEverything; }
    /// What the parts of the batch tell each other; nullptr where the program has all of it.
    [[nodiscard]] PartGroup* parts() const { return options_.parts; }
    [[nodiscard]] std::size_t part() const { return options_.part; }
    /// What the parts tell each other of a value's channels, next.
    ChannelMeeting& channelMeeting(ChannelMeeting::Kind kind, std::size_t channels,
                                   std::size_t positions) {
        return options_.parts->channels(meetings_++, kind, channels, positions);
    }
    /// The parts meet once they have written it; the steps added from now on come after that.
    void meet(ChannelMeeting& meeting);
    /// A value of all samples, one after the other, of which each part has its own.
    struct SharedValue {
        std::byte* all;
        Buffer* own;
    };
    SharedValue sharedValue(std::size_t bytesOfSample);
    /// The parts meet and take the step together; the steps added from now on come after it.
    void shareStep(SharedStep step);
    [[nodiscard]] dnnl::prop_kind forwardKind() const;
    [[nodiscard]] Schedule& schedule() { return schedule_; }
    [[nodiscard]] OneDnnWeights& weights() { return weights_; }

    /// Makes the output of the op (or of the activation that is folded into it).
    /// `shared`: with the values of all parts of the batch side by side.
    Lowered* makeOutput(const OpContext& context, const Layout& layout, bool shared = false,
                        std::size_t output = 0);
    /// A value between the steps of one op.
    Lowered* makeIntermediate(const Layout& layout, const OpContext& context) {
        return make(layout, wantsGradient_[context.op.output().index()]);
    }
    /// Numbers beside the values of the graph, without a gradient.
    Lowered* makeNumbers(const Layout& layout) { return make(layout, false); }
    /// One of several outputs is a run of the input's memory, from that byte on. In inference.
    Lowered* pieceOutput(const OpContext& context, Lowered* input, const Layout& layout,
                         std::size_t output, std::size_t offset);
    /// The output is the input's memory under another layout.
    Lowered* aliasOutput(const OpContext& context, Lowered* input, const Layout& layout);
    /// The value in that layout; reordered (once) only when the memory differs.
    Lowered* convert(Lowered* value, const Layout& layout, bool shared = false);
    /// What the ops before have made of a value.
    [[nodiscard]] Lowered* valueOf(ValueId id) const { return values_[id.index()]; }
    /// Row-major, without padding, FP32.
    Lowered* plain(Lowered* value) {
        return convert(value, Layout::plain(value->layout.batch, value->layout.shape));
    }
    /// The same, with the values of all parts of the batch side by side.
    Lowered* plainShared(Lowered* value) {
        return convert(value, Layout::plain(value->layout.batch, value->layout.shape), true);
    }
    /// The same in the type that it has.
    Lowered* plainOfType(Lowered* value) {
        auto layout = Layout::plain(value->layout.batch, value->layout.shape);
        layout.type = value->layout.type;
        return convert(value, layout);
    }
    /// Whether all readers of the op's result round it to bfloat16, so that nothing is lost when it
    /// is kept so. Only where the processor has bfloat16, and in inference.
    [[nodiscard]] bool isReadAsBf16(const OpContext& context) const {
        return readAsBf16_[context.op.output().index()];
    }

    /// Whether the integers that an op makes are only read where they may lie as bytes.
    [[nodiscard]] bool isReadAsBytes(ValueId value) const;

    /// What lowers the op's fused gradient, when the backward pass comes to it. The last one given
    /// is called first.
    void onBackward(std::function<void()> emit) { backward_[lowering_].push_back(std::move(emit)); }
    /// The gradient of the op's output, or the sum of what was contributed to a value between its
    /// steps, in its layout; before the activation fused into its producer. nullptr when there is
    /// none.
    Buffer* gradientOf(Lowered* value);
    void contribute(Lowered* value, Buffer* gradient) { value->gradients.push_back(gradient); }
    /// `gradient` times f'(x), given f(x) in `output`.
    Buffer* applyDerivative(const Activation& activation, const Layout& layout, Buffer* output,
                            Buffer* gradient);

    /// A weight of one element per channel. Throws Error when an op of other padding shares it.
    Buffer* vectorWeight(WeightId id, std::int64_t channels);
    /// The value with as many channels in memory as the vector has elements there: a store that was
    /// made for another layout may have more or fewer.
    Lowered* withStoredChannels(Lowered* value, WeightId vector);
    /// Ops read the weight rounded, see WeightRounding.
    [[nodiscard]] bool isRounded(WeightId id) const {
        return graph_.weight(id).rounding.has_value();
    }
    /// The weight in that layout; where it is kept in another, reordered in each pass of training.
    Buffer* weightAs(WeightId id, const MemoryDesc& desc);
    /// The weight in a form that outlives the pass.
    Buffer* weightInForm(WeightId id, const WeightForm& form);
    /// The weight in row-major order, in which it is kept unless another op has decided already.
    Buffer* plainWeight(WeightId id);

    /// Where a primitive may write a weight's gradient.
    struct GradientTarget {
        WeightId id;
        MemoryDesc desc;
        Buffer* buffer;
    };
    GradientTarget gradientTarget(WeightId id, const MemoryDesc& desc);
    /// In row-major order.
    GradientTarget plainGradientTarget(WeightId id);
    /// The first part's target for a step that the parts take together, laid out as the weight is.
    GradientTarget sharedGradientTarget(WeightId id);
    /// After the primitive: brings the gradient where it belongs. `maskPadding`: it may have
    /// garbage in the padding.
    void finishGradient(const GradientTarget& target, bool maskPadding);

    /// Whether anything reads that output of the op.
    [[nodiscard]] bool isRead(ValueId value) const {
        return graph_.isResult(value) || !graph_.usesOf(value).empty();
    }
    /// A copy in another layout.
    void move(Buffer* from, const Layout& fromLayout, Buffer* to, const Layout& toLayout);
    void reorder(Buffer* from, const MemoryDesc& fromDesc, Buffer* to, const MemoryDesc& toDesc);
    void reportForward(const OpContext& context, const std::string& implementation,
                       const Layout& layout, std::vector<std::string> fused = {});
    void reportBackward(const OpContext& context, const std::string& implementation,
                        const Layout& layout);

private:
    void analyse();
    void fuseActivations();
    void findBf16Values();
    [[nodiscard]] bool roundsInputs(std::size_t op) const;
    void lowerInputs();
    void lowerOp(std::size_t index);
    void keepReadable();
    void lowerWeightValues();

    /// Part of the gradient of a value: in the layout of that value or of a copy of it.
    struct GradientTerm {
        const Lowered* at;
        Buffer* buffer;
    };
    using GradientTerms = std::vector<GradientTerm>;
    void emitBackward();
    void lowerBackward(std::size_t index);
    void lowerSeed(const Op& op, const LossSeedOp& seed);
    void lowerSum(const Op& op);
    void lowerFused(const Op& op, const GradientOp& gradient);
    void lowerGeneric(std::size_t index);
    /// What was contributed to the value and its copies, which forget it.
    GradientTerms takeTerms(Lowered* value);
    Buffer* sum(const std::vector<Buffer*>& terms, std::size_t bytes);
    /// The terms' sum in that layout.
    Buffer* sumOf(const Layout& layout, const GradientTerms& terms);
    /// The gradient value as others read it, in that layout.
    Buffer* gradientIn(ValueId gradient, const Layout& layout);
    void findReadGradients();
    void storeGradients();
    void storeGradient(WeightId weight, ValueId gradient);
    [[nodiscard]] OpReport entryOf(const OpContext& context, const std::string& implementation,
                                   const Layout& layout) const;
    void account(OpReport entry, std::vector<OpReport>& list);
    void startAccount();
    Lowered* make(const Layout& layout, bool wantsGradient);
    Lowered* makeShared(const Layout& layout, bool wantsGradient);
    /// Between layouts that keep the channels of a position together.
    void moveChannels(Buffer* from, const Layout& fromLayout, Buffer* to, const Layout& toLayout);
    Buffer* weightBuffer(WeightId id);
    /// The weight as ops read it, in the layout in which it is kept.
    Buffer* roundedWeight(WeightId id, Buffer* kept);
    Buffer* gradientMemory(WeightId id);
    /// A weight's gradient in row-major order and without padding, and back to the store's memory.
    Buffer* plainGradient(const GradientTarget& target);
    void storePlainGradient(WeightId id, Buffer* plain);

    const OpGraph& graph_;
    std::int64_t batch_;
    CompilerOptions options_;
    OneDnnWeights& weights_;
    Schedule& schedule_;

    std::vector<bool> live_;          ///< ops that outputs or losses need
    std::vector<bool> inObjective_;   ///< ops that losses need
    std::vector<bool> wantsGradient_; ///< by value
    std::vector<std::size_t> readers_;
    std::vector<bool> readAsBf16_;                      ///< by value
    std::vector<std::optional<std::size_t>> fusedInto_; ///< activation op → its producer
    std::vector<std::optional<std::size_t>> fusion_;    ///< producer → activation op
    std::deque<Lowered> lowered_;
    std::vector<Lowered*> values_;                             ///< by ValueId
    std::size_t lowering_ = 0;                                 ///< the op
    std::vector<std::vector<std::function<void()>>> backward_; ///< by op
    std::vector<GradientTerms> terms_;                         ///< by value of the backward pass
    /// By weight: more than the store reads what fused gradients make of it. Then these are values
    /// like others; else they are written where the store keeps them.
    std::vector<bool> readGradients_;
    std::vector<bool> addedInStore_;      ///< by value: a sum of gradients that is taken there
    std::vector<Buffer*> fusedGradients_; ///< by weight, row-major, of the fused gradient lowered
    bool lowersFused_ = false;
    std::vector<Buffer*> weightBuffers_, gradientBuffers_;
    std::vector<WeightId> sharedTargets_; ///< of the next step that parts take together
    std::map<WeightId, Buffer*> roundedWeights_;
    std::size_t meetings_ = 0, matrices_ = 0; ///< asked for
    std::size_t reportedSteps_ = 0;           ///< what comes after belongs to the next op's report
    std::size_t reportedReorders_ = 0;
};

// One file a family of ops: lower_*.cpp.
void lower(Compiler& compiler, const OpContext& context, const ConvOp& op);
void lower(Compiler& compiler, const OpContext& context, const ConvTransposeOp& op);
void lower(Compiler& compiler, const OpContext& context, const DenseOp& op);
void lower(Compiler& compiler, const OpContext& context, const PoolOp& op);
void lower(Compiler& compiler, const OpContext& context, const GlobalAveragePoolOp& op);
void lower(Compiler& compiler, const OpContext& context, const BatchNormOp& op);
void lower(Compiler& compiler, const OpContext& context, const NormalizeOp& op);
void lower(Compiler& compiler, const OpContext& context, const LocalResponseNormOp& op);
void lower(Compiler& compiler, const OpContext& context, const ActivationOp& op);
void lower(Compiler& compiler, const OpContext& context, const PreluOp& op);
void lower(Compiler& compiler, const OpContext& context, const SoftmaxOp& op);
void lower(Compiler& compiler, const OpContext& context, const DropoutOp& op);
void lower(Compiler& compiler, const OpContext& context, const GaussianNoiseOp& op);
void lower(Compiler& compiler, const OpContext& context, const ReshapeOp& op);
void lower(Compiler& compiler, const OpContext& context, const PermuteOp& op);
void lower(Compiler& compiler, const OpContext& context, const SplitOp& op);
void lower(Compiler& compiler, const OpContext& context, const ResampleOp& op);
void lower(Compiler& compiler, const OpContext& context, const AddOp& op);
void lower(Compiler& compiler, const OpContext& context, const CombineOp& op);
void lower(Compiler& compiler, const OpContext& context, const ConcatOp& op);
void lower(Compiler& compiler, const OpContext& context, const EmbeddingOp& op);
void lower(Compiler& compiler, const OpContext& context, const PositionOp& op);
void lower(Compiler& compiler, const OpContext& context, const RecurrentOp& op);
void lower(Compiler& compiler, const OpContext& context, const AttentionOp& op);
void lower(Compiler& compiler, const OpContext& context, const OneHotOp& op);
void lower(Compiler& compiler, const OpContext& context, const SoftmaxCrossEntropyOp& op);
void lower(Compiler& compiler, const OpContext& context, const MeanSquaredErrorOp& op);
void lower(Compiler& compiler, const OpContext& context, const ElementLossOp& op);
void lower(Compiler& compiler, const OpContext& context, const HingeLossOp& op);
void lower(Compiler& compiler, const OpContext& context, const CosineLossOp& op);
void lower(Compiler& compiler, const OpContext& context, const UnaryOp& op);
void lower(Compiler& compiler, const OpContext& context, const BinaryOp& op);
void lower(Compiler& compiler, const OpContext& context, const CompareOp& op);
void lower(Compiler& compiler, const OpContext& context, const LogicOp& op);
void lower(Compiler& compiler, const OpContext& context, const WhereOp& op);
void lower(Compiler& compiler, const OpContext& context, const CastOp& op);
void lower(Compiler& compiler, const OpContext& context, const FillOp& op);
void lower(Compiler& compiler, const OpContext& context, const ExpandOp& op);
void lower(Compiler& compiler, const OpContext& context, const MatMulOp& op);
void lower(Compiler& compiler, const OpContext& context, const ReduceOp& op);
void lower(Compiler& compiler, const OpContext& context, const ArgMaxOp& op);
void lower(Compiler& compiler, const OpContext& context, const TopKOp& op);
void lower(Compiler& compiler, const OpContext& context, const GatherOp& op);
void lower(Compiler& compiler, const OpContext& context, const QuantizeOp& op);
void lower(Compiler& compiler, const OpContext& context, const DequantizeOp& op);
void lower(Compiler& compiler, const OpContext& context, const MatMulIntegerOp& op);
void lower(Compiler& compiler, const OpContext& context, const ConvIntegerOp& op);
void lower(Compiler& compiler, const OpContext& context, const ShapeOp& op);
void lower(Compiler& compiler, const OpContext& context, const FusedOp& op);
void lower(Compiler& compiler, const OpContext& context, const FusedProductOp& op);
void lower(Compiler& compiler, const OpContext& context, const QuantizedProductOp& op);
void lower(Compiler& compiler, const OpContext& context, const QuantizedPoolOp& op);
void lower(Compiler& compiler, const OpContext& context, const FakeQuantizeOp& op);
void lower(Compiler& compiler, const OpContext& context, const PackedDenseOp& op);

} // namespace gradwright::onednn
