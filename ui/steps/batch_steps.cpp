// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/steps/batch_steps.h"

#include "engine/project/runs.h"
#include "engine/support/error.h"
#include "engine/training/written_value.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

namespace gradwright {

/// What a background job brings.
struct BatchSteps::Prepared {
    std::shared_ptr<BatchTracer> tracer;
    std::optional<BatchTrace> trace;
    QString weightsText; ///< empty: as before
    QString failure;
};

namespace {

std::size_t bytesOf(const BatchTrace& trace) {
    std::size_t bytes = 0;
    for (const auto* tensors : {&trace.values, &trace.gradients})
        for (const auto& tensor : *tensors)
            bytes += tensor.bytes().size();
    for (const auto& weight : trace.weights)
        for (const auto* tensor : {&weight.before, &weight.gradient, &weight.after})
            bytes += tensor->bytes().size();
    return bytes;
}

QString seedText(const TrainingSettings& settings) {
    return BatchSteps::tr("fresh, as a training with seed %1 starts").arg(settings.seed());
}

/// With the run's weights, or with fresh ones where these do not fit.
std::shared_ptr<BatchTracer> openTracer(TraceJob job, const std::optional<StepRun>& run,
                                        QString& weightsText) {
    weightsText = seedText(job.settings);
    if (!run)
        return std::make_shared<BatchTracer>(job);
    try {
        auto trained = job;
        const auto directory = RunDirectory::open(run->folder);
        trained.checkpoint = directory.lastWeights();
        trained.weightsOnly =
            projectOfRun(directory).training.optimizer.key != job.settings.optimizer.key;
        auto tracer = std::make_shared<BatchTracer>(trained);
        weightsText = BatchSteps::tr("of the run %1").arg(run->name);
        return tracer;
    } catch (const Error&) {
        auto tracer = std::make_shared<BatchTracer>(job); // throws what is wrong with the network
        weightsText +=
            BatchSteps::tr("; those of the run %1 do not fit this network").arg(run->name);
        return tracer;
    }
}

} // namespace

BatchSteps::BatchSteps(ProjectDocument& document, QObject* parent)
    : QObject(parent)
    , document_(&document) {
    connect(&document, &ProjectDocument::changed, this, [this](ProjectDocument::Changes what) {
        if (active_ && (what & (ProjectDocument::NetworkChange | ProjectDocument::DataChange |
                                ProjectDocument::TrainingChange)))
            finish(what.testFlag(ProjectDocument::ReplacedChange)
                       ? QString()
                       : tr("The steps have ended, because the project was changed; F10 starts "
                            "them again."));
    });
}

const BatchTrace* BatchSteps::trace() const {
    return shown_ < traces_.size() ? traces_[shown_].get() : nullptr;
}

const TracedLayer* BatchSteps::layer() const {
    return trace() != nullptr ? trace()->network->find(layer_) : nullptr;
}

bool BatchSteps::canGoBack() const {
    return active_ && !computing_ && (step_ != BatchStep::Batch || shown_ > 0);
}

void BatchSteps::next() {
    if (computing_)
        return;
    if (!active_) {
        active_ = true;
        step_ = BatchStep::Batch;
        sample_ = 0;
        compute();
    } else if (step_ != BatchStep::NextBatch) {
        step_ = static_cast<BatchStep>(static_cast<int>(step_) + 1);
    } else {
        step_ = BatchStep::Batch;
        if (shown_ + 1 < traces_.size())
            ++shown_;
        else
            compute();
    }
    Q_EMIT changed();
}

void BatchSteps::back() {
    if (!canGoBack())
        return;
    if (step_ != BatchStep::Batch) {
        step_ = static_cast<BatchStep>(static_cast<int>(step_) - 1);
    } else {
        --shown_;
        step_ = BatchStep::NextBatch;
    }
    Q_EMIT changed();
}

void BatchSteps::end() {
    if (active_)
        finish({});
}

void BatchSteps::finish(const QString& reason) {
    jobs_.cancel(job_);
    active_ = false;
    computing_ = false;
    tracer_.reset();
    traces_.clear();
    shown_ = 0;
    layer_.clear();
    Q_EMIT changed();
    Q_EMIT ended(reason);
}

void BatchSteps::setSample(std::int64_t sample) {
    if (trace() == nullptr || sample < 0 || sample >= trace()->samples ||
        std::exchange(sample_, sample) == sample)
        return;
    Q_EMIT changed();
}

void BatchSteps::setLayer(const std::string& path) {
    if (std::exchange(layer_, path) == path)
        return;
    chooseElement();
    Q_EMIT changed();
}

void BatchSteps::setElement(std::int64_t element) {
    if (layer() == nullptr || element < 0 || element >= elementsOf(*trace(), *layer()) ||
        std::exchange(element_, element) == element)
        return;
    Q_EMIT changed();
}

void BatchSteps::compute() {
    computing_ = true;
    const auto& project = document_->project();
    TraceJob job{project.network, project.data, project.training, {}};
    std::optional<StepRun> run;
    if (!tracer_ && runSource_)
        run = runSource_();
    job_ = jobs_.start([this, job = std::move(job), run = std::move(run),
                        tracer = tracer_](const std::stop_token& stop) -> BackgroundJobs::Delivery {
        auto made = std::make_shared<Prepared>();
        made->tracer = tracer;
        try {
            if (!made->tracer)
                made->tracer = openTracer(job, run, made->weightsText);
            made->trace = made->tracer->next(stop);
        } catch (const std::bad_alloc&) {
            made->failure = tr("There is not enough memory to step through this network.");
        } catch (const std::exception& error) {
            made->failure = QString::fromUtf8(error.what());
        }
        return [this, made] { take(made); };
    });
}

void BatchSteps::take(std::shared_ptr<Prepared> prepared) {
    if (!prepared->trace)
        return finish(prepared->failure);
    computing_ = false;
    tracer_ = std::move(prepared->tracer);
    if (!prepared->weightsText.isEmpty())
        weightsText_ = prepared->weightsText;
    const std::size_t most = bytesOf(*prepared->trace) > kKeptBytes ? 1 : kKept;
    while (traces_.size() >= most)
        traces_.erase(traces_.begin());
    traces_.push_back(std::make_shared<const BatchTrace>(*std::move(prepared->trace)));
    shown_ = traces_.size() - 1;
    sample_ = std::min(sample_, trace()->samples - 1);
    if (layer() == nullptr)
        chooseLayer();
    Q_EMIT changed();
}

/// The first one that has sums to write out.
void BatchSteps::chooseLayer() {
    for (const auto& each : trace()->network->layers)
        if (trace()->value(each.outputs.front()).elements() > 0 &&
            !writeOut(*trace(), each, 0, 0).sums.empty()) {
            layer_ = each.path;
            return chooseElement();
        }
}

void BatchSteps::chooseElement() {
    element_ = 0;
    if (layer() == nullptr)
        return;
    const auto& values = trace()->value(layer()->outputs.front());
    const auto size = elementsOf(*trace(), *layer());
    if (size == 0)
        return;
    const auto own = values.span<double>().subspan(static_cast<std::size_t>(sample_ * size),
                                                   static_cast<std::size_t>(size));
    element_ = std::ranges::max_element(own, {}, [](double value) { return std::abs(value); }) -
               own.begin();
}

} // namespace gradwright

#include "moc_batch_steps.cpp"
