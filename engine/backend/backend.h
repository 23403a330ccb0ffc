// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/gradient_exchange.h"
#include "engine/backend/update_rule.h"
#include "engine/ops/score_sums.h"
#include "engine/passes/program_graph.h"
#include "engine/tensor/byte_scaling.h"

#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace gradwright {

/// Bf16 is mixed: convolutions and dense layers multiply operands rounded to bfloat16 and sum in
/// FP32; weights, values between the layers, statistics, losses and the optimizer stay in FP32
/// (Kalamkar et al.: "A study of BFLOAT16 for deep learning training", 2019). F16 is the same with
/// FP16's numbers, whose range is small: the loss is scaled, see LossScale. Tf32 rounds the
/// operands of every product of matrices to 10 bits behind the point; what is in memory is FP32.
enum class Precision { F32, F64, Bf16, F16, Tf32 };

/// The factor of all gradients during the backward pass of a training in FP16, which keeps most of
/// them within the range of its numbers. A step whose gradients overflow halves it and moves no
/// weight; kGoodStepsToDouble steps without an overflow double it (Micikevicius et al.: "Mixed
/// precision training", 2018). Part of what a training is resumed from.
struct LossScale {
    static constexpr double kFirst = 65536;
    static constexpr std::uint32_t kGoodStepsToDouble = 2000;

    double scale = kFirst;       ///< a power of two, 1 at least
    std::uint32_t goodSteps = 0; ///< since it changed
    bool operator==(const LossScale&) const = default;
};

struct CompileOptions {
    std::int64_t batch = 1;
    Precision precision = Precision::F32;
    Mode mode = Mode::Inference;
    std::optional<UpdateRule> update = {}; ///< in training: the optimizer
    /// In training: throw values between the layers away and compute them again in the backward
    /// pass, where that saves memory. The results are the same to the bit. The reference keeps all.
    bool recompute = false;
    /// In training, where ranks share each batch: batch normalization takes the statistics of the
    /// samples of all ranks (Zhang et al.: "Context encoding for semantic segmentation", 2018,
    /// section 3, "synchronized"), not of each rank's own.
    bool sharesStatistics = false;
    /// Further passes over the program's graph, see programGraph(). In training they read and
    /// replace gradients of the whole batch.
    std::vector<Pass> passes = {};
    /// The CPU engine gives compiling up between two ops, and throws WorkStopped.
    std::stop_token stop = {};
};

/// Weights, their gradients and optimizer slots, kept in the layout that the first compiled program
/// wants; every further program of the same graph adopts it. Tensors go in and out in plain
/// row-major order, in the store's precision (F32 or F64). Used by one thread at a time.
class WeightStore {
public:
    virtual ~WeightStore() = default;

    [[nodiscard]] virtual const std::vector<WeightSpec>& specs() const = 0;
    [[nodiscard]] virtual DType dtype() const = 0;
    [[nodiscard]] virtual Tensor read(WeightId id) const = 0;
    /// Converts to the store's type. Throws Error when the shape differs.
    virtual void write(WeightId id, const Tensor& values) = 0;
    /// The gradient from the last backward pass; zero before it. Only for weights that learn, in a
    /// training program.
    [[nodiscard]] virtual Tensor readGradient(WeightId id) const = 0;
    [[nodiscard]] virtual std::size_t slots() const = 0; ///< for each weight that learns
    [[nodiscard]] virtual Tensor readSlot(WeightId id, std::size_t slot) const = 0;
    virtual void writeSlot(WeightId id, std::size_t slot, const Tensor& values) = 0;
    /// Every weight that learns changes places with its slot: the way to compute with an average.
    virtual void exchange(std::size_t slot) = 0;
    /// Nothing unless a training in FP16 was compiled.
    [[nodiscard]] virtual std::optional<LossScale> lossScale() const { return {}; }
    /// Ignored where nothing is scaled.
    virtual void setLossScale(const LossScale& /*scale*/) {}

    /// Adds every gradient, times `share`, to what was kept of the batches before; nothing was
    /// before the first. With the last, the sum takes the gradient's place. A share of 0 adds
    /// nothing, not even of what is no number. Throws Error where the engine cannot.
    virtual void accumulateGradients(double share, const Accumulation& place);
    /// Begins to replace every gradient by its sum over the ranks, each weighted with its rank's
    /// share. All ranks must keep their weights in the same layouts and name them in the same
    /// `order`, which holds each weight that learns once. Throws Error where the engine shares no
    /// batches.
    virtual std::unique_ptr<GradientExchange> exchangeGradients(const GradientSharing& how,
                                                                std::span<const WeightId> order);
    /// Replaces the values of some weights by their sums over the ranks, each weighted with its
    /// rank's share: running statistics differ where each rank has
    /// normalized its own samples.
    virtual void averageWeights(Communicator& ranks, double share, std::span<const WeightId> ids);
};

/// What batch normalization learns of the samples, not of their gradients: running means and
/// variances, each once.
std::vector<WeightId> runningStatistics(const OpGraph& graph);

/// Gives every weight its first values. Throws WorkStopped when stopped between two of them.
void initializeWeights(WeightStore& store, std::uint64_t seed, const std::stop_token& stop = {});

/// A batch as the caller holds it: row-major, [batch, …] without padding.
struct BatchInput {
    ValueId value;
    /// F32 for real values, whatever the precision (converted when it is F64); I32 for class
    /// indices; bytes where there is a scaling.
    const void* data;
    /// Real values are these bytes scaled; the value's first axis is the channels.
    const ByteScaling* scaling = nullptr;
};

/// What the random ops of a step depend on.
struct StepSeed {
    std::uint64_t seed = 0;
    std::uint64_t step = 0;
    /// Where the program's samples begin in a batch that ranks share; a multiple of 4.
    std::int64_t firstSample = 0;
};

/// A batch that ranks share, and what this one has of it.
struct SharedBatch {
    Communicator& ranks;
    std::int64_t samples = 0; ///< of all ranks
    /// This rank's samples count for nothing: they are another one's.
    bool isSpare = false;
    Wire wire = Wire::Full; ///< for gradients
    /// Sums gradients while the backward pass runs; null: after it. The results are the same.
    ExchangeThread* beside = nullptr;
    std::size_t bucketBytes = kGradientBucket; ///< see GradientSharing

    /// How much of the batch this rank's samples are.
    [[nodiscard]] double share(std::int64_t own) const {
        return isSpare ? 0 : static_cast<double>(own) / static_cast<double>(samples);
    }
};

/// A whole step, as a device is asked for it.
struct StepRequest {
    std::span<const BatchInput> inputs; ///< stay valid until finish()
    StepSeed seed;                      ///< its step counts from 1
    double learningRate = 0;            ///< ignored in inference
    /// In training, where this is a rank's share of a larger batch: the results are those of the
    /// whole batch, and a step is stopped on all ranks or on none. Valid until finish().
    const SharedBatch* shared = nullptr;
    /// In training on the processor: until the last batch, the gradient is only kept and the
    /// running statistics move. The batches may have different sizes and so different programs, of
    /// one store.
    Accumulation accumulation = {};
    TraceSink* trace = nullptr; ///< hears what the step does, on the processor; may be null
};

/// The first value or gradient of a step that is NaN or infinite.
struct NonFinite {
    enum class Where { Loss, Gradient };
    Where where;
    std::string path; ///< the first layer with such a value, or the weight's key
    bool operator==(const NonFinite&) const = default;
};

/// The results of a step. Pointer and span are valid until the next call of the program.
struct StepResult {
    double lossSum = 0; ///< over the batch, of the weighted per-sample losses
    /// The batch's, where the graph says what to compare with; else nullptr.
    const ScoreSums* score = nullptr;
    /// The squared norm of each weight's gradient, in the order of the graph's weights; none in
    /// inference, and before the last of several batches.
    std::span<const double> gradientSquares = {};
    /// Then the optimizer did not move the weights.
    std::optional<NonFinite> fault = {};
    /// FP16: the scaled gradients overflowed, so the scale was halved. No fault; nothing has moved,
    /// and the squared norms are zero.
    bool isSkipped = false;
};

struct OpReport {
    std::string path;
    std::string op;
    std::string implementation;     ///< e.g. "brgconv:avx512_core", or "own" for our kernels
    std::string layout;             ///< of the output, e.g. "aBcd16b"
    std::vector<std::string> fused; ///< ops folded into this one
    std::string formula;            ///< of a fused op: what it does to each element
    std::int64_t macs = 0;          ///< for the batch, forward
    std::int64_t operations = 0; ///< floating-point, of this pass; two a MAC, else one an element
    std::size_t bytes = 0;       ///< of all that its steps read and write, scratch included
    std::size_t reorders = 0;    ///< layout changes made for it, part of `bytes`
};

/// What running parts of the forward pass again saves, and what it costs.
struct Recomputation {
    std::size_t parts = 0;          ///< that run again; 0: nothing would be saved
    std::int64_t operations = 0;    ///< floating-point, a step, beyond those of the two passes
    std::size_t arenaBytesOnce = 0; ///< what the arena would be without
};

struct ProgramReport {
    std::vector<OpReport> ops;      ///< forward
    std::vector<OpReport> backward; ///< in training
    std::size_t reorders = 0;       ///< layout changes per step
    std::size_t arenaBytes = 0;     ///< activations, their gradients and scratch
    std::size_t weightBytes = 0;    ///< weights, gradients and slots
    std::size_t weightForms = 0;    ///< of weights, kept in other layouts or precisions beside them
    /// How often one was made of its weight so far, by all programs of the store: once after each
    /// change of the weight.
    std::size_t weightConversions = 0;
    std::optional<Recomputation> recomputation = {}; ///< where it was asked for
    int parts = 1;          ///< parts that the batch is computed in; the rest is of all of them
    std::int64_t chunk = 0; ///< in inference: samples that a thread takes at a time; 0: all at once
};

/// A graph compiled for one batch size: everything is created here once, and running it allocates
/// nothing. Used by one thread at a time; the calling thread's OpenMP settings apply.
class Program {
public:
    virtual ~Program() = default;

    [[nodiscard]] virtual const CompileOptions& options() const = 0;
    [[nodiscard]] virtual const OpGraph& graph() const = 0;
    [[nodiscard]] virtual const std::shared_ptr<WeightStore>& weights() const = 0;

    /// Hands a step over: the forward pass and, in training, the backward pass and the update. A
    /// device computes it while the caller does something else; one step at a time.
    virtual void submit(const StepRequest& step);
    /// Waits for the submitted step, whose results come back together: nothing else has to be asked
    /// of the device. Returns nothing when stopped, with the weights unchanged. Throws Error as
    /// forward() does, and where nothing was submitted. By default the three passes run here.
    virtual std::optional<StepResult> finish(const std::stop_token& stop = {});

    // The passes one by one, for tests and reports.

    /// Computes all values from a binding for every graph input that the outputs and losses need.
    /// Returns false when stopped between two ops. Throws Error for a class index outside the
    /// logits.
    virtual bool forward(std::span<const BatchInput> inputs, StepSeed seed = {},
                         const std::stop_token& stop = {}) = 0;
    /// Computes the gradient of the objective for every weight that learns. After forward, in
    /// training only. Returns false when stopped between two ops.
    virtual bool backward(const std::stop_token& stop = {}) = 0;
    /// One step of the optimizer, with what regularizes it, and of the running statistics. Changes
    /// the gradients. After backward.
    /// `step` counts from 1.
    virtual void update(double learningRate, std::uint64_t step) = 0;

    /// The sum over the batch of the weighted per-sample losses. After forward.
    [[nodiscard]] virtual double lossSum() const = 0;
    /// A value as F32 or F64 [batch, …], for outputs and losses of the graph. After forward.
    [[nodiscard]] virtual Tensor read(ValueId value) const = 0;
    /// As read() for an output in F32, into `out` ([batch, …] elements), without allocating.
    virtual void copyOutput(ValueId value, std::span<float> out) const = 0;
    /// The squared norm of each weight's gradient, 0 for those that do not learn, in the order of
    /// the graph's weights. After backward.
    [[nodiscard]] virtual std::span<const double> gradientSquares() const = 0;
    /// The path of the first layer whose value holds a NaN or an infinity, or nothing. After
    /// forward; slow.
    [[nodiscard]] virtual std::optional<std::string> firstNonFinite() const = 0;

    [[nodiscard]] virtual ProgramReport report() const = 0;

    /// Whether forward() measures its ops from now on, from zero.
    virtual void timeOps(bool /*on*/) {}
    /// What each op of report().ops has taken since timeOps(), in seconds; of a batch that threads
    /// share out, of all threads together. Empty where nothing is measured.
    [[nodiscard]] virtual std::vector<double> opSeconds() const { return {}; }

protected:
    /// Compares the step's outputs, as copyOutput() gives them, with what the graph says.
    void scoreStep(const StepRequest& step, double lossSum);
    [[nodiscard]] const ScoreSums& score() const { return score_; }
    /// The store's gradients have been replaced since the backward pass.
    virtual void gradientsChanged() {}
    /// Passes the statistics of the batch on to the running ones, as update() does, too.
    virtual void updateStatistics() {}
    /// What the step that runs shares with other ranks; null where nothing.
    [[nodiscard]] const SharedBatch* shared() const {
        return running_ ? running_->shared : nullptr;
    }
    /// Hears of the ops of the step that runs; may be null.
    [[nodiscard]] TraceSink* trace() const { return running_ ? running_->trace : nullptr; }
    /// Wants to know of each gradient that is final, or null. backward() may leave out some: all
    /// are final at its end.
    [[nodiscard]] GradientWatch* watch() const { return watch_; }
    /// The weights that learn, about in the order in which backward() makes their gradients; the
    /// same for all programs of a graph.
    [[nodiscard]] virtual std::vector<WeightId> gradientOrder() const;

private:
    [[nodiscard]] std::optional<StepResult> stepAlone(const StepRequest& step,
                                                      const std::stop_token& stop);
    [[nodiscard]] std::optional<StepResult> stepTogether(const StepRequest& step,
                                                         const std::stop_token& stop);
    /// The backward pass with the sums over the ranks.
    void backwardTogether(const StepRequest& step, double share);
    /// `hasMoved`: the weights, since the ranks last had the same.
    void averageStatistics(double share, bool hasMoved);

    const StepRequest* running_ = nullptr; ///< during finish()
    GradientWatch* watch_ = nullptr;       ///< during a shared backward pass

    std::optional<StepRequest> submitted_;
    ScoreSums score_;
    std::vector<float> scored_; ///< what is compared
};

struct DeviceInfo {
    std::string key;  ///< "cpu"
    std::string name; ///< the processor's
    std::string detail;
    std::vector<Precision> precisions;
    /// Those of them that the processor has no instructions for: the same numbers, no faster than
    /// FP32.
    std::vector<Precision> emulated = {};
    /// Those that the processor has instructions for and that train convolutions more slowly than
    /// FP32 nevertheless, as measured.
    std::vector<Precision> slower = {};
};

class Backend {
public:
    virtual ~Backend() = default;

    [[nodiscard]] virtual std::string key() const = 0; ///< "onednn"
    [[nodiscard]] virtual DeviceInfo device() const = 0;
    /// Whether it computes such an op in that precision.
    [[nodiscard]] virtual bool supports(const OpAttributes& op, Precision precision) const = 0;
    /// Compiles; with `weights` from an earlier program of the same weights (any batch or mode)
    /// their layout is adopted, else a store is made, all zero. Throws Error when the precision or
    /// an op is not supported, with the reason.
    [[nodiscard]] virtual std::unique_ptr<Program>
    compile(const OpGraph& graph, const CompileOptions& options,
            std::shared_ptr<WeightStore> weights = nullptr) const = 0;
    /// What a program would report, above all its memory. Where the backend can, without making
    /// it: that takes no memory of that size and a fraction of the time. Throws what compile()
    /// throws.
    [[nodiscard]] virtual ProgramReport plan(const OpGraph& graph,
                                             const CompileOptions& options) const {
        return compile(graph, options)->report();
    }
    /// Bytes of its own memory that a device has free; nothing where programs take the computer's.
    [[nodiscard]] virtual std::optional<std::size_t> freeMemory() const { return {}; }
};

/// The slow, obvious one, in double or float: the oracle of the tests.
std::unique_ptr<Backend> makeReferenceBackend();

/// What the CPU engine does its own way.
struct CpuOptions {
    /// Parts that a batch is computed in, each by one thread at a time: then no number depends on
    /// how many threads there are. 1: as a whole, its ops shared out among the threads. Small
    /// batches are cut into fewer.
    int parts = 1;
};
std::unique_ptr<Backend> makeOneDnnBackend(CpuOptions options = {});

} // namespace gradwright
