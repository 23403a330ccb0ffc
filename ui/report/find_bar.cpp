// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/report/find_bar.h"

#include "ui/theme/search_field.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QToolButton>

#include <algorithm>

namespace gradwright {

namespace {

constexpr int kWidth = 380;

} // namespace

FindBar::FindBar(ProjectDocument& document, const ThemeManager& themes, QWidget* parent)
    : QFrame(parent)
    , document_(&document)
    , line_(new QLineEdit)
    , count_(new QLabel) {
    setProperty("role", QStringLiteral("card"));
    setFixedWidth(kWidth);
    line_->setObjectName(QStringLiteral("find"));
    makeSearchField(*line_, themes, tr("Name, type or parameter: relu, 5x5, units 128"),
                    tr("Find layers"));
    count_->setProperty("textRole", QStringLiteral("muted"));
    count_->setMinimumWidth(46);
    count_->setAlignment(Qt::AlignCenter);
    auto* const row = new QHBoxLayout(this);
    row->setContentsMargins(8, 6, 6, 6);
    row->setSpacing(2);
    row->addWidget(line_, 1);
    row->addWidget(count_);
    const auto button = [&](const char* icon, const QString& tip, auto run) {
        auto* const made = new QToolButton;
        made->setIcon(themes.icon(QLatin1String(icon)));
        made->setIconSize({16, 16});
        made->setFixedSize(26, 26);
        made->setToolTip(tip);
        made->setAccessibleName(tip);
        connect(made, &QToolButton::clicked, this, run);
        row->addWidget(made);
        return made;
    };
    button("chevron-up", tr("Previous (Shift+F3)"), [this] { previous(); });
    button("chevron-down", tr("Next (F3)"), [this] { next(); });
    button("check", tr("Select all that were found (Ctrl+Enter)"), [this] {
        finish();
    })->setObjectName(QStringLiteral("selectFound"));
    button("close", tr("Close (Esc)"), [this] {
        hide();
        Q_EMIT closed();
    });
    connect(line_, &QLineEdit::textChanged, this, [this] {
        current_ = -1;
        search();
        if (!hits_.empty())
            go(1);
    });
    connect(document_, &ProjectDocument::changed, this, [this](ProjectDocument::Changes what) {
        if (!what.testFlag(ProjectDocument::NetworkChange))
            return;
        if (isVisible())
            search();
        else
            isStale_ = true; // F3 continues without the bar
    });
    hide();
}

void FindBar::open() {
    show();
    raise();
    search();
    line_->setFocus(Qt::ShortcutFocusReason);
    line_->selectAll();
}

void FindBar::search() {
    isStale_ = false;
    hits_ = searchLayers(document_->project().network, line_->text());
    if (current_ >= static_cast<std::ptrdiff_t>(hits_.size()))
        current_ = -1;
    showCount();
}

void FindBar::showCount() {
    const auto all = static_cast<qlonglong>(hits_.size());
    count_->setText(line_->text().trimmed().isEmpty() ? QString()
                    : all == 0                        ? tr("none")
                    : current_ < 0                    ? tr("%1").arg(all)
                                                      : tr("%1 of %2").arg(current_ + 1).arg(all));
}

void FindBar::go(int step) {
    if (isStale_)
        search();
    const auto all = static_cast<std::ptrdiff_t>(hits_.size());
    if (all == 0)
        return;
    current_ = current_ < 0 ? (step > 0 ? 0 : all - 1) : (current_ + step + all) % all;
    showCount();
    Q_EMIT found(hits_[static_cast<std::size_t>(current_)]);
}

/// All in the graph of the hit that is shown.
void FindBar::finish() {
    if (hits_.empty())
        return;
    const auto at = static_cast<std::size_t>(std::max<std::ptrdiff_t>(current_, 0));
    const std::string& graph = hits_[at].graph;
    std::vector<NodeId> nodes;
    for (const LayerHit& hit : hits_)
        if (hit.graph == graph)
            nodes.push_back(hit.node);
    Q_EMIT allWanted(graph, nodes);
}

void FindBar::keyPressEvent(QKeyEvent* event) {
    const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (event->key() == Qt::Key_Escape) {
        hide();
        Q_EMIT closed();
    } else if (enter && event->modifiers().testFlag(Qt::ControlModifier)) {
        finish();
    } else if (enter) {
        go(event->modifiers().testFlag(Qt::ShiftModifier) ? -1 : 1);
    } else {
        QFrame::keyPressEvent(event);
    }
}

} // namespace gradwright

#include "moc_find_bar.cpp"
