// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/welcome_page.h"

#include "engine/project/challenge.h"
#include "engine/project/templates.h"
#include "engine/support/error.h"
#include "ui/shell/challenge_chart.h"
#include "ui/shell/recent_card.h"
#include "ui/shell/template_card.h"
#include "ui/shell/template_details.h"
#include "ui/theme/icon_engine.h"
#include "ui/theme/search_field.h"
#include "ui/theme/text.h"

#include <QDebug>
#include <QEvent>
#include <QGridLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>

namespace gradwright {

namespace {

constexpr int kMostColumns = 4;
constexpr int kPageWidth = 1280;
constexpr int kDetailsWidth = 312; // with its scroll bar
constexpr int kGap = 12;
constexpr int kMostRecent = 4;

/// Whether the picture of the challenge stands above this template's section. Without its file
/// there is none, and the gallery is as useful.
bool beginsChallenge(const std::string& key) {
    try {
        const auto& entries = challengeEntries();
        return !entries.empty() && entries.front().key == key;
    } catch (const Error& error) {
        qWarning().noquote() << error.what();
        return false;
    }
}

} // namespace

WelcomePage::WelcomePage(const ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , themes_(&themes) {
    auto* const page = new QWidget;
    page->setMaximumWidth(kPageWidth);
    auto* const rows = new QVBoxLayout(page);
    rows->setContentsMargins(24, 20, 24, 0);
    rows->setSpacing(16);
    rows->addWidget(makeHead());
    auto* const middle = new QHBoxLayout;
    middle->setSpacing(16);
    middle->addWidget(makeGallery(), 1);
    middle->addWidget(makeDetails());
    rows->addLayout(middle, 1);
    auto* const layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(page);
    readNext(0);
}

QWidget* WelcomePage::makeHead() {
    auto* const head = new QWidget;
    auto* const row = new QHBoxLayout(head);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(12);
    auto* const logo = new QLabel;
    logo->setPixmap(QIcon(QStringLiteral(":/icons/app/gradwright.svg")).pixmap(48, 48));
    auto* const title = new QLabel(tr("Start with a network that already works"));
    title->setProperty("textRole", QStringLiteral("page"));
    auto* const hint =
        new QLabel(tr("Each template brings its data and settings: open one and press Start."));
    hint->setProperty("textRole", QStringLiteral("muted"));
    for (QLabel* const each : {title, hint})
        each->setWordWrap(true); // on a small screen, or a large scale, there is no room for a line
    auto* const texts = new QVBoxLayout;
    texts->setSpacing(4);
    texts->addWidget(title);
    texts->addWidget(hint);
    search_ = new QLineEdit;
    search_->setObjectName(QStringLiteral("searchTemplates"));
    makeSearchField(*search_, *themes_, tr("Search templates"));
    search_->setMinimumWidth(180);
    auto* const blank = new QPushButton(tr("Blank canvas"));
    blank->setObjectName(QStringLiteral("blank"));
    blank->setIconSize(iconBesideText(16));
    blank->setIcon(themes_->icon(QStringLiteral("plus"), &Theme::text));
    auto* const open = new QPushButton(tr("Open file"));
    open->setIconSize(iconBesideText(16));
    open->setIcon(themes_->icon(QStringLiteral("open"), &Theme::text));
    row->addWidget(logo);
    row->addLayout(texts, 1);
    row->addWidget(search_);
    row->addWidget(blank);
    row->addWidget(open);
    openFile_ = open;
    search_->installEventFilter(this);
    connect(search_, &QLineEdit::textChanged, this, &WelcomePage::arrange);
    connect(search_, &QLineEdit::returnPressed, this, [this] {
        if (TemplateCard* const hit = firstHit(); hit && !search_->text().trimmed().isEmpty())
            hit->click();
    });
    connect(blank, &QPushButton::clicked, this, &WelcomePage::blankChosen);
    connect(open, &QPushButton::clicked, this, &WelcomePage::openChosen);
    return head;
}

QWidget* WelcomePage::makeGallery() {
    auto* const gallery = new QWidget;
    column_ = new QVBoxLayout(gallery);
    column_->setContentsMargins(0, 0, 8, 24);
    column_->setSpacing(8);
    recentPart_ = new QWidget;
    recent_ = new QGridLayout(recentPart_);
    recent_->setContentsMargins(0, 0, 0, 8);
    recent_->setSpacing(kGap);
    unsaved_ = new QPushButton;
    unsaved_->setObjectName(QStringLiteral("unsavedNetworks"));
    unsaved_->setProperty("kind", QStringLiteral("link"));
    unsaved_->setToolTip(tr("Networks that were trained and not saved as a project"));
    unsaved_->hide();
    connect(unsaved_, &QPushButton::clicked, this, &WelcomePage::unsavedChosen);
    column_->addWidget(makeDropZone());
    column_->addWidget(recentPart_);
    try {
        for (const TemplateInfo& info : templates()) {
            const QString title = qstr(info.section);
            if (sections_.empty() || sections_.back().title->text() != title) {
                addSection(title);
                if (beginsChallenge(info.key))
                    addChallenge();
            }
            addCard(info.key);
        }
    } catch (const Error& error) {
        auto* const missing = new QLabel(QString::fromUtf8(error.what()));
        missing->setWordWrap(true);
        column_->addWidget(missing);
    }
    nothing_ = new QLabel(tr("No template has all of these words."));
    nothing_->setProperty("textRole", QStringLiteral("muted"));
    nothing_->hide();
    column_->addWidget(nothing_);
    column_->addStretch();
    scroll_ = new QScrollArea;
    scroll_->setObjectName(QStringLiteral("templates"));
    scroll_->setWidgetResizable(true);
    scroll_->setFrameShape(QFrame::NoFrame);
    scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll_->setFocusPolicy(Qt::NoFocus);
    scroll_->setWidget(gallery);
    scroll_->viewport()->installEventFilter(this);
    return scroll_;
}

/// The details of a template are read whole in a low window, too.
QWidget* WelcomePage::makeDetails() {
    details_ = new TemplateDetails;
    auto* const side = new QWidget;
    auto* const rows = new QVBoxLayout(side);
    rows->setContentsMargins(0, 0, 8, 20);
    rows->addWidget(details_);
    rows->addStretch();
    auto* const scroll = new QScrollArea;
    scroll->setObjectName(QStringLiteral("detailsScroll"));
    scroll->setAccessibleName(tr("About the template"));
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFixedWidth(kDetailsWidth);
    scroll->setWidget(side);
    return scroll;
}

/// Dropping anywhere on the window does the same; this says so.
QWidget* WelcomePage::makeDropZone() {
    dropZone_ = new QFrame;
    dropZone_->setObjectName(QStringLiteral("dropZone"));
    auto* const icon = new QLabel;
    auto* const title = new QLabel(tr("Open your own data…"));
    title->setProperty("textRole", QStringLiteral("section"));
    auto* const text = new QLabel(
        tr("Drop a table (CSV), a folder with one folder of images per class, IDX files or a text "
           "here: a network that fits is made for it."));
    text->setProperty("textRole", QStringLiteral("muted"));
    text->setWordWrap(true);
    auto* const texts = new QVBoxLayout;
    texts->setSpacing(2);
    texts->addWidget(title);
    texts->addWidget(text);
    auto* const row = new QHBoxLayout(dropZone_);
    row->setContentsMargins(16, 10, 12, 10);
    row->setSpacing(12);
    row->addWidget(icon);
    row->addLayout(texts, 1);
    for (const bool folder : {false, true}) {
        auto* const button = new QPushButton(folder ? tr("Folder…") : tr("File…"));
        button->setObjectName(folder ? QStringLiteral("openDataFolder")
                                     : QStringLiteral("openDataFile"));
        button->setAccessibleName(folder ? tr("Open a folder of images")
                                         : tr("Open a file of data"));
        button->setIconSize(iconBesideText(16));
        button->setIcon(themes_->icon(QStringLiteral("open"), &Theme::text));
        connect(button, &QPushButton::clicked, this, [this, folder] { Q_EMIT dataWanted(folder); });
        row->addWidget(button);
    }
    const auto applyTheme = [this, icon] {
        icon->setPixmap(themes_->icon(QStringLiteral("data"), &Theme::text2).pixmap(QSize(24, 24)));
        setDropping(false);
    };
    applyTheme();
    connect(themes_, &ThemeManager::changed, this, applyTheme);
    return dropZone_;
}

void WelcomePage::setDropping(bool dropping) {
    const Theme& theme = themes_->theme();
    dropZone_->setStyleSheet(
        QStringLiteral("QFrame#dropZone { background: %1; border: 1px dashed %2; "
                       "border-radius: 8px; } QLabel { background: transparent; }")
            .arg((dropping ? theme.selection : theme.panel).name(),
                 (dropping ? theme.focus : theme.border).name()));
}

void WelcomePage::addSection(const QString& title) {
    Section section{new QLabel(title), new QWidget, nullptr, {}};
    section.title->setProperty("textRole", QStringLiteral("section"));
    section.grid = new QGridLayout(section.body);
    section.grid->setContentsMargins(0, 0, 0, 10);
    section.grid->setSpacing(kGap);
    column_->addWidget(section.title);
    column_->addWidget(section.body);
    sections_.push_back(section);
}

void WelcomePage::addChallenge() {
    challenge_ = new ChallengeChart(*themes_);
    column_->insertWidget(column_->indexOf(sections_.back().body), challenge_);
    connect(challenge_, &ChallengeChart::templateChosen, this, &WelcomePage::templateChosen);
    connect(challenge_, &ChallengeChart::looked, this, [this](const std::string& key) {
        for (const Section& section : sections_)
            for (TemplateCard* const card : section.cards)
                if (card->key() == key)
                    look(*card);
    });
    connect(challenge_, &ChallengeChart::reached, this,
            [this](QWidget* point) { scroll_->ensureWidgetVisible(point); });
}

void WelcomePage::addCard(const std::string& key) {
    auto* const card = new TemplateCard(key, *themes_, sections_.back().body);
    sections_.back().cards.push_back(card);
    connect(card, &QAbstractButton::clicked, this, [this, key] { Q_EMIT templateChosen(key); });
    connect(card, &TemplateCard::looked, this, [this, card] { look(*card); });
    connect(card, &TemplateCard::reached, this,
            [this, card] { scroll_->ensureWidgetVisible(card); });
}

/// One after the other, so that the first cards are whole first.
void WelcomePage::readNext(std::size_t index) {
    std::vector<TemplateCard*> all;
    for (const Section& section : sections_)
        all.insert(all.end(), section.cards.begin(), section.cards.end());
    if (index >= all.size())
        return;
    const TemplateInfo info = templates()[index];
    jobs_.start(
        [this, index, info, card = all[index]](const std::stop_token&) -> BackgroundJobs::Delivery {
            return [this, index, card,
                    summary = summarizeTemplate(info.key, qstr(info.section), qstr(info.tryThis))] {
                card->setSummary(summary);
                if (challenge_)
                    challenge_->setSummary(summary);
                if (index == 0)
                    details_->show(summary);
                if (!search_->text().isEmpty())
                    arrange();
                readNext(index + 1);
            };
        });
}

void WelcomePage::look(TemplateCard& card) {
    if (card.summary())
        details_->show(*card.summary());
}

QWidget* WelcomePage::firstCard() const {
    search_->clear();
    return firstHit();
}

QString WelcomePage::tryThis(const std::string& key) const {
    for (const TemplateInfo& info : templates())
        if (info.key == key)
            return qstr(info.tryThis);
    return {};
}

void WelcomePage::arrange() {
    const int room = std::max(scroll_->viewport()->width() - 8, TemplateCard::kMinimumWidth);
    columns_ = std::clamp((room + kGap) / (TemplateCard::kMinimumWidth + kGap), 1, kMostColumns);
    bool any = false;
    const int width = (room - kGap * (columns_ - 1)) / columns_;
    for (const Section& section : sections_) {
        section.grid->setColumnStretch(kMostColumns, 1); // cards are as wide in every section
        int place = 0;
        for (TemplateCard* const card : section.cards) {
            const bool fits = card->answers(search_->text());
            card->setVisible(fits);
            section.grid->removeWidget(card);
            if (!fits)
                continue;
            card->setFixedWidth(width);
            section.grid->addWidget(card, place / columns_, place % columns_);
            ++place;
        }
        section.title->setVisible(place > 0);
        section.body->setVisible(place > 0);
        any |= place > 0;
    }
    nothing_->setVisible(!any);
    if (challenge_)
        challenge_->setVisible(search_->text().trimmed().isEmpty());
    // The card at the side is about what is found.
    if (TemplateCard* const hit = firstHit();
        details_ != nullptr && hit != nullptr && hit->summary() && !isShownHit())
        details_->show(*hit->summary());
}

TemplateCard* WelcomePage::firstHit() const {
    for (const Section& section : sections_)
        for (TemplateCard* const card : section.cards)
            if (card->answers(search_->text()))
                return card;
    return nullptr;
}

bool WelcomePage::isShownHit() const {
    for (const Section& section : sections_)
        for (const TemplateCard* const card : section.cards)
            if (card->summary() && card->summary()->key == details_->key())
                return card->answers(search_->text());
    return false;
}

std::vector<std::pair<std::string, QString>> WelcomePage::templateNames() const {
    std::vector<std::pair<std::string, QString>> names;
    for (const Section& section : sections_)
        for (const TemplateCard* const card : section.cards)
            if (card->summary() && card->summary()->problem.isEmpty())
                names.emplace_back(card->summary()->key, card->summary()->name);
    return names;
}

/// What was looked for last time is of no use any more.
void WelcomePage::beginSearch() {
    search_->setFocus();
    search_->selectAll();
}

void WelcomePage::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    search_->clear();
}

void WelcomePage::keyPressEvent(QKeyEvent* event) {
    if (event->key() != Qt::Key_Escape)
        QWidget::keyPressEvent(event);
    else if (search_->text().isEmpty())
        Q_EMIT leaveWanted();
    else
        search_->clear();
}

/// The gallery has got its width.
bool WelcomePage::eventFilter(QObject* watched, QEvent* event) {
    if (scroll_ != nullptr && watched == scroll_->viewport() && event->type() == QEvent::Resize)
        arrange();
    if (watched == search_ && event->type() == QEvent::KeyPress &&
        static_cast<QKeyEvent*>(event)->key() == Qt::Key_Down) {
        if (TemplateCard* const hit = firstHit())
            hit->setFocus(Qt::TabFocusReason);
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

void WelcomePage::setRecent(const std::vector<RecentProject>& projects, qsizetype unsaved,
                            std::uintmax_t unsavedBytes) {
    unsaved_->setText(
        unsaved == 1
            ? tr("1 unsaved network, %1…").arg(byteSize(static_cast<std::int64_t>(unsavedBytes)))
            : tr("%1 unsaved networks, %2…")
                  .arg(unsaved)
                  .arg(byteSize(static_cast<std::int64_t>(unsavedBytes))));
    unsaved_->setVisible(unsaved > 0);
    recentPart_->setVisible(!projects.empty() || unsaved > 0);
    if (projects == shownRecent_ && recent_->count() > 0)
        return; // a card may have the focus
    shownRecent_ = projects;
    while (QLayoutItem* const item = recent_->takeAt(0)) {
        if (QWidget* const widget = item->widget(); widget && widget != unsaved_)
            widget->deleteLater();
        delete item;
    }
    auto* const title = new QLabel(tr("Recent"));
    title->setProperty("textRole", QStringLiteral("section"));
    recent_->addWidget(title, 0, 0);
    recent_->addWidget(unsaved_, 0, 1, Qt::AlignRight);
    int place = 0;
    QWidget* before = openFile_;
    for (const RecentProject& project : projects) {
        if (place == kMostRecent)
            break;
        auto* const card = new RecentCard(project, *themes_);
        connect(card, &QAbstractButton::clicked, this, [this, project] {
            if (project.isSaved())
                Q_EMIT fileChosen(project.file);
            else
                Q_EMIT networkChosen(project.uuid);
        });
        recent_->addWidget(card, 1 + place / 2, place % 2);
        setTabOrder(before, card); // as they stand: above the templates
        before = card;
        ++place;
    }
    setTabOrder(before, unsaved_);
    recent_->setColumnStretch(0, 1);
    recent_->setColumnStretch(1, 1);
}

} // namespace gradwright

#include "moc_welcome_page.cpp"
