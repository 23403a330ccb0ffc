// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/background_jobs.h"
#include "ui/session/trained_model.h"

#include <QObject>

#include <array>
#include <memory>
#include <vector>

namespace gradwright {

/// What a network of two inputs answers all over the plane.
struct PlaneMap {
    /// Cells a side.
    static constexpr int kSide = 96;
    /// Both axes go from -kExtent to kExtent.
    static constexpr double kExtent = 3.6;

    std::shared_ptr<const TrainedModel> model;
    std::vector<std::int32_t> classes; ///< kSide × kSide, rows from the top; none with values
    std::vector<float> probabilities;  ///< of that class
    std::vector<float> values;         ///< instead, where samples have a target value
    std::vector<std::array<float, 2>> points; ///< of the test set, kMostPoints at most
    std::vector<std::int32_t> labels;
    std::vector<float> targets; ///< instead of labels

    [[nodiscard]] bool hasClasses() const { return values.empty(); }

    static constexpr std::int64_t kMostPoints = 600;
};

/// Whether answers on such data, a class or a value, can be drawn like that.
bool livesInThePlane(const DataInfo& info);

/// Throws Error; nothing when it was stopped.
std::optional<PlaneMap> mapPlane(std::shared_ptr<const TrainedModel> model,
                                 const std::stop_token& stop = {});

/// Maps in the background; of models that come meanwhile only the latest is mapped.
class PlaneJob final : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    void start(std::shared_ptr<const TrainedModel> model);

Q_SIGNALS:
    void finished(const gradwright::PlaneMap& map);
    void failed(const QString& reason);

private:
    void run();

    std::shared_ptr<const TrainedModel> waiting_;
    bool busy_ = false;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
