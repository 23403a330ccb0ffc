// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/inference/format_trials.h"

#include "engine/backend/devices.h"
#include "engine/data/feed/batcher.h"
#include "engine/inference/latency.h"
#include "engine/inference/optimized_network.h"
#include "engine/metrics/outcomes.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <limits>
#include <map>
#include <utility>

namespace gradwright {
namespace {

constexpr std::int64_t kTriedAtOnce = 16;
constexpr double kExactShare = 0.5;                       ///< of the work, roughly
constexpr std::size_t kMostKept = std::size_t{512} << 20; ///< bytes of exact results

bool isWide(const NumberFormat& format) {
    return format.key == "fp64" || format.key == "fp32";
}

bool hasScale(const NumberFormat& format) {
    return format.isInteger() || format.key.starts_with("fp8");
}

Precision enginePrecision(const NumberFormat& format) {
    return format.key == "fp64" ? Precision::F64 : Precision::F32;
}

/// The number, where the largest magnitude of its like is `most`.
double roundedBeside(const NumberFormat& format, double number, double most) {
    if (!hasScale(format) || most == 0)
        return rounded(format, number);
    // What is beyond the largest of the samples in FP64 becomes that, as casts with scales do.
    const auto largest = largestNumber(format);
    const auto scale = most / largest;
    return rounded(format, std::clamp(number / scale, -largest, largest)) * scale;
}

/// A weight as it is in a format; of kernels, each output has a scale of its own.
Tensor roundedWeight(const Tensor& weight, const NumberFormat& format, std::int64_t rows) {
    auto numbers = numbersOf(weight);
    const auto each = numbers.size() / static_cast<std::size_t>(rows);
    for (std::size_t begin = 0; begin < numbers.size(); begin += each) {
        const auto row = std::span(numbers).subspan(begin, each);
        double most = 0;
        for (const double number : row)
            most = std::max(most, std::abs(number));
        for (double& number : row)
            number = roundedBeside(format, number, most);
    }
    Tensor made = weight;
    setNumbers(made, numbers);
    return made;
}

/// The graph with all results of its ops as outputs, so that each can be read.
OpGraph openGraph(const OpGraph& graph) {
    auto made = graph;
    std::vector<NamedValue> outputs;
    for (const auto& op : graph.ops())
        for (const auto output : op.outputs)
            outputs.push_back({fmt::format("{}", outputs.size()), output});
    made.setOutputs(std::move(outputs));
    return made;
}

using Values = std::map<ValueId, Tensor>; ///< [samples, …]

/// Runs a network as a whole and reads the result of every op.
class WholeNetwork {
public:
    WholeNetwork(const InferenceModel& model, Precision precision)
        : graph_(openGraph(model.graph))
        , precision_(precision)
        , weights_(weightsOf(model)) {}

    std::optional<Values> run(const BatchInput& input, std::int64_t samples,
                              const std::stop_token& stop) {
        auto& program = programs_[samples];
        if (!program) {
            program = backendFor({.precision = precision_})
                          ->compile(graph_, {.batch = samples, .precision = precision_});
            writeWeights(*program->weights(), weights_);
        }
        if (!program->forward(std::array{input}, {}, stop))
            return {};
        Values values;
        for (const auto& output : graph_.outputs())
            values.emplace(output.value, program->read(output.value));
        return values;
    }

private:
    OpGraph graph_;
    Precision precision_;
    Weights weights_;
    std::map<std::int64_t, std::unique_ptr<Program>> programs_;
};

/// One op as a program of its own, so that what it makes can be rounded before others read it.
class LoneOp {
public:
    LoneOp(const InferenceModel& model, const Op& op)
        : op_(op) {
        const auto& graph = model.graph;
        std::vector<ValueId> inputs;
        for (const auto input : op.inputs) {
            const auto& value = graph.value(input);
            if (value.constant) {
                inputs.push_back(model_.graph.addConstant(*value.constant, value.path));
            } else if (value.weight) {
                inputs.push_back(model_.graph.weightValue(addWeight(model, *value.weight)));
            } else {
                inputs.push_back(
                    model_.graph.addInput(fmt::format("{}", inputs.size()), value.type));
                fed_.emplace_back(input, inputs.back());
            }
        }
        std::vector<WeightId> weights;
        for (const auto weight : op.weights)
            weights.push_back(addWeight(model, weight));
        made_ =
            model_.graph.insert(0, op.attributes, std::move(inputs), op.path, std::move(weights));
        for (const auto value : made_)
            model_.graph.addOutput(fmt::format("{}", value.index()), value);
    }

    [[nodiscard]] const Op& op() const { return op_; }

    std::optional<std::vector<Tensor>> run(const Values& values, std::int64_t samples,
                                           const std::stop_token& stop) {
        auto& program = programs_[samples];
        if (!program) {
            program = backendFor({})->compile(model_.graph, {.batch = samples});
            writeWeights(*program->weights(), weightsOf(model_));
        }
        std::vector<BatchInput> bound;
        for (const auto& [from, to] : fed_)
            bound.push_back({to, values.at(from).span<float>().data()});
        if (!program->forward(bound, {}, stop))
            return {};
        std::vector<Tensor> results;
        for (const auto value : made_)
            results.push_back(program->read(value));
        return results;
    }

private:
    WeightId addWeight(const InferenceModel& from, WeightId id) {
        return model_.add(from.graph.weight(id).key, from.of(id));
    }

    Op op_;
    InferenceModel model_;
    std::vector<std::pair<ValueId, ValueId>> fed_; ///< the network's value and the lone op's
    std::vector<ValueId> made_;
    std::map<std::int64_t, std::unique_ptr<Program>> programs_;
};

/// Largest magnitudes of results in FP64.
using Magnitudes = std::map<ValueId, double>;

/// A network in one format.
class FormatRunner {
public:
    FormatRunner(const InferenceModel& model, const NumberFormat& format)
        : format_(&format) {
        if (isWide(format)) {
            whole_.emplace(model, enginePrecision(format));
            return;
        }
        auto rounds = model;
        std::vector<std::int64_t> rows(model.weights.size(), 1);
        for (const auto& op : model.graph.ops())
            if (std::holds_alternative<ConvOp>(op.attributes) ||
                std::holds_alternative<DenseOp>(op.attributes))
                rows[op.weights[0].index()] = model.graph.weight(op.weights[0]).shape[0];
        for (std::size_t i = 0; i < rounds.weights.size(); ++i)
            rounds.weights[i] = roundedWeight(model.weights[i], format, rows[i]);
        for (const auto& op : model.graph.ops())
            ops_.emplace_back(rounds, op);
    }

    std::optional<Values> run(ValueId inputId, const Tensor& input, const Magnitudes& magnitudes,
                              const std::stop_token& stop) {
        const auto samples = input.shape()[0];
        if (whole_)
            return whole_->run({inputId, input.span<float>().data()}, samples, stop);
        Values values;
        values.emplace(inputId, asResult(input, magnitudes.at(inputId)));
        for (auto& lone : ops_) {
            auto results = lone.run(values, samples, stop);
            if (!results)
                return {};
            for (std::size_t i = 0; i < results->size(); ++i) {
                const auto id = lone.op().outputs[i];
                values.emplace(id, asResult((*results)[i], magnitudes.at(id)));
            }
        }
        return values;
    }

private:
    [[nodiscard]] Tensor asResult(const Tensor& values, double most) const {
        auto made = values.dtype() == DType::F32 ? values : values.to(DType::F32);
        if (format_->key != "int4")
            for (auto& value : made.span<float>())
                value =
                    static_cast<float>(roundedBeside(*format_, static_cast<double>(value), most));
        return made;
    }

    const NumberFormat* format_;
    std::optional<WholeNetwork> whole_;
    std::deque<LoneOp> ops_;
};

void requireReals(const InferenceModel& model) {
    if (model.graph.inputs().size() != 1 || model.graph.outputs().size() != 1)
        throw Error("formats are tried on networks with one input and one output");
    for (const auto& op : model.graph.ops()) {
        if (std::holds_alternative<EmbeddingOp>(op.attributes))
            throw Error("{}: a network that takes indices is not tried, since rounding would make "
                        "others of them",
                        op.path);
        for (const auto output : op.outputs)
            if (!model.graph.type(output).isReal() || !model.graph.type(output).isPerSample())
                throw Error("{} makes no real numbers of each sample; such networks are not tried",
                            op.path);
    }
}

/// All samples, tried batch after batch.
class Trials {
public:
    Trials(const InferenceModel& model, const std::shared_ptr<const DataSource>& source,
           std::int64_t samples)
        : model_(model)
        , source_(source)
        , input_(model.graph.inputs()[0].value)
        , output_(model.graph.outputs()[0].value)
        , samples_(std::min(samples, source->size()))
        , exact_(model, Precision::F64) {}

    /// Learns the magnitudes. False when stopped.
    bool calibrate(const std::stop_token& stop, const std::function<void(double)>& progress) {
        std::size_t bytes = 0;
        return eachBatch([&](const Batch& batch, const Tensor& input) {
            auto values = exact_.run({input_, input.span<float>().data()}, input.shape()[0], stop);
            if (!values)
                return false;
            see(input_, input);
            for (const auto& [id, tensor] : *values) {
                see(id, tensor);
                bytes += tensor.bytes().size();
            }
            if (progress)
                progress(static_cast<double>(batch.index * kTriedAtOnce + batch.count) /
                         static_cast<double>(samples_));
            if (bytes <= kMostKept)
                kept_.emplace(batch.index, *std::move(values));
            return true;
        });
    }

    std::optional<FormatTrial> run(const NumberFormat& format, const std::stop_token& stop) {
        FormatTrial trial{.format = &format, .weightsOnly = format.key == "int4"};
        trial.isSimulated = !isWide(format);
        for (const auto& weight : model_.graph.weights())
            trial.weightBytes += (weight.shape.elements() * format.bits() + 7) / 8;
        FormatRunner runner(model_, format);
        std::vector<double> sums(model_.graph.ops().size());
        std::vector<double> counts(sums.size());
        for (const auto& op : model_.graph.ops())
            trial.layers.push_back({op.path, std::string(nameOf(op.attributes))});
        Outcomes outcomes;
        outcomes.begin(static_cast<std::size_t>(samples_),
                       static_cast<std::size_t>(model_.graph.type(output_).sample().elements()),
                       static_cast<std::size_t>(source_->labelsPerSample()));
        const bool isDone = eachBatch([&](const Batch& batch, const Tensor& input) {
            std::optional<Values> anew;
            const auto* const expected = exactly(batch, input, anew, stop);
            if (!expected)
                return false;
            std::optional<Values> rounded;
            const auto* values = expected; // of FP64
            if (enginePrecision(format) != Precision::F64) {
                rounded = runner.run(input_, input, magnitudes_, stop);
                if (!rounded)
                    return false;
                values = &*rounded;
            }
            for (std::size_t i = 0; i < sums.size(); ++i)
                for (const auto id : model_.graph.ops()[i].outputs)
                    compare(expected->at(id), values->at(id), magnitudes_.at(id), trial.layers[i],
                            sums[i], counts[i]);
            const auto answers = values->at(output_).to(DType::F32);
            std::ranges::copy(answers.span<float>(), outcomes.add(batch).begin());
            return true;
        });
        if (!isDone)
            return {};
        for (std::size_t i = 0; i < sums.size(); ++i)
            trial.layers[i].mean = counts[i] > 0 ? sums[i] / counts[i] : 0;
        const auto& metric = qualityMetric(outcomes.kind());
        if (const auto value = metric.value(outcomes))
            trial.quality = Quality{&metric, *value};
        return trial;
    }

private:
    static void compare(const Tensor& expected, const Tensor& answered, double scale,
                        FormatError& error, double& sum, double& count) {
        const auto want = numbersOf(expected);
        const auto have = numbersOf(answered);
        for (std::size_t i = 0; i < want.size(); ++i) {
            auto away = std::abs(want[i] - have[i]);
            if (std::isnan(away))
                away = std::numeric_limits<double>::infinity();
            error.largest = std::max(error.largest, away);
            sum += away;
        }
        count += static_cast<double>(want.size());
        error.scale = std::max(error.scale, scale);
    }

    void see(ValueId id, const Tensor& values) {
        auto& most = magnitudes_[id];
        for (const double number : numbersOf(values))
            most = std::max(most, std::abs(number));
    }

    /// As calibrate() has kept it, or computed into `anew`; null when stopped.
    const Values* exactly(const Batch& batch, const Tensor& input, std::optional<Values>& anew,
                          const std::stop_token& stop) {
        if (const auto found = kept_.find(batch.index); found != kept_.end())
            return &found->second;
        anew = exact_.run({input_, input.span<float>().data()}, input.shape()[0], stop);
        return anew ? &*anew : nullptr;
    }

    template <class Visit>
    bool eachBatch(const Visit& visit) {
        std::vector<std::uint32_t> indices(static_cast<std::size_t>(samples_));
        for (std::uint32_t i = 0; i < indices.size(); ++i)
            indices[i] = i;
        Batcher batcher(source_, std::move(indices), kTriedAtOnce, std::nullopt);
        batcher.startEpoch(0);
        const auto each = static_cast<std::size_t>(source_->shape().elements());
        while (const auto* batch = batcher.next()) {
            Tensor input(DType::F32, source_->shape().withBatch(batch->count));
            const auto first = batch->index * kTriedAtOnce;
            for (std::int64_t i = 0; i < batch->count; ++i)
                source_->input(first + i, input.span<float>().subspan(
                                              static_cast<std::size_t>(i) * each, each));
            if (!visit(*batch, input))
                return false;
        }
        return true;
    }

    const InferenceModel& model_;
    std::shared_ptr<const DataSource> source_;
    ValueId input_, output_;
    std::int64_t samples_;
    WholeNetwork exact_;
    Magnitudes magnitudes_;
    std::map<std::int64_t, Values> kept_; ///< what is exact, by batch, as far as there is room
};

/// What an engine takes for one sample; false when stopped.
bool measureTrial(const InferenceModel& model, FormatTrial& trial, double seconds,
                  const std::stop_token& stop) {
    std::optional<Precision> precision;
    for (const auto& [key, each] :
         {std::pair{"fp64", Precision::F64}, {"fp32", Precision::F32}, {"bf16", Precision::Bf16}})
        if (trial.format->key == key)
            precision = each;
    if (!precision || seconds <= 0 || isEmulated(*precision))
        return true;
    const auto program = backendFor({.precision = *precision})
                             ->compile(model.graph, {.batch = 1, .precision = *precision});
    writeWeights(*program->weights(), weightsOf(model));
    const auto latency = measureLatency(*program, seconds, stop);
    if (latency)
        trial.seconds = latency->median;
    return latency.has_value();
}

} // namespace

FormatSummary summaryOf(const FormatTrial& trial) {
    FormatSummary summary;
    for (const auto& layer : trial.layers) {
        summary.largest = std::max(summary.largest, layer.largest);
        summary.mean += layer.mean / static_cast<double>(trial.layers.size());
    }
    return summary;
}

std::optional<std::vector<FormatTrial>> tryFormats(const InferenceModel& model,
                                                   const std::shared_ptr<const DataSource>& source,
                                                   const FormatWish& wish,
                                                   const std::stop_token& stop,
                                                   const std::function<void(double)>& progress) {
    requireReals(model);
    if (source->shape() != model.graph.type(model.graph.inputs()[0].value).sample())
        throw Error("the network takes {}, the data set has {}",
                    toString(model.graph.type(model.graph.inputs()[0].value).sample()),
                    toString(source->shape()));
    Trials trials(model, source, std::max<std::int64_t>(wish.samples, 1));
    const auto tell = [&](std::size_t done) {
        if (progress)
            progress(kExactShare + (1 - kExactShare) * static_cast<double>(done) /
                                       static_cast<double>(numberFormats().size()));
    };
    // What is exact takes longest, and is computed first.
    const auto calibrating = [&](double share) {
        if (progress)
            progress(share * kExactShare);
    };
    if (!trials.calibrate(stop, calibrating))
        return {};
    std::vector<FormatTrial> made;
    for (const auto& format : numberFormats()) {
        tell(made.size());
        auto trial = trials.run(format, stop);
        if (!trial || !measureTrial(model, *trial, wish.seconds, stop))
            return {};
        made.push_back(*std::move(trial));
    }
    return made;
}

} // namespace gradwright
