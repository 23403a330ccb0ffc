// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/quantization/run_quantizer.h"

#include "engine/exchange/model/model_file.h"
#include "engine/exchange/onnx_quantized.h"
#include "engine/inference/optimized_network.h"
#include "engine/io/atomic_file.h"
#include "ui/theme/text.h"

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

// Shares of the work, roughly: ranges and errors, FP32 on the test set, integers on it.
constexpr double kRanges = 0.7;
constexpr double kReal = 0.15;
constexpr double kIntegers = 0.15;

/// What the products of the plan are quantized from.
Weights realWeights(const QuantizedRun& run) {
    auto real = run.made->real;
    correctBiases(real, run.plan, run.made->means);
    return weightsOf(real);
}

OnnxExport onnxOf(const QuantizedRun& run) {
    const auto group = run.made->packedGroup;
    if (group == 0)
        return exportQuantizedOnnx(run.of->project, run.of->run, run.plan, realWeights(run));
    std::set<std::string> kernels;
    for (const auto& [name, layer] : run.plan)
        kernels.insert(name);
    return exportPackedOnnx(run.of->project, run.of->run, kernels, group,
                            weightsOf(run.made->real));
}

} // namespace

std::int64_t layersInIntegers(const QuantizedRun& run) {
    return std::ranges::count_if(
        run.made->layers, [&](const LayerError& layer) { return run.plan.contains(layer.name); });
}

void RunQuantizer::setJob(int job) {
    const bool was = isRunning();
    job_ = job;
    if (was != isRunning())
        Q_EMIT runningChanged(isRunning());
}

void RunQuantizer::cancel() {
    jobs_.cancel(job_);
    setJob(0);
}

void RunQuantizer::start(Task task) {
    jobs_.cancel(job_);
    // Jobs are numbered one after the other, so the number is known before the thread starts.
    const int job = jobs_.next();
    jobs_.start([this, job,
                 task = std::move(task)](const std::stop_token& stop) -> BackgroundJobs::Delivery {
        try {
            auto delivery = task(stop, job);
            if (!delivery)
                return {};
            return [this, delivery = std::move(delivery)] {
                setJob(0);
                delivery();
            };
        } catch (const std::exception& error) {
            return [this, reason = QString::fromUtf8(error.what())] {
                setJob(0);
                Q_EMIT failed(reason);
            };
        }
    });
    setJob(job);
}

void RunQuantizer::tell(int job, double share) {
    jobs_.deliver(job, [this, share] { Q_EMIT progressed(share); });
}

void RunQuantizer::quantize(const QuantizationWish& wish) {
    start([this, wish, before = last_](const std::stop_token& stop, int job) {
        return quantizeNow(wish, before, stop, job);
    });
}

BackgroundJobs::Delivery RunQuantizer::quantizeNow(const QuantizationWish& wish,
                                                   std::shared_ptr<const QuantizedRun> before,
                                                   const std::stop_token& stop, int job) {
    const auto made = std::make_shared<QuantizedRun>();
    made->wish = wish;
    const bool isOpen = before && before->wish.run == wish.run;
    made->of =
        isOpen
            ? before->of
            : std::make_shared<const QuantizableRun>(quantizableRun(RunDirectory::open(wish.run)));
    const auto& run = *made->of;
    const auto test = run.test();
    const auto samples = run.calibration(wish.samples);
    made->calibrated = static_cast<std::int64_t>(samples.indices.size());
    auto settings = wish.settings;
    settings.given = run.given;
    auto network = quantizeTrained(run.model, run.graph, samples, settings, stop,
                                   [&](double share) { tell(job, kRanges * share); });
    if (!network)
        return {};
    const auto all = static_cast<double>(test.indices.size());
    const auto measured = [&](const InferenceModel& model, double from, double part) {
        return scoreOf(model, run.graph, test, stop, [&, from, part](std::int64_t done) {
            tell(job, from + part * static_cast<double>(done) / all);
        });
    };
    const auto real = isOpen ? std::optional(before->real) : measured(run.model, kRanges, kReal);
    const auto integers =
        real ? measured(network->model, kRanges + kReal, kIntegers) : std::nullopt;
    if (!integers)
        return {};
    made->real = *real;
    made->integers = *integers;
    made->plan = network->plan;
    made->model = std::make_shared<const InferenceModel>(network->model);
    made->realBytes = weightBytes(run.model);
    made->integerBytes = weightBytes(*made->model);
    made->made = std::make_shared<const QuantizedNetwork>(*std::move(network));
    return [this, made] {
        last_ = made;
        Q_EMIT quantized(made);
    };
}

void RunQuantizer::keep(std::shared_ptr<const QuantizedRun> from,
                        const std::set<std::string>& names) {
    start([this, from = std::move(from), names](const std::stop_token& stop,
                                                int job) -> BackgroundJobs::Delivery {
        const auto made = std::make_shared<QuantizedRun>(*from);
        const auto& run = *made->of;
        made->plan = made->made->whole;
        for (const auto& name : names)
            made->plan.erase(name);
        if (layersInIntegers(*made) == 0)
            made->plan.clear(); // pools alone take no integers
        made->model = std::make_shared<const InferenceModel>(
            made->plan.empty() ? run.model : inIntegers(*made->made, made->plan));
        const auto test = run.test();
        const auto score = scoreOf(*made->model, run.graph, test, stop, [&](std::int64_t done) {
            tell(job, static_cast<double>(done) / static_cast<double>(test.indices.size()));
        });
        if (!score)
            return {};
        made->integers = *score;
        made->integerBytes = weightBytes(*made->model);
        return [this, made] {
            last_ = made;
            Q_EMIT quantized(made);
        };
    });
}

void RunQuantizer::save(std::shared_ptr<const QuantizedRun> from,
                        const std::filesystem::path& file) {
    start([this, from = std::move(from), file](const std::stop_token&,
                                               int) -> BackgroundJobs::Delivery {
        writeModel(file, modelInIntegers(from->of->run, from->of->graph, *from->model));
        return [this, file] {
            Q_EMIT written(tr("Written to %1; File › Open and gradwright-cli open it.")
                               .arg(qstr(file.string())));
        };
    });
}

void RunQuantizer::exportOnnx(std::shared_ptr<const QuantizedRun> from,
                              const std::filesystem::path& file) {
    start([this, from = std::move(from), file](const std::stop_token& stop,
                                               int) -> BackgroundJobs::Delivery {
        const auto made = onnxOf(*from);
        const auto check = checkQuantizedOnnx(made, stop);
        if (!check)
            return {};
        writeFileAtomically(file, std::string_view(made.file));
        return [this, file, difference = check->difference] {
            Q_EMIT written(tr("Written to %1 as ONNX; read back, its answers are within %2 % of "
                              "these.")
                               .arg(qstr(file.string()))
                               .arg(100 * difference, 0, 'g', 2));
        };
    });
}

} // namespace gradwright

#include "moc_run_quantizer.cpp"
