// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/glossary_dialog.h"

#include "ui/glossary/glossary.h"
#include "ui/theme/fuzzy.h"
#include "ui/theme/search_field.h"
#include "ui/theme/text.h"

#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QTextBrowser>
#include <QVBoxLayout>

namespace gradwright {
namespace {

constexpr QSize kGlossarySize{720, 480};
constexpr int kTermsWidth = 240;

QString termMarkup(const GlossaryTerm& term) {
    QString text = QStringLiteral("<h3>%1</h3><p>%2</p>")
                       .arg(qstr(term.title).toHtmlEscaped(), qstr(term.text).toHtmlEscaped());
    QStringList links;
    for (const auto& key : term.see)
        if (const auto* const other = Glossary::own().find(key))
            links << QStringLiteral("<a href=\"%1\">%2</a>")
                         .arg(qstr(other->key), qstr(other->title).toHtmlEscaped());
    if (!links.isEmpty())
        text += GlossaryDialog::tr("<p>See also: %1</p>").arg(links.join(QStringLiteral(", ")));
    return text;
}

} // namespace

GlossaryDialog::GlossaryDialog(const ThemeManager& themes, QWidget* window)
    : QDialog(window)
    , search_(new QLineEdit)
    , list_(new QListWidget)
    , text_(new QTextBrowser) {
    setAttribute(Qt::WA_DeleteOnClose);
    setObjectName(QStringLiteral("glossary"));
    setWindowTitle(tr("Glossary"));
    resize(kGlossarySize.boundedTo(window->size() - QSize(80, 80)));
    search_->setObjectName(QStringLiteral("findTerm"));
    makeSearchField(*search_, themes, tr("Find a term"));
    list_->setObjectName(QStringLiteral("terms"));
    list_->setAccessibleName(tr("Terms"));
    list_->setFixedWidth(kTermsWidth);
    list_->setSpacing(2);
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    for (const auto& term : Glossary::own().terms()) {
        auto* const item = new QListWidgetItem(qstr(term.title), list_);
        item->setData(Qt::UserRole, qstr(term.key));
        item->setToolTip(item->text());
    }
    text_->setObjectName(QStringLiteral("explanation"));
    text_->setAccessibleName(tr("Explanation"));
    text_->setOpenLinks(false);
    auto* const buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    buttons->button(QDialogButtonBox::Close)->setAutoDefault(false);
    auto* const columns = new QHBoxLayout;
    columns->setSpacing(12);
    columns->addWidget(list_);
    columns->addWidget(text_, 1);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(12);
    layout->addWidget(search_);
    layout->addLayout(columns, 1);
    layout->addWidget(buttons);
    connect(search_, &QLineEdit::textChanged, this, &GlossaryDialog::filter);
    connect(list_, &QListWidget::currentItemChanged, this, &GlossaryDialog::showCurrent);
    connect(text_, &QTextBrowser::anchorClicked, this,
            [this](const QUrl& link) { showTerm(link.toString().toStdString()); });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    list_->setCurrentRow(0);
    search_->setFocus();
}

void GlossaryDialog::showTerm(const std::string& key) {
    search_->clear();
    int row = 0;
    for (int i = 0; i < list_->count(); ++i)
        if (list_->item(i)->data(Qt::UserRole).toString() == qstr(key))
            row = i;
    list_->setCurrentRow(row);
    list_->scrollToItem(list_->currentItem(), QAbstractItemView::PositionAtCenter);
}

std::string GlossaryDialog::shownTerm() const {
    const auto* const item = list_->currentItem();
    return item == nullptr || item->isHidden() ? std::string()
                                               : item->data(Qt::UserRole).toString().toStdString();
}

/// Titles that have the words come first to hand; a word of the explanation finds a term, too.
void GlossaryDialog::filter(const QString& typed) {
    QListWidgetItem* best = nullptr;
    QListWidgetItem* first = nullptr;
    for (int i = 0; i < list_->count(); ++i) {
        auto* const item = list_->item(i);
        const auto* const term =
            Glossary::own().find(item->data(Qt::UserRole).toString().toStdString());
        const bool byTitle = answersWords(item->text(), typed);
        const bool fits = byTitle || qstr(term->text).contains(typed, Qt::CaseInsensitive);
        item->setHidden(!fits);
        if (byTitle && best == nullptr)
            best = item;
        if (fits && first == nullptr)
            first = item;
    }
    list_->setCurrentItem(best != nullptr ? best : first);
    showCurrent();
}

void GlossaryDialog::showCurrent() {
    const auto* const term = Glossary::own().find(shownTerm());
    text_->setHtml(term == nullptr ? tr("<p>No term answers this.</p>") : termMarkup(*term));
}

} // namespace gradwright

#include "moc_glossary_dialog.cpp"
