// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/plane_map.h"

#include "engine/backend/compute_threads.h"
#include "engine/inference/predictor.h"

#include <algorithm>
#include <utility>

namespace gradwright {

namespace {

/// The middle of a cell.
double coordinate(int cell) {
    return PlaneMap::kExtent * (2 * (cell + 0.5) / PlaneMap::kSide - 1);
}

} // namespace

bool livesInThePlane(const DataInfo& info) {
    return info.input == Shape{2} && (info.hasClasses() || info.target == Shape{1});
}

std::optional<PlaneMap> mapPlane(std::shared_ptr<const TrainedModel> model,
                                 const std::stop_token& stop) {
    setComputeThreads(1); // training may want the other cores
    const auto predictor = model->predictor();
    PlaneMap map;
    Tensor input(DType::F32, Shape{2});
    for (int row = 0; row < PlaneMap::kSide; ++row) {
        if (stop.stop_requested())
            return {};
        for (int column = 0; column < PlaneMap::kSide; ++column) {
            const auto values = input.span<float>();
            values[0] = static_cast<float>(coordinate(column));
            values[1] = static_cast<float>(-coordinate(row)); // upwards
            const Prediction prediction = predictor->predict(input);
            if (!model->data->info.hasClasses()) {
                map.values.push_back(prediction.probabilities.front());
                continue;
            }
            map.classes.push_back(prediction.classIndex);
            map.probabilities.push_back(static_cast<float>(prediction.probability));
        }
    }
    const DataSource& test = *model->data->test;
    for (std::int64_t i = 0; i < std::min(test.size(), PlaneMap::kMostPoints); ++i) {
        std::array<float, 2> point{};
        test.input(i, point);
        map.points.push_back(point);
        if (map.hasClasses()) {
            map.labels.push_back(test.label(i));
            continue;
        }
        float target = 0;
        test.target(i, std::span(&target, 1));
        map.targets.push_back(target);
    }
    map.model = std::move(model);
    return map;
}

void PlaneJob::start(std::shared_ptr<const TrainedModel> model) {
    waiting_ = std::move(model);
    if (!busy_)
        run();
}

void PlaneJob::run() {
    if (!waiting_)
        return;
    busy_ = true;
    jobs_.start([this, model = std::exchange(waiting_, nullptr)](
                    const std::stop_token& stop) -> BackgroundJobs::Delivery {
        try {
            return [this, map = mapPlane(model, stop)] {
                busy_ = false;
                if (map)
                    Q_EMIT finished(*map);
                run();
            };
        } catch (const std::exception& error) {
            return [this, reason = QString::fromUtf8(error.what())] {
                busy_ = false;
                Q_EMIT failed(reason);
                run();
            };
        }
    });
}

} // namespace gradwright

#include "moc_plane_map.cpp"
