// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/lab/chart_panels.h"
#include "ui/lab/lab_chart.h"

#include <functional>
#include <vector>

namespace gradwright {

/// What a person can choose to see of an experiment, such as one of several methods.
struct PanelChoices {
    QString label; ///< in front of them
    QStringList names;
};

/// A picture of panels beside each other, as many in a row as there is room for.
class PanelChart final : public LabChart {
    Q_OBJECT

public:
    using Panels = std::function<std::vector<ChartPanel>(const Json& data, int chosen)>;
    using Choices = std::function<PanelChoices(const Json& data)>;

    /// `panels` makes them of the data of a report and of the number of the choice.
    PanelChart(ThemeManager& theme, const QString& name, Panels panels, Choices choices = {},
               QWidget* parent = nullptr);

    [[nodiscard]] QString spokenText() const override;
    [[nodiscard]] PanelChoices choices() const override;
    [[nodiscard]] int chosen() const override { return chosen_; }
    void choose(int number) override;
    [[nodiscard]] QSize pictureSize() const override;
    [[nodiscard]] std::vector<ChartPanel> panels() const { return panels_(data(), chosen_); }

protected:
    void resizeEvent(QResizeEvent* event) override;
    void paint(QPainter& painter, QSize size) override;
    [[nodiscard]] QString csv() const override;
    void dataChanged() override;

private:
    /// The heights of the rows at a width.
    [[nodiscard]] std::vector<double> rowsOf(const std::vector<ChartPanel>& panels,
                                             double width) const;
    void fitHeight();

    Panels panels_;
    Choices choices_;
    int chosen_ = 0;
};

} // namespace gradwright
