// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/folder_reader.h"

#include "engine/backend/compute_threads.h"
#include "engine/data/images/picture_input.h"
#include "engine/data/images/picture_sample.h"
#include "engine/support/error.h"

#include <QImageReader>

#include <algorithm>
#include <chrono>
#include <exception>
#include <system_error>
#include <utility>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr int kThumbnailSide = 56;
constexpr std::size_t kMostThumbnails = 5'000; // 60 MB
constexpr auto kDelivery = std::chrono::milliseconds(100);

QImage thumbnailOf(const fs::path& file) {
    QImageReader reader(QString::fromStdString(file.string()));
    reader.setAutoTransform(true);
    if (const auto size = reader.size(); size.isValid())
        reader.setScaledSize(size.scaled(kThumbnailSide, kThumbnailSide, Qt::KeepAspectRatio));
    return reader.read();
}

FileReading readingOf(Predictor& predictor, const DataInfo& info, const fs::path& folder,
                      const fs::path& file) {
    FileReading reading;
    reading.file = QString::fromStdString(file.lexically_relative(folder).string());
    try {
        reading.prediction = predictor.predict(preparePicture(file, info).input);
    } catch (const Error& error) {
        reading.problem = QString::fromUtf8(error.what());
    }
    return reading;
}

} // namespace

std::vector<fs::path> imagesBelow(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error))
        if (at->is_regular_file(error) && !at->is_symlink(error) && hasPictureEnding(at->path()))
            files.push_back(at->path());
    if (error)
        throw Error("{}: {}", folder.string(), error.message());
    if (files.empty())
        throw Error("{}: there is no PNG or JPEG file in this folder", folder.string());
    std::ranges::sort(files);
    return files;
}

void FolderReader::start(std::shared_ptr<const TrainedModel> model, const fs::path& folder) {
    cancel();
    // Jobs are numbered one after the other, so the number is known before the thread starts.
    job_ = jobs_.next();
    jobs_.start([this, model = std::move(model), folder, job = job_](const std::stop_token& stop) {
        return work(*model, folder, job, stop);
    });
}

void FolderReader::cancel() {
    jobs_.cancel(std::exchange(job_, 0));
}

BackgroundJobs::Delivery FolderReader::work(const TrainedModel& model, const fs::path& folder,
                                            int job, const std::stop_token& stop) {
    try {
        setComputeThreads(1); // training may want the other cores
        const auto files = imagesBelow(folder);
        jobs_.deliver(
            job, [this, count = static_cast<qsizetype>(files.size())] { Q_EMIT found(count); });
        const auto predictor = model.predictor();
        std::vector<FileReading> readings;
        std::size_t done = 0;
        auto delivered = std::chrono::steady_clock::now();
        for (const auto& file : files) {
            if (stop.stop_requested())
                return {};
            readings.push_back(readingOf(*predictor, model.data->info, folder, file));
            if (done++ < kMostThumbnails)
                readings.back().thumbnail = thumbnailOf(file);
            if (std::chrono::steady_clock::now() - delivered < kDelivery)
                continue;
            delivered = std::chrono::steady_clock::now();
            jobs_.deliver(job, [this, some = std::exchange(readings, {})] { Q_EMIT read(some); });
        }
        return [this, rest = std::move(readings)] {
            job_ = 0;
            Q_EMIT read(rest);
            Q_EMIT finished();
        };
    } catch (const std::exception& error) {
        return [this, reason = QString::fromUtf8(error.what())] {
            job_ = 0;
            Q_EMIT failed(reason);
        };
    }
}

} // namespace gradwright

#include "moc_folder_reader.cpp"
