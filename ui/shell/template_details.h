// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/template_card.h"

#include <QFrame>

class QLabel;

namespace gradwright {

/// All that is known of the template that is looked at: what it is, what it costs, what to try.
class TemplateDetails final : public QFrame {
    Q_OBJECT
public:
    explicit TemplateDetails(QWidget* parent = nullptr);

    void show(const TemplateSummary& summary);
    /// Of the template that is shown; empty before the first.
    [[nodiscard]] const std::string& key() const { return key_; }

private:
    std::string key_;
    QLabel* name_;
    QLabel* description_;
    QLabel* figures_;
    QLabel* tryTitle_;
    QLabel* try_;
    QLabel* hint_;
};

} // namespace gradwright
