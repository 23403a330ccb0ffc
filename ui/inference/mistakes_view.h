// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/evaluation_job.h"
#include "ui/theme/spoken.h"

#include <QImage>
#include <QWidget>

#include <memory>
#include <vector>

namespace gradwright {

class ThemeManager;

/// The samples that were read wrongly, the surest first; as high as all of them need, for a scroll
/// area.
class MistakesView : public QWidget, public Spoken {
    Q_OBJECT

public:
    explicit MistakesView(ThemeManager& theme, QWidget* parent = nullptr);

    /// `mistakes` are some of the report's; without a report there are none.
    void setMistakes(std::shared_ptr<const TestReport> report, std::vector<Reading> mistakes);
    [[nodiscard]] const std::vector<Reading>& mistakes() const { return mistakes_; }

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Grouping; }
    [[nodiscard]] QString spokenText() const override;

Q_SIGNALS:
    /// The user wants to see this sample read.
    void sampleChosen(const gradwright::Reading& mistake);
    /// The keyboard went to the mistake in this part of the view.
    void currentMoved(const QRect& place);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    /// Arrows go from sample to sample, Enter shows the one.
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    [[nodiscard]] int columns() const;
    void paintCaption(QPainter& painter, const QRect& cell, const Reading& mistake) const;
    void updateHeight();
    [[nodiscard]] QString textOf(const Reading& mistake) const;
    /// Of picture and names.
    [[nodiscard]] QRect rectOf(int index) const;
    [[nodiscard]] const Reading* at(QPoint position) const;
    [[nodiscard]] QString name(std::int32_t label) const;
    [[nodiscard]] QImage picture(const Reading& mistake) const; ///< null where there is none

    ThemeManager* theme_;
    std::shared_ptr<const TestReport> report_;
    std::vector<Reading> mistakes_;
    int current_ = 0;   ///< of the keyboard
    int cellWidth_ = 0; ///< as the longest names of classes want it
};

} // namespace gradwright
