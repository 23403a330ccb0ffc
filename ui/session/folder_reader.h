// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/inference/predictor.h"
#include "ui/session/background_jobs.h"
#include "ui/session/trained_model.h"

#include <QImage>
#include <QObject>
#include <QString>

#include <filesystem>
#include <memory>
#include <vector>

namespace gradwright {

/// What a network makes of one image file.
struct FileReading {
    QString file;     ///< relative to the folder
    QImage thumbnail; ///< null of files beyond the first few thousand
    Prediction prediction;
    QString problem; ///< why there is no prediction; empty where there is one
};

/// The image files below a folder, sorted; links are not followed. Throws Error when the folder
/// cannot be read or holds no image.
std::vector<std::filesystem::path> imagesBelow(const std::filesystem::path& folder);

/// Reads all images of a folder in the background, prepared as preparePicture() prepares files. A
/// new start ends the one before.
class FolderReader : public QObject {
    Q_OBJECT

public:
    using QObject::QObject;

    void start(std::shared_ptr<const TrainedModel> model, const std::filesystem::path& folder);
    void cancel();
    [[nodiscard]] bool isRunning() const { return job_ != 0; }

Q_SIGNALS:
    void found(qsizetype files);
    void read(const std::vector<gradwright::FileReading>& readings);
    void finished();
    void failed(const QString& reason);

private:
    BackgroundJobs::Delivery work(const TrainedModel& model, const std::filesystem::path& folder,
                                  int job, const std::stop_token& stop);

    int job_ = 0;
    BackgroundJobs jobs_; ///< last: its threads use the rest
};

} // namespace gradwright
