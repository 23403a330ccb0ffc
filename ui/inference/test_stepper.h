// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <cstdint>

class QLabel;
class QToolButton;

namespace gradwright {

class ThemeManager;

/// Goes through the samples of a test set: the one before, the next, any.
class TestStepper : public QWidget {
    Q_OBJECT

public:
    /// `noun`: what a sample is called, "row" for instance.
    TestStepper(ThemeManager& theme, QString noun, QWidget* parent = nullptr);

    /// No sample is chosen then.
    void setSamples(std::int64_t samples);
    /// Shows which one is read; -1: none of them.
    void setCurrent(std::int64_t sample);
    [[nodiscard]] std::int64_t current() const { return current_; }

Q_SIGNALS:
    void sampleWanted(std::int64_t sample);

private:
    QToolButton* button(ThemeManager& theme, const QString& icon, const QString& name,
                        const QString& text);
    void step(std::int64_t by);

    QString noun_;
    std::int64_t samples_ = 0;
    std::int64_t current_ = -1;
    QLabel* place_;
    QToolButton* previous_;
    QToolButton* next_;
    QToolButton* random_;
};

} // namespace gradwright
