"""What the lessons cite: every paper and every piece of other people's code, by its key.

A lesson writes `[Rafailov et al., 2023][dpo]`, in Turkish `[Rafailov ve ark., 2023][dpo]`; the
build makes it a link to the address, with the title as its tooltip (builder/cite.py). What is said
of code is true of one version: its address holds the commit or the tag, or is the thread in which
it was put right.
"""

from typing import NamedTuple


class Paper(NamedTuple):
    """Family names (the first is cited, two are cited as both), year, title and address."""

    authors: tuple[str, ...]
    year: int
    title: str
    address: str


class Code(NamedTuple):
    """What stands there, and its address on GitHub."""

    title: str
    address: str


ARXIV, DOI = "https://arxiv.org/abs/", "https://doi.org/"
GITHUB = "https://github.com/"

SOURCES: dict[str, Paper | Code] = {
    "adam": Paper(
        ("Kingma", "Ba"),
        2015,
        "Adam: A Method for Stochastic Optimization",
        f"{ARXIV}1412.6980",
    ),
    "all_roads": Paper(
        ("Swamy", "Choudhury", "Sun"),
        2025,
        "All Roads Lead to Likelihood: The Value of Reinforcement Learning in Fine-Tuning",
        f"{ARXIV}2503.01067",
    ),
    "arcsine": Paper(
        ("Davis", "Recht"),
        2025,
        "What is the objective of reasoning with reinforcement learning?",
        f"{ARXIV}2510.13651",
    ),
    "best_of_n": Paper(
        ("Beirami", "Agarwal", "Berant"),
        2024,
        "Theoretical guarantees on the best-of-n alignment policy",
        f"{ARXIV}2401.01879",
    ),
    "bradley_terry": Paper(
        ("Bradley", "Terry"),
        1952,
        "Rank Analysis of Incomplete Block Designs: I. The Method of Paired Comparisons",
        f"{DOI}10.2307/2334029",
    ),
    "dpo": Paper(
        ("Rafailov", "Sharma", "Mitchell"),
        2023,
        "Direct Preference Optimization: Your Language Model is Secretly a Reward Model",
        f"{ARXIV}2305.18290",
    ),
    "dr_grpo": Paper(
        ("Liu", "Chen", "Li"),
        2025,
        "Understanding R1-Zero-Like Training: A Critical Perspective",
        f"{ARXIV}2503.20783",
    ),
    "eckart_young": Paper(
        ("Eckart", "Young"),
        1936,
        "The Approximation of One Matrix by Another of Lower Rank",
        f"{DOI}10.1007/BF02288367",
    ),
    "gae": Paper(
        ("Schulman", "Moritz", "Levine"),
        2016,
        "High-Dimensional Continuous Control Using Generalized Advantage Estimation",
        f"{ARXIV}1506.02438",
    ),
    "gptq": Paper(
        ("Frantar", "Ashkboos", "Hoefler"),
        2022,
        "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers",
        f"{ARXIV}2210.17323",
    ),
    "gpt2": Paper(
        ("Radford", "Wu", "Child"),
        2019,
        "Language Models are Unsupervised Multitask Learners",
        "https://cdn.openai.com/better-language-models/"
        "language_models_are_unsupervised_multitask_learners.pdf",
    ),
    "grpo": Paper(
        ("Shao", "Wang", "Zhu"),
        2024,
        "DeepSeekMath: Pushing the Limits of Mathematical Reasoning in Open Language Models",
        f"{ARXIV}2402.03300",
    ),
    "ipo": Paper(
        ("Azar", "Rowland", "Piot"),
        2023,
        "A General Theoretical Paradigm to Understand Learning from Human Preferences",
        f"{ARXIV}2310.12036",
    ),
    "kl": Paper(
        ("Schulman",),
        2020,
        "Approximating KL Divergence",
        "https://joschu.net/blog/kl-approx.html",
    ),
    "iterative_reasoning": Paper(
        ("Pang", "Yuan", "Cho"),
        2024,
        "Iterative Reasoning Preference Optimization",
        f"{ARXIV}2404.19733",
    ),
    "likelihood_displacement": Paper(
        ("Razin", "Malladi", "Bhaskar"),
        2024,
        "Unintentional Unalignment: Likelihood Displacement in Direct Preference Optimization",
        f"{ARXIV}2410.08847",
    ),
    "llama": Paper(
        ("Touvron", "Martin", "Stone"),
        2023,
        "Llama 2: Open Foundation and Fine-Tuned Chat Models",
        f"{ARXIV}2307.09288",
    ),
    "lora": Paper(
        ("Hu", "Shen", "Wallis"),
        2021,
        "LoRA: Low-Rank Adaptation of Large Language Models",
        f"{ARXIV}2106.09685",
    ),
    "mistral": Paper(
        ("Jiang", "Sablayrolles", "Mensch"),
        2023,
        "Mistral 7B",
        f"{ARXIV}2310.06825",
    ),
    "overoptimisation": Paper(
        ("Gao", "Schulman", "Hilton"),
        2023,
        "Scaling Laws for Reward Model Overoptimization",
        f"{ARXIV}2210.10760",
    ),
    "ppo": Paper(
        ("Schulman", "Wolski", "Dhariwal"),
        2017,
        "Proximal Policy Optimization Algorithms",
        f"{ARXIV}1707.06347",
    ),
    "qlora": Paper(
        ("Dettmers", "Pagnoni", "Holtzman"),
        2023,
        "QLoRA: Efficient Finetuning of Quantized LLMs",
        f"{ARXIV}2305.14314",
    ),
    "reinforce": Paper(
        ("Williams",),
        1992,
        "Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning",
        f"{DOI}10.1007/BF00992696",
    ),
    "rejection": Paper(
        ("Liu", "Zhao", "Joshi"),
        2024,
        "Statistical Rejection Sampling Improves Preference Optimization",
        f"{ARXIV}2309.06657",
    ),
    "rloo": Paper(
        ("Ahmadian", "Cremer", "Gallé"),
        2024,
        "Back to Basics: Revisiting REINFORCE Style Optimization for Learning from Human Feedback "
        "in LLMs",
        f"{ARXIV}2402.14740",
    ),
    "rslora": Paper(
        ("Kalajdzievski",),
        2023,
        "A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA",
        f"{ARXIV}2312.03732",
    ),
    "top_p": Paper(
        ("Holtzman", "Buys", "Du"),
        2020,
        "The Curious Case of Neural Text Degeneration",
        f"{ARXIV}1904.09751",
    ),
    "hf_course": Code(
        "huggingface/course, chapter 12, part 3: prob_ratio is current_prob / reference_prob",
        f"{GITHUB}huggingface/course/blob/16af5667532d6966f0fe83f44cc848dd7698a215/"
        "chapters/en/chapter12/3.mdx#L175-L190",
    ),
    "open_instruct_k1": Code(
        "allenai/open-instruct: kl1 in the loss, by default",
        f"{GITHUB}allenai/open-instruct/blob/8313b38e96fbe4cc14979b26b926ff207714687c/"
        "open_instruct/grpo_vllm_thread_ray_gtrl.py#L1171-L1183",
    ),
    "open_instruct_k3": Code(
        "allenai/open-instruct: kl3 in its place, by default",
        f"{GITHUB}allenai/open-instruct/commit/79ff8fbee2f6c6cc6b8280b18b472351d3578389",
    ),
    "open_instruct_thread": Code(
        "allenai/open-instruct: what was seen, and why",
        f"{GITHUB}allenai/open-instruct/issues/534",
    ),
    "peft_start": Code(
        "PEFT 0.20.0: how A and B begin",
        f"{GITHUB}huggingface/peft/blob/v0.20.0/src/peft/tuners/lora/layer.py#L327-L341",
    ),
    "reasoning": Code(
        "rasbt/reasoning-from-scratch, chapter 7",
        f"{GITHUB}rasbt/reasoning-from-scratch/blob/9e87e75ff61b357570e48ae64b2cf6158ad5076f/"
        "ch07/01_main-chapter-code/ch07_main.ipynb",
    ),
    "rlhf_book": Code(
        "natolambert/rlhf-book, approx_kl3",
        f"{GITHUB}natolambert/rlhf-book/blob/a66b0bf1103b590511e0503a2e9d93faea939a49/"
        "code/policy_gradients/loss.py#L23-L33",
    ),
    "trl_k3": Code(
        "TRL 1.9.0: the setting kl_estimator of PPO",
        f"{GITHUB}huggingface/trl/blob/v1.9.0/trl/experimental/ppo/ppo_config.py#L244",
    ),
    "trl_reference": Code(
        "TRL 1.7.1: DPO's reference, where PEFT holds one adapter",
        f"{GITHUB}huggingface/trl/blob/v1.7.1/trl/trainer/dpo_trainer.py#L616-L630",
    ),
}
