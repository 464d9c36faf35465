"""What the checks of the data say, in other languages.

The checks write English sentences (``prepare/checks.json``). Here stands each with places for what it fills in, and its
translation; a place may hold a sentence of its own. What no line knows stays English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from nas_core.report.texts.errors import ERRORS, FIELDS
from nas_core.report.texts.languages import Texts, spoken
from nas_core.report.words import local

# English ("row(s)" is row or rows), Russian.
SENTENCES: tuple[tuple[str, str], ...] = (
    # data/quality.py
    (
        "{codes} stands in {n} row(s) of {column}, far from all other values.",
        "В столбце {column} есть {codes}, далеко от всех других значений; строк: {n}.",
    ),
    (
        "It counts as missing; `missing_codes` off keeps it.",
        "Считается пропуском; чтобы оставить, выключите `missing_codes`.",
    ),
    ("It is kept, as `missing_codes` says.", "Оставлено, как велит `missing_codes`."),
    (
        "{column} mixes {n} number(s) with {words} words.",
        "В столбце {column} перемешаны числа ({n}) и слова ({words}).",
    ),
    (
        'All are read as categories; `column_types` "numeric" reads the words as missing.',
        'Всё прочитано как категории; `column_types` "numeric" прочтёт слова как пропуски.',
    ),
    ("{column} has {n} categories.", "В столбце {column} категорий: {n}."),
    ("{n} or more", "{n} или больше"),
    ("The {n} most frequent ones are told apart.", "Различаются самые частые, всего {n}."),
    (
        "{column} has {n} value(s) more than ten times the usual spread away.",
        "В столбце {column} есть значения, отстоящие более чем на десять обычных разбросов: {n}.",
    ),
    (
        "They are kept; numbers are scaled by median and quartiles, which they do not move.",
        "Оставлены; числа приводятся к масштабу по медиане и квартилям, на которые они не влияют.",
    ),
    (
        "{column} alone tells the target ({share} of its variance): it may leak the answer.",
        "Столбец {column} один определяет цель ({share} её дисперсии): возможно, он выдаёт ответ.",
    ),
    (
        "It is set aside; `leaking_columns` keep uses it, if it is known when predictions are made.",
        "Отложен; если он известен к моменту предсказания, его вернёт `leaking_columns` keep.",
    ),
    (
        "It is used: leave it out (`exclude_columns`) if it is not known when predictions are made.",
        "Используется: если к моменту предсказания он неизвестен, исключите его (`exclude_columns`).",
    ),
    (
        "it alone tells the target, as what is known only afterwards does",
        "он один определяет цель, как то, что становится известно лишь потом",
    ),
    # data/types.py
    ("Column {column} is set aside: {reason}.", "Столбец {column} отложен: {reason}."),
    (
        "Name its type in `column_types` to use it all the same.",
        "Чтобы всё же использовать его, назовите его тип в `column_types`.",
    ),
    ("it holds {kind} values, which a table's network cannot read", "его значения ({kind}) сеть для таблиц не прочтёт"),
    ("it holds no values", "в нём нет значений"),
    ("it holds one value only, {value}", "в нём одно и то же значение, {value}"),
    ("it holds one value only", "в нём одно и то же значение"),
    ("it numbers the rows", "он нумерует строки"),
    (
        "its values {what}, {n} different ones in {total} rows",
        "его значения {what}, разных {n} на {total} строк",
    ),
    ("name the rows", "называют строки"),
    ("hardly ever recur", "почти не повторяются"),
    ("left out by `exclude_columns`", "исключён через `exclude_columns`"),
    ("`column_types` says {kind}", "так велит `column_types`: {kind}"),
    ("{n} of {total} values of {column} are no numbers.", "Не числа: {n} из {total} значений столбца {column}."),
    ("They count as missing.", "Считаются пропусками."),
    # data/drift.py
    (
        "{column} is distributed otherwise in the test file than in the dataset (effect {effect}).",
        "В контрольном файле столбец {column} распределён иначе, чем в данных (эффект {effect}).",
    ),
    (
        "Figures on the test file tell about that other distribution; check how both were drawn.",
        "Показатели относятся к тому, другому распределению; проверьте, как собраны оба файла.",
    ),
    # data/expected.py
    (
        "The columns are held against those of the earlier run {address}.",
        "Столбцы сравниваются с прежним запуском {address}.",
    ),
    (
        "The column {column} ({kind}) of the earlier run is gone.",
        "Столбца {column} ({kind}), который был в прежнем запуске, больше нет.",
    ),
    ("The network is made without it.", "Сеть строится без него."),
    (
        "The column {column} ({kind}) is new since the earlier run.",
        "Столбец {column} ({kind}) появился после прежнего запуска.",
    ),
    (
        "{column} is {kind}, but was {before} in the earlier run.",
        "Тип столбца {column} теперь {kind}, а в прежнем запуске был {before}.",
    ),
    (
        "It is read as it is now; `column_types` says otherwise.",
        "Читается как сейчас; другой тип задаёт `column_types`.",
    ),
    (
        "{n} value(s) of {column} did not occur, or hardly, in the earlier run.",
        "Значений столбца {column}, которых в прежнем запуске не было или почти не было: {n}.",
    ),
    (
        "They are categories now; the earlier network knows them as unseen.",
        "Теперь это категории; прежней сети они неизвестны.",
    ),
    # data/clock.py
    (
        "The rows cannot be split in time by {column}: {reason}.",
        "Разделить строки по времени {column} нельзя: {reason}.",
    ),
    ("too many of them fall on one moment", "слишком многие приходятся на один момент"),
    ("{share} of them have none", "у {share} строк его нет"),
    ("a class begins too late to be learned", "один из классов появляется слишком поздно, чтобы его выучить"),
    (
        "a part that judges would be of one class",
        "в одной из частей для оценки остался бы единственный класс",
    ),
    ("They are split by chance.", "Разделены случайно."),
    (
        "{column} orders the rows in time: the first ones train, the later ones judge: {since}.",
        "{column} упорядочивает строки по времени: на первых сеть учится, по более поздним оценивается: {since}.",
    ),
    (
        "{column} orders the rows in time: the first ones train, the later ones judge.",
        "{column} упорядочивает строки по времени: на первых сеть учится, по более поздним оценивается.",
    ),
    ("from {first} on they {one}, from {second} on they {two}", "с {first} — {one}, с {second} — {two}"),
    ("from {first} on they {one}", "с {first} — {one}"),
    ("validate", "для выбора"),
    ("test", "для проверки"),
    (
        "`split` random splits them by chance, `time_column` names another column.",
        "`split` random делит случайно, `time_column` называет другой столбец.",
    ),
    # data/readers
    ("`{field}`: {note}", "`{field}`: {note}"),
    (
        "Above the table stand {n} other lines, which are left out.",
        "Над таблицей есть другие строки ({n}), они пропущены.",
    ),
    (
        "Above the table in the sheet {sheet} stand {n} other rows, which are left out.",
        "На листе {sheet} над таблицей есть другие строки ({n}), они пропущены.",
    ),
    (
        "The first line holds no names; the columns are called {names}",
        "В первой строке нет названий; столбцы названы {names}",
    ),
    (
        "The first row holds no names; the columns are called {names}",
        "В первой строке нет названий; столбцы названы {names}",
    ),
    (
        "The sheet {sheet} of {sheets} is read; `sheet` chooses another.",
        "Прочитан лист {sheet} из {sheets}; другой задаёт `sheet`.",
    ),
    (
        "The column {column} is missing in {files}: its cells are empty there.",
        "Столбца {column} нет в {files}: там его ячейки пусты.",
    ),
    # data/pictures
    ("{n} picture(s) of {total} cannot be read.", "Картинок, которые не удалось прочитать: {n} из {total}."),
    ("The column {column} names the pictures.", "Картинки называет столбец {column}."),
    ("The column {column} holds the pictures.", "Картинки лежат в столбце {column}."),
    (
        "{n} of {total} rows name pictures that are not there: they are left out.",
        "Строк, которые называют отсутствующие картинки: {n} из {total}; пропущены.",
    ),
    (
        "{n} pictures are named by no row: they are left out.",
        "Картинок, которых не называет ни одна строка: {n}; пропущены.",
    ),
    ("The weights of {n} pretrained network(s) were found.", "Найдены веса предобученных сетей: {n}."),
    ("The search may begin networks with them.", "Поиск может начинать с них сети."),
    (
        "No weights of pretrained networks were found: neither `backbones` nor Keras' cache has any.",
        "Весов предобученных сетей нет: ни по адресу `backbones`, ни в хранилище Keras.",
    ),
    ("The search does not offer them.", "Поиск их не предлагает."),
    ("{n} row(s) look like an earlier one.", "Картинок, похожих на одну из предыдущих: {n}."),
    # tasks/target.py, targets/labels/checks.py, stages/prepare.py
    (
        "{n} row(s) equal an earlier row in all columns that do not number the rows.",
        "Строк, равных одной из предыдущих во всех столбцах, кроме нумерующих: {n}.",
    ),
    ("They are left out.", "Пропущены."),
    ("Equal rows are in the same part of the split.", "Равные строки попадают в одну часть."),
    (
        "They stay where the split puts them: keeping equal rows together would spoil it.",
        "Остаются там, куда попали: держать их вместе значило бы испортить деление.",
    ),
    ("They are kept, as `duplicates` says.", "Оставлены, как велит `duplicates`."),
    ("{n} row(s) of {total} have {what} in the target {column}.", "В цели {column} {what}: строк {n} из {total}."),
    ("no value", "нет значения"),
    ("no value, or one that is no number,", "нет значения или оно не число"),
    (
        "{n} row(s) of the test file have no target, or one that no row of the dataset has.",
        "Строк контрольного файла без цели или с такой целью, какой нет в данных: {n}.",
    ),
    (
        "{share} of the rows of {column} are {value}.",
        "{share} строк столбца {column} — это {value}.",
    ),
    (
        "Classes with fewer than {least} rows cannot be tested: in {column} {rare}.",
        "Классы, в которых меньше {least} строк, не проверить: в столбце {column} {rare}.",
    ),
    ("They are learned from; no figure is about them.", "На них сеть учится, но показателей по ним нет."),
    (
        "Each part of the split has its share of the others; accuracy says little here, log-loss and AUC more.",
        "Остальные классы есть в каждой части; доля верных ответов здесь говорит мало, log-loss и AUC — больше.",
    ),
    (
        "{n} row(s) of `{field}` have more or fewer cells than the first line.",
        "Строк `{field}`, где ячеек больше или меньше, чем в первой: {n}.",
    ),
    ("{n} row(s) of the test file equal rows of the dataset.", "Строк контрольного файла, равных строкам данных: {n}."),
    (
        "They are tested on all the same: the figures may be too good.",
        "Проверка идёт и на них: показатели могут быть завышены.",
    ),
)

RULES: Texts = {
    "missing codes": ("missing codes", "коды пропусков"),
    "mixed types": ("mixed types", "смешанные типы"),
    "high cardinality": ("high cardinality", "много категорий"),
    "outliers": ("outliers", "выбросы"),
    "leakage": ("leakage", "утечка ответа"),
    "set aside": ("set aside", "отложен"),
    "numbers": ("numbers", "не числа"),
    "pictures": ("pictures", "картинки"),
    "drift": ("drift", "сдвиг"),
    "schema": ("schema", "прежний запуск"),
    "time order": ("time order", "порядок во времени"),
    "reading": ("reading", "чтение"),
    "cells": ("cells", "ячейки"),
    "duplicates": ("duplicates", "повторы"),
    "target": ("target", "цель"),
    "test_uri": ("test_uri", "контрольный файл"),
    "imbalance": ("imbalance", "перекос классов"),
}
_FIGURE = re.compile(r"-?\d[\d,]*(\.\d+)?%?")


def translate_check(check: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A line of ``checks.json`` with `rule`, `message` and `action` in `language`."""
    said = {part: translate(check[part], language) for part in ("message", "action") if check.get(part)}
    return {**check, **said, "rule": spoken(RULES, language).get(check.get("rule", ""), check.get("rule"))}


def translate(sentence: str, language: str) -> str:
    """An English `sentence` of the checks, or of a ``JobError``, in `language`, with figures as it writes them.

    What is not known stays as it is.
    """
    if language == "en":
        return sentence
    if _FIGURE.fullmatch(sentence):
        return local(sentence, language).replace("%", " %")
    for pattern, translated in _patterns():
        if found := pattern.fullmatch(sentence):
            return translated.format(**{place: translate(said, language) for place, said in found.groupdict().items()})
    return sentence


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_pattern(english), russian) for english, russian in (*ERRORS, *SENTENCES, *FIELDS))


def _pattern(english: str) -> re.Pattern[str]:
    text = re.escape(english).replace(r"\(s\)", "s?")
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", text), re.DOTALL)
