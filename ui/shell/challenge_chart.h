// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/challenge.h"
#include "ui/theme/theme_manager.h"

#include <QAbstractButton>
#include <QWidget>

#include <string>
#include <vector>

namespace gradwright {

struct TemplateSummary;

/// An entry of the challenge in the picture: its place says year and error, its size the depth.
class ChallengePoint final : public QAbstractButton {
    Q_OBJECT
public:
    ChallengePoint(const ChallengeEntry& entry, const ThemeManager& themes,
                   QWidget* parent = nullptr);

    [[nodiscard]] const ChallengeEntry& entry() const { return entry_; }
    /// What the program computes of its template.
    void setSummary(const TemplateSummary& summary);
    /// Half of the circle's width.
    [[nodiscard]] double radius() const;

Q_SIGNALS:
    /// The pointer or the focus has come to it.
    void looked();
    /// The focus has come to it, not by a press of the mouse, which would lose the click where the
    /// page moves.
    void reached();
    /// The left or right arrow was pressed: the number of points to go.
    void stepped(int points);

protected:
    void paintEvent(QPaintEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    const ThemeManager* themes_;
    ChallengeEntry entry_;
};

/// Top-5 error and depth of the networks of the ImageNet challenge by year. Each point opens its
/// template.
class ChallengeChart final : public QWidget {
    Q_OBJECT
public:
    explicit ChallengeChart(const ThemeManager& themes, QWidget* parent = nullptr);

    void setSummary(const TemplateSummary& summary);
    [[nodiscard]] const std::vector<ChallengePoint*>& points() const { return points_; }

Q_SIGNALS:
    void templateChosen(const std::string& key);
    /// A point was looked at.
    void looked(const std::string& key);
    /// The focus has come to a point, by keys.
    void reached(QWidget* point);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    [[nodiscard]] QRectF area() const;
    [[nodiscard]] double xOf(const ChallengeEntry& entry) const;
    [[nodiscard]] double yOf(double error) const;

    const ThemeManager* themes_;
    std::vector<ChallengePoint*> points_;
};

} // namespace gradwright
