"""The report's own words, in every language it speaks. What comes from the data stays as it came."""

from __future__ import annotations

from collections.abc import Callable

Table = Callable[[str], dict[str, str]]
LANGUAGES = ("en", "ru")

# Each entry: English, Russian. {name} is a place that is filled in.
_PAGE: dict[str, tuple[str, str]] = {
    "title": ("A network that predicts {target}", "Сеть, которая предсказывает {target}"),
    "subtitle": (
        "{task}  ·  {dataset}  ·  job {name}  ·  {date}",
        "{task}  ·  {dataset}  ·  задание {name}  ·  {date}",
    ),
    "seconds": ("{n} s", "{n} с"),
    "minutes": ("{n} min {rest} s", "{n} мин {rest} с"),
    "hours": ("{n} h {rest} min", "{n} ч {rest} мин"),
    "sections": ("Sections", "Разделы"),
    "the_network": ("the network", "сеть"),
    "on_unseen_rows": ("{metric} on rows never seen before", "{metric} на строках, которых сеть не видела"),
    "longer_is_better": ("Longer is better", "Чем длиннее, тем лучше"),
    "shorter_is_better": ("Shorter is better", "Чем короче, тем лучше"),
    "time_in_all": ("Time in all", "Всего времени"),
    "of_it_searching": ("{time} of it searching", "из них поиск: {time}"),
    "networks_tried": ("Networks tried", "Проверено сетей"),
    "n_failed": ("{n} of them failed", "из них с ошибкой: {n}"),
    "winners_size": ("The winner's size", "Размер победителя"),
    "parameters_unit": ("parameters", "параметров"),
    "parameters_times": ("parameters, {n} times", "параметров, {n} раз"),
    "n_parameters": ("{n} parameters", "параметров: {n}"),
    "test_rows": ("Test rows", "Контрольных строк"),
    "rows_learned": ("{n} rows to learn from", "строк для обучения: {n}"),
    "watch_out": ("What to watch out for", "На что обратить внимание"),
    "nothing_found": ("No check found a problem.", "Проверки не нашли недостатков."),
    "what_next": ("What to do next", "Что делать дальше"),
    "search": ("The search", "Поиск"),
    "search_lead": (
        "{n} networks in {time}, {failed} of them failed. Replay how the agent found them: the network it built, how "
        "likely it was to choose each layer, and what came of it.",
        "Сетей: {n}, времени: {time}, с ошибкой: {failed}. Повтор поиска: какую сеть строил агент, с какой "
        "вероятностью выбирал каждый слой и что из этого вышло.",
    ),
    "play": ("Play", "Пуск"),
    "pause": ("Pause", "Пауза"),
    "speed": ("Speed", "Скорость"),
    "slow": ("slow", "медленно"),
    "normal": ("normal", "обычно"),
    "quick": ("quick", "быстро"),
    "scrub": ("Candidate", "Кандидат"),
    "previous": ("Previous candidate", "Предыдущий кандидат"),
    "next": ("Next candidate", "Следующий кандидат"),
    "next_record": ("Next record", "Следующий рекорд"),
    "candidate": ("Network {n}", "Сеть {n}"),
    "network_number": ("Network", "Сеть"),
    "of": ("{n} of {total}", "{n} из {total}"),
    "failed": ("failed", "ошибка"),
    "record": ("best so far", "лучшая на этот момент"),
    "best_so_far": ("best so far", "лучшее значение"),
    "random_best": ("best so far of random search", "лучшее случайного поиска"),
    "search_time": ("search time", "время поиска"),
    "proposed_by": ("Proposed by", "Предложил"),
    "network": ("Network", "Сеть"),
    "a_network": ("a network", "сеть"),
    "a_row": ("a row", "строка"),
    "learning": ("How the agent learned", "Как учился агент"),
    "networks_in_order": ("networks in the order in which they were tried", "сети в порядке проверки"),
    "better_is_up": ("{metric} (better is higher up)", "{metric} (чем выше, тем лучше)"),
    "no_thoughts": ("No agent chose this one", "Эту сеть выбирал не агент"),
    "thoughts_mean": (
        "How likely the agent was to choose (mean over the layers)",
        "Вероятность выбора (в среднем по слоям)",
    ),
    "thoughts_at": ("How likely the agent was to choose as layer {n}", "Вероятность выбора для слоя {n}"),
    "whole_network": ("the whole network", "вся сеть"),
    "layer_of": ("{n} of {total} layers", "слоёв: {n} из {total}"),
    "fewer": ("One layer back", "На слой назад"),
    "more": ("One layer on", "На слой вперёд"),
    "candidates": ("Candidates", "Кандидаты"),
    "candidates_lead": ("Every network that was tried.", "Все проверенные сети."),
    "pareto": ("Score and size", "Качество и размер"),
    "pareto_lead": (
        "On the line no other network is both better and smaller.",
        "На линии лежат сети, лучше и меньше которых нет.",
    ),
    "front": ("best of its size", "лучшие для своего размера"),
    "winner": ("winner", "победитель"),
    "parallel": ("What good networks have in common", "Что общего у хороших сетей"),
    "parallel_lead": (
        "A line is a network, the best sixth green, failed ones dashed. Drag along an axis to keep a part of it, in "
        "the table too; a click on the axis lets go.",
        "Линия — сеть; лучшая шестая часть зелёная, ошибки пунктиром. Потяните вдоль оси, чтобы оставить часть сетей "
        "(и в таблице); щелчок по оси снимает отбор.",
    ),
    "layers": ("Layers", "Слоёв"),
    "parameters": ("Parameters", "Параметров"),
    "seconds_of": ("Seconds", "Секунд"),
    "round": ("Round", "Раунд"),
    "page_back": ("Page back", "Страница назад"),
    "page_forth": ("Page on", "Страница вперёд"),
    "look_for": ("Look for layers or errors", "Искать слои или ошибки"),
    "show": ("Show", "Показать"),
    "show_all": ("all", "все"),
    "show_records": ("records", "рекорды"),
    "show_failed": ("failed", "с ошибкой"),
    "show_front": ("best of their size", "лучшие для размера"),
    "rows_of": ("{from} to {to} of {n}", "{from}–{to} из {n}"),
    "none": ("none", "нет"),
    "winner_network": ("The network", "Сеть"),
    "winner_lead": (
        "{n} parameters, from the input (top) to the output (bottom). Networks trained on different rows: {copies}.",
        "Параметров: {n}; вход сверху, выход снизу. Сетей, обученных на разных строках: {copies}.",
    ),
    "winner_others": ("The model is the mean of it and of: {others}.", "Модель — среднее этой сети и сетей: {others}."),
    "layer": ("Layer", "Слой"),
    "shape": ("Shape", "Форма"),
    "share": ("Share of them", "Их доля"),
    "flops_share": ("Share of the arithmetic", "Доля вычислений"),
    "earned": ("Earned in the search", "Принёс при поиске"),
    "worth": ("Worth", "Вклад"),
    "earned_lead": (
        "Earned: what the agent was paid for adding the layer, the change of the score less the price of its size.",
        "Принёс при поиске: что агент получил за этот слой, то есть прирост качества без платы за размер.",
    ),
    "worth_lead": (
        "Worth: how far the score falls on test rows when the linear map that comes nearest to the layer stands in its "
        "place, so that the network has one layer less; ± by chance. Dropout and normalisation over the batch are "
        "linear in use and lose nothing: their work is done in training.",
        "Вклад: насколько падает качество на контрольных строках, если заменить слой ближайшим к нему линейным "
        "отображением, то есть сделать сеть на слой короче; ± за счёт случая. Dropout и нормализация по пакету при "
        "работе сети линейны и ничего не теряют: они нужны во время обучения.",
    ),
    "test": ("Test", "Проверка"),
    "test_lead": (
        "Measured once, on {n} rows that neither the search nor the training has seen.",
        "Измерено один раз на строках, которых не видели ни поиск, ни обучение. Строк: {n}.",
    ),
    "on_validation": ("on validation rows", "на проверочных строках"),
    "confusion": ("Truth (rows) and prediction (columns)", "Истина (строки) и предсказание (столбцы)"),
    "truth_prediction": ("truth ↓  prediction →", "истина ↓  ответ →"),
    "classes_left_out": ("{n} rarer classes are left out.", "Более редких классов не показано: {n}."),
    "classes": ("Class by class", "По классам"),
    "class": ("Class", "Класс"),
    "precision": ("Precision", "Точность"),
    "recall": ("Recall", "Полнота"),
    "rows": ("Rows", "Строк"),
    "calibration": ("When it is so sure, how often is it right?", "Насколько оправданна уверенность?"),
    "calibration_lead": (
        "On the dashed line the network is right as often as it says. Larger dots are more rows.",
        "На пунктире сеть права так часто, как утверждает. Крупнее точка — больше строк.",
    ),
    "sure": ("how sure the network is", "уверенность сети"),
    "residuals": ("How far off the predictions are", "Ошибки предсказаний"),
    "error_in": ("prediction less truth, {unit}", "предсказание минус истина, {unit}"),
    "prediction_truth": ("Prediction (up) over truth", "Предсказание (вверх) и истина"),
    "truth": ("truth", "истина"),
    "thresholds": ("Where to draw the line", "Где провести границу"),
    "thresholds_lead": (
        "Say {name} when its probability is at least the threshold: how many of those said are right (precision), and "
        "how many of the true ones are found (recall).",
        "Отвечать {name}, если вероятность не меньше порога: сколько таких ответов верны (точность) и сколько "
        "настоящих найдено (полнота).",
    ),
    "threshold": ("threshold", "порог"),
    "slices": ("Where it is weak", "Где сеть слаба"),
    "slices_lead": (
        "Test rows in which {metric} is worse than in all others, beyond chance (5 % for all {n} parts together that "
        "were looked at), those that lose most first. Where the linear model is better, the network can be improved.",
        "Контрольные строки, где {metric} хуже, чем в остальных, и это не случайность (вероятность ошибки 5 % на все "
        "просмотренные части вместе, их {n}); сначала худшие. Где линейная модель лучше, сеть можно улучшить.",
    ),
    "slices_none": (
        "Nowhere, beyond chance: {metric} was looked at in {n} parts of the test rows.",
        "Нигде, если не считать случайных различий: {metric} проверено в разных частях контрольных строк (всего {n}).",
    ),
    "slice": ("Values", "Значения"),
    "interval": ("95 % interval", "95-процентный интервал"),
    "span": ("{low} to {high}", "от {low} до {high}"),
    "elsewhere": ("In all other rows", "В остальных строках"),
    "linear_there": ("Linear model there", "Линейная модель там же"),
    "mistake_0": ("Row", "Строка"),
    "mistake_1": ("Truth", "Истина"),
    "mistake_2": ("Prediction", "Предсказание"),
    "mistake_3": ("How wrong", "Насколько неверно"),
    "mistakes": ("The worst mistakes", "Самые большие ошибки"),
    "mistakes_lead": ("Test rows, the worst first.", "Контрольные строки, начиная с худших."),
    "importance": ("What the network looks at", "На что смотрит сеть"),
    "importance_lead": (
        "How far the score falls when the column is shuffled among the test rows.",
        "Насколько падает качество, если перемешать столбец среди контрольных строк.",
    ),
    "first_of": ("The first {n} of {total}.", "Первые {n} из {total}."),
    "training": ("Training", "Обучение"),
    "training_lead": ("{n} epochs; the weights are those of epoch {best}.", "Эпох: {n}; взяты веса эпохи {best}."),
    "loss": ("loss", "потери"),
    "loss_train": ("on training rows", "на обучающих строках"),
    "loss_valid": ("on validation rows", "на проверочных строках"),
    "epoch": ("epoch", "эпоха"),
    "data": ("Data", "Данные"),
    "n_columns": ("{n} columns", "столбцов: {n}"),
    "rows_train": ("rows to learn from:", "строк для обучения:"),
    "rows_valid": ("to choose by:", "для выбора:"),
    "rows_test": ("for the test:", "для проверки:"),
    "problems": ("What was found, and what was done", "Что найдено и что сделано"),
    "column": ("Column", "Столбец"),
    "found": ("Found", "Найдено"),
    "done": ("Done", "Сделано"),
    "whole_table": ("whole table", "вся таблица"),
    "profile": ("Every column", "Все столбцы"),
    "role": ("Role", "Роль"),
    "role_feature": ("feature", "признак"),
    "role_target": ("target", "цель"),
    "role_group": ("group", "группа"),
    "role_set aside": ("set aside", "отложен"),
    "type": ("Type", "Тип"),
    "type_numeric": ("numeric", "число"),
    "type_categorical": ("categorical", "категория"),
    "type_boolean": ("boolean", "да/нет"),
    "type_date": ("date", "дата"),
    "missing": ("Missing", "Пусто"),
    "distinct": ("Distinct", "Разных"),
    "mean": ("Mean", "Среднее"),
    "tells": ("Tells target", "Связь с целью"),
    "distribution": ("Distribution", "Распределение"),
    "reproduce": ("Reproduce", "Повторить"),
    "reproduce_lead": (
        "The same data, job and versions give the same candidates in the same order.",
        "Те же данные, задание и версии дают тех же кандидатов в том же порядке.",
    ),
    "copy": ("Copy", "Скопировать"),
    "copied": ("Copied", "Скопировано"),
    "job": ("Job", "Задание"),
    "field": ("Field", "Поле"),
    "value": ("Value", "Значение"),
    "versions": ("Versions", "Версии"),
    "package": ("Package", "Пакет"),
    "version": ("Version", "Версия"),
    "files": ("Files", "Файлы"),
    "file": ("File", "Файл"),
    "bytes": ("Bytes", "Байт"),
    "footer": ("Made by nas-core. The page needs no network.", "Сделано nas-core. Странице не нужна сеть."),
}


_SENTENCES: dict[str, tuple[str, str]] = {
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
    "not_beaten": ("it does not beat {rivals}", "сеть не лучше, чем {rivals}"),
    "no_better": ("it is no better than {rivals}", "сеть не лучше, чем {rivals}"),
    "beats": ("it beats {rivals}", "сеть лучше, чем {rivals}"),
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
    "next_try": (
        "Try the network on rows of your own (`nas predict RUN rows.csv`); export/ holds it for phones and servers.",
        "Проверьте сеть на своих строках (`nas predict RUN rows.csv`); в export/ она готова для телефонов и серверов.",
    ),
}


def sentence_texts(language: str) -> dict[str, str]:
    """The words of verdicts, notes and advice by key."""
    place = LANGUAGES.index(language)
    return {key: texts[place] for key, texts in _SENTENCES.items()}


_FILM: dict[str, tuple[str, str]] = {
    "designing": ("Designing a network that predicts {target}", "Агент строит сеть, которая предсказывает {target}"),
    "tried": ("A network that was tried", "Проверенная сеть"),
    "of_each": ("{metric} of each network", "{metric} каждой сети"),
    "choices": ("How likely the agent was to choose each layer", "С какой вероятностью агент выбирал слои"),
    "in_order": ("networks, 1 to {n}", "сети, с 1-й по {n}-ю"),
    "n_failed": ("{n} failed", "с ошибкой: {n}"),
    "networks_tried": ("networks tried", "проверено сетей"),
    "of": ("of {n}", "из {n}"),
    "search_time": ("search time", "время поиска"),
    "best": ("best {metric} so far", "лучшее: {metric}"),
    "sure": ("sure of its favourite: {share}", "уверенность в лучшем выборе: {share}"),
    "choosing": ("choosing layer {n}", "выбор слоя {n}"),
    "number": ("number {n}", "номер {n}"),
    "input": ("a row", "строка"),
    "parameters": ("{n} parameters", "параметров: {n}"),
    "failed_because": ("failed: {reason}", "ошибка: {reason}"),
    "no_figure": ("no figure", "нет значения"),
    "record": ("best so far", "лучшая"),
    "a_network": ("a network (better is higher)", "сеть (выше — лучше)"),
    "best_so_far": ("best so far", "лучшее"),
    "random": ("random search", "случайный поиск"),
    "failed": ("failed", "ошибка"),
    "resumed": ("stopped, resumed", "прерван, продолжен"),
    "the_network_for": ("The network for {target}", "Сеть для {target}"),
    "on_unseen": ("{metric} on rows never seen before", "{metric} на строках, которых сеть не видела"),
    "the_network": ("the network", "сеть"),
    "longer": ("Longer is better", "Чем длиннее, тем лучше"),
    "shorter": ("Shorter is better", "Чем короче, тем лучше"),
    "end": ("{n} networks tried", "Проверено сетей: {n}"),
    "end_failed": ("{n} of them failed", "с ошибкой: {n}"),
    "in_all": ("{time} in all", "всего {time}"),
    "parameters_head": ("parameters", "параметры"),
}


def film_texts(language: str) -> dict[str, str]:
    """The words of the film by key."""
    place = LANGUAGES.index(language)
    return {key: texts[place] for key, texts in _FILM.items()}


def page_texts(language: str) -> dict[str, str]:
    """The words of the page by key."""
    place = LANGUAGES.index(language)
    return {key: texts[place] for key, texts in _PAGE.items()}
