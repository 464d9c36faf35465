"""The words on and above the sheets of pictures."""

from __future__ import annotations

from nas_core.report.texts.languages import Texts, spoken

PICTURES: Texts = {
    "sheet_mistakes": ("The worst mistakes", "Худшие ошибки"),
    "sheet_mistakes_lead": (
        "The test pictures on which the network was most wrong.",
        "Изображения проверки, на которых сеть ошиблась сильнее всего.",
    ),
    "sheet_attention": ("Where the network looked", "Куда смотрела сеть"),
    "sheet_attention_lead": (
        "Test pictures, the most wrong ones first, then right ones; beside each the places in colour that spoke for "
        "what the network said (Grad-CAM).",
        "Изображения проверки, сначала самые ошибочные, затем верные; рядом цветом отмечены места, которые говорили за "
        "ответ сети (Grad-CAM).",
    ),
    "sheet_examples": ("Examples", "Примеры"),
    "sheet_examples_lead": (
        "Pictures that the network learned from, drawn at random: of each class, or of numbers from low to high.",
        "Случайные изображения, на которых сеть училась: каждого класса или, для чисел, от меньших к большим.",
    ),
    "sheet_augmentation": ("How pictures were changed", "Как изменялись изображения"),
    "sheet_augmentation_lead": (
        "While it learned, the network saw pictures changed at random. Each row begins with one as it is.",
        "При обучении сеть видела случайно изменённые изображения. Каждый ряд начинается с исходного.",
    ),
    "pictures": ("Pictures", "Изображения"),
    "truth": ("is {value}", "верно: {value}"),
    "said": ("taken for {value}", "ответ: {value}"),
    "as_it_is": ("as it is", "исходное"),
    "done_turned": ("turned {by}°", "поворот {by}°"),
    "done_scale": ("size {share} %", "размер {share} %"),
    "done_down": ("moved {x:+z.1f}, {y:+z.1f} px", "сдвиг {x:+z.1f}, {y:+z.1f} пикс."),
    "done_contrast": ("contrast {share} %", "контраст {share} %"),
    "done_colour": ("brightness {share} %", "яркость {share} %"),
    "done_cut": ("{by} × {by} px blanked", "закрыто {by} × {by} пикс."),
    "done_share": ("{share} % of its own", "своего {share} %"),
    "done_flip_2": ("left and right mirrored", "отражено по горизонтали"),
    "done_flip_1": ("upside down", "отражено по вертикали"),
}


def picture_texts(language: str) -> dict[str, str]:
    """The texts by key."""
    return spoken(PICTURES, language)
