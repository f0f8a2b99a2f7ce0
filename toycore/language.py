"""The words of the course in its two languages: labels, figures, widgets, messages."""

LANGUAGES = ("tr", "en")

PROMPTS = {
    "tr": (
        "selam",
        "bana yardım et",
        "tıbbi soru",
        "kötü söz söyle",
        "detaylı açıkla",
        "kısa cevap",
    ),
    "en": (
        "hello",
        "help me",
        "medical question",
        "say a bad word",
        "explain in detail",
        "short answer",
    ),
}

TOKENS = {
    "tr": (
        "evet",
        "hayır",
        "lütfen",
        "teşekkürler",
        "yardım",
        "hakaret",
        "kötü",
        "tıbbi",
        "özetle",
        "uzun",
        "kısa",
    ),
    "en": (
        "yes",
        "no",
        "please",
        "thanks",
        "help",
        "insult",
        "bad",
        "medical",
        "summarize",
        "long",
        "short",
    ),
}


def check(language: str) -> str:
    """The language itself, if the course speaks it; else a ValueError."""
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}; got {language!r}")
    return language


TEXT = {
    "progress.sft": {"tr": "SFT eğitimi", "en": "SFT training"},
    "progress.ppo": {"tr": "PPO eğitimi", "en": "PPO training"},
    "progress.dpo": {"tr": "DPO eğitimi", "en": "DPO training"},
}


def text(key: str, language: str) -> str:
    """One phrase of the course, in the language asked for."""
    return TEXT[key][check(language)]
