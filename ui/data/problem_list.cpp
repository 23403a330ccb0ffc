// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/problem_list.h"

#include "ui/data/data_label.h"
#include "ui/forms/tab_order.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

constexpr std::size_t kMostCards = 100; ///< more cannot be worked through in one go

bool isSame(const ListedProblem& a, const ListedProblem& b) {
    return a.problem.kind == b.problem.kind && a.problem.column == b.problem.column &&
           a.problem.message == b.problem.message && a.problem.places == b.problem.places &&
           a.remedy.has_value() == b.remedy.has_value() &&
           (!a.remedy || (a.remedy->title == b.remedy->title && a.remedy->data == b.remedy->data &&
                          a.remedy->training == b.remedy->training));
}

Severity severityOf(DataProblemKind kind) {
    switch (kind) {
    case DataProblemKind::Unreadable:
        return Severity::Error;
    case DataProblemKind::Shared:
    case DataProblemKind::Contradiction:
    case DataProblemKind::Case:
    case DataProblemKind::Imbalance:
    case DataProblemKind::Identifier:
    case DataProblemKind::Mixed:
        return Severity::Warning;
    default:
        return Severity::Info;
    }
}

QColor Theme::*colourOf(Severity severity) {
    return severity == Severity::Error     ? &Theme::error
           : severity == Severity::Warning ? &Theme::warning
                                           : &Theme::info;
}

/// A card with an icon, in which more goes below its title.
struct ProblemCard {
    QFrame* frame;
    QHBoxLayout* head;
    QVBoxLayout* texts;
};

ProblemCard makeProblemCard(const ThemeManager& themes, Severity severity, const QString& title) {
    ProblemCard card{new QFrame, new QHBoxLayout, new QVBoxLayout};
    card.frame->setProperty("role", QStringLiteral("card"));
    auto* const icon = new QLabel;
    icon->setPixmap(themes.icon(iconOf(severity), colourOf(severity)).pixmap(16, 16));
    auto* const name = new QLabel(title);
    name->setTextFormat(Qt::PlainText);
    name->setProperty("textRole", QStringLiteral("section"));
    name->setMinimumWidth(40);
    name->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    card.head->setSpacing(8);
    card.head->addWidget(icon);
    card.head->addWidget(name, 1);
    card.texts->setSpacing(4);
    auto* const rows = new QVBoxLayout(card.frame);
    rows->setContentsMargins(12, 8, 12, 10);
    rows->setSpacing(4);
    rows->addLayout(card.head);
    rows->addLayout(card.texts);
    return card;
}

} // namespace

QString titleOf(DataProblemKind kind) {
    switch (kind) {
    case DataProblemKind::Unreadable:
        return ProblemList::tr("Unreadable images");
    case DataProblemKind::Shared:
        return ProblemList::tr("Same sample in two parts");
    case DataProblemKind::Contradiction:
        return ProblemList::tr("Contradictions");
    case DataProblemKind::Duplicates:
        return ProblemList::tr("Repeated samples");
    case DataProblemKind::Case:
        return ProblemList::tr("Same but for case");
    case DataProblemKind::Imbalance:
        return ProblemList::tr("Uneven classes");
    case DataProblemKind::Pixels:
        return ProblemList::tr("Pixels of images");
    case DataProblemKind::MissingTarget:
        return ProblemList::tr("Rows without a target");
    case DataProblemKind::Missing:
        return ProblemList::tr("Missing values");
    case DataProblemKind::Constant:
        return ProblemList::tr("Constant column");
    case DataProblemKind::Identifier:
        return ProblemList::tr("Another value in each row");
    case DataProblemKind::Mixed:
        return ProblemList::tr("Numbers and texts");
    case DataProblemKind::Dates:
        return ProblemList::tr("Dates");
    }
    return {};
}

ProblemList::ProblemList(ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , themes_(&themes)
    , layout_(new QVBoxLayout(this))
    , nothing_(new QLabel) {
    setObjectName(QStringLiteral("dataProblems"));
    nothing_->setProperty("textRole", QStringLiteral("muted"));
    nothing_->setWordWrap(true);
    nothing_->setObjectName(QStringLiteral("noDataProblem"));
    layout_->setContentsMargins(14, 12, 14, 12);
    layout_->setSpacing(8);
    layout_->addWidget(nothing_);
    layout_->addStretch(1);
    connect(&themes, &ThemeManager::changed, this, &ProblemList::rebuild);
}

void ProblemList::setProblems(std::vector<ListedProblem> problems, const QString& failure,
                              const QString& cure) {
    if (std::ranges::equal(problems, problems_, isSame) && failure == failure_ &&
        cure == failureCure_)
        return; // the keyboard stays where it is
    problems_ = std::move(problems);
    failure_ = failure;
    failureCure_ = cure;
    rebuild();
}

void ProblemList::setLocked(bool locked) {
    locked_ = locked;
    for (auto* const button : findChildren<QPushButton*>(QStringLiteral("remedy")))
        button->setEnabled(!locked);
}

void ProblemList::setNothing(const QString& text) {
    nothing_->setText(text);
}

void ProblemList::rebuild() {
    const bool hadFocus = body_ != nullptr && body_->isAncestorOf(focusWidget());
    delete body_;
    body_ = new QWidget;
    auto* const rows = new QVBoxLayout(body_);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(8);
    if (!failure_.isEmpty())
        rows->addWidget(failureCard());
    for (std::size_t i = 0; i < std::min(kMostCards, problems_.size()); ++i)
        rows->addWidget(cardOf(i));
    if (problems_.size() > kMostCards)
        rows->addWidget(dataLabel(
            "more", "muted",
            tr("… and %1 more")
                .arg(fullNumber(static_cast<std::int64_t>(problems_.size() - kMostCards)))));
    layout_->insertWidget(0, body_);
    nothing_->setVisible(problems_.empty() && failure_.isEmpty());
    setTabOrderAsShown(*this);
    if (auto* const next = body_->findChild<QPushButton*>(); hadFocus && next != nullptr)
        next->setFocus();
}

QWidget* ProblemList::failureCard() {
    const auto card = makeProblemCard(*themes_, Severity::Error, tr("These data cannot be used"));
    auto* const text = dataLabel("dataFailure", "muted", failure_);
    card.texts->addWidget(text);
    if (failureCure_.isEmpty())
        return card.frame;
    auto* const cure = new QPushButton(failureCure_);
    cure->setObjectName(QStringLiteral("remedy"));
    cure->setEnabled(!locked_);
    // The list is made anew by what it does.
    connect(cure, &QPushButton::clicked, this, &ProblemList::failureCureWanted,
            Qt::QueuedConnection);
    card.head->addWidget(cure);
    return card.frame;
}

QWidget* ProblemList::cardOf(std::size_t index) {
    const auto& [problem, remedy] = problems_[index];
    const QString column = qstr(problem.column);
    const QString title = titleOf(problem.kind);
    const auto card =
        makeProblemCard(*themes_, severityOf(problem.kind),
                        column.isEmpty() ? title : QStringLiteral("%1: %2").arg(title, column));
    card.frame->setObjectName(QStringLiteral("problem/") + column);
    if (!column.isEmpty()) {
        auto* const show = new QPushButton(tr("Show the column"));
        show->setObjectName(QStringLiteral("showColumn"));
        show->setAccessibleName(tr("Show the column %1").arg(column));
        connect(show, &QPushButton::clicked, this,
                [this, name = problem.column] { Q_EMIT columnWanted(name); });
        card.head->addWidget(show);
    }
    if (!problem.samples.empty() && showsSamples_) {
        auto* const show = new QPushButton(tr("Show the first"));
        show->setObjectName(QStringLiteral("showSample"));
        show->setAccessibleName(tr("%1: show the first sample").arg(title));
        connect(show, &QPushButton::clicked, this,
                [this, sample = problem.samples.front()] { Q_EMIT sampleWanted(sample); });
        card.head->addWidget(show);
    }
    if (remedy) {
        auto* const cure = new QPushButton(qstr(remedy->title));
        cure->setObjectName(QStringLiteral("remedy"));
        cure->setEnabled(!locked_);
        cure->setAccessibleName(column.isEmpty()
                                    ? tr("%1: %2").arg(title, qstr(remedy->title))
                                    : tr("%1, %2: %3").arg(title, column, qstr(remedy->title)));
        // The list is made anew by what it does.
        connect(
            cure, &QPushButton::clicked, this,
            [this, chosen = *remedy] { Q_EMIT remedyChosen(chosen); }, Qt::QueuedConnection);
        card.head->addWidget(cure);
    }
    card.texts->addWidget(dataLabel("message", "muted", qstr(problem.message)));
    if (!problem.places.empty()) {
        QStringList places;
        for (const std::string& place : problem.places)
            places << qstr(place);
        const bool isLong = problem.kind == DataProblemKind::Unreadable || places.size() < 2 ||
                            places.join(u' ').size() > 200;
        card.texts->addWidget(
            dataLabel("places", "caption",
                      places.join(isLong ? QStringLiteral("\n") : QStringLiteral(", ")) +
                          (static_cast<std::size_t>(problem.count) > problem.places.size()
                               ? QStringLiteral(", …")
                               : QString())));
    }
    return card.frame;
}

} // namespace gradwright

#include "moc_problem_list.cpp"
