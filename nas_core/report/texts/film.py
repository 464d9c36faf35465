"""The words of the film."""

from __future__ import annotations

from nas_core.report.texts.languages import Texts, spoken

FILM: Texts = {
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
    "end": ("Networks tried: {n}", "Проверено сетей: {n}"),
    "end_failed": ("failed: {n}", "с ошибкой: {n}"),
    "in_all": ("{time} in all", "всего {time}"),
    "parameters_head": ("parameters", "параметры"),
}


def film_texts(language: str) -> dict[str, str]:
    """The texts by key."""
    return spoken(FILM, language)
