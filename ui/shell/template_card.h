// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/network_strip.h"
#include "ui/theme/theme_manager.h"

#include <QAbstractButton>

#include <optional>
#include <string>

namespace gradwright {

/// What the gallery shows of a template.
struct TemplateSummary {
    std::string key;
    QString section;
    QString name;
    QString description;
    QString tryThis;
    QString data;   ///< the data set's title
    QString recipe; ///< how it is trained: "Adam, 5 epochs"
    std::int64_t layers = 0;
    std::int64_t parameters = 0;
    std::int64_t macs = 0;
    NetworkStrip strip;
    QString problem; ///< why it cannot be opened; empty when it can
};

/// Reads and analyzes a template; large ones take a moment, so it is done on a thread.
TemplateSummary summarizeTemplate(const std::string& key, const QString& section,
                                  const QString& tryThis);

/// A template in the gallery: its layers as coloured bars, name, data set and size. Until its
/// summary is there it shows its place only.
class TemplateCard final : public QAbstractButton {
    Q_OBJECT
public:
    static constexpr int kHeight = 176;
    static constexpr int kMinimumWidth = 196;

    TemplateCard(const std::string& key, const ThemeManager& themes, QWidget* parent = nullptr);

    [[nodiscard]] const std::string& key() const { return key_; }
    void setSummary(TemplateSummary summary);
    [[nodiscard]] const std::optional<TemplateSummary>& summary() const { return summary_; }
    /// Whether name, description or section have every typed word.
    [[nodiscard]] bool answers(const QString& typed) const;

Q_SIGNALS:
    /// The pointer or the focus has come to it.
    void looked();
    /// The focus has come to it, not by a press of the mouse: moving it from under the pointer
    /// would lose the click.
    void reached();

protected:
    void paintEvent(QPaintEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    const ThemeManager* themes_;
    std::string key_;
    std::optional<TemplateSummary> summary_;
};

} // namespace gradwright
