// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/problems/problems_panel.h"

#include "engine/support/error.h"
#include "ui/theme/elided_label.h"
#include "ui/theme/icon_engine.h"
#include "ui/theme/text.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace gradwright {

namespace {

constexpr int kRowHeight = 33;
constexpr std::size_t kMostRows = 200; ///< more cannot be worked through in one go
constexpr std::size_t kMostFixes = 2;

QColor Theme::*roleOf(Severity severity) {
    return severity == Severity::Error     ? &Theme::error
           : severity == Severity::Warning ? &Theme::warning
                                           : &Theme::info;
}

QString placeText(const Diagnostic& diagnostic) {
    QString text = qstr(diagnostic.place.path);
    if (!diagnostic.place.param.empty())
        text += (text.isEmpty() ? QString() : QStringLiteral(" · ")) + qstr(diagnostic.place.param);
    return text;
}

/// All that a row shows, and whose it is.
QString textOf(const Diagnostic& diagnostic) {
    const Place& place = diagnostic.place;
    QStringList parts{QString::number(static_cast<int>(diagnostic.severity)), qstr(place.graph),
                      place.node ? QString::number(place.node->value) : QString(),
                      placeText(diagnostic), qstr(diagnostic.message)};
    for (const Fix& fix : diagnostic.fixes)
        parts << qstr(fix.title);
    return parts.join(u'\n');
}

} // namespace

ProblemsPanel::ProblemsPanel(ProjectDocument& document, const ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , document_(&document)
    , themes_(&themes)
    , rows_(new QVBoxLayout) {
    auto* const list = new QWidget;
    rows_->setContentsMargins(0, 0, 0, 4);
    rows_->setSpacing(0);
    list->setLayout(rows_);
    auto* const scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus); // what is in it takes the keys
    list->setProperty("role", QStringLiteral("panel"));
    scroll->setWidget(list);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(scroll);
    connect(document_, &ProjectDocument::analysisChanged, this, &ProblemsPanel::refresh);
    refresh();
}

void ProblemsPanel::refresh() {
    while (QLayoutItem* const item = rows_->takeAt(0))
        delete item;
    std::vector<Row> before = std::exchange(shown_, {});
    const auto held = std::ranges::find_if(
        before, [this](const Row& row) { return row.widget->isAncestorOf(focusWidget()); });
    const QWidget* const focused = held != before.end() ? held->widget : nullptr;
    const auto place = static_cast<std::size_t>(held - before.begin());
    const auto& diagnostics = document_->analysis().diagnostics;
    std::vector<const Diagnostic*> ordered;
    for (const Diagnostic& diagnostic : diagnostics)
        ordered.push_back(&diagnostic);
    std::ranges::stable_sort(ordered, std::greater{},
                             [](const Diagnostic* each) { return each->severity; });
    if (ordered.size() > kMostRows)
        ordered.resize(kMostRows);
    QWidget* last = nullptr; // whatever is newly made comes last otherwise
    for (const Diagnostic* const diagnostic : ordered) {
        // Most of them outlast an edit, and hundreds of widgets take long to make.
        QString text = textOf(*diagnostic);
        const auto old = std::ranges::find(before, text, &Row::text);
        QWidget* const row =
            old != before.end() ? std::exchange(old->widget, nullptr) : rowFor(*diagnostic, text);
        if (old != before.end())
            before.erase(old);
        rows_->addWidget(row);
        row->show();
        for (auto* const button : row->findChildren<QPushButton*>()) {
            if (last)
                setTabOrder(last, button);
            last = button;
        }
        shown_.push_back({std::move(text), row});
    }
    // A fix's button may be what brought us here.
    for (const Row& gone : before)
        if (gone.widget != nullptr) {
            if (gone.widget == focused && !shown_.empty()) // the keyboard stays where it was
                if (auto* const next = shown_[std::min(place, shown_.size() - 1)]
                                           .widget->findChild<QPushButton*>())
                    next->setFocus();
            gone.widget->hide();
            gone.widget->deleteLater();
        }
    delete none_;
    if (ordered.empty()) {
        auto* const none =
            new QLabel(document_->project().network.main.nodes().empty()
                           ? tr("What is wrong or missing in the network will be listed here.")
                           : tr("No problems: this network can be trained."));
        none->setProperty("textRole", QStringLiteral("muted"));
        none->setContentsMargins(14, 6, 14, 6);
        rows_->addWidget(none);
        none_ = none;
    }
    rows_->addStretch();
    Q_EMIT countChanged(static_cast<qsizetype>(diagnostics.size()));
}

QWidget* ProblemsPanel::rowFor(const Diagnostic& diagnostic, const QString& text) {
    auto* const row = new QWidget;
    row->setFixedHeight(kRowHeight);
    auto* const layout = new QHBoxLayout(row);
    layout->setContentsMargins(14, 0, 14, 0);
    layout->setSpacing(10);
    auto* const icon = new QLabel;
    icon->setPixmap(
        themes_->icon(iconOf(diagnostic.severity), roleOf(diagnostic.severity)).pixmap(16, 16));
    auto* const message = new ElidedLabel(qstr(diagnostic.message));
    message->setTextFormat(Qt::PlainText);
    message->setToolTip(message->text());
    message->setMinimumWidth(60);
    message->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    layout->addWidget(icon);
    layout->addWidget(message, 1);
    if (diagnostic.place.node) {
        auto* const place = new QPushButton(placeText(diagnostic));
        place->setProperty("kind", QStringLiteral("link"));
        place->setCursor(Qt::PointingHandCursor);
        connect(place, &QPushButton::clicked, this,
                [this, graph = diagnostic.place.graph, node = *diagnostic.place.node] {
                    Q_EMIT placeChosen(graph, node);
                });
        layout->addWidget(place);
    } else if (!document_->dataProblem().empty() &&
               diagnostic.message == document_->dataProblem()) {
        auto* const place = new QPushButton(tr("Data page"));
        place->setObjectName(QStringLiteral("toData"));
        place->setProperty("kind", QStringLiteral("link"));
        place->setCursor(Qt::PointingHandCursor);
        connect(place, &QPushButton::clicked, this, &ProblemsPanel::dataWanted);
        layout->addWidget(place);
    }
    const auto fixes = std::min(diagnostic.fixes.size(), kMostFixes);
    for (std::size_t i = 0; i < fixes; ++i) {
        auto* const button = new QPushButton(qstr(diagnostic.fixes[i].title));
        button->setIcon(themes_->icon(QStringLiteral("wand"), &Theme::text));
        button->setIconSize(iconBesideText(16));
        button->setObjectName(QStringLiteral("fix"));
        connect(button, &QPushButton::clicked, this, [this, text, i] { applyFix(text, i); });
        layout->addWidget(button);
    }
    return row;
}

void ProblemsPanel::applyFix(const QString& text, std::size_t index) {
    const auto& diagnostics = document_->analysis().diagnostics;
    const auto found = std::ranges::find(diagnostics, text, textOf);
    if (found == diagnostics.end())
        return;
    const Fix fix = found->fixes[index];
    try {
        document_->perform(qstr(fix.title), editOf(document_->project(), fix));
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
    }
}

QString problemSummary(const Analysis& analysis) {
    const auto count = [&](Severity severity) {
        return std::ranges::count(analysis.diagnostics, severity, &Diagnostic::severity);
    };
    const auto errors = count(Severity::Error);
    const auto warnings = count(Severity::Warning);
    QStringList parts;
    if (errors > 0)
        parts << (errors == 1 ? QObject::tr("1 error") : QObject::tr("%1 errors").arg(errors));
    if (warnings > 0)
        parts << (warnings == 1 ? QObject::tr("1 warning")
                                : QObject::tr("%1 warnings").arg(warnings));
    return parts.isEmpty() ? QObject::tr("no network problems") : parts.join(QStringLiteral(", "));
}

} // namespace gradwright

#include "moc_problems_panel.cpp"
