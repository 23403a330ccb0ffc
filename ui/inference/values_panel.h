// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"

#include <QWidget>

#include <optional>
#include <vector>

namespace gradwright {

class ThemeManager;

/// What a network with target values answers: an image as a picture, anything else as names and
/// numbers in the data's own units.
class ValuesPanel : public QWidget {
    Q_OBJECT

public:
    explicit ValuesPanel(ThemeManager& theme, QWidget* parent = nullptr);

    /// What the values are.
    void setInfo(const DataInfo& info);
    /// As the network gave them.
    void setValues(std::optional<std::vector<float>> values);
    [[nodiscard]] const std::optional<std::vector<float>>& values() const { return values_; }
    /// Said while there are none.
    void setHint(const QString& hint);
    /// Whether they are drawn as a picture.
    [[nodiscard]] bool showsPicture() const;

protected:
    void paintEvent(QPaintEvent*) override;

private:
    void paintPicture(QPainter& painter) const;
    void paintList(QPainter& painter) const;
    [[nodiscard]] QString name(std::size_t index) const;
    [[nodiscard]] double restored(std::size_t index) const;

    ThemeManager* theme_;
    DataInfo info_;
    std::optional<std::vector<float>> values_;
    QString hint_;
};

} // namespace gradwright
