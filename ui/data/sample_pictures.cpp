// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/sample_pictures.h"

#include "engine/data/images/picture_input.h"
#include "ui/theme/shown_image.h"
#include "ui/theme/theme_manager.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace gradwright {
namespace {

constexpr int kKeptPictures = 4000;
constexpr std::size_t kMostWanted = 400; ///< more than a window shows: the oldest are left out

quint64 keyOf(const SampleId& sample) {
    return (static_cast<quint64>(sample.part) << 32) | sample.index;
}

} // namespace

SamplePictures::SamplePictures(const ThemeManager& themes, QObject* parent)
    : QObject(parent)
    , themes_(&themes)
    , kept_(kKeptPictures)
    , wanted_(std::make_shared<Wanted>()) {
    connect(&themes, &ThemeManager::changed, this, [this] {
        forget(); // drawings are black on white in one theme only
        Q_EMIT arrived();
    });
}

void SamplePictures::setData(std::shared_ptr<const Dataset> data, bool areDrawings) {
    if (data == data_)
        return;
    forget();
    data_ = std::move(data);
    areDrawings_ = areDrawings;
}

void SamplePictures::forget() {
    jobs_.cancel(std::exchange(job_, 0));
    wanted_ = std::make_shared<Wanted>(); // the thread that still reads keeps its own
    asked_.clear();
    kept_.clear();
}

QImage SamplePictures::made(const Dataset& data, const SampleId& sample, bool areDrawings,
                            const Theme& theme) {
    const Shape& shape = data.info.input;
    std::vector<float> values(static_cast<std::size_t>(shape.elements()));
    try {
        sourceOf(data, sample).input(sample.index, values);
    } catch (const std::exception&) {
        return {}; // the problems of the data say so
    }
    const Tensor shown = shownSample(values, shape, data.info.preparation);
    const QImage image = shownImage(shown.span<float>(), shape, areDrawings, theme);
    return std::max(image.width(), image.height()) <= kMostSide
               ? image
               : image.scaled(kMostSide, kMostSide, Qt::KeepAspectRatio, Qt::SmoothTransformation);
}

QImage SamplePictures::picture(const SampleId& sample) {
    if (!data_ || data_->info.input.rank() != 3)
        return {};
    if (const QImage* const known = kept_.object(keyOf(sample)))
        return *known;
    if (!sourceOf(*data_, sample).isCostly()) {
        keep(sample, made(*data_, sample, areDrawings_, themes_->theme()));
        return *kept_.object(keyOf(sample));
    }
    if (!asked_.insert(sample).second)
        return {};
    bool mustBegin = false;
    {
        const std::lock_guard lock(wanted_->mutex);
        wanted_->samples.push_back(sample);
        if (wanted_->samples.size() > kMostWanted) {
            asked_.erase(wanted_->samples.front());
            wanted_->samples.erase(wanted_->samples.begin());
        }
        mustBegin = !std::exchange(wanted_->isRunning, true);
    }
    if (mustBegin)
        begin();
    return {};
}

void SamplePictures::begin() {
    const int job = job_ = jobs_.next();
    jobs_.start(
        [this, job, wanted = wanted_, data = data_, areDrawings = areDrawings_,
         &theme = themes_->theme()](const std::stop_token& stop) -> BackgroundJobs::Delivery {
            for (;;) {
                SampleId sample;
                {
                    const std::lock_guard lock(wanted->mutex);
                    if (wanted->samples.empty() || stop.stop_requested()) {
                        wanted->isRunning = false;
                        return {};
                    }
                    sample = wanted->samples.back();
                    wanted->samples.pop_back();
                }
                const QImage picture = made(*data, sample, areDrawings, theme);
                jobs_.deliver(job, [this, sample, picture] {
                    asked_.erase(sample);
                    keep(sample, picture);
                    Q_EMIT arrived();
                });
            }
        });
}

void SamplePictures::keep(const SampleId& sample, const QImage& picture) {
    ++decoded_;
    kept_.insert(keyOf(sample), new QImage(picture));
}

} // namespace gradwright

#include "moc_sample_pictures.cpp"
