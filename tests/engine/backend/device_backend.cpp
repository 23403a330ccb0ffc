// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/backend/device_backend.h"

#include "engine/backend/memory/value_outline.h"
#include "engine/backend/reference/kernel.h"
#include "engine/backend/update_pipeline.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <limits>
#include <map>
#include <type_traits>

namespace gradwright::test {
namespace {

using reference::Frame;
using reference::Kernel;
using reference::KernelPtr;

/// A piece of the device's memory. What runs on the device gets its view; the host copies.
template <class T>
class DeviceArray {
public:
    explicit DeviceArray(std::size_t size = 0)
        : memory_(size) {}

    [[nodiscard]] std::size_t size() const { return memory_.size(); }
    void upload(std::span<const T> values) { std::ranges::copy(values, memory_.begin()); }
    [[nodiscard]] std::vector<T> download() const { return memory_; }
    [[nodiscard]] std::span<T> onDevice() const { return memory_; }

private:
    mutable std::vector<T> memory_;
};

class DeviceWeights final : public WeightStore {
public:
    explicit DeviceWeights(const std::vector<WeightSpec>& specs)
        : specs_(specs) {
        for (const auto& spec : specs_)
            entries_.push_back({.value = array(spec), .gradient = array(spec), .slots = {}});
    }

    [[nodiscard]] const std::vector<WeightSpec>& specs() const override { return specs_; }
    [[nodiscard]] DType dtype() const override { return DType::F32; }
    [[nodiscard]] Tensor read(WeightId id) const override { return host(id, entry(id).value); }
    void write(WeightId id, const Tensor& values) override { upload(id, entry(id).value, values); }
    [[nodiscard]] Tensor readGradient(WeightId id) const override {
        return host(id, entry(id).gradient);
    }
    [[nodiscard]] std::size_t slots() const override { return slots_; }
    [[nodiscard]] Tensor readSlot(WeightId id, std::size_t slot) const override {
        return host(id, entry(id).slots.at(slot));
    }
    void writeSlot(WeightId id, std::size_t slot, const Tensor& values) override {
        upload(id, entry(id).slots.at(slot), values);
    }
    void exchange(std::size_t slot) override {
        for (std::uint32_t i = 0; i < specs_.size(); ++i)
            if (specs_[i].learns())
                std::swap(entries_[i].value, entries_[i].slots.at(slot));
    }

    void prepareTraining(std::size_t slots) {
        slots_ = slots;
        for (std::size_t i = 0; i < specs_.size(); ++i)
            entries_[i].slots.resize(slots, array(specs_[i]));
    }

    struct Entry {
        DeviceArray<float> value, gradient;
        std::vector<DeviceArray<float>> slots;
    };
    Entry& entry(WeightId id) { return entries_[id.index()]; }
    [[nodiscard]] const Entry& entry(WeightId id) const { return entries_[id.index()]; }

private:
    static DeviceArray<float> array(const WeightSpec& spec) {
        return DeviceArray<float>(static_cast<std::size_t>(spec.shape.elements()));
    }
    [[nodiscard]] Tensor host(WeightId id, const DeviceArray<float>& values) const {
        return Tensor::of<float>(specs_[id.index()].shape, values.download());
    }
    void upload(WeightId id, DeviceArray<float>& target, const Tensor& values) {
        if (values.shape() != specs_[id.index()].shape)
            throw Error("{} has another shape", specs_[id.index()].key);
        target.upload(values.to(DType::F32).span<float>());
    }

    std::vector<WeightSpec> specs_;
    std::vector<Entry> entries_;
    std::size_t slots_ = 0;
};

/// The device has one thread.
struct DeviceTeam {
    template <class Visit>
    void share(std::size_t count, const Visit& visit) const {
        for (std::size_t i = 0; i < count; ++i)
            visit(i);
    }
    [[nodiscard]] double squares(const float* values, std::size_t size) const {
        return squaresOf(values, size);
    }
    void finished(const UpdatePiece<float>& /*piece*/) const {}
};

class DeviceProgram final : public Program {
public:
    DeviceProgram(const OpGraph& graph, const CompileOptions& options,
                  std::shared_ptr<DeviceWeights> weights)
        : graph_(programGraph(graph, options.mode, options.passes))
        , options_(options)
        , weights_(std::move(weights))
        , store_(weights_)
        , squares_(graph_.weights().size()) {
        const auto outline = valueOutline(graph_, options.batch, sizeof(float));
        const auto execution = runOnce(outline);
        plan_ = planArena(outline, execution);
        arena_ = DeviceArray<float>(plan_.bytes / sizeof(float));
        for (std::uint32_t i = 0; i < graph_.values().size(); ++i)
            placeElsewhere(ValueId{i});
        for (std::size_t i = 0; i < graph_.ops().size(); ++i) {
            lower(graph_.ops()[i]);
            auto& steps = graph_.ops()[i].isBackward ? backward_ : forward_;
            for (std::uint32_t value = 0; value < graph_.values().size(); ++value)
                if (const auto& lives = execution.lives[value];
                    !lives.empty() && lives.back().last == i + 1)
                    steps.back().dead.push_back(valueOf(ValueId{value}));
        }
        if (options_.update)
            preparePipeline();
    }

    [[nodiscard]] const CompileOptions& options() const override { return options_; }
    [[nodiscard]] const OpGraph& graph() const override { return graph_; }
    [[nodiscard]] const std::shared_ptr<WeightStore>& weights() const override { return store_; }

    bool forward(std::span<const BatchInput> inputs, StepSeed seed,
                 const std::stop_token& /*stop*/) override {
        seed_ = seed;
        for (const auto& input : inputs) {
            if (const auto indices = indices_.find(input.value); indices != indices_.end())
                copy(input.data, indices->second.onDevice());
            else
                copy(input.data, valueOf(input.value));
        }
        run(forward_);
        return true;
    }

    bool backward(const std::stop_token& /*stop*/) override {
        run(backward_);
        for (const auto& [weight, value] : graph_.gradients()) {
            const auto gradient = valueOf(value);
            weights_->entry(weight).gradient.upload(gradient);
            squares_[weight.index()] = squaresOf(gradient.data(), gradient.size());
        }
        return true;
    }

    void update(double learningRate, std::uint64_t step) override {
        pipeline_->run(learningRate, step);
        for (auto& lowered : forward_)
            lowered.kernel->updateStatistics(lowered.frame);
    }

    [[nodiscard]] double lossSum() const override {
        double sum = 0;
        for (const auto& loss : graph_.losses())
            for (const auto value : valueOf(loss.perSample))
                sum += loss.weight * static_cast<double>(value);
        return sum;
    }
    [[nodiscard]] Tensor read(ValueId value) const override {
        return Tensor::of<float>(graph_.type(value).shapeFor(options_.batch), valueOf(value));
    }
    void copyOutput(ValueId value, std::span<float> out) const override {
        std::ranges::copy(valueOf(value), out.begin());
    }
    [[nodiscard]] std::span<const double> gradientSquares() const override { return squares_; }
    [[nodiscard]] std::optional<std::string> firstNonFinite() const override { return {}; }
    [[nodiscard]] ProgramReport report() const override { return {}; }

private:
    struct Lowered {
        std::size_t op;
        Frame<float> frame;
        KernelPtr<float> kernel;                 ///< of a forward op, or of an op of the gradient
        Kernel<float>* fused = nullptr;          ///< whose backward pass runs
        std::vector<std::span<float>> dead = {}; ///< nothing reads them after this
    };

    template <class T>
    static void copy(const void* from, std::span<T> to) {
        std::memcpy(to.data(), from, to.size_bytes());
    }

    /// Constants and class indices have arrays of their own; weights have theirs already.
    void placeElsewhere(ValueId id) {
        const auto& value = graph_.value(id);
        const auto size = static_cast<std::size_t>(value.type.shapeFor(options_.batch).elements());
        if (value.constant)
            copy(value.constant->to(DType::F32).bytes().data(),
                 constants_.emplace(id, DeviceArray<float>(size)).first->second.onDevice());
        else if (!value.source && !value.weight && value.type.element == DType::I32)
            indices_.emplace(id, DeviceArray<std::int32_t>(size));
    }

    [[nodiscard]] std::span<float> valueOf(ValueId id) const {
        const auto& value = graph_.value(id);
        if (value.weight)
            return weights_->entry(*value.weight).value.onDevice();
        if (const auto constant = constants_.find(id); constant != constants_.end())
            return constant->second.onDevice();
        if (indices_.contains(id))
            return {};
        const auto size = static_cast<std::size_t>(value.type.shapeFor(options_.batch).elements());
        return arena_.onDevice().subspan(plan_.offsets[id.index()] / sizeof(float), size);
    }
    [[nodiscard]] std::span<const std::int32_t> indicesOf(ValueId id) const {
        const auto found = indices_.find(id);
        return found == indices_.end() ? std::span<std::int32_t>() : found->second.onDevice();
    }

    Frame<float> frameOf(const Op& op) {
        Frame<float> frame;
        frame.path = op.path;
        frame.batch = options_.batch;
        frame.mode = options_.mode;
        frame.inputTypes = graph_.inputTypes(op);
        for (const auto input : op.inputs) {
            frame.inputs.push_back(valueOf(input));
            frame.indices.push_back(indicesOf(input));
            if (!frame.indices.back().empty())
                frame.classes = frame.indices.back();
        }
        for (const auto output : op.outputs) {
            frame.outputTypes.push_back(graph_.type(output));
            frame.outputs.push_back(valueOf(output));
        }
        frame.outputType = frame.outputTypes[0];
        frame.output = frame.outputs[0];
        for (const auto weight : op.weights)
            frame.weights.push_back(weights_->entry(weight).value.onDevice());
        return frame;
    }

    void lower(const Op& op) {
        const auto place = *graph_.placeOf(op.id);
        auto& steps = op.isBackward ? backward_ : forward_;
        if (const auto* gradient = std::get_if<GradientOp>(&op.attributes)) {
            const auto forward =
                std::ranges::find(forward_, graph_.placeOf(gradient->of),
                                  [](const Lowered& l) { return std::optional(l.op); });
            auto frame = frameOf(graph_.ops()[forward->op]);
            frame.outputGradient = valueOf(op.inputs[0]);
            auto made = op.outputs.begin();
            const auto place_of = [&](bool isWanted, std::size_t size) {
                return isWanted ? valueOf(*made++) : scratch_.emplace_back(size).onDevice();
            };
            for (std::size_t i = 0; i < gradient->ofInputs.size(); ++i)
                frame.inputGradients.push_back(
                    place_of(gradient->ofInputs[i], frame.inputs[i].size()));
            for (std::size_t i = 0; i < gradient->ofWeights.size(); ++i)
                frame.weightGradients.push_back(
                    place_of(gradient->ofWeights[i], frame.weights[i].size()));
            steps.push_back({place, std::move(frame), nullptr, forward->kernel.get()});
            return;
        }
        auto frame = frameOf(op);
        auto kernel = std::visit(
            [&]<class O>(const O& attributes) -> KernelPtr<float> {
                if constexpr (std::is_same_v<O, GradientOp>)
                    return nullptr;
                else
                    return reference::makeKernel(attributes, frame);
            },
            op.attributes);
        steps.push_back({place, std::move(frame), std::move(kernel)});
    }

    void run(std::vector<Lowered>& steps) {
        constexpr auto nan = std::numeric_limits<float>::quiet_NaN();
        for (auto& [op, frame, kernel, fused, dead] : steps) {
            frame.seed = seed_;
            if (fused) {
                for (const auto& gradients : {frame.inputGradients, frame.weightGradients})
                    for (const auto& values : gradients)
                        std::ranges::fill(values, 0.0F);
                fused->backward(frame);
            } else {
                kernel->forward(frame);
            }
            for (const auto& values : dead) // so that no kernel reads more than its op declares
                std::ranges::fill(values, nan);
        }
    }

    void preparePipeline() {
        const auto& rule = *options_.update;
        pipeline_.emplace(rule, graph_.weights().size(), DeviceTeam{});
        for (const auto& [id, value] : graph_.gradients()) {
            auto& entry = weights_->entry(id);
            const auto weight = entry.value.onDevice();
            auto* gradient = entry.gradient.onDevice().data();
            UpdateSpan<float> span{weight.data(), gradient, {}, weight.size()};
            for (std::size_t slot = 0; slot < rule.slots; ++slot)
                span.slots[slot] = entry.slots[slot].onDevice().data();
            const auto& spec = graph_.weight(id);
            pipeline_->add(
                {id.index(), 0, span, gradient, nullptr, spec.rateFactor, spec.shape.rank() >= 2});
        }
    }

    OpGraph graph_;
    CompileOptions options_;
    std::shared_ptr<DeviceWeights> weights_;
    std::shared_ptr<WeightStore> store_;
    ArenaPlan plan_;
    DeviceArray<float> arena_; ///< the values that ops make and batches bring
    std::map<ValueId, DeviceArray<float>> constants_;
    std::map<ValueId, DeviceArray<std::int32_t>> indices_;
    std::deque<DeviceArray<float>> scratch_;
    std::vector<Lowered> forward_, backward_;
    std::optional<UpdatePipeline<float, DeviceTeam>> pipeline_;
    std::vector<double> squares_;
    StepSeed seed_;
};

class DeviceBackend final : public Backend {
public:
    [[nodiscard]] std::string key() const override { return "device"; }
    [[nodiscard]] DeviceInfo device() const override {
        return {"device:0", "Test device", "memory of its own", {Precision::F32}};
    }
    [[nodiscard]] bool supports(const OpAttributes& /*op*/, Precision precision) const override {
        return precision == Precision::F32;
    }
    [[nodiscard]] std::unique_ptr<Program>
    compile(const OpGraph& graph, const CompileOptions& options,
            std::shared_ptr<WeightStore> weights) const override {
        auto store = weights ? std::dynamic_pointer_cast<DeviceWeights>(weights)
                             : std::make_shared<DeviceWeights>(graph.weights());
        if (!store)
            throw Error("the weights were made by another backend");
        if (options.update && store->slots() == 0)
            store->prepareTraining(options.update->slots);
        return std::make_unique<DeviceProgram>(graph, options, std::move(store));
    }
};

} // namespace

std::unique_ptr<Backend> makeDeviceBackend() {
    return std::make_unique<DeviceBackend>();
}

} // namespace gradwright::test
