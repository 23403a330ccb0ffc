// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/curve.h"
#include "ui/plots/curve_legend.h"
#include "ui/plots/measure.h"
#include "ui/plots/run_clock.h"
#include "ui/theme/paced_refresh.h"
#include "ui/theme/spoken.h"

#include <QWidget>

#include <optional>
#include <utility>
#include <vector>

class QCPGraph;
class QCPItemText;
class QCPItemStraightLine;
class QCustomPlot;
class QFrame;
class QLabel;

namespace gradwright {

class ThemeManager;

/// Space left and right of the axes, the same in all plots of a page so that their axes align.
inline constexpr int kPlotLeft = 56;
inline constexpr int kPlotRight = 14;
/// The horizontal axis ends a little after the last epoch, so that its marker is whole.
inline constexpr double kAxisSlack = 1.01;

/// Loss or quality over the steps, epochs or time of a training: raw and smoothed training values,
/// validation with markers, other runs, marks. All of them are given by their epochs; a RunClock
/// tells where these lie. Live data does not move a view that the user has chosen.
class CurvePlot : public QWidget, public Spoken {
    Q_OBJECT

public:
    /// The course of another run.
    struct Overlay {
        CurveRole role = CurveRole::Run3;
        QString name;
        std::vector<double> x, y; ///< of validation; none: the run has no such samples
        Curve training = {};
        RunClock clock = {};
    };

    CurvePlot(Measure measure, ThemeManager& theme, QWidget* parent = nullptr);
    ~CurvePlot() override;

    /// Changes what it is about and empties it.
    void setMeasure(Measure measure);
    /// Empties it for a training of so many epochs.
    void reset(double epochs);
    void addTraining(double epoch, double value);
    /// What the next addTraining() looks like so far.
    void previewTraining(double epoch, double value);
    void endPreview();
    void addValidation(double epoch, double value);
    /// At the end of an epoch: lets the axis fit what is there now.
    void settleAxis();
    void setBest(double epoch, double value);
    void addRateMark(double epoch, double learningRate);
    void setNow(std::optional<double> epoch);
    void setOverlays(std::vector<Overlay> overlays);

    void setLogScale(bool logarithmic);
    void setSmoothing(double factor);
    void setRawShown(bool shown);
    /// What the axis counts, and where epochs lie on it. The view is that of all data again when
    /// the unit has changed.
    void setAxis(XUnit unit, const RunClock& clock);
    /// In the axis' unit.
    void setXRange(double lower, double upper);
    /// Back to the view that follows the data.
    void resetView();
    [[nodiscard]] bool viewIsChosen() const { return chosenView_; }

    [[nodiscard]] const Curve& training() const { return training_; }
    [[nodiscard]] const std::vector<double>& validation() const { return validationY_; }
    [[nodiscard]] std::size_t rateMarks() const { return marks_.size(); }
    /// "▼ lr 0.01", "▼ 2e-3"; empty above plots that repeat the marks of the loss.
    [[nodiscard]] QString rateMark(std::size_t index) const;
    /// The end of the axis while it follows the data.
    [[nodiscard]] double wholeWidth() const;
    /// What stands under the mouse; empty without it.
    [[nodiscard]] QString readout() const;
    [[nodiscard]] const CurveLegend& legend() const { return *legend_; }
    [[nodiscard]] std::pair<double, double> xRange() const;
    [[nodiscard]] std::pair<double, double> valueRange() const;

    /// A table of all points: series, epoch, value, smoothed.
    [[nodiscard]] QString csv() const;
    /// Writes PNG, SVG, PDF or CSV by the file's ending. Throws Error.
    void exportTo(const QString& file);
    /// The same with a dialog for the file.
    void saveAs();

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Chart; }
    /// The last values of each curve, the best one, and what the axes count.
    [[nodiscard]] QString spokenText() const override;

Q_SIGNALS:
    void xRangeChosen(double lower, double upper);
    void viewReset();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    struct RateMark {
        QCPItemStraightLine* line;
        QCPItemText* text;
        double epoch;
    };
    /// How an Overlay is drawn.
    struct OverlayLines {
        QCPGraph* training;
        QCPGraph* validation;
    };

    void nameMeasure();
    void buildPlot();
    void buildCrosshair();
    void applyTheme();
    void styleGraph(QCPGraph* graph, CurveRole role, double width);
    void styleOverlay(const OverlayLines& lines, const Overlay& overlay);
    void showOverlays();
    void placeMarks();
    void spaceMarkers();
    void keepInView();
    [[nodiscard]] bool isEmpty() const;
    [[nodiscard]] std::vector<double> placesOf(const std::vector<double>& epochs,
                                               const RunClock& clock) const;
    void refresh();
    void scheduleRefresh();
    void fitValueAxis();
    [[nodiscard]] std::vector<CurveLegend::Entry> lastValues() const;
    void moveCrosshair(QPointF position);
    [[nodiscard]] QString format(double value) const;
    void showMenu(QPoint position);
    void paintInto(const QString& file, QPaintDevice& device, double scale);

    Measure measure_;
    ThemeManager* theme_;
    QLabel* title_;
    CurveLegend* legend_;
    QCustomPlot* plot_;
    QFrame* crosshair_;
    QLabel* readout_;
    QCPGraph* rawGraph_ = nullptr;
    QCPGraph* smoothGraph_ = nullptr;
    QCPGraph* validationGraph_ = nullptr;
    QCPGraph* bestGraph_ = nullptr;
    std::vector<OverlayLines> overlayGraphs_;
    QCPItemStraightLine* nowLine_ = nullptr;
    QCPItemText* nowText_ = nullptr;
    std::vector<RateMark> marks_;

    Curve training_;
    std::vector<double> validationX_, validationY_;
    std::vector<Overlay> overlays_;
    XUnit unit_ = XUnit::Epoch;
    RunClock clock_;
    double smoothing_ = 0.97;
    std::optional<double> now_;                     ///< epoch
    std::optional<std::pair<double, double>> best_; ///< epoch and value
    double epochs_ = 1;
    double lower_ = 0, upper_ = 1; ///< of the value axis while it follows the data
    bool fitted_ = false;
    bool logarithmic_ = false;
    bool rawShown_ = true;
    bool chosenView_ = false;
    PacedRefresh refreshing_;
};

} // namespace gradwright
