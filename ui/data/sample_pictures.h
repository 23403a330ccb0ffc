// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/survey/sample_selection.h"
#include "ui/session/background_jobs.h"

#include <QCache>
#include <QImage>
#include <QObject>

#include <memory>
#include <mutex>
#include <set>
#include <vector>

namespace gradwright {

struct Theme;
class ThemeManager;

/// What a person would see of samples that are images, made when it is asked for. Where files have
/// to be decoded that happens in the background, the latest first, and what nobody asks for any
/// more is left out. The last few thousand are kept.
class SamplePictures : public QObject {
    Q_OBJECT

public:
    /// Of the longer side, px; larger images are scaled down.
    static constexpr int kMostSide = 112;

    explicit SamplePictures(const ThemeManager& themes, QObject* parent = nullptr);

    void setData(std::shared_ptr<const Dataset> data, bool areDrawings);
    /// Null while it is being read, and where it cannot be.
    [[nodiscard]] QImage picture(const SampleId& sample);
    /// Those that have been decoded so far, of any data.
    [[nodiscard]] std::int64_t decoded() const { return decoded_; }

Q_SIGNALS:
    /// Pictures that were asked for are there now.
    void arrived();

private:
    /// Asked for by the window and taken by the reading thread.
    struct Wanted {
        std::mutex mutex;
        std::vector<SampleId> samples; ///< the latest last
        bool isRunning = false;
    };

    void begin();
    void forget();
    void keep(const SampleId& sample, const QImage& picture);
    [[nodiscard]] static QImage made(const Dataset& data, const SampleId& sample, bool areDrawings,
                                     const Theme& theme);

    const ThemeManager* themes_;
    std::shared_ptr<const Dataset> data_;
    bool areDrawings_ = false;
    std::int64_t decoded_ = 0;
    QCache<quint64, QImage> kept_;
    std::set<SampleId> asked_;
    std::shared_ptr<Wanted> wanted_;
    int job_ = 0;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
