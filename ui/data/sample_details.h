// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/data/data_review.h"
#include "ui/session/background_jobs.h"

#include <QImage>
#include <QWidget>

#include <array>
#include <optional>
#include <vector>

class QLabel;
class QPushButton;
class QTableWidget;

namespace gradwright {

class ParamForm;
class Section;
class ThemeManager;

/// Exactly what the network gets of a sample: shape, range and values or picture after preparation,
/// and for images what augmentation makes of it in training.
class SampleDetails : public QWidget {
    Q_OBJECT

public:
    static constexpr std::size_t kVariants = 6;

    explicit SampleDetails(ThemeManager& themes, QWidget* parent = nullptr);

    /// Null or nothing: there is none to show.
    void setSample(std::shared_ptr<const ReviewedParts> parts,
                   const std::optional<SampleId>& sample, const Project& project);
    void setLocked(bool locked);
    /// The input as the network gets it; empty until it has been read.
    [[nodiscard]] const std::vector<float>& input() const { return input_; }
    /// What augmentation made of it; none where it changes nothing.
    [[nodiscard]] const std::vector<std::vector<float>>& variants() const { return variants_; }

Q_SIGNALS:
    void augmentationEdited(const QString& what, const gradwright::DataChoice& choice);

private:
    struct Made {
        std::vector<float> input;
        std::vector<std::vector<float>> variants;
        QString problem;
    };

    void makeAugmentation();
    void read();
    void showInput();
    void showVariants();
    void showValues();
    void copyValues() const;
    [[nodiscard]] QImage pictureOf(const std::vector<float>& values) const;
    static Made made(const ReviewedParts& parts, const SampleId& sample, const DataChoice& choice,
                     std::uint64_t seed, std::uint64_t epoch);

    ThemeManager* themes_;
    std::shared_ptr<const ReviewedParts> parts_;
    std::optional<SampleId> sample_;
    DataChoice choice_;
    std::uint64_t seed_ = 0;
    std::uint64_t epoch_ = 0; ///< whose variants are drawn
    std::vector<float> input_;
    std::vector<std::vector<float>> variants_;
    QLabel* title_;
    QLabel* answer_;
    QLabel* picture_;
    QLabel* shape_;
    QLabel* range_;
    QTableWidget* values_;
    QPushButton* copy_;
    Section* augmentation_;
    QLabel* augmentationNote_;
    std::array<QLabel*, kVariants> pictures_{};
    QPushButton* again_;
    ParamForm* form_;
    int job_ = 0;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
