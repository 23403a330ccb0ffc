// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/batch_tracer.h"
#include "ui/document/project_document.h"
#include "ui/session/background_jobs.h"

#include <QObject>
#include <QString>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// What happens to one batch in training, one thing after another.
enum class BatchStep { Batch = 1, Forward, Sum, Cost, Backward, Update, NextBatch };

/// A run whose weights the steps begin with.
struct StepRun {
    QString name;
    std::filesystem::path folder;
};

/// Goes through training batch by batch and step by step, on a copy of the weights: the project and
/// its runs stay as they are. Batches are computed on another thread; an edit of the network, the
/// data or the training settings ends it.
class BatchSteps final : public QObject {
    Q_OBJECT

public:
    /// Batches that are kept, so that they can be gone back to …
    static constexpr std::size_t kKept = 3;
    /// … unless one takes more bytes than this.
    static constexpr std::size_t kKeptBytes = std::size_t{64} << 20;

    explicit BatchSteps(ProjectDocument& document, QObject* parent = nullptr);

    /// Who says which run is chosen; without one the weights are fresh.
    void setRunSource(std::function<std::optional<StepRun>()> source) {
        runSource_ = std::move(source);
    }

    /// Starts, or goes on to the next step; behind the last one comes the next batch.
    void next();
    /// To the step before, as far as the batch before is kept.
    void back();
    void end();

    [[nodiscard]] bool isActive() const { return active_; }
    /// Whether a batch is being computed; there is no trace of it yet.
    [[nodiscard]] bool isComputing() const { return computing_; }
    [[nodiscard]] bool canGoBack() const;
    [[nodiscard]] BatchStep step() const { return step_; }
    /// The batch that is looked at; nullptr until the first one is computed.
    [[nodiscard]] const BatchTrace* trace() const;
    /// Where the weights come from, in a clause.
    [[nodiscard]] const QString& weightsText() const { return weightsText_; }

    /// Which sample of the batch, counted from 0.
    [[nodiscard]] std::int64_t sample() const { return sample_; }
    void setSample(std::int64_t sample);
    /// The layer whose value is written out, and the value's place in its output; nullptr where the
    /// chosen one does not take part.
    [[nodiscard]] const TracedLayer* layer() const;
    [[nodiscard]] std::int64_t element() const { return element_; }
    /// By path; its value furthest from 0 is the first that is written out. Of the same layer
    /// nothing changes.
    void setLayer(const std::string& path);
    void setElement(std::int64_t element);

Q_SIGNALS:
    /// Something that is shown is another than before.
    void changed();
    /// It has ended or could not be started; `reason` is empty when the user ended it.
    void ended(const QString& reason);

private:
    struct Prepared;
    void compute();
    void take(std::shared_ptr<Prepared> prepared);
    void finish(const QString& reason);
    void chooseLayer();
    void chooseElement();

    ProjectDocument* document_;
    std::function<std::optional<StepRun>()> runSource_;
    bool active_ = false;
    bool computing_ = false;
    BatchStep step_ = BatchStep::Batch;
    std::shared_ptr<BatchTracer> tracer_;
    std::vector<std::shared_ptr<const BatchTrace>> traces_; ///< the newest last
    std::size_t shown_ = 0;                                 ///< of these
    QString weightsText_;
    std::int64_t sample_ = 0;
    std::string layer_; ///< its path
    std::int64_t element_ = 0;
    int job_ = 0;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
