// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/data/data_review.h"

#include <QImage>
#include <QWidget>

#include <array>

class QLabel;

namespace gradwright {

class CountBars;
class Section;
class SplitBar;
class ThemeManager;

/// What the data are in short: samples, what was read and left out, parts and classes.
class DataOverview : public QWidget {
    Q_OBJECT

public:
    explicit DataOverview(ThemeManager& themes, QWidget* parent = nullptr);

    /// `parts` may be null: they are not known.
    void setData(const ProjectDocument& document,
                 const std::shared_ptr<const ReviewedParts>& parts);
    void setLocked(bool locked);
    /// A null image: there is none.
    void showMean(const QImage& image, const QString& text);
    [[nodiscard]] SplitBar& split() { return *split_; }
    [[nodiscard]] CountBars& classes() { return *classes_; }

Q_SIGNALS:
    void edited(const QString& what, const gradwright::DataChoice& choice);

private:
    void addParts(ThemeManager& themes);
    void showParts(const std::shared_ptr<const ReviewedParts>& parts);
    void chooseValidation(double share);
    void chooseTest(double share);

    struct PartRow {
        QLabel* name;
        QLabel* share;
        QLabel* count;
    };

    DataChoice choice_;
    std::shared_ptr<const ReviewedParts> shown_;
    QLabel* status_;
    QLabel* notes_;
    Section* parts_;
    SplitBar* split_;
    std::array<PartRow, kDataParts> rows_{};
    QLabel* splitNote_;
    Section* classesSection_;
    CountBars* classes_;
    QLabel* classesNote_;
    Section* meanSection_;
    QLabel* mean_;
    QLabel* meanText_;
};

/// Whether the data bring a part of their own to test with, so that no share of the samples is held
/// back for it.
bool hasOwnTestPart(const DataChoice& choice);

} // namespace gradwright
