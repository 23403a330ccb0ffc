// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/data/data_review.h"
#include "ui/data/sample_views.h"
#include "ui/session/background_jobs.h"

#include <QTimer>
#include <QWidget>

#include <optional>
#include <string>
#include <unordered_map>

class QAction;
class QComboBox;
class QHBoxLayout;
class QLabel;
class QLineEdit;
class QPushButton;
class QStackedWidget;
class QTableView;
class QToolButton;

namespace gradwright {

class SamplePictures;
class ThemeManager;

/// What a trained network makes of samples, by where they come from: so they hold for data in which
/// samples were corrected, and others have moved to another part.
struct SampleVerdicts {
    struct Verdict {
        float loss = 0;
        std::int32_t predicted = -1; ///< -1 where samples have no single class
        std::int32_t label = -1;     ///< the same: that it had then
    };
    QString model; ///< whose verdicts they are
    std::shared_ptr<const Dataset> data;
    bool hasTestFile = false; ///< the test part has origins of its own
    std::unordered_map<std::string, Verdict> byOrigin;

    [[nodiscard]] std::string keyOf(const Dataset& of, const SampleId& sample) const {
        return (hasTestFile && sample.part == DataPart::Test ? "test:" : "") + originOf(of, sample);
    }
};

/// The samples of the data: images as a grid, all others as rows; by part, class and text, and
/// sorted by a column or by how wrong a network is about them. Filters and sorts in the background.
class SampleBrowser : public QWidget {
    Q_OBJECT

public:
    explicit SampleBrowser(ThemeManager& themes, QWidget* parent = nullptr);

    /// Null: nothing is known. `areCorrected`: they are those before but for corrections, so what
    /// a network made of them holds, and their order stays.
    void setParts(std::shared_ptr<const ReviewedParts> parts, bool areDrawings, bool areCorrected);
    /// Sorts by these, the largest loss first; null: by place again.
    void setVerdicts(std::shared_ptr<const SampleVerdicts> verdicts);
    /// Of one class, or of all (-1).
    void setLabel(int label);
    [[nodiscard]] int label() const;
    /// Whether samples can be left out, by Delete, and put into another class, by F2.
    void setCorrectable(bool canLeaveOut, bool canRelabel);
    /// Whether new samples can be drawn: not at all, or not now, and why.
    void setDrawing(bool offered, const QString& obstacle);
    /// Shows a sample, whatever the filter was.
    void showSample(const SampleId& sample);
    [[nodiscard]] std::optional<SampleId> selected() const;
    /// Null until they are there.
    [[nodiscard]] const std::shared_ptr<const ShownSamples>& shown() const { return shown_; }
    [[nodiscard]] bool isFiltering() const { return job_ != 0; }
    [[nodiscard]] DataPart part() const;
    [[nodiscard]] SamplePictures& pictures() { return *pictures_; }
    [[nodiscard]] TileView& tiles() { return *tiles_; }
    [[nodiscard]] QTableView& rows() { return *rows_; }

Q_SIGNALS:
    void selectionMoved();
    /// -1: all of them.
    void labelChosen(int label);
    /// The samples that answer the filter are shown.
    void listed();
    /// A sample belongs to the class of that name; an empty one leaves it out.
    void correctionWanted(const SampleId& sample, const QString& name);
    /// New samples are to be drawn.
    void drawingWanted();
    /// The samples of part() are to be judged by the trained network.
    void verdictsWanted();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QWidget* makeBar();
    /// One row where there is room for all of it, else two.
    void layOutBar();
    void makeRows();
    void makeActions();
    void chooseClass();
    void fillLabels();
    void select();
    void present(std::shared_ptr<const ShownSamples> shown);
    void sortBy(int section, Qt::SortOrder order);
    [[nodiscard]] SampleFilter filter() const;
    [[nodiscard]] bool hasImages() const;
    [[nodiscard]] int selectedPlace() const;

    std::shared_ptr<const ReviewedParts> parts_;
    std::shared_ptr<const SampleVerdicts> verdicts_;
    std::shared_ptr<const ShownSamples> shown_;
    SampleOrder order_;
    std::optional<SampleId> wanted_; ///< to be selected once it is there
    std::optional<int> keptPlace_;   ///< of the one that was corrected: the next one is there then
    bool fromTop_ = false;           ///< another order was chosen: its first one is looked at
    SamplePictures* pictures_;
    QComboBox* part_;
    QComboBox* label_;
    QLineEdit* text_;
    QPushButton* judge_;
    QToolButton* draw_;
    QAction* drawing_ = nullptr; ///< of the tiles, too
    QWidget* bar_ = nullptr;
    QHBoxLayout* upper_ = nullptr; ///< rows of the bar
    QHBoxLayout* lower_ = nullptr;
    QLabel* count_;
    QStackedWidget* stack_;
    TileView* tiles_;
    QAction* relabel_ = nullptr; ///< of tiles and rows, as the next one
    QAction* leaveOut_ = nullptr;
    QTableView* rows_;
    RowModel* rowModel_;
    QTimer typed_;
    int job_ = 0;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
