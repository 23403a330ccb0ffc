// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/tensor/tensor.h"
#include "ui/theme/spoken.h"

#include <QWidget>

#include <optional>
#include <utility>
#include <vector>

namespace gradwright {

class ThemeManager;

/// What a network with target values answers: an image as a picture beside the one that was read,
/// anything else as names and numbers in the data's own units, each with the range that the network
/// was trained on.
class ValuesPanel : public QWidget, public Spoken {
    Q_OBJECT

public:
    explicit ValuesPanel(ThemeManager& theme, QWidget* parent = nullptr);

    /// What the values are, whether images are drawings, and what the network has seen of each
    /// value; that may be unknown.
    void setInfo(const DataInfo& info, bool isDrawing, std::vector<ColumnSummary> seen);
    /// The image that is read: F32 C×H×W in [0, 1]; empty where it is none.
    void setInput(const Tensor& input);
    /// As the network gave them.
    void setValues(std::optional<std::vector<float>> values);
    [[nodiscard]] const std::optional<std::vector<float>>& values() const { return values_; }
    /// A value in its own unit.
    [[nodiscard]] double restored(std::size_t index) const;
    /// Said while there are none.
    void setHint(const QString& hint);
    /// Whether they are drawn as a picture.
    [[nodiscard]] bool showsPicture() const;
    /// Where the pictures lie, that of the input first; both are drawn at one scale.
    [[nodiscard]] std::pair<QRect, QRect> pictureRects() const;

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Grouping; }
    [[nodiscard]] QString spokenText() const override;

protected:
    void paintEvent(QPaintEvent*) override;

private:
    void paintPictures(QPainter& painter) const;
    void paintList(QPainter& painter) const;
    void paintOne(QPainter& painter) const;
    void paintRange(QPainter& painter, const QRect& row, std::size_t index) const;
    [[nodiscard]] int rowHeight() const;
    [[nodiscard]] QString name(std::size_t index) const;

    ThemeManager* theme_;
    DataInfo info_;
    bool isDrawing_ = true;
    std::vector<ColumnSummary> seen_;
    Tensor input_;
    std::optional<std::vector<float>> values_;
    QString hint_;
};

} // namespace gradwright
