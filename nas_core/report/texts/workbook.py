"""The words of the workbook; what page and workbook share stands with the page."""

from __future__ import annotations

from nas_core.report.texts.languages import Texts, spoken
from nas_core.report.texts.page import PAGE

WORKBOOK: Texts = {
    "sheet_summary": ("Summary", "Сводка"),
    "sheet_data": ("Data", "Данные"),
    "sheet_candidates": ("Candidates", "Кандидаты"),
    "sheet_choose": ("Choose", "Выбор"),
    "sheet_network": ("Network", "Сеть"),
    "sheet_training": ("Training", "Обучение"),
    "sheet_pictures": ("Pictures", "Изображения"),
    "sheet_test": ("Test", "Проверка"),
    "sheet_tryit": ("Try it", "Попробовать"),
    "sheet_export": ("Export", "Экспорт"),
    "sheet_reproduce": ("Reproduce", "Повторить"),
    "book_title": ("Report of {name}", "Отчёт {name}"),
    # Summary
    "rows_and_direction": ("{n} test rows; {direction}", "контрольных строк: {n}; {direction}"),
    "higher": ("higher is better", "чем больше, тем лучше"),
    "lower": ("lower is better", "чем меньше, тем лучше"),
    "different_failed": ("{n} different; {failed} failed", "разных: {n}; с ошибкой: {failed}"),
    "size_note": ("parameters in {n} layers", "параметров, слоёв: {n}"),
    "size_times": (", {n} times", ", {n} раз"),
    "size_others": (", and other networks: {n}", ", и другие сети: {n}"),
    "beside": ("Beside simpler ways", "Рядом с простыми способами"),
    "verdict": ("Verdict", "Вывод"),
    "outcome_better": ("better", "лучше"),
    "outcome_equal": ("the same", "так же"),
    "outcome_unproven": ("not proven", "не доказано"),
    "outcome_worse": ("worse", "хуже"),
    "no_notes": (
        "Nothing: no check found a problem, and the network beats the simpler ways.",
        "Не на что: проверки не нашли недостатков, и сеть лучше простых способов.",
    ),
    "more_notes": ("… and {n} more; see the sheet {sheet}.", "… и ещё {n}; см. лист «{sheet}»."),
    "where_things_are": ("Where things are", "Где что лежит"),
    "where_run": ("the run", "запуск"),
    "where_model": ("the model", "модель"),
    "where_model_is": ("export/ (how to use it: MODEL_CARD.md)", "export/ (как пользоваться: MODEL_CARD.md)"),
    "where_page": ("the report as a page", "отчёт как страница"),
    "where_film": ("the film of the search", "фильм о поиске"),
    "where_copy": ("a copy", "копия"),
    # Data
    "data_lead": ("{n} columns of {dataset}; rows: {rows}", "{dataset}: столбцов {n}; строк: {rows}"),
    "rows_for_train": ("{n} for train", "для обучения {n}"),
    "rows_for_valid": ("{n} for valid", "для выбора {n}"),
    "rows_for_test": ("{n} for test", "для проверки {n}"),
    "smallest": ("Smallest", "Минимум"),
    "median": ("Median", "Медиана"),
    "largest": ("Largest", "Максимум"),
    "deviation": ("Deviation", "Разброс"),
    "remarks": ("Remarks", "Замечания"),
    "checks_found": ("What the checks found", "Что нашли проверки"),
    "severity": ("Severity", "Важность"),
    "severity_error": ("error", "ошибка"),
    "severity_warning": ("warning", "важно"),
    "severity_info": ("info", "к сведению"),
    "rule": ("Rule", "Правило"),
    "such_as": (" Such as {examples}.", " Например: {examples}."),
    # Candidates
    "candidates_about": (
        "Networks in the order in which they were measured: {n}; failed: {failed}. Score: higher is better; figures "
        "are on the validation rows.",
        "Сетей: {n}, в порядке измерения; с ошибкой: {failed}. Оценка: чем больше, тем лучше; показатели — на "
        "проверочных строках.",
    ),
    "candidates_longer": (
        "Of the best, trained longer afterwards: {n} (the last columns).",
        "Лучшие затем обучались дольше (их {n}): последние столбцы.",
    ),
    "longer": ("Trained longer", "Обучена дольше"),
    "share_of_rows": ("Share of rows", "Доля строк"),
    "folds": ("Folds", "Блоков"),
    "number": ("Number", "Номер"),
    "score": ("Score", "Оценка"),
    "epochs": ("Epochs", "Эпох"),
    "done_after": ("Done after (s)", "Готова через (с)"),
    "agent": ("Agent", "Агент"),
    "reward": ("Reward", "Награда"),
    "certainty": ("Certainty", "Уверенность"),
    "failed_because": ("Failed because", "Причина ошибки"),
    "fingerprint": ("Fingerprint", "Отпечаток"),
    "mark_winner": ("winner", "победитель"),
    "mark_best": ("best so far", "рекорд"),
    # Choose
    "choose_lead": (
        "Change the yellow cells: the list below is ranked anew by what matters to you.",
        "Измените жёлтые ячейки: список ниже будет упорядочен заново по тому, что важно вам.",
    ),
    "weight_good": ("How good", "Качество"),
    "weight_good_is": (
        "100 for the best score, 0 for the worst of the upper nine tenths",
        "100 — лучшая оценка, 0 — худшая из верхних девяти десятых",
    ),
    "weight_small": ("How small", "Малый размер"),
    "weight_small_is": (
        "100 for the fewest parameters, 0 for the most, by the logarithm",
        "100 — меньше всего параметров, 0 — больше всего, по логарифму",
    ),
    "weight_quick": ("How quick", "Быстрота"),
    "weight_quick_is": (
        "100 for the fewest operations a row, 0 for the most, by the logarithm",
        "100 — меньше всего операций на строку, 0 — больше всего, по логарифму",
    ),
    "weight_error": ("A number from 0 to 1000.", "Число от 0 до 1000."),
    "operations": ("Operations", "Операций"),
    "worthwhile": ("Worth", "Итог"),
    "rank": ("Rank", "Место"),
    "best_of_size": ("Best of its size", "Лучшие для размера"),
    # Network
    "network_lead": (
        "From the input (top) to the output (bottom); fingerprint {fingerprint}",
        "Вход сверху, выход снизу; отпечаток {fingerprint}",
    ),
    "network_is_number": ("; candidate number {n}", "; кандидат номер {n}"),
    "network_copies": (
        "; the model is the mean of {n} such networks, each trained without other rows",
        "; модель — среднее таких сетей, каждая обучена без своей части строк (всего {n})",
    ),
    "network_others": (
        "; the model is the mean of it and of: {others}",
        "; модель — среднее этой сети и сетей: {others}",
    ),
    "kind": ("Kind", "Вид"),
    "settings": ("Settings", "Настройки"),
    "output_shape": ("Output shape", "Форма выхода"),
    "operations_row": ("Operations a row", "Операций на строку"),
    "chance": ("± chance", "± случай"),
    "any_side": ("any", "любая"),
    "in_all": ("in all", "всего"),
    # Training
    "training_about": ("The winner was trained; epochs: {n}", "Победитель обучен; эпох: {n}"),
    "training_best": ("; the weights are those of epoch {n}", "; взяты веса эпохи {n}"),
    "column_epoch": ("Epoch", "Эпоха"),
    "column_loss": ("Loss (training rows)", "Потери (обучающие строки)"),
    "column_valid_loss": ("Loss (validation rows)", "Потери (проверочные строки)"),
    "column_seconds": ("Seconds", "Секунд"),
    "column_learning_rate": ("Learning rate", "Шаг обучения"),
    "chart_loss": ("Loss", "Потери"),
    "trained_in_full": ("Trained in full", "Обучены полностью"),
    # Test
    "figures": ("Figures", "Показатели"),
    "figure": ("Figure", "Показатель"),
    "jobs_metric": ("{title} (the job's metric)", "{title} (метрика задания)"),
    "good_is": ("Good is", "Лучше"),
    "good_high": ("high", "больше"),
    "good_low": ("low", "меньше"),
    "n_networks": ("{title} (networks: {n})", "{title} (сетей: {n})"),
    "frequent_classes": (
        "The {n} most frequent classes; {left} are left out.",
        "Показаны самые частые классы ({n}); не показано: {left}.",
    ),
    "chosen_probability": ("Probability of the class it chose", "Вероятность выбранного класса"),
    "from_to": ("{low} to {high}", "от {low} до {high}"),
    "is_right_in": ("Is right in", "Сеть права"),
    "chart_calibration": ("Sureness and being right", "Уверенность и правота"),
    "say_when": ("Say {name} when its probability is at least:", "Отвечать {name}, если вероятность не меньше:"),
    "rows_said": ("Rows said so", "Таких ответов"),
    "chart_thresholds": ("Precision, recall and F1 by threshold", "Точность, полнота и F1 по порогу"),
    "mistakes_about": (
        "Test rows (counted from 0), the worst first, with the columns that the network looks at most.",
        "Контрольные строки (счёт с 0), начиная с худших, и столбцы, на которые сеть смотрит больше всего.",
    ),
    "interval_low": ("From", "От"),
    "interval_high": ("To (95 %)", "До (95 %)"),
    "spread": ("Prediction less truth", "Предсказание минус истина"),
    "spread_0": ("lowest", "наименьшее"),
    "spread_0.5": ("half are below", "половина меньше"),
    "spread_1": ("highest", "наибольшее"),
    "spread_below": ("{share} are below", "меньше у {share}"),
    "error_about": ("Error about", "Ошибка около"),
    "true_value": ("True {unit}", "Истина {unit}"),
    "predicted": ("Predicted", "Предсказано"),
    "chart_importance": ("Importance", "Важность"),
    "importance_of": ("Importance", "Важность"),
    "plus_minus": ("± deviation", "± отклонение"),
    # Try it
    "tryit_lead": (
        "Fill in the yellow cells; formulas compute the network's {target}. An empty cell is a missing value.",
        "Заполните жёлтые ячейки; формулы вычислят {target} по сети. Пустая ячейка — пропущенное значение.",
    ),
    "tryit_none": (
        "Formulas compute networks for tables that have few weights in all copies. This one is too large for a "
        "sheet ({n} parameters in each copy), or has a layer that no formula says: use `nas predict RUN rows.csv`, or "
        "a model of the folder export/.",
        "Формулами вычисляются сети для таблиц, где во всех копиях вместе весов немного. Эта слишком велика для "
        "листа (параметров в каждой копии: {n}) или содержит слой, который формулами не выразить: возьмите "
        "`nas predict RUN rows.csv` или модель из папки export/.",
    ),
    "the_network_says": ("The network says", "Ответ сети"),
    "now": ("Now", "Сейчас"),
    "first_test_row": ("For the first test row", "Для первой контрольной строки"),
    # Export
    "export_lead": (
        "Each exported model was run and compared with the trained network before it counted.",
        "Каждая модель после экспорта запущена и сверена с обученной сетью.",
    ),
    "agreement": ("Agreement and speed", "Совпадение и скорость"),
    "format": ("Format", "Формат"),
    "export_file": ("File (below export/)", "Файл (в export/)"),
    "size": ("Size", "Размер"),
    "about_max_difference": ("Max difference", "Наибольшее расхождение"),
    "about_mean_difference": ("Mean difference", "Среднее расхождение"),
    "about_rows": ("Rows", "Строк"),
    "about_bytes": ("Bytes", "Байт"),
    "about_rows_per_second": ("Rows per second", "Строк в секунду"),
    "about_latency_ms": ("Latency (ms)", "Задержка (мс)"),
    "about_error": ("Error", "Ошибка"),
    # Reproduce
    "command": ("Command", "Команда"),
    "stages": ("Stages", "Этапы"),
    "stage": ("Stage", "Этап"),
    "started": ("Started", "Начат"),
}


def workbook_texts(language: str) -> dict[str, str]:
    """The texts by key."""
    return spoken({**PAGE, **WORKBOOK}, language)
