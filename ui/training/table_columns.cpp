// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/table_columns.h"

#include "engine/data/catalog.h"
#include "engine/data/tables/table_params.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/shown_text.h"
#include "ui/theme/text.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>
#include <tuple>

namespace gradwright {
namespace {

constexpr std::size_t kMostRows = 60; ///< of pixels, say, nobody reads more
constexpr int kTickWidth = 24;        ///< that the second line stands to the right

/// What the file is read by, and what decides which columns that makes and of which kind.
auto sourceOf(const DataChoice& choice) {
    const auto text = [&](const char* key) {
        const auto found = choice.params.find(key);
        return found == choice.params.end() ? std::string() : std::get<std::string>(found->second);
    };
    return std::tuple(choice.dataset, text("file"), text("delimiter"), text("header"),
                      text("dates"), text("missing_marks"), text("categorical"), text("types"));
}

bool holdsDates(const ColumnProfile& column) {
    return column.whyUseless == "dates";
}

QString numberText(double value) {
    return plainNumber(value, 6);
}

QLabel* columnCaption(const QString& text) {
    auto* const label = new QLabel(text);
    label->setProperty("textRole", QStringLiteral("caption"));
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    return label;
}

QString contentText(const ColumnProfile& column) {
    switch (column.kind) {
    case ColumnKind::Empty:
        return TableColumns::tr("Empty");
    case ColumnKind::Images:
        return TableColumns::tr("Image files");
    case ColumnKind::Mixed:
        return TableColumns::tr("Numbers and texts");
    case ColumnKind::Numbers:
        return (column.isWhole ? TableColumns::tr("Whole numbers, %1 to %2")
                               : TableColumns::tr("Numbers, %1 to %2"))
            .arg(numberText(column.minimum), numberText(column.maximum));
    case ColumnKind::Texts:
        break;
    }
    // Of free text and ids, examples would fill the panel and tell nothing.
    if (!column.whyUseless.empty() && column.distinct > column.examples.size())
        return TableColumns::tr("Texts");
    QStringList names;
    for (const std::string& name : column.examples)
        names << qstr(name);
    const bool isAll = column.distinct == column.examples.size();
    return (column.distinct >= ColumnProfile::kMostDistinct
                ? TableColumns::tr("Texts: ")
                : countedText(static_cast<std::int64_t>(column.distinct),
                              TableColumns::tr("1 category: "),
                              TableColumns::tr("%1 categories: "))) +
           names.join(QStringLiteral(", ")) + (isAll ? QString() : QStringLiteral(", …"));
}

/// The second line of a row.
QString detailsText(const ColumnProfile& column) {
    QString text = contentText(column);
    if (column.missing > 0 && column.kind != ColumnKind::Empty)
        text += TableColumns::tr(" · %1 missing").arg(column.missing);
    if (!column.whyUseless.empty() && column.kind != ColumnKind::Empty)
        text += TableColumns::tr(" · %1").arg(qstr(column.whyUseless));
    return text;
}

} // namespace

TableColumns::TableColumns(QWidget* parent)
    : QWidget(parent)
    , layout_(new QVBoxLayout(this)) {
    setObjectName(QStringLiteral("tableColumns"));
    layout_->setContentsMargins(0, 0, 0, 0);
    setVisible(false);
}

void TableColumns::setChoice(const DataChoice& choice) {
    const bool isRead = job_ != 0 && sourceOf(choice) == sourceOf(read_);
    if (!opensAlike(choice, choice_))
        info_.reset(); // what they hold is being read
    choice_ = choice;
    if (!isRead)
        read();
    else if (profile_)
        showChoice();
}

void TableColumns::read() {
    read_ = choice_;
    profile_.reset();
    setVisible(false);
    jobs_.cancel(job_);
    job_ =
        jobs_.start([this, choice = choice_](const std::stop_token&) -> BackgroundJobs::Delivery {
            try {
                return [this, profile = tableProfile(choice)] {
                    profile_ = profile;
                    if (profile_)
                        rebuild();
                };
            } catch (const std::exception&) {
                return {}; // the data set's own status says why it cannot be read
            }
        });
}

void TableColumns::rebuild() {
    if (body_ != nullptr) {
        body_->setParent(nullptr);
        body_->deleteLater();
    }
    rows_.clear();
    body_ = new QWidget;
    auto* const rows = new QVBoxLayout(body_);
    rows->setContentsMargins(0, 6, 0, 6);
    rows->setSpacing(2);
    addTarget(*rows);
    rows->addWidget(columnCaption(
        tr("%1, %2. A column without a tick is left out.")
            .arg(countedText(static_cast<std::int64_t>(profile_->rows), tr("1 row"), tr("%1 rows")),
                 countedText(std::ssize(profile_->columns), tr("1 column"), tr("%1 columns")))));
    const std::size_t shown = std::min(kMostRows, profile_->columns.size());
    for (std::size_t i = 0; i < shown; ++i)
        addRow(*rows, profile_->columns[i]);
    if (shown < profile_->columns.size())
        rows->addWidget(columnCaption(
            tr("… and %1 more columns")
                .arg(fullNumber(static_cast<std::int64_t>(profile_->columns.size() - shown)))));
    layout_->addWidget(body_);
    showChoice();
    setVisible(true);
    Q_EMIT rebuilt();
}

void TableColumns::addTarget(QVBoxLayout& rows) {
    target_ = new QComboBox;
    target_->setObjectName(QStringLiteral("targetColumn"));
    target_->setEditable(true); // several are typed
    target_->setInsertPolicy(QComboBox::NoInsert);
    target_->setAccessibleName(tr("Target"));
    target_->setToolTip(tr("The column to predict; several, separated by commas, for regression"));
    target_->setMinimumWidth(60);
    target_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    for (const ColumnProfile& column : profile_->columns)
        if (column.kind != ColumnKind::Empty && column.kind != ColumnKind::Images)
            target_->addItem(qstr(column.name));
    connect(target_, &QComboBox::activated, this,
            [this](int index) { takeTarget(target_->itemText(index)); });
    connect(target_->lineEdit(), &QLineEdit::editingFinished, this,
            [this] { takeTarget(target_->currentText()); });
    auto* const label = new QLabel(tr("Predict"));
    label->setProperty("textRole", QStringLiteral("muted"));
    label->setBuddy(target_);
    auto* const row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(label);
    row->addWidget(target_, 1);
    rows.addLayout(row);
}

void TableColumns::addRow(QVBoxLayout& rows, const ColumnProfile& column) {
    auto* const box = new QCheckBox(qstr(column.name).replace(u'&', QStringLiteral("&&")));
    box->setObjectName(QStringLiteral("use/") + qstr(column.name));
    box->setMinimumWidth(40);
    box->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    const QString details = detailsText(column);
    box->setToolTip(details);
    box->setAccessibleDescription(details);
    auto* const role = columnCaption({});
    role->setWordWrap(false);
    auto* const head = new QHBoxLayout;
    head->setSpacing(8);
    head->addWidget(box, 1);
    head->addWidget(role);
    rows.addLayout(head);
    auto* const text = columnCaption(details);
    text->setContentsMargins(kTickWidth, 0, 0, 2);
    rows.addWidget(text);
    connect(box, &QCheckBox::toggled, this,
            [this, name = column.name](bool used) { ignore(name, !used); });
    rows_.push_back({column.name, box, role});
}

void TableColumns::showChoice() {
    const auto targets = targetsOf(choice_, *profile_);
    const auto ignored = ignoredBy(choice_, *profile_);
    const QSignalBlocker quietTarget(target_);
    target_->setCurrentIndex(targets.size() == 1 ? target_->findText(qstr(targets.front())) : -1);
    target_->setEditText(qstr(targets.size() == 1 ? targets.front() : columnList(targets)));
    for (const Row& row : rows_) {
        const bool isTarget = std::ranges::count(targets, row.column) > 0;
        const bool isIgnored =
            !isTarget && (std::ranges::count(ignored, row.column) > 0 || isLeftOut(row.column));
        const QSignalBlocker quiet(row.box);
        row.box->setChecked(!isIgnored);
        row.box->setEnabled(!isTarget);
        row.role->setText(isTarget ? tr("target") : isIgnored ? tr("left out") : tr("input"));
    }
}

void TableColumns::takeTarget(const QString& text) {
    // What is in the list is one column, whatever its name looks like.
    const bool isOne = std::ranges::any_of(
        profile_->columns, [&](const ColumnProfile& column) { return qstr(column.name) == text; });
    const std::vector<std::string> one{text.toStdString()};
    const auto names = isOne ? one : columnNamesIn(text.toStdString());
    const auto isKnown = [&](const std::string& name) {
        return std::ranges::find(profile_->columns, name, &ColumnProfile::name) !=
               profile_->columns.end();
    };
    if (names.empty() || !std::ranges::all_of(names, isKnown) ||
        names == targetsOf(choice_, *profile_)) {
        showChoice(); // as it was
        return;
    }
    choice_.params.insert_or_assign("target", columnList(names));
    publish();
}

/// A table leaves some columns out by itself, and its notes say why.
bool TableColumns::isLeftOut(const std::string& column) const {
    const auto isOf = [](const auto& columns, const std::string& name) {
        return std::ranges::any_of(columns, [&](const auto& each) { return each.name == name; });
    };
    // Pixels become one image, whose columns are none of the file's.
    const bool areTheFiles = info_ && !info_->columns.empty() &&
                             std::ranges::all_of(info_->columns, [&](const TableColumn& each) {
                                 return isOf(profile_->columns, each.name);
                             });
    return areTheFiles && !isOf(info_->columns, column);
}

void TableColumns::setInfo(const DataInfo& info) {
    info_ = info;
    if (profile_)
        showChoice();
}

void TableColumns::ignore(const std::string& column, bool ignored) {
    auto names = ignoredBy(choice_, *profile_);
    std::erase(names, column);
    // Whole dates teach nothing: who wants them as inputs wants their parts.
    const auto known = std::ranges::find(profile_->columns, column, &ColumnProfile::name);
    if (!ignored && known != profile_->columns.end() && holdsDates(*known))
        choice_.params.insert_or_assign("dates", std::string("parts"));
    const bool isName = known != profile_->columns.end() && known->kind == ColumnKind::Numbers &&
                        !known->whyUseless.empty();
    const Params params(dataset(choice_.dataset).params, choice_.params);
    auto kept = columnNamesIn(params.text("keep"));
    std::erase(kept, column);
    if (!ignored && isName)
        kept.push_back(column);
    if (kept.empty())
        choice_.params.erase("keep");
    else
        choice_.params.insert_or_assign("keep", columnList(kept));
    if (ignored)
        names.push_back(column);
    // In the order of the table.
    std::ranges::sort(names, {}, [this](const std::string& name) {
        return std::ranges::find(profile_->columns, name, &ColumnProfile::name) -
               profile_->columns.begin();
    });
    choice_.params.insert_or_assign("ignore", columnList(names));
    publish();
}

void TableColumns::publish() {
    info_.reset(); // it was that of the choice before
    showChoice();
    Q_EMIT edited(choice_);
}

} // namespace gradwright

#include "moc_table_columns.cpp"
