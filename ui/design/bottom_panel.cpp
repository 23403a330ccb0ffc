// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/design/bottom_panel.h"

#include <QAction>
#include <QHBoxLayout>
#include <QStackedWidget>
#include <QTabBar>
#include <QToolButton>
#include <QVBoxLayout>

namespace gradwright {

namespace {

constexpr int kTool = 26;

QToolButton* toolButton() {
    auto* const made = new QToolButton;
    made->setIconSize({16, 16});
    made->setFixedSize(kTool, kTool);
    made->setToolButtonStyle(Qt::ToolButtonIconOnly);
    made->setFocusPolicy(Qt::TabFocus);
    return made;
}

} // namespace

BottomPanel::BottomPanel(const ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , tabs_(new QTabBar)
    , panels_(new QStackedWidget)
    , toolRow_(new QHBoxLayout) {
    tabs_->setDrawBase(false);
    tabs_->setExpanding(false);
    tabs_->setUsesScrollButtons(false);
    tabs_->setFocusPolicy(Qt::TabFocus);
    tabs_->setAccessibleName(tr("Panels beneath the canvas"));
    auto* const fold = toolButton();
    fold->setIcon(themes.icon(QStringLiteral("chevron-down")));
    fold->setToolTip(tr("Fold this panel away (Ctrl+J brings it back)"));
    fold->setAccessibleName(fold->toolTip());
    toolRow_->setSpacing(2);
    auto* const head = new QHBoxLayout;
    head->setContentsMargins(6, 2, 8, 2);
    head->setSpacing(2);
    head->addWidget(tabs_);
    head->addStretch();
    head->addLayout(toolRow_);
    head->addWidget(fold);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(head);
    layout->addWidget(panels_, 1);
    connect(tabs_, &QTabBar::currentChanged, this, &BottomPanel::showPanel);
    connect(fold, &QToolButton::clicked, this, &BottomPanel::foldRequested);
}

int BottomPanel::addPanel(const QString& title, QWidget* panel, const QList<QAction*>& tools) {
    auto* const row = new QWidget;
    auto* const layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(2);
    for (QAction* const action : tools) {
        QToolButton* const made = toolButton();
        made->setDefaultAction(action);
        layout->addWidget(made);
    }
    toolRow_->addWidget(row);
    tools_.push_back(row);
    titles_.append(title);
    panels_->addWidget(panel);
    const int number = tabs_->addTab(title);
    row->setVisible(number == shownPanel());
    return number;
}

void BottomPanel::showPanel(int panel) {
    tabs_->setCurrentIndex(panel);
    panels_->setCurrentIndex(panel);
    for (std::size_t i = 0; i < tools_.size(); ++i)
        tools_[i]->setVisible(static_cast<int>(i) == panel);
}

int BottomPanel::shownPanel() const {
    return tabs_->currentIndex();
}

void BottomPanel::setCount(int panel, qsizetype count) {
    tabs_->setTabText(panel, count > 0 ? QStringLiteral("%1  %2").arg(titles_[panel]).arg(count)
                                       : titles_[panel]);
}

} // namespace gradwright

#include "moc_bottom_panel.cpp"
