"""The lessons that can be handed in, and the names of their notebooks."""

from toycore.language import text

NOTEBOOKS = {
    "environment": {"tr": "01_ortam", "en": "01_environment"},
    "lora": {"tr": "02_lora_sft", "en": "02_lora_sft"},
    "ppo": {"tr": "03_ppo", "en": "03_ppo"},
    "dpo": {"tr": "04_dpo", "en": "04_dpo"},
    "quantization": {"tr": "05_nicemleme", "en": "05_quantization"},
    "lab": {"tr": "06_bozuk_laboratuvar", "en": "06_broken_lab"},
    "frontier": {"tr": "07_sinir", "en": "07_frontier"},
    "real": {"tr": "08_gercek_model", "en": "08_real_model"},
}


def title(lesson: str, language: str) -> str:
    """What a lesson is called: Lesson 4 · DPO."""
    return text(f"class.{lesson}", language)
