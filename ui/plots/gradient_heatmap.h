// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/run_clock.h"
#include "ui/theme/paced_refresh.h"
#include "ui/theme/spoken.h"

#include <QImage>
#include <QWidget>

#include <optional>
#include <string>
#include <vector>

namespace gradwright {

class ThemeManager;

/// Norm of each layer's gradient over a training, on a logarithmic colour scale that rises in
/// luminance. Its axis is that of the curve plots above it.
class GradientHeatmap : public QWidget, public Spoken {
    Q_OBJECT

public:
    explicit GradientHeatmap(ThemeManager& theme, QWidget* parent = nullptr);

    /// Empties it for a network with these trainable weights ("conv1/weight"); those of one layer
    /// share a row.
    void reset(double epochs, const std::vector<std::string>& weights);
    /// Norms in the order of the weights; epochs rise.
    void add(double epoch, const std::vector<double>& norms);
    void setNow(std::optional<double> epoch);
    /// What the axis counts, and where epochs lie on it.
    void setAxis(XUnit unit, const RunClock& clock);
    /// In the axis' unit.
    void setXRange(double lower, double upper);

    [[nodiscard]] const std::vector<QString>& rows() const { return rows_; }
    [[nodiscard]] std::size_t columns() const { return x_.size(); }
    /// Norm of a layer's gradient at a column.
    [[nodiscard]] double value(std::size_t row, std::size_t column) const {
        return values_[column * rows_.size() + row];
    }

    /// A table of all norms: layer, epoch, norm.
    [[nodiscard]] QString csv() const;
    /// Writes PNG, SVG, PDF or CSV by the file's ending. Throws Error.
    void exportTo(const QString& file);
    /// The same with a dialog for the file.
    void saveAs();

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return {200, 100}; }

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Chart; }
    /// The last norms of the layers, and what axis and colours say.
    [[nodiscard]] QString spokenText() const override;

protected:
    void paintEvent(QPaintEvent*) override;
    bool event(QEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

private:
    [[nodiscard]] QRect area() const;
    [[nodiscard]] double xToPixel(double epoch) const;
    [[nodiscard]] double rowHeight() const;
    void halve();
    void widenScale(double norm);
    void paintAll(QPainter& painter);
    void paintHeader(QPainter& painter) const;
    void paintRows(QPainter& painter);
    void paintAxis(QPainter& painter) const;
    [[nodiscard]] QRgb colorOf(double norm) const;

    ThemeManager* theme_;
    std::vector<QString> rows_;
    std::vector<std::size_t> rowOfWeight_;
    std::vector<double> x_;      ///< end of each column, in epochs
    std::vector<double> values_; ///< column-major
    XUnit unit_ = XUnit::Epoch;
    RunClock clock_;
    double left_ = 0, right_ = 1; ///< in the axis' unit
    double least_ = 0, most_ = 0; ///< ends of the colour scale; 0 = none yet
    std::optional<double> now_;
    PacedRefresh refresh_;
};

} // namespace gradwright
