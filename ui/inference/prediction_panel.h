// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/inference/predictor.h"
#include "ui/theme/spoken.h"

#include <QWidget>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

class QLineEdit;

namespace gradwright {

class ThemeManager;

/// The answer in large, and a bar per class. Rows never move while there is a row for each class;
/// of many classes there are the ten likeliest, and a search that finds any other.
class PredictionPanel : public QWidget, public Spoken {
    Q_OBJECT

public:
    /// Of more classes than this the likeliest are shown.
    static constexpr std::size_t kMostRows = 12;
    static constexpr std::size_t kLikeliest = 10;

    explicit PredictionPanel(ThemeManager& theme, QWidget* parent = nullptr);

    void setClasses(std::vector<std::string> classes);
    void setPrediction(std::optional<Prediction> prediction);
    /// What to do or what is wrong, where there is no answer.
    void setHint(const QString& hint);
    /// Whether a click on a row chooses its class.
    void setChoosing(bool choosing);

    [[nodiscard]] const std::optional<Prediction>& prediction() const { return prediction_; }
    /// The name of the class that was read; empty without an answer.
    [[nodiscard]] QString answer() const;
    /// The classes that have a row, from the top.
    [[nodiscard]] const std::vector<std::size_t>& rows() const { return rows_; }
    /// From 1, the likeliest; 0 without an answer.
    [[nodiscard]] std::size_t rankOf(std::size_t index) const;
    [[nodiscard]] QRect rectOfRow(std::size_t row) const;
    /// The part of it that is filled at a probability of 1.
    [[nodiscard]] QRectF barOfRow(std::size_t row) const;
    /// The font in which an answer is written into so many pixels.
    [[nodiscard]] static QFont answerFont(const QString& text, int width);
    [[nodiscard]] QLineEdit& search() { return *search_; }
    [[nodiscard]] QSize sizeHint() const override { return {480, 216}; }

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Chart; }
    [[nodiscard]] QString spokenText() const override;

Q_SIGNALS:
    void classChosen(std::size_t index);

protected:
    void paintEvent(QPaintEvent*) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;

private:
    [[nodiscard]] bool hasMany() const { return classes_.size() > kMostRows; }
    void updateRows();
    void paintAnswer(QPainter& painter, const QRect& area) const;
    void paintRow(QPainter& painter, std::size_t row) const;
    [[nodiscard]] QRect barsArea() const;
    [[nodiscard]] int answerWidth() const;
    [[nodiscard]] int nameWidth() const;
    [[nodiscard]] QString name(std::size_t index) const;
    [[nodiscard]] int rowAt(QPoint position) const; ///< -1: none

    ThemeManager* theme_;
    QLineEdit* search_;
    std::vector<std::string> classes_;
    std::optional<Prediction> prediction_;
    std::vector<std::size_t> order_; ///< of many classes: by probability
    std::vector<std::size_t> ranks_; ///< from 1; of many classes with an answer
    std::vector<std::size_t> rows_;
    QString hint_;
    bool choosing_ = false;
};

} // namespace gradwright
