// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/quantization/quantizable_run.h"
#include "ui/session/background_jobs.h"

#include <QObject>
#include <QString>

#include <filesystem>
#include <memory>
#include <set>
#include <string>

namespace gradwright {

/// How a run is to become integers.
struct QuantizationWish {
    std::filesystem::path run; ///< its folder
    QuantizationSettings settings{};
    std::int64_t samples = 1000; ///< to calibrate with, of the training part
};

/// A run in integers, and what that costs; never changed.
struct QuantizedRun {
    std::shared_ptr<const QuantizableRun> of;
    QuantizationWish wish;
    std::int64_t calibrated = 0;                  ///< samples
    std::shared_ptr<const QuantizedNetwork> made; ///< with the error of each layer
    QuantizationPlan plan;                        ///< what is in integers now
    std::shared_ptr<const InferenceModel> model;  ///< with them
    Score real, integers;                         ///< of the test set
    std::int64_t realBytes = 0, integerBytes = 0; ///< of the weights
};

/// How many of its layers compute in integers.
std::int64_t layersInIntegers(const QuantizedRun& run);

/// Quantizes runs in the background. A new task cancels the one before.
class RunQuantizer final : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    void quantize(const QuantizationWish& wish);
    /// Keeps the products of those names in FP32 and all others in integers, with the ranges that
    /// were found, and measures again.
    void keep(std::shared_ptr<const QuantizedRun> quantized, const std::set<std::string>& names);
    /// Writes a .gwmodel.
    void save(std::shared_ptr<const QuantizedRun> quantized, const std::filesystem::path& file);
    /// Writes an ONNX model, which is read back and compared before.
    void exportOnnx(std::shared_ptr<const QuantizedRun> quantized,
                    const std::filesystem::path& file);
    void cancel();
    [[nodiscard]] bool isRunning() const { return job_ != 0; }

Q_SIGNALS:
    /// `share` is done.
    void progressed(double share);
    void quantized(const std::shared_ptr<const gradwright::QuantizedRun>& run);
    void written(const QString& what);
    void failed(const QString& reason);
    void runningChanged(bool running);

private:
    using Task = std::function<BackgroundJobs::Delivery(const std::stop_token&, int job)>;
    void start(Task task);
    void tell(int job, double share);
    void setJob(int job);
    /// The run, opened before or now, on a background thread.
    BackgroundJobs::Delivery quantizeNow(const QuantizationWish& wish,
                                         std::shared_ptr<const QuantizedRun> before,
                                         const std::stop_token& stop, int job);

    std::shared_ptr<const QuantizedRun> last_; ///< its run need not be opened again
    int job_ = 0;
    BackgroundJobs jobs_; ///< last: its threads use the rest
};

} // namespace gradwright
