// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/inference/input_panel.h"

#include <QTimer>

#include <vector>

class QLabel;
class QPlainTextEdit;
class QPushButton;
class QSlider;
class QSpinBox;

namespace gradwright {

class PredictionPanel;
class TextSession;
class ThemeManager;

/// For networks that predict the next character: a text that is continued, and beside it what may
/// come next.
class TextPanel final : public InputPanel {
    Q_OBJECT

public:
    explicit TextPanel(ThemeManager& theme, QWidget* parent = nullptr);

    /// Whether a network predicts a character after each one that it reads.
    static bool suits(const DataInfo& info);

    [[nodiscard]] QPlainTextEdit& text() { return *text_; }
    [[nodiscard]] PredictionPanel& next() { return *next_; }
    [[nodiscard]] TextSession& session() { return *session_; }
    /// 0 always takes the likeliest character.
    [[nodiscard]] double temperature() const;

    void setModel(const std::shared_ptr<const TrainedModel>& model, bool live) override;
    void clear() override;
    void showReason(const QString& reason) override;
    /// Puts the characters of a test sample into the text.
    void showSample(std::int64_t sample) override;

private:
    QWidget* makeTextCard();
    QWidget* makeNextCard();
    QWidget* makeWishes();
    void connectSession();
    void write();
    void append(const QString& characters);
    void look();
    void showNext();
    void showUnknown();
    /// The text with what the network does not know replaced or left out.
    [[nodiscard]] QString knownText() const;

    ThemeManager* theme_;
    std::shared_ptr<const TrainedModel> model_;
    TextSession* session_;
    QPlainTextEdit* text_;
    PredictionPanel* next_;
    QPushButton* button_;
    QSlider* temperature_;
    QSpinBox* length_;
    QSpinBox* seed_;
    QWidget* unknown_ = nullptr;
    QLabel* unknownText_;
    QPushButton* fix_;
    QLabel* latency_;
    QTimer looking_;                   ///< so that fast typing asks once
    std::vector<float> probabilities_; ///< of the next character, before the temperature
};

} // namespace gradwright
