// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/json.h"
#include "ui/theme/spoken.h"

#include <QString>
#include <QWidget>

class QPainter;

namespace gradwright {

class ThemeManager;
struct PanelChoices;

/// The picture of an experiment, painted from the numbers of its report while trials come.
class LabChart : public QWidget, public Spoken {
    Q_OBJECT

public:
    LabChart(ThemeManager& theme, const QString& name, QWidget* parent = nullptr);

    /// The `data` of a report of the chart's kind.
    void setData(Json data);
    [[nodiscard]] const Json& data() const { return data_; }

    /// What can be chosen to be shown; none: all is.
    [[nodiscard]] virtual PanelChoices choices() const;
    [[nodiscard]] virtual int chosen() const { return 0; }
    /// Shows the choice of that number.
    virtual void choose(int /*number*/) {}
    /// The size of the picture that a report has.
    [[nodiscard]] virtual QSize pictureSize() const { return {800, 420}; }

    /// How long a picture stands at least before the next one, in ms.
    [[nodiscard]] virtual int pauseBetween() const { return 500; } // hundreds of trials take tens

    /// Writes PNG, SVG, PDF or CSV by the file's ending. Throws Error.
    void exportTo(const QString& file, QSize size);

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Chart; }
    [[nodiscard]] QSize sizeHint() const override { return {640, 300}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {320, 220}; }

protected:
    void paintEvent(QPaintEvent*) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    virtual void paint(QPainter& painter, QSize size) = 0;
    /// Where paint() paints in the widget.
    [[nodiscard]] QRect pictureRect() const;
    /// Called by setData().
    virtual void dataChanged() {}
    /// A table of the numbers that are drawn.
    [[nodiscard]] virtual QString csv() const = 0;

    ThemeManager* theme_;

private:
    Json data_ = Json::object();
};

} // namespace gradwright
