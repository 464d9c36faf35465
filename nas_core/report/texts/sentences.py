"""Verdicts, notes, advice and the names of things, as page, workbook and film say them."""

from __future__ import annotations

from nas_core.report.texts.languages import Texts, spoken

SENTENCES: Texts = {
    # Titles of tasks and metrics; what is not here stays English.
    "task_tabular_classification": ("Classes from a table", "Классы по таблице"),
    "task_tabular_regression": ("A number from a table", "Число по таблице"),
    "task_image_classification": ("Classes from pictures", "Классы по картинкам"),
    "task_image_regression": ("A number from pictures", "Число по картинкам"),
    "metric_accuracy": ("Accuracy", "Доля верных ответов"),
    "slice_missing": ("missing", "пусто"),
    "slice_range": ("{low} to {high}", "от {low} до {high}"),
    "rival_majority": ("guessing the most frequent class", "угадывание самого частого класса"),
    "rival_mean": ("guessing the mean", "угадывание среднего"),
    "rival_linear": ("the linear model", "линейная модель"),
    "rival_random": ("random search", "случайный поиск"),
    "and": ("and", "и"),
    "or": ("or", "или"),
    "reached": (
        "The network reaches {metric} {value}{interval} on rows that it has never seen",
        "На строках, которых сеть не видела, {metric} = {value}{interval}",
    ),
    "interval": (" ({low} to {high})", " (от {low} до {high})"),
    "not_beaten": ("it does not beat {rivals}", "она хуже, чем {rivals}"),
    "no_better": ("it is no better than {rivals}", "она не лучше, чем {rivals}"),
    "beats": ("it beats {rivals}", "она лучше, чем {rivals}"),
    "unproven": ("better than {rivals}: not proven", "лучше ли она, чем {rivals}: не доказано"),
    "better": ("Better than {rival} by {gain}", "Лучше, чем {rival}, на {gain}"),
    "worse": ("Worse than {rival} by {gain}", "Хуже, чем {rival}, на {gain}"),
    "equal": ("As good as {rival}", "Не лучше и не хуже, чем {rival}"),
    "verdict_unproven": (
        "Better than {rival}: not proven, the difference is {gain}",
        "Лучше ли, чем {rival}: не доказано, разница {gain}",
    ),
    "points": ("{n} points", "{n} п."),
    "against": ("{metric} {value} against {other}{relative}", "{metric} {value} против {other}{relative}"),
    "higher": ("{share} higher", "на {share} выше"),
    "lower": ("{share} lower", "на {share} ниже"),
    "note_linear": (
        "A linear model does as well here and is simpler: prefer it, or give the search more time or data.",
        "Линейная модель здесь не хуже и проще: возьмите её или дайте поиску больше времени или данных.",
    ),
    "note_linear_unproven": (
        "That the network is better than a linear model is not proven on these test rows; the linear model is simpler.",
        "На этих контрольных строках не доказано, что сеть лучше линейной модели; линейная модель проще.",
    ),
    "note_nothing": (
        "The network has learnt nothing that helps: the columns may say nothing about the target.",
        "Сеть ничему полезному не научилась: возможно, столбцы ничего не говорят о цели.",
    ),
    "note_random": (
        "Random search found a better network with the same number of trials: the agent did not pay here.",
        "Случайный поиск за столько же попыток нашёл сеть лучше: агент здесь себя не окупил.",
    ),
    "note_random_unproven": (
        "That the agent finds better networks than random search is not proven on these test rows.",
        "На этих контрольных строках не доказано, что агент находит сети лучше, чем случайный поиск.",
    ),
    "note_few_rows": (
        "The figures rest on few test rows ({n}); small differences may be chance.",
        "Контрольных строк мало ({n}): небольшие различия могут быть случайны.",
    ),
    "note_failed": (
        "{share} of the networks failed; the list of candidates says why.",
        "С ошибкой закончились {share} сетей; причины — в списке кандидатов.",
    ),
    "next_simple": (
        "Use the simpler model until more rows or better columns are there.",
        "Пользуйтесь более простой моделью, пока нет новых строк или лучших столбцов.",
    ),
    "next_simple_pictures": (
        "Use the simpler model until there are more pictures or there is more time (`budget_minutes`).",
        "Пользуйтесь более простой моделью, пока нет новых картинок или большего времени (`budget_minutes`).",
    ),
    "next_proof": (
        "Measure on more test rows, or give the search more time or data, before a simple model is replaced by it.",
        "Прежде чем заменять простую модель, проверьте сеть на большем числе строк или дайте поиску больше времени и "
        "данных.",
    ),
    "next_threshold": (
        "At a probability of 50 % only {recall} of {name} are found; from {threshold} on it is {more}, and {precision} "
        "of those said are right. Choose by what a miss costs.",
        "При вероятности от 50 % находится лишь {recall} случаев {name}; от {threshold} — {more}, и верны {precision} "
        "таких ответов. Выбирайте по цене пропуска.",
    ),
    "calibrated_share": (
        "What it says of its sureness was off by {before} on average as trained, and is by {after} since calibration "
        "(temperature {temperature}, from {n} rows kept for that).",
        "Уверенность сети после обучения расходилась с правотой в среднем на {before}, после калибровки — на {after} "
        "(температура {temperature}, по отложенным для этого строкам: {n}).",
    ),
    "calibrated_none": (
        "What it says of its sureness is off by {after} on average; rows kept for that ({n}) found nothing to mend.",
        "Уверенность сети расходится с правотой в среднем на {after}; отложенные для этого строки ({n}) показали, что "
        "калибровка не нужна.",
    ),
    "calibrated_interval": (
        "Prediction ± {margin} is meant to hold the truth in {level} of rows (from {n} rows kept for that); of the "
        "test rows it held it in {coverage}.",
        "Предсказание ± {margin} должно содержать истину для {level} строк (по отложенным для этого строкам: {n}); "
        "на контрольных строках — для {coverage}.",
    ),
    "next_short": (
        "The search had time for few networks ({n}): give it a larger `budget_minutes`.",
        "Поиск успел проверить мало сетей ({n}): увеличьте `budget_minutes`.",
    ),
    "next_longer": (
        "The search was still finding better networks: give it a larger `budget_minutes`.",
        "Поиск ещё находил лучшие сети: увеличьте `budget_minutes`.",
    ),
    "next_enough": (
        "The search had stopped finding better networks: more time will hardly help, more data may.",
        "Поиск перестал находить лучшие сети: время вряд ли поможет, новые данные — возможно.",
    ),
    "next_rows": (
        "Collect more rows: with so few, every figure moves with chance.",
        "Соберите больше строк: при таком их числе все значения зависят от случая.",
    ),
    "next_try_pictures": (
        "Try the network on pictures of your own (`nas predict RUN pictures/`); export/ holds it for phones and "
        "servers.",
        "Проверьте сеть на своих картинках (`nas predict RUN pictures/`); в export/ она готова для телефонов и "
        "серверов.",
    ),
    "next_try": (
        "Try the network on rows of your own (`nas predict RUN rows.csv`); export/ holds it for phones and servers.",
        "Проверьте сеть на своих строках (`nas predict RUN rows.csv`); в export/ она готова для телефонов и серверов.",
    ),
}


def sentence_texts(language: str) -> dict[str, str]:
    """The texts by key."""
    return spoken(SENTENCES, language)
