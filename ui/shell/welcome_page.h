// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme_manager.h"

#include <QWidget>

#include <string>
#include <vector>

class QGridLayout;
class QVBoxLayout;

namespace gradwright {

/// The gallery of templates, and the files opened last.
class WelcomePage final : public QWidget {
    Q_OBJECT
public:
    explicit WelcomePage(const ThemeManager& themes, QWidget* parent = nullptr);

    void setRecent(const QStringList& files);

Q_SIGNALS:
    void templateChosen(const std::string& key);
    void blankChosen();
    void openChosen();
    void fileChosen(const QString& file);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void arrange(int columns);
    QWidget* makeHead();
    QWidget* makeGallery();

    const ThemeManager* themes_;
    QGridLayout* grid_ = nullptr;
    std::vector<QWidget*> cards_;
    int columns_ = 0;
    QWidget* recentPart_;
    QVBoxLayout* recent_;
};

} // namespace gradwright
