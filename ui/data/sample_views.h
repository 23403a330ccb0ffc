// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/survey/sample_selection.h"

#include <QAbstractTableModel>
#include <QCache>
#include <QTableView>

#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

namespace gradwright {

class SamplePictures;
class ThemeManager;

/// "Training", "Validation", "Test".
QString titleOf(DataPart part);

/// Samples that a view shows, in their order; shared by the views and never copied.
struct ShownSamples {
    std::shared_ptr<const Dataset> data;
    std::vector<SampleId> samples;
    /// The loss of a sample whose class has been corrected since, which nobody knows: NaN.
    static constexpr float kCorrected = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> losses;             ///< of these; none where they are not known
    std::vector<std::int32_t> predicted{}; ///< the same: classes that a network read

    [[nodiscard]] bool isCorrected(std::size_t place) const {
        return place < losses.size() && std::isnan(losses[place]);
    }
    /// "cat", "3.2, 5", what a caption has room for.
    [[nodiscard]] QString answer(std::size_t place) const;
    /// All that is known of a sample, for tooltips and screen readers.
    [[nodiscard]] QString description(std::size_t place) const;
};

/// Samples as a grid, as many in a line as there is room for; all lines are equally high.
class TileModel final : public QAbstractTableModel {
    Q_OBJECT

public:
    using QAbstractTableModel::QAbstractTableModel;

    void setSamples(std::shared_ptr<const ShownSamples> samples);
    void setAcross(int tiles);
    /// The place of a sample in the list; -1 behind the last one.
    [[nodiscard]] int placeAt(const QModelIndex& index) const;
    [[nodiscard]] QModelIndex indexOf(int place) const;
    [[nodiscard]] const std::shared_ptr<const ShownSamples>& samples() const { return samples_; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;

private:
    std::shared_ptr<const ShownSamples> samples_;
    int across_ = 1;
};

/// Samples as rows: where each comes from, its part, and what it is.
class RowModel final : public QAbstractTableModel {
    Q_OBJECT

public:
    static constexpr int kOwnColumns = 2; ///< in front of sampleColumns()

    using QAbstractTableModel::QAbstractTableModel;

    void setSamples(std::shared_ptr<const ShownSamples> samples);
    [[nodiscard]] const std::shared_ptr<const ShownSamples>& samples() const { return samples_; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role) const override;

private:
    std::shared_ptr<const ShownSamples> samples_;
    QStringList names_;
    mutable QCache<int, QStringList> rows_{500}; ///< more than a window shows
};

/// The grid of images; only what is visible is decoded.
class TileView final : public QTableView {
    Q_OBJECT

public:
    TileView(SamplePictures& pictures, const ThemeManager& themes, QWidget* parent = nullptr);

    void setSamples(std::shared_ptr<const ShownSamples> samples);
    void select(int place);
    /// -1: none.
    [[nodiscard]] int selected() const;
    [[nodiscard]] TileModel& tiles() { return *model_; }

Q_SIGNALS:
    void selectionMoved();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void layOutTiles();

    TileModel* model_;
};

} // namespace gradwright
